import { covarianceOf, meanOf } from './basis.ts'

/** How the photos of a library lie in their space, against which a few of them stand out. */
export interface Background {
  /** How many there are. */
  photos: number
  /** `[p]` */
  mean: Float32Array
  /** `[p, p]` */
  covariance: Float64Array
}

/** A rule that says how much a photo resembles some others, in standard deviations of all photos: linear in its embedding. */
export interface Resemblance {
  /** `[p]`, of no particular length. */
  direction: Float32Array
  /** @param cosine of a photo with the direction */
  deviationsOf(cosine: number): number
}

/** Added to the variances, as a part of their mean: a few photos say little about directions in which hardly any differ. */
const ridge = 1
const leastResidual = 1e-6
const mostSteps = 200
/**
 * Of photos that do not show the thing, this part lies so many deviations from the mean or farther: `atThree` at three, and less by `fall`
 * (as a power of e) for each further one. Measured: `docs/decisions/teaching.md`.
 */
const tail = { atThree: 0.006, fall: 1.43 }
/** Of the offered ones, so many may be expected to be wrong (false discovery rate). */
const falseOnes = 0.3

/** @param vectors `[p]` of unit length each, from all over the library @param turn lets others have theirs */
export async function fitBackground(
  vectors: readonly Float32Array[],
  photos: number,
  turn: () => Promise<void>,
): Promise<Background> {
  const mean = meanOf(vectors)
  return { photos, mean, covariance: await covarianceOf(vectors, mean, turn) }
}

/**
 * The linear discriminant between some photos and all others, which vary in the same way (Fisher): their mean from the library's, with
 * what sets photos apart in any case taken out. Undefined where they do not differ from the library at all.
 * @param named `[p]` of unit length each
 */
export function resemblanceTo(
  named: readonly Float32Array[],
  { mean, covariance }: Background,
): Resemblance | undefined {
  const width = mean.length
  const difference = Float64Array.from(meanOf(named), (each, at) => each - mean[at]!)
  let variance = 0
  for (let at = 0; at < width; at++) variance += covariance[at * width + at]! / width
  const direction = solve(covariance, ridge * variance, difference)
  const image = times(covariance, direction)
  const deviation = Math.sqrt(dot(direction, image))
  if (!(deviation > 0)) return undefined
  const [length, middle] = [Math.hypot(...direction), dot(direction, mean)]
  return {
    direction: Float32Array.from(direction),
    deviationsOf: (cosine) => (cosine * length - middle) / deviation,
  }
}

/**
 * How many of the photos that resemble the most are offered (Benjamini and Hochberg): as many as there are before more than three in
 * ten of them would be so by chance, as it falls in a library of this size.
 * @param deviations of the photos, falling
 */
export function countPlausible(deviations: readonly number[], photos: number): number {
  const expected = (deviation: number) => photos * tail.atThree * Math.exp(-tail.fall * (deviation - 3))
  return deviations.findLastIndex((each, at) => expected(each) <= falseOnes * (at + 1)) + 1
}

/** Solves `(matrix + added · 1) x = wanted` by conjugate gradients. @param matrix `[p, p]`, symmetric, of no negative variance */
function solve(matrix: Float64Array, added: number, wanted: Float64Array): Float64Array {
  const x = new Float64Array(wanted.length)
  const residual = wanted.slice()
  const step = residual.slice()
  let squares = dot(residual, residual)
  const enough = leastResidual ** 2 * squares
  for (let at = 0; at < mostSteps && squares > enough; at++) {
    const image = times(matrix, step)
    for (let n = 0; n < x.length; n++) image[n]! += added * step[n]!
    const far = squares / dot(step, image)
    for (let n = 0; n < x.length; n++) {
      x[n]! += far * step[n]!
      residual[n]! -= far * image[n]!
    }
    const before = squares
    squares = dot(residual, residual)
    for (let n = 0; n < x.length; n++) step[n] = residual[n]! + (squares / before) * step[n]!
  }
  return x
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  return vector.map((_, row) => dot(matrix.subarray(row * vector.length, (row + 1) * vector.length), vector))
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return sum
}
