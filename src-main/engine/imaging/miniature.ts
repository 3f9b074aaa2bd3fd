import sharp from 'sharp'
import { type Miniature, miniatureSidePx, packMiniature } from '../../contract/miniature.ts'
import type { Size } from './resample.ts'

/**
 * The longer side at which sharpness is measured, of smaller pictures too: enlarged, they are as soft as they look. WebP takes little
 * from a thumbnail at this size, and thumbnails of before are all that there is of many.
 */
const measuredSidePx = 256

/** @param picture `data` is `[heightPx, widthPx, 3]` */
export async function makeMiniature({
  data,
  widthPx,
  heightPx,
}: Size & { data: Uint8Array }): Promise<Miniature> {
  const scale = measuredSidePx / Math.max(widthPx, heightPx)
  const { data: grey, info } = await sharp(data, {
    raw: { width: widthPx, height: heightPx, channels: 3 },
    limitInputPixels: false,
  })
    .greyscale()
    .resize({
      width: Math.max(1, Math.round(widthPx * scale)),
      height: Math.max(1, Math.round(heightPx * scale)),
      fit: 'fill',
      kernel: 'linear',
    })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return {
    sharpness: varianceOfLaplacian(grey, info.width, info.height),
    picture: packMiniature(meansOf(grey, info.width, info.height)),
  }
}

/** 0 where a side has fewer than three pixels. */
function varianceOfLaplacian(grey: Uint8Array, width: number, height: number): number {
  let [sum, squares, count] = [0, 0, 0]
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1; at < (y + 1) * width - 1; at++) {
      const value = grey[at - 1]! + grey[at + 1]! + grey[at - width]! + grey[at + width]! - 4 * grey[at]!
      sum += value
      squares += value * value
      count++
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2
}

/** Of the parts of the picture, each pixel by how much of it lies in the part. */
function meansOf(grey: Uint8Array, width: number, height: number): Float32Array {
  const columns = sharesOf(width)
  const rows = sharesOf(height)
  const means = new Float32Array(miniatureSidePx ** 2)
  for (const [y, ofRow] of rows.entries()) {
    for (const [x, ofColumn] of columns.entries()) {
      let sum = 0
      for (const [row, share] of ofRow) {
        for (const [column, shareOfColumn] of ofColumn)
          sum += grey[row * width + column]! * share * shareOfColumn
      }
      means[y * miniatureSidePx + x] = sum
    }
  }
  return means
}

/** For each part of a side, the pixels in it with their shares, which add up to 1. */
function sharesOf(lengthPx: number): [pixel: number, share: number][][] {
  const partPx = lengthPx / miniatureSidePx
  return Array.from({ length: miniatureSidePx }, (_, part) => {
    const [from, to] = [part * partPx, (part + 1) * partPx]
    const shares: [number, number][] = []
    for (let pixel = Math.floor(from); pixel < Math.min(to, lengthPx); pixel++) {
      shares.push([pixel, (Math.min(pixel + 1, to) - Math.max(pixel, from)) / partPx])
    }
    return shares
  })
}
