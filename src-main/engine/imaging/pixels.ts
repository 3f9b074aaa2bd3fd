import sharp from 'sharp'
import type { SmallestUse, UprightPicture } from './decode.ts'
import { inputSizePx, type Preprocessing } from './preprocessing.ts'

/**
 * A picture may be reduced before the model's own resize as long as this much remains: the filter then
 * still decides every pixel. At 2 the result differs from one resize by less than half a grey level.
 */
const oversampling = 2
/** Longer pictures than this are cut around their middle before the resize, which would only be cropped. */
const maxAspectRatio = 16

/** What the decoder must leave of a picture for these pixels. */
export function smallestUseForPixels({ resize }: Preprocessing): SmallestUse {
  const sidePx = resize.kind === 'shortest-edge' ? resize.px : Math.max(resize.widthPx, resize.heightPx)
  return { shortSidePx: oversampling * sidePx, longSidePx: oversampling * sidePx }
}

/**
 * Resizes, crops, rescales and normalises as the checkpoint's own processor does.
 * @returns `[3, heightPx, widthPx]` of the model's input
 */
export async function makePixels(
  picture: UprightPicture,
  preprocessing: Preprocessing,
): Promise<Float32Array> {
  const source = cutToAspect(picture, preprocessing)
  const resized = resizedSizePx(source, preprocessing)
  const input = inputSizePx(preprocessing)
  const rgb = await sharp(picture.data, {
    raw: { width: picture.widthPx, height: picture.heightPx, channels: 3 },
    limitInputPixels: false,
  })
    .extract({ left: source.leftPx, top: source.topPx, width: source.widthPx, height: source.heightPx })
    .resize({
      width: resized.widthPx,
      height: resized.heightPx,
      fit: 'fill',
      kernel: preprocessing.resample,
    })
    .extract({
      left: Math.floor((resized.widthPx - input.widthPx) / 2),
      top: Math.floor((resized.heightPx - input.heightPx) / 2),
      width: input.widthPx,
      height: input.heightPx,
    })
    .raw()
    .toBuffer()
  return normalise(rgb, preprocessing)
}

interface Size {
  widthPx: number
  heightPx: number
}

/** The longer side is rounded down, as transformers does. */
function resizedSizePx(source: Size, { resize }: Preprocessing): Size {
  if (resize.kind === 'squash') return resize
  const shortPx = Math.min(source.widthPx, source.heightPx)
  const longPx = Math.max(source.widthPx, source.heightPx)
  const newLongPx = Math.floor((resize.px * longPx) / shortPx)
  return source.widthPx <= source.heightPx
    ? { widthPx: resize.px, heightPx: newLongPx }
    : { widthPx: newLongPx, heightPx: resize.px }
}

function cutToAspect(picture: Size, { resize }: Preprocessing): Size & { leftPx: number; topPx: number } {
  const whole = { leftPx: 0, topPx: 0, widthPx: picture.widthPx, heightPx: picture.heightPx }
  if (resize.kind === 'squash') return whole
  const longestPx = maxAspectRatio * Math.min(picture.widthPx, picture.heightPx)
  if (Math.max(picture.widthPx, picture.heightPx) <= longestPx) return whole
  return picture.widthPx > picture.heightPx
    ? { ...whole, leftPx: Math.floor((picture.widthPx - longestPx) / 2), widthPx: longestPx }
    : { ...whole, topPx: Math.floor((picture.heightPx - longestPx) / 2), heightPx: longestPx }
}

/** `[H, W, 3]` bytes → `[3, H, W]` numbers. */
function normalise(rgb: Uint8Array, { rescaleFactor, mean, std }: Preprocessing): Float32Array {
  const area = rgb.length / 3
  const pixels = new Float32Array(rgb.length)
  for (let channel = 0; channel < 3; channel++) {
    const scale = rescaleFactor / std[channel]!
    const shift = mean[channel]! / std[channel]!
    for (let i = 0; i < area; i++) pixels[channel * area + i] = rgb[i * 3 + channel]! * scale - shift
  }
  return pixels
}
