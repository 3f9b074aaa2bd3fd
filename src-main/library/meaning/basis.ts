/**
 * The directions in which the vectors of a space differ most (principal component analysis), and how far they go there: what
 * a short code tells of a vector.
 */
export interface Basis {
  /** `[p]` */
  mean: Float32Array
  /** `[d, p]`, orthonormal, by falling deviation. */
  directions: Float32Array
  /** `[d]`: standard deviations along the directions. */
  deviations: Float32Array
}

/** More of them find no more: `docs/decisions/meaning.md`. */
const mostDirections = 96
/** By then the directions lie in the subspace of most variance; more rounds find no more neighbours. */
const rounds = 24
/** Vectors of a made-up library may all be the same. */
const leastDeviation = 1e-6

/**
 * Fits a basis by orthogonal iteration over the covariance: some 0.4 s for 4,000 vectors of 256 numbers, in turns with others.
 * @param vectors `[p]` of unit length each, p even
 * @param turn lets others have theirs
 */
export async function fitBasis(vectors: readonly Float32Array[], turn: () => Promise<void>): Promise<Basis> {
  const width = vectors[0]!.length
  const count = Math.min(mostDirections, width)
  const mean = meanOf(vectors)
  const covariance = await covarianceOf(vectors, mean, turn)
  let directions = scattered(count, width)
  for (let round = 0; round < rounds; round++) {
    directions = await multiply(covariance, directions, width, turn)
    for (let at = 0; at < count; at++) {
      makeOrthonormal(directions, at, width)
      await turn()
    }
  }
  const images = await multiply(covariance, directions, width, turn)
  const deviations = Float32Array.from({ length: count }, (_, at) => {
    let variance = 0
    for (let n = at * width; n < (at + 1) * width; n++) variance += directions[n]! * images[n]!
    return Math.max(Math.sqrt(Math.max(variance, 0)), leastDeviation)
  })
  return { mean, directions: Float32Array.from(directions), deviations }
}

/** As it is stored: mean, deviations, directions. */
export function packBasis({ mean, deviations, directions }: Basis): Uint8Array {
  const numbers = new Float32Array(mean.length + deviations.length + directions.length)
  numbers.set(mean)
  numbers.set(deviations, mean.length)
  numbers.set(directions, mean.length + deviations.length)
  return new Uint8Array(numbers.buffer)
}

/** @param width p */
export function unpackBasis(stored: Uint8Array, width: number): Basis {
  const numbers = new Float32Array(new Uint8Array(stored).buffer)
  const count = (numbers.length - width) / (width + 1)
  return {
    mean: numbers.subarray(0, width),
    deviations: numbers.subarray(width, width + count),
    directions: numbers.subarray(width + count),
  }
}

function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(vectors[0]!.length)
  for (const vector of vectors) for (let n = 0; n < sum.length; n++) sum[n]! += vector[n]!
  return Float32Array.from(sum, (x) => x / vectors.length)
}

/** @returns `[p, p]` */
async function covarianceOf(
  vectors: readonly Float32Array[],
  mean: Float32Array,
  turn: () => Promise<void>,
): Promise<Float64Array> {
  const width = mean.length
  const sums = new Float64Array(width * width)
  const centred = new Float64Array(width)
  for (const vector of vectors) {
    for (let n = 0; n < width; n++) centred[n] = vector[n]! - mean[n]!
    for (let row = 0; row < width; row++) {
      const factor = centred[row]! / vectors.length
      for (let n = row; n < width; n++) sums[row * width + n]! += factor * centred[n]!
    }
    await turn()
  }
  for (let row = 0; row < width; row++)
    for (let n = 0; n < row; n++) sums[row * width + n] = sums[n * width + row]!
  return sums
}

/** Directions to begin with, the same each time. @returns `[d, p]` */
function scattered(count: number, width: number): Float64Array {
  let state = 1
  return Float64Array.from({ length: count * width }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  })
}

/** @param matrix `[p, p]`, symmetric @param rows `[d, p]` @returns `[d, p]` */
async function multiply(
  matrix: Float64Array,
  rows: Float64Array,
  width: number,
  turn: () => Promise<void>,
): Promise<Float64Array> {
  const product = new Float64Array(rows.length)
  for (let first = 0; first < rows.length; first += width) {
    for (let column = 0; column < width; column++) {
      let sum = 0
      for (let n = 0; n < width; n++) sum += matrix[column * width + n]! * rows[first + n]!
      product[first + column] = sum
    }
    await turn()
  }
  return product
}

/** Takes what the rows before it have out of a row, and makes it of unit length; where nothing is left, nothing. */
function makeOrthonormal(rows: Float64Array, at: number, width: number): void {
  const first = at * width
  const before = lengthOf(rows, first, width)
  for (let other = 0; other < first; other += width) {
    let shared = 0
    for (let n = 0; n < width; n++) shared += rows[first + n]! * rows[other + n]!
    for (let n = 0; n < width; n++) rows[first + n]! -= shared * rows[other + n]!
  }
  const length = lengthOf(rows, first, width)
  const factor = length > before * 1e-9 ? 1 / length : 0
  for (let n = first; n < first + width; n++) rows[n]! *= factor
}

function lengthOf(rows: Float64Array, first: number, width: number): number {
  let sum = 0
  for (let n = first; n < first + width; n++) sum += rows[n]! ** 2
  return Math.sqrt(sum)
}
