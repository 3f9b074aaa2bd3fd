import type { TextAttention } from '../../src-main/contract/records.ts'

/** How far what was not looked at is dimmed. */
export const dimming = 0.58

type Seen = TextAttention['seen']

/**
 * How dark each pixel of a mask over the whole photo is: 0 where the model looked most, `dimming` where it did not look, or
 * could not, as it saw only a part of the picture.
 */
export function maskOf(
  weights: Float32Array,
  { rows, columns, seen }: { rows: number; columns: number; seen: Seen },
  { width, height }: { width: number; height: number },
): Float32Array {
  const most = weights.reduce((most, weight) => Math.max(most, weight), 0)
  const mask = new Float32Array(width * height).fill(dimming)
  if (most === 0) return mask
  const across = tapsOf(width, columns, seen.left, seen.width)
  const down = tapsOf(height, rows, seen.top, seen.height)
  for (const [y, rowTaps] of down) {
    for (const [x, columnTaps] of across) {
      let light = 0
      for (const [row, rowShare] of rowTaps) {
        for (const [column, columnShare] of columnTaps) {
          light += weights[row * columns + column]! * rowShare * columnShare
        }
      }
      mask[y * width + x] = dimming * (1 - Math.min(1, Math.max(0, light / most)))
    }
  }
  return mask
}

type Tap = [patch: number, share: number]

/** For each pixel within what was seen, the four nearest patches and their shares (Catmull-Rom). */
function tapsOf(
  pixels: number,
  patches: number,
  start: number,
  length: number,
): [pixel: number, taps: Tap[]][] {
  const taps: [number, Tap[]][] = []
  for (let pixel = 0; pixel < pixels; pixel++) {
    const within = ((pixel + 0.5) / pixels - start) / length
    if (within < 0 || within > 1) continue
    const at = within * patches - 0.5
    const first = Math.floor(at)
    taps.push([
      pixel,
      [-1, 0, 1, 2].map(
        (step): Tap => [
          Math.min(patches - 1, Math.max(0, first + step)),
          catmullRom(Math.abs(at - first - step)),
        ],
      ),
    ])
  }
  return taps
}

function catmullRom(distance: number): number {
  if (distance < 1) return 1.5 * distance ** 3 - 2.5 * distance ** 2 + 1
  if (distance < 2) return -0.5 * distance ** 3 + 2.5 * distance ** 2 - 4 * distance + 2
  return 0
}

/** A part of the picture in thirds, as it is told: row and column from 0 to 2; null where the model looked everywhere. */
export function partLookedAt(
  weights: Float32Array,
  { rows, columns, seen }: { rows: number; columns: number; seen: Seen },
): { row: number; column: number } | null {
  const sum = weights.reduce((sum, weight) => sum + weight, 0)
  if (sum <= 0) return null
  const thirds = new Float64Array(9)
  for (const [at, weight] of weights.entries()) {
    const x = seen.left + (((at % columns) + 0.5) / columns) * seen.width
    const y = seen.top + ((Math.floor(at / columns) + 0.5) / rows) * seen.height
    const third = (share: number) => Math.min(2, Math.max(0, Math.floor(share * 3)))
    thirds[third(y) * 3 + third(x)]! += weight / sum
  }
  const best = thirds.indexOf(Math.max(...thirds))
  // A ninth is what each would have of a look that goes nowhere.
  if (thirds[best]! < 0.2) return null
  return { row: Math.floor(best / 3), column: best % 3 }
}
