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
import type { Size } from './memory-need.ts'
import { wrapAsTiff } from './tiff-container.ts'
import { type DecodeRequest, decodeCalls } from './wasm-decode.ts'

/** A picture whose size is known and whose pixels are not made yet. Nothing is freed: its memory goes with the thread. */
interface OpenPicture {
  size: Size
  decode(): Uint8Array<ArrayBuffer>
}

let open: OpenPicture | undefined

serve(ownThread().channel, decodeCalls, {
  open(request) {
    open = request.format === 'jxl' ? openJxl(request) : openHeif(request)
    return open.size
  },
  decode() {
    const bytes = open!.decode()
    return transferring(bytes, [bytes.buffer])
  },
})

/** The primary picture, as TIFF; libheif applies the file's own rotation and mirroring. */
function openHeif({ bytes, iccProfile }: DecodeRequest): OpenPicture {
  const context = libheif.heif_context_alloc()
  const parsed = libheif.heif_context_read_from_memory(context, bytes)
  if (parsed.code !== libheif.heif_error_code.heif_error_Ok) throw new Error(parsed.message)
  const handle = libheif.heif_js_context_get_primary_image_handle(context)
  if ('code' in handle) throw new Error(handle.message)
  const width = libheif.heif_image_handle_get_width(handle)
  const height = libheif.heif_image_handle_get_height(handle)
  const hasAlpha = libheif.heif_image_handle_has_alpha_channel(handle) !== 0
  const channels = hasAlpha ? 4 : 3
  const { heif_chroma_interleaved_RGB, heif_chroma_interleaved_RGBA } = libheif.heif_chroma
  return {
    size: { width, height },
    decode() {
      const decoded = libheif.heif_js_decode_image2(
        handle,
        libheif.heif_colorspace.heif_colorspace_RGB,
        hasAlpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
      )
      if ('code' in decoded) throw new Error(decoded.message)
      const plane = decoded.channels[0]
      if (!plane) throw new Error('no pixels')
      const pixels = withoutPadding(plane.data, plane.stride, plane.width * channels, plane.height)
      return wrapAsTiff({ widthPx: plane.width, heightPx: plane.height, channels, pixels, iccProfile })
    },
  }
}

/** The first frame, upright and in sRGB, as PNG (the one form in which jxl-oxide hands pixels out). */
function openJxl({ bytes }: DecodeRequest): OpenPicture {
  initSync({ module: readFileSync(fileURLToPath(import.meta.resolve('jxl-oxide-wasm/module.wasm'))) })
  const image = new JxlImage()
  image.forceSrgb = true
  image.feedBytes(bytes)
  if (!image.tryInit()) throw new Error('the header is cut off')
  return {
    size: { width: image.width ?? 0, height: image.height ?? 0 },
    decode: () => image.render(0).encodeToPng() as Uint8Array<ArrayBuffer>,
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
