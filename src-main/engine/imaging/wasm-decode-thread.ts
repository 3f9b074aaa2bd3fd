/**
 * The thread that runs the WebAssembly decoders: libheif takes seconds for a photo of 12 megapixels and
 * would hold up everything else that the engine's own thread does.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { initSync, JxlImage } from 'jxl-oxide-wasm'
import libheif from 'libheif-js/wasm-bundle.js'
import { ownThread } from '../../channels/message-port.ts'
import { serve, transferring } from '../../contract/rpc.ts'
import { wrapAsTiff } from './tiff-container.ts'
import { type DecodeReply, type DecodeRequest, decodeCalls } from './wasm-decode.ts'

let isJxlReady = false

serve(ownThread().channel, decodeCalls, {
  decode(request) {
    const reply = decode(request)
    return 'bytes' in reply ? transferring(reply, [reply.bytes.buffer]) : reply
  },
})

function decode(request: DecodeRequest): DecodeReply {
  try {
    return request.format === 'jxl' ? decodeJxl(request) : decodeHeif(request)
  } catch (thrown) {
    // An abort inside WebAssembly (out of memory, an assertion) arrives as an exception.
    return { failure: 'damaged', reason: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

/** The primary picture, as TIFF; libheif applies the file's own rotation and mirroring. */
function decodeHeif({ bytes, iccProfile, maxPixels }: DecodeRequest): DecodeReply {
  const context = libheif.heif_context_alloc()
  try {
    const parsed = libheif.heif_context_read_from_memory(context, bytes)
    if (parsed.code !== libheif.heif_error_code.heif_error_Ok) {
      return { failure: 'damaged', reason: parsed.message }
    }
    const handle = libheif.heif_js_context_get_primary_image_handle(context)
    if ('code' in handle) return { failure: 'damaged', reason: handle.message }
    try {
      const widthPx = libheif.heif_image_handle_get_width(handle)
      const heightPx = libheif.heif_image_handle_get_height(handle)
      if (widthPx * heightPx > maxPixels) return { failure: 'too-large', widthPx, heightPx }

      const hasAlpha = libheif.heif_image_handle_has_alpha_channel(handle) !== 0
      const { heif_chroma_interleaved_RGB, heif_chroma_interleaved_RGBA } = libheif.heif_chroma
      const decoded = libheif.heif_js_decode_image2(
        handle,
        libheif.heif_colorspace.heif_colorspace_RGB,
        hasAlpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
      )
      if ('code' in decoded) return { failure: 'damaged', reason: decoded.message }
      try {
        const plane = decoded.channels[0]
        if (!plane) return { failure: 'damaged', reason: 'no pixels' }
        const channels = hasAlpha ? 4 : 3
        const pixels = withoutPadding(plane.data, plane.stride, plane.width * channels, plane.height)
        return {
          bytes: wrapAsTiff({ widthPx: plane.width, heightPx: plane.height, channels, pixels, iccProfile }),
        }
      } finally {
        libheif.heif_image_release(decoded.image)
      }
    } finally {
      libheif.heif_image_handle_release(handle)
    }
  } finally {
    libheif.heif_context_free(context)
  }
}

/** The first frame, upright and in sRGB, as PNG (the one form in which jxl-oxide hands pixels out). */
function decodeJxl({ bytes, maxPixels }: DecodeRequest): DecodeReply {
  if (!isJxlReady) {
    initSync({ module: readFileSync(fileURLToPath(import.meta.resolve('jxl-oxide-wasm/module.wasm'))) })
    isJxlReady = true
  }
  const image = new JxlImage()
  try {
    image.forceSrgb = true
    image.feedBytes(bytes)
    if (!image.tryInit()) return { failure: 'damaged', reason: 'the header is cut off' }
    const widthPx = image.width ?? 0
    const heightPx = image.height ?? 0
    if (widthPx * heightPx > maxPixels) return { failure: 'too-large', widthPx, heightPx }
    // Encoding takes the frame's memory with it: there is nothing left to free.
    return { bytes: image.render(0).encodeToPng() as Uint8Array<ArrayBuffer> }
  } finally {
    image.free()
  }
}

/** Rows of a decoder's plane without the bytes that align them. */
function withoutPadding(data: Uint8Array, stride: number, rowBytes: number, rows: number): Uint8Array {
  if (stride === rowBytes) return data.subarray(0, rowBytes * rows)
  const packed = new Uint8Array(rowBytes * rows)
  for (let row = 0; row < rows; row++) {
    packed.set(data.subarray(row * stride, row * stride + rowBytes), row * rowBytes)
  }
  return packed
}
