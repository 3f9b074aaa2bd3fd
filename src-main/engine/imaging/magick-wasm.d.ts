/** The part of magick-wasm that is used here. */
declare module '@imagemagick/magick-wasm' {
  export function initializeImageMagick(module: WebAssembly.Module): Promise<void>
  export const ColorSpace: { readonly CMYK: number; readonly Gray: number; readonly sRGB: number }
  export class MagickReadSettings {
    /** @param settings `format`: the only decoder that may be tried */
    constructor(settings: { format: string; frameIndex: number; frameCount: number })
  }
  export class MagickImage {
    static create(): MagickImage
    readonly width: number
    readonly height: number
    readonly hasAlpha: boolean
    /** As EXIF numbers it; 0 where it is not known. */
    readonly orientation: number
    /** To set it converts the pixels. */
    colorSpace: number
    ping(bytes: Uint8Array, settings: MagickReadSettings): void
    read(bytes: Uint8Array, settings: MagickReadSettings): void
    getProfile(name: string): { data: Uint8Array } | null
    getPixels<T>(read: (pixels: MagickPixels) => T): T
  }
  interface MagickPixels {
    /** 8 bits for each sign of the mapping; null where there are none. */
    toByteArray(x: number, y: number, width: number, height: number, mapping: string): Uint8Array | null
  }
}

/** Node has it, its types leave it to those of browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
}
