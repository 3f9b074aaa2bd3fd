import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { initSync, JxlImage } from 'jxl-oxide-wasm'
import type { OpenPicture } from './wasm-decode.ts'

/** The first frame, upright and in sRGB, as PNG (the one form in which jxl-oxide hands pixels out). */
export function openJxl(bytes: Uint8Array): OpenPicture {
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
