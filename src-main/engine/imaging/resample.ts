import type { ModelInput } from '../../contract/engine-calls.ts'

/**
 * Resizing as Pillow does it, which is what the processors of the public checkpoints call. libvips' own
 * comes close where it makes a picture smaller, but not where it makes one larger (fractions of a pixel are
 * rounded there: 4 grey levels off on average for a small picture). Computing only the window that is kept
 * also bounds the work for a picture of any shape.
 */

export type Resampling = ModelInput['resample']

export interface Size {
  widthPx: number
  heightPx: number
}

/** Half the width of each filter, in source pixels when enlarging, and its height at a distance. */
const filters: Record<Resampling, { reach: number; heightAt(distance: number): number }> = {
  linear: { reach: 1, heightAt: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  cubic: { reach: 2, heightAt: catmullRom },
  lanczos3: {
    reach: 3,
    heightAt: (distance) => (Math.abs(distance) < 3 ? sinc(distance) * sinc(distance / 3) : 0),
  },
}

/** Keys' cubic with a = -0.5. */
function catmullRom(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/**
 * A window of what `rgb` would be if it were resized as a whole; antialiased where it gets smaller.
 * @param rgb `[source.heightPx, source.widthPx, 3]`
 * @returns `[window.heightPx, window.widthPx, 3]`
 */
export function resizeWindow(
  rgb: Uint8Array,
  source: Size,
  resized: Size,
  window: Size & { leftPx: number; topPx: number },
  resampling: Resampling,
): Uint8ClampedArray<ArrayBuffer> {
  const columns = weigh(source.widthPx, resized.widthPx, window.leftPx, window.widthPx, resampling)
  const rows = weigh(source.heightPx, resized.heightPx, window.topPx, window.heightPx, resampling)
  const firstRow = rows.starts[0]!
  const endRow = rows.starts.at(-1)! + rows.taps
  const narrow = resizeRows(rgb, source.widthPx, firstRow, Math.min(endRow, source.heightPx), columns)
  return resizeColumns(narrow, window.widthPx, firstRow, rows)
}

/**
 * Weights are whole numbers as in Pillow, 1 being 2^22, so that the bytes come out equal: the sum for one
 * pixel then just fits 32 bits.
 */
const precisionBits = 22
const half = 1 << (precisionBits - 1)

/** For every output pixel along one axis, its first source pixel and `taps` weights. */
interface Weights {
  starts: Int32Array
  taps: number
  /** `[outputs, taps]`, zero beyond a pixel's own reach. */
  weights: Int32Array
}

function weigh(
  sourcePx: number,
  resizedPx: number,
  firstPx: number,
  countPx: number,
  resampling: Resampling,
): Weights {
  const { reach, heightAt } = filters[resampling]
  const scale = sourcePx / resizedPx
  const stretch = Math.max(1, scale)
  const taps = Math.min(sourcePx, Math.ceil(reach * stretch) * 2 + 1)
  const starts = new Int32Array(countPx)
  const weights = new Int32Array(countPx * taps)
  const heights = new Float64Array(taps)
  for (let i = 0; i < countPx; i++) {
    const centre = (firstPx + i + 0.5) * scale
    const start = Math.max(0, Math.floor(centre - reach * stretch + 0.5))
    const end = Math.min(sourcePx, Math.floor(centre + reach * stretch + 0.5))
    let sum = 0
    for (let at = start; at < end; at++) {
      const height = heightAt((at - centre + 0.5) / stretch)
      heights[at - start] = height
      sum += height
    }
    for (let tap = 0; tap < end - start; tap++) {
      weights[i * taps + tap] = Math.round((heights[tap]! / sum) * 2 ** precisionBits)
    }
    starts[i] = start
  }
  return { starts, taps, weights }
}

/** Rounds to bytes between the two directions, as Pillow does. */
function resizeRows(
  rgb: Uint8Array,
  sourceWidthPx: number,
  firstRow: number,
  endRow: number,
  { starts, taps, weights }: Weights,
): Uint8ClampedArray {
  const resized = new Uint8ClampedArray((endRow - firstRow) * starts.length * 3)
  let to = 0
  for (let row = firstRow; row < endRow; row++) {
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i]!
      const used = Math.min(taps, sourceWidthPx - start)
      let from = (row * sourceWidthPx + start) * 3
      let red = half
      let green = half
      let blue = half
      for (let tap = i * taps; tap < i * taps + used; tap++) {
        const weight = weights[tap]!
        red = (red + Math.imul(weight, rgb[from]!)) | 0
        green = (green + Math.imul(weight, rgb[from + 1]!)) | 0
        blue = (blue + Math.imul(weight, rgb[from + 2]!)) | 0
        from += 3
      }
      resized[to] = red >> precisionBits
      resized[to + 1] = green >> precisionBits
      resized[to + 2] = blue >> precisionBits
      to += 3
    }
  }
  return resized
}

/** @param narrow rows from `firstRow` of the source on */
function resizeColumns(
  narrow: Uint8ClampedArray,
  widthPx: number,
  firstRow: number,
  { starts, taps, weights }: Weights,
): Uint8ClampedArray<ArrayBuffer> {
  const rowLength = widthPx * 3
  const resized = new Uint8ClampedArray(starts.length * rowLength)
  const sums = new Int32Array(rowLength)
  for (let i = 0; i < starts.length; i++) {
    sums.fill(half)
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[i * taps + tap]!
      if (weight === 0) continue
      const from = (starts[i]! - firstRow + tap) * rowLength
      for (let at = 0; at < rowLength; at++) sums[at]! += Math.imul(weight, narrow[from + at]!)
    }
    const to = i * rowLength
    for (let at = 0; at < rowLength; at++) resized[to + at] = sums[at]! >> precisionBits
  }
  return resized
}
