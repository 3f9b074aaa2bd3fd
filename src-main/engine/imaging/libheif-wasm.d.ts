/** The part of libheif's Emscripten bindings that is used here; the package types only its other entry. */
declare module 'libheif-js/wasm-bundle.js' {
  interface Failure {
    code: unknown
    message: string
  }
  interface Decoded {
    channels: { data: Uint8Array; stride: number; width: number; height: number }[]
  }
  const libheif: {
    heif_error_code: { heif_error_Ok: unknown }
    heif_colorspace: { heif_colorspace_RGB: object }
    heif_chroma: { heif_chroma_interleaved_RGB: object; heif_chroma_interleaved_RGBA: object }
    heif_context_alloc(): object
    heif_context_read_from_memory(context: object, bytes: Uint8Array): Failure
    heif_js_context_get_primary_image_handle(context: object): object | Failure
    heif_image_handle_get_width(handle: object): number
    heif_image_handle_get_height(handle: object): number
    heif_image_handle_has_alpha_channel(handle: object): number
    heif_js_decode_image2(handle: object, colorspace: object, chroma: object): Decoded | Failure
  }
  export default libheif
}
