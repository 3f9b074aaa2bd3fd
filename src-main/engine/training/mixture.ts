import { createRandom } from './random.ts'

const draws = 500
/**
 * Of the draws, so many have to be as much alike. Few photos of one thing are often no more alike than some draws: of five of a brown dog a
 * fourth pass the lower bound, of ten none.
 */
const leastAlike = { few: 0.1, many: 0.02 }
const manyPictures = 10

/**
 * Tells whether some pictures are as mixed as any so many would be. What is said of all of them says nothing of what they show
 * only then: of twenty photos of one dog it may be the dog's name.
 * @param means of the visual memories of these, `[dv]` each
 * @param others pictures as they come
 */
export function areMixed(
  means: readonly Float32Array[],
  others: readonly Float32Array[],
  seed: number,
): boolean {
  const units = others.map(toUnit)
  const alike = likeness(means.map(toUnit))
  const random = createRandom(seed)
  let count = 0
  for (let draw = 0; draw < draws; draw++) {
    const drawn = means.map(() => units[Math.floor(random() * units.length)]!)
    if (likeness(drawn) >= alike) count++
  }
  return count >= draws * (means.length < manyPictures ? leastAlike.few : leastAlike.many)
}

/** Of unit vectors, how long their sum is. */
function likeness(units: readonly Float32Array[]): number {
  const sum = new Float64Array(units[0]?.length ?? 0)
  for (const unit of units) for (const [index, value] of unit.entries()) sum[index]! += value
  return sum.reduce((total, value) => total + value * value, 0)
}

function toUnit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((total, value) => total + value * value, 0)) || 1
  return vector.map((value) => value / length)
}
