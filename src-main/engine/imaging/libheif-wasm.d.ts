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
    /** The heap; another one after it grew. */
    readonly HEAPU8: Uint8Array
    _malloc(bytes: number): number
    _heif_context_alloc(): number
    _heif_context_read_from_memory_without_copy(
      error: number,
      context: number,
      at: number,
      bytes: number,
      options: number,
    ): void
    _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void
    _heif_image_handle_get_image_tiling(
      error: number,
      handle: number,
      isUpright: number,
      tiling: number,
    ): void
    _heif_image_handle_decode_image_tile(
      error: number,
      handle: number,
      image: number,
      colorspace: number,
      chroma: number,
      options: number,
      column: number,
      row: number,
    ): void
    _heif_image_get_plane_readonly(image: number, channel: number, rowBytes: number): number
    _heif_image_get_width(image: number, channel: number): number
    _heif_image_get_height(image: number, channel: number): number
    _heif_image_release(image: number): void
  }
  export default libheif
}
