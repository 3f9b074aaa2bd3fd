import { rgbaToThumbHash } from 'thumbhash'
import { resizeWindow, type Size } from './resample.ts'

/** More than enough for the few waves of colour that are kept, at a tenth of the time that 100 would take. */
const sidePx = 32

/**
 * Some 25 bytes that a blurred picture is made of, and its mean colour. https://evanw.github.io/thumbhash/
 * @param picture `data` is `[heightPx, widthPx, 3]`
 */
export function makeThumbhash(picture: Size & { data: Uint8Array }): Uint8Array<ArrayBuffer> {
  const scale = sidePx / Math.max(picture.widthPx, picture.heightPx)
  const small: Size = {
    widthPx: Math.max(1, Math.round(picture.widthPx * scale)),
    heightPx: Math.max(1, Math.round(picture.heightPx * scale)),
  }
  const rgb = resizeWindow(picture.data, picture, small, { leftPx: 0, topPx: 0, ...small }, 'linear')
  const rgba = new Uint8Array((rgb.length / 3) * 4).fill(255)
  for (let at = 0; at < rgb.length / 3; at++) rgba.set(rgb.subarray(at * 3, at * 3 + 3), at * 4)
  return Uint8Array.from(rgbaToThumbHash(small.widthPx, small.heightPx, rgba))
}
