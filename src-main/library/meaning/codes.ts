import type { Basis } from './basis.ts'
import { dot } from './dot.ts'

/** Photos whose codes stand together: those whose ids divided by it are the same whole number. */
export const photosPerBlock = 512
const wordsPerBlock = photosPerBlock / 32

/** Steps of the code, in standard deviations: what sixteen steps lose least with, where numbers scatter as they mostly do. */
const step = 0.335
const steps = 16

/** Codes of a block: a byte has two dimensions, and stands with the same two of the other photos. */
export interface Block {
  /** Bit `n % 32` of word `n / 32`: photo n of the block has a code. */
  present: Uint32Array
  /** `[columns, photosPerBlock]`; the lower half of a byte is the dimension that comes first. */
  codes: Uint8Array
}

export const columnsOf = ({ deviations }: Basis): number => Math.ceil(deviations.length / 2)

export function emptyBlock(columns: number): Block {
  return { present: new Uint32Array(wordsPerBlock), codes: new Uint8Array(columns * photosPerBlock) }
}

export function hasPlace({ present }: Block, place: number): boolean {
  return ((present[place >>> 5]! >>> place) & 1) === 1
}

export function clearPlace({ present }: Block, place: number): void {
  present[place >>> 5]! &= ~(1 << place)
}

/** @param vector `[p]` of unit length */
export function setPlace({ present, codes }: Block, place: number, vector: Float32Array, basis: Basis): void {
  const { mean, directions, deviations } = basis
  const width = mean.length
  const centred = vector.map((x, n) => x - mean[n]!)
  for (let column = 0; 2 * column < deviations.length; column++) codes[column * photosPerBlock + place] = 0
  for (let dimension = 0; dimension < deviations.length; dimension++) {
    const along = dot(centred, directions, dimension * width)
    const level = Math.floor(along / (step * deviations[dimension]!)) + steps / 2
    const kept = Math.min(Math.max(level, 0), steps - 1)
    codes[(dimension >>> 1) * photosPerBlock + place]! |= dimension % 2 === 0 ? kept : kept << 4
  }
  present[place >>> 5]! |= 1 << place
}

/** What a query makes of each byte of a code. */
export interface Tables {
  /** `[columns + 1, 256]`: what a byte adds to the cosine; the last adds nothing. */
  gains: Float32Array
  /** The columns in which photos differ most for this query come first. */
  order: number[]
  /** The standard deviation of what all columns from a place of `order` on add together; 0 at its end. */
  restDeviations: Float64Array
  /** What all photos have of the cosine, beside what their codes add. */
  shared: number
}

/** @param query `[p]` of unit length */
export function tablesOf(query: Float32Array, basis: Basis): Tables {
  const { directions, deviations } = basis
  const columns = columnsOf(basis)
  const weights = Float64Array.from(
    deviations,
    (deviation, dimension) => dot(query, directions, dimension * query.length) * deviation,
  )
  const gains = new Float32Array((columns + 1) * 256)
  const gainOf = (dimension: number, level: number) =>
    (weights[dimension] ?? 0) * step * (level - (steps - 1) / 2)
  for (let column = 0; column < columns; column++) {
    for (let byte = 0; byte < 256; byte++) {
      gains[column * 256 + byte] = gainOf(2 * column, byte & 15) + gainOf(2 * column + 1, byte >>> 4)
    }
  }
  const variances = Array.from(
    { length: columns },
    (_, column) => weights[2 * column]! ** 2 + (weights[2 * column + 1] ?? 0) ** 2,
  )
  const order = [...variances.keys()].sort((a, b) => variances[b]! - variances[a]!)
  const restDeviations = new Float64Array(columns + 1)
  for (let at = columns - 1; at >= 0; at--) {
    restDeviations[at] = Math.hypot(restDeviations[at + 1]!, Math.sqrt(variances[order[at]!]!))
  }
  return { gains, order, restDeviations, shared: dot(query, basis.mean) }
}
