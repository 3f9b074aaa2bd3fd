import type { SmallestUse, UprightPicture } from './decode.ts'
import { inputSizePx, type Preprocessing } from './preprocessing.ts'
import { resizeWindow, type Size } from './resample.ts'
import { measureTone, type Tone } from './tone.ts'

/**
 * A picture may be reduced before the model's own resize as long as this much remains: the filter then
 * still decides every pixel. Against Pillow on real photos that is 0.1 of 255 on average, 0.7 at worst.
 */
const oversampling = 2

/** What the decoder must leave of a picture for these pixels. */
export function smallestUseForPixels({ resize }: Preprocessing): SmallestUse {
  const sidePx = resize.kind === 'shortest-edge' ? resize.px : Math.max(resize.widthPx, resize.heightPx)
  return { shortSidePx: oversampling * sidePx, longSidePx: oversampling * sidePx }
}

/**
 * Resizes, crops, rescales and normalises as the checkpoint's own processor does.
 * @returns `pixels` `[3, heightPx, widthPx]` of the model's input, and the tone of what it sees
 */
export function makePixels(
  picture: UprightPicture,
  preprocessing: Preprocessing,
): { pixels: Float32Array; tone: Tone } {
  const resized = resizedSizePx(picture, preprocessing)
  const input = inputSizePx(preprocessing)
  const window = {
    leftPx: Math.floor((resized.widthPx - input.widthPx) / 2),
    topPx: Math.floor((resized.heightPx - input.heightPx) / 2),
    ...input,
  }
  const rgb = resizeWindow(picture.data, picture, resized, window, preprocessing.resample)
  return { pixels: normalise(rgb, preprocessing), tone: measureTone(rgb, input.widthPx) }
}

/** The longer side is rounded down, as transformers does, and from the size before our own reduction. */
function resizedSizePx({ fullWidthPx, fullHeightPx }: UprightPicture, { resize }: Preprocessing): Size {
  if (resize.kind === 'squash') return resize
  const shortPx = Math.min(fullWidthPx, fullHeightPx)
  const longPx = Math.max(fullWidthPx, fullHeightPx)
  const newLongPx = Math.floor((resize.px * longPx) / shortPx)
  return fullWidthPx <= fullHeightPx
    ? { widthPx: resize.px, heightPx: newLongPx }
    : { widthPx: newLongPx, heightPx: resize.px }
}

/** `[H, W, 3]` bytes → `[3, H, W]` numbers. */
function normalise(rgb: Uint8ClampedArray, { rescaleFactor, mean, std }: Preprocessing): Float32Array {
  const area = rgb.length / 3
  const pixels = new Float32Array(rgb.length)
  for (let channel = 0; channel < 3; channel++) {
    const scale = rescaleFactor / std[channel]!
    const shift = mean[channel]! / std[channel]!
    for (let i = 0; i < area; i++) pixels[channel * area + i] = rgb[i * 3 + channel]! * scale - shift
  }
  return pixels
}
