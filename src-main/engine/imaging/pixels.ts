import type { ModelInput } from '../../contract/engine-calls.ts'
import type { SmallestUse, UprightPicture } from './decode.ts'
import { inputSizePx, type Preprocessing } from './preprocessing.ts'
import { resizeWindow, type Size } from './resample.ts'

/**
 * A picture may be reduced before the model's own resize as long as this much remains: the filter then
 * still decides every pixel. Against the same without any reduction that is 0.2 of 255 on average over 41 photos, 0.9 at worst.
 */
const oversampling = 2

/** What the decoder must leave of a picture for these pixels. */
export function smallestUseForPixels({ resize }: ModelInput): SmallestUse {
  const sidePx = resize.kind === 'shortest-edge' ? resize.px : Math.max(resize.widthPx, resize.heightPx)
  return { shortSidePx: oversampling * sidePx, longSidePx: oversampling * sidePx }
}

/**
 * Resizes and crops as the checkpoint's own processor does, which rounds to bytes before it rescales.
 * @returns `[heightPx, widthPx, 3]` of the model's input
 */
export function makePixels(picture: UprightPicture, input: ModelInput): Uint8Array<ArrayBuffer> {
  const resized = resizedSizePx(picture, input)
  const size = inputSizePx(input)
  const window = {
    leftPx: Math.floor((resized.widthPx - size.widthPx) / 2),
    topPx: Math.floor((resized.heightPx - size.heightPx) / 2),
    ...size,
  }
  const rgb = resizeWindow(picture.data, picture, resized, window, input.resample)
  return new Uint8Array(rgb.buffer, rgb.byteOffset, rgb.length)
}

/** The longer side is rounded down, as transformers does, and from the size before our own reduction. */
function resizedSizePx({ fullWidthPx, fullHeightPx }: UprightPicture, { resize }: ModelInput): Size {
  if (resize.kind === 'squash') return resize
  const shortPx = Math.min(fullWidthPx, fullHeightPx)
  const longPx = Math.max(fullWidthPx, fullHeightPx)
  const newLongPx = Math.floor((resize.px * longPx) / shortPx)
  return fullWidthPx <= fullHeightPx
    ? { widthPx: resize.px, heightPx: newLongPx }
    : { widthPx: newLongPx, heightPx: resize.px }
}

/**
 * Rescales and normalises a batch.
 * @param pictures each `[H, W, 3]` bytes
 * @returns `[B, 3, H, W]`
 */
export function normalisePixels(
  pictures: readonly Uint8Array[],
  { rescaleFactor, mean, std }: Preprocessing,
): Float32Array {
  const size = pictures[0]!.length
  const area = size / 3
  const pixels = new Float32Array(pictures.length * size)
  for (const [index, rgb] of pictures.entries()) {
    for (let channel = 0; channel < 3; channel++) {
      const scale = rescaleFactor / std[channel]!
      const shift = mean[channel]! / std[channel]!
      const start = index * size + channel * area
      for (let i = 0; i < area; i++) pixels[start + i] = rgb[i * 3 + channel]! * scale - shift
    }
  }
  return pixels
}
