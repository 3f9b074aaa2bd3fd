import type { Resampling, Size } from '../../../src-main/engine/imaging/resample.ts'

/**
 * The definition of a filtered resize, without any of the ways to make it fast: every output pixel is the
 * weighted mean over all source pixels, in float64 from end to end.
 */
export function resizeDensely(rgb: Uint8Array, from: Size, to: Size, resampling: Resampling): Float64Array {
  const across = weightMatrix(from.widthPx, to.widthPx, resampling)
  const down = weightMatrix(from.heightPx, to.heightPx, resampling)
  const narrow = new Float64Array(from.heightPx * to.widthPx * 3)
  for (let y = 0; y < from.heightPx; y++) {
    for (let x = 0; x < to.widthPx; x++) {
      for (const [source, weight] of across[x]!) {
        for (let c = 0; c < 3; c++) {
          narrow[(y * to.widthPx + x) * 3 + c]! += weight * rgb[(y * from.widthPx + source) * 3 + c]!
        }
      }
    }
  }
  const resized = new Float64Array(to.heightPx * to.widthPx * 3)
  const rowLength = to.widthPx * 3
  for (let y = 0; y < to.heightPx; y++) {
    for (const [source, weight] of down[y]!) {
      for (let i = 0; i < rowLength; i++) {
        // A byte between the two directions, as the reference keeps.
        const value = Math.min(255, Math.max(0, narrow[source * rowLength + i]!))
        resized[y * rowLength + i]! += weight * value
      }
    }
  }
  return resized.map((value) => Math.min(255, Math.max(0, value)))
}

/** For each output the inputs that weigh anything, summing to 1. */
function weightMatrix(
  from: number,
  to: number,
  resampling: Resampling,
): [source: number, weight: number][][] {
  const widen = Math.max(1, from / to)
  return Array.from({ length: to }, (_, output) => {
    const centre = ((output + 0.5) * from) / to
    const row = Array.from({ length: from }, (_, input) => kernel((input + 0.5 - centre) / widen, resampling))
    const sum = row.reduce((total, weight) => total + weight, 0)
    return [...row.entries()]
      .filter(([, weight]) => weight !== 0)
      .map(([source, weight]) => [source, weight / sum])
  })
}

function kernel(distance: number, resampling: Resampling): number {
  const t = Math.abs(distance)
  if (resampling === 'linear') return t < 1 ? 1 - t : 0
  if (resampling === 'lanczos3') {
    if (t === 0) return 1
    return t < 3 ? (3 * Math.sin(Math.PI * t) * Math.sin((Math.PI * t) / 3)) / (Math.PI * t) ** 2 : 0
  }
  const a = -0.5
  if (t < 1) return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1
  return t < 2 ? a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a : 0
}
