import { hasTime } from '../../contract/taken-date.ts'

/** A photo as near duplicates are told by. */
export interface SeenPhoto {
  contentHash: string
  camera: string | null
  /** By the camera's clock, in the form of `taken-date.ts`; null where it is not known. */
  takenAt: string | null
  /** Of the rows of its visual memory, `[dv]`; null where it could not be read. */
  mean: Float32Array | null
}

const burstMs = 10_000
/**
 * Least cosine of the means of two photos of a burst: `docs/decisions/teaching.md` has what it was measured on. Rather too low than
 * too high: of what is taken for near duplicates nothing is lost, and what is not tells of the answer.
 */
const leastCosine = 0.75

/**
 * Photos of one moment: the same content, or taken by the same camera within 10 s and alike to the model. What is alike by way of
 * others is in one group.
 * @returns the number of its group for each photo, from 0 on, in the order in which groups are met first.
 */
export function groupNearDuplicates(photos: readonly SeenPhoto[]): number[] {
  const parents = photos.map((_, index) => index)
  const rootOf = (index: number): number => {
    let root = index
    while (parents[root] !== root) root = parents[root]!
    parents[index] = root
    return root
  }
  const join = (a: number, b: number) => {
    const [first, second] = [rootOf(a), rootOf(b)].sort((x, y) => x - y) as [number, number]
    parents[second] = first
  }

  const byContent = new Map<string, number>()
  for (const [index, { contentHash }] of photos.entries()) {
    const known = byContent.get(contentHash)
    if (known === undefined) byContent.set(contentHash, index)
    else join(known, index)
  }
  for (const [earlier, later] of pairsOfBursts(photos)) {
    if (rootOf(earlier) !== rootOf(later) && areAlike(photos[earlier]!, photos[later]!)) join(earlier, later)
  }

  const numbers = new Map<number, number>()
  return photos.map((_, index) => {
    const root = rootOf(index)
    if (!numbers.has(root)) numbers.set(root, numbers.size)
    return numbers.get(root)!
  })
}

/** Photos of one camera that were taken within 10 s, by their places. */
function* pairsOfBursts(photos: readonly SeenPhoto[]): Generator<[number, number]> {
  const timed = photos
    .map(({ camera, takenAt }, index) => ({ index, camera, ms: momentOf(takenAt) }))
    .filter(({ ms }) => !Number.isNaN(ms))
  for (const shots of Map.groupBy(timed, ({ camera }) => camera).values()) {
    shots.sort((a, b) => a.ms - b.ms)
    for (const [at, later] of shots.entries()) {
      for (let before = at - 1; before >= 0 && later.ms - shots[before]!.ms <= burstMs; before--) {
        yield [shots[before]!.index, later.index]
      }
    }
  }
}

/** NaN where no more than the day is known. */
function momentOf(takenAt: string | null): number {
  return takenAt !== null && hasTime(takenAt) ? Date.parse(`${takenAt}Z`) : Number.NaN
}

function areAlike({ mean: a }: SeenPhoto, { mean: b }: SeenPhoto): boolean {
  return a !== null && b !== null && a.length === b.length && cosine(a, b) >= leastCosine
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let [product, ofA, ofB] = [0, 0, 0]
  for (let at = 0; at < a.length; at++) {
    product += a[at]! * b[at]!
    ofA += a[at]! ** 2
    ofB += b[at]! ** 2
  }
  return product === 0 ? 0 : product / Math.sqrt(ofA * ofB)
}
