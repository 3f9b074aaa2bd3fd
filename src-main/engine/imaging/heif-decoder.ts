import libheif from 'libheif-js/wasm-bundle.js'
import { openHeifTiles } from './heif-tiles.ts'
import { wrapAsTiff } from './tiff-container.ts'
import type { OpenPicture } from './wasm-decode.ts'

/** In tiles it takes less memory, and half of more is still as much as anything here is shown in. */
const mostPixelsWhole = 10 ** 8

/** The primary picture, as TIFF; libheif applies the file's own rotation and mirroring. */
export function openHeif(bytes: Uint8Array, iccProfile: Uint8Array | null): OpenPicture {
  const context = libheif.heif_context_alloc()
  const parsed = libheif.heif_context_read_from_memory(context, bytes)
  if (parsed.code !== libheif.heif_error_code.heif_error_Ok) throw new Error(parsed.message)
  const handle = libheif.heif_js_context_get_primary_image_handle(context)
  if ('code' in handle) throw new Error(handle.message)
  const width = libheif.heif_image_handle_get_width(handle)
  const height = libheif.heif_image_handle_get_height(handle)
  if (width * height > mostPixelsWhole) {
    const tiled = openHeifTiles(bytes)
    if (tiled) {
      const { size: reduced, decode } = tiled
      return {
        size: { width, height },
        reduced,
        decode: () =>
          wrapAsTiff({
            widthPx: reduced.width,
            heightPx: reduced.height,
            samples: 'rgb',
            pixels: decode(),
            iccProfile,
          }),
      }
    }
  }
  const hasAlpha = libheif.heif_image_handle_has_alpha_channel(handle) !== 0
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
      const samples = hasAlpha ? 'rgba' : 'rgb'
      const pixels = withoutPadding(plane.data, plane.stride, plane.width * samples.length, plane.height)
      return wrapAsTiff({ widthPx: plane.width, heightPx: plane.height, samples, pixels, iccProfile })
    },
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
