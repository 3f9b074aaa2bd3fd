/** How the photos of a library lie in their space, against which a few of them stand out: sums over a sample. */
export interface Background {
  /** How many there are. */
  photos: number
  /** Of the sample. */
  ids: ReadonlySet<number>
  /** `[p]` */
  sum: Float64Array
  /** `[p, p]`: of each vector with itself. */
  products: Float64Array
}

/** A rule that says how much a photo resembles some others, in standard deviations of all photos: linear in its embedding. */
export interface Resemblance {
  /** `[p]`, of no particular length. */
  direction: Float32Array
  /** @param cosine of a photo with the direction */
  deviationsOf(cosine: number): number
}

/**
 * Added to the variances, in parts of their mean, for a few photos say little about directions in which hardly any differ; and more where
 * a small sample says little about the library.
 */
const ridge = (sampled: number) => 1 + 1024 / sampled
const leastResidual = 1e-6
const mostSteps = 200
const fewestOthers = 10
/**
 * Of photos that do not show the thing, this part lies so many deviations from the mean or farther: `atThree` at three, and less by `fall`
 * (as a power of e) for each further one. The more photos there are, the more of another kind are near it: `docs/decisions/teaching.md`.
 */
const tails = { small: { atThree: 0.006, fall: 1.43 }, large: { atThree: 0.01, fall: 1.2 } }
const isLargeFrom = 2000
/** Of the offered ones, so many may be expected to be wrong (false discovery rate). */
const falseOnes = 0.3

/** @param sample `[p]` of unit length each, from all over the library, by their ids @param turn lets others have theirs */
export async function fitBackground(
  sample: ReadonlyMap<number, Float32Array>,
  photos: number,
  turn: () => Promise<void>,
): Promise<Background> {
  const width = sample.values().next().value?.length ?? 0
  const background = {
    photos,
    ids: new Set(sample.keys()),
    sum: new Float64Array(width),
    products: new Float64Array(width * width),
  }
  for (const vector of sample.values()) {
    addTo(background, vector, 1)
    await turn()
  }
  return background
}

function addTo(
  { sum, products }: Pick<Background, 'sum' | 'products'>,
  vector: Float32Array,
  weight: 1 | -1,
): void {
  const width = sum.length
  for (let row = 0; row < width; row++) {
    const factor = weight * vector[row]!
    sum[row]! += factor
    for (let n = 0; n < width; n++) products[row * width + n]! += factor * vector[n]!
  }
}

/**
 * The linear discriminant between some photos and all others, which vary in the same way (Fisher): the mean of these from the others', with
 * what sets photos apart in any case taken out. Undefined where they do not differ, or there are too few others.
 * @param named `[p]` of unit length each, by their ids
 */
export function resemblanceTo(
  named: ReadonlyMap<number, Float32Array>,
  background: Background,
): Resemblance | undefined {
  const { mean, covariance, sampled } = withoutThem(background, named)
  if (sampled < fewestOthers) return undefined
  const width = mean.length
  const difference = mean.map((each) => -each)
  for (const vector of named.values()) {
    for (let n = 0; n < width; n++) difference[n]! += vector[n]! / named.size
  }
  let variance = 0
  for (let n = 0; n < width; n++) variance += covariance[n * width + n]! / width
  const direction = solve(covariance, ridge(sampled) * variance, difference)
  const deviation = Math.sqrt(dot(direction, times(covariance, direction)))
  if (!(deviation > 0)) return undefined
  const [length, middle] = [Math.hypot(...direction), dot(direction, mean)]
  return {
    direction: Float32Array.from(direction),
    deviationsOf: (cosine) => (cosine * length - middle) / deviation,
  }
}

/** In a small library the photos that are named would be a part of what they are to stand out against. */
function withoutThem(background: Background, named: ReadonlyMap<number, Float32Array>) {
  const left = { sum: background.sum.slice(), products: background.products.slice() }
  let sampled = background.ids.size
  for (const [id, vector] of named) {
    if (!background.ids.has(id)) continue
    addTo(left, vector, -1)
    sampled--
  }
  const mean = left.sum.map((each) => each / sampled)
  const covariance = left.products.map(
    (each, at) => each / sampled - mean[Math.floor(at / mean.length)]! * mean[at % mean.length]!,
  )
  return { mean, covariance, sampled }
}

/**
 * How many of the photos that resemble the most are offered (Benjamini and Hochberg): as many as there are before more than three in
 * ten of them would be so by chance, as it falls in a library of this size.
 * @param deviations of the photos, falling
 */
export function countPlausible(deviations: readonly number[], photos: number): number {
  const { atThree, fall } = photos < isLargeFrom ? tails.small : tails.large
  const expected = (deviation: number) => photos * atThree * Math.exp(-fall * (deviation - 3))
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
