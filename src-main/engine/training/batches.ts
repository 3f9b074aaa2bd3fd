import { createRandom, shuffle } from './random.ts'

/** So many batches are filled from texts of like length at a time; more would make their order less random. */
const batchesInBucket = 32
/** Odd numbers far from each other, so that a pass's numbers are not those of another seed. */
const passStride = 0x9e3779b1

/**
 * The order of one pass: batches of texts of like lengths, so that little is padding, in random order. The same for the same
 * seed and pass, which is all that a run that was cut off needs to know.
 * @param lengths of the texts, in tokens
 * @returns indices of texts; every text once
 */
export function planPass(
  lengths: readonly number[],
  batchSize: number,
  seed: number,
  pass: number,
): number[][] {
  const random = createRandom(seed + Math.imul(pass + 1, passStride))
  const order = shuffle([...lengths.keys()], random)
  // Of sizes as equal as can be: a text that is left over would count as much as a whole batch.
  const count = Math.ceil(order.length / batchSize)
  const startOf = (batch: number) => Math.round((order.length * batch) / count)
  const batches: number[][] = []
  for (let first = 0; first < count; first += batchesInBucket) {
    const end = Math.min(first + batchesInBucket, count)
    const bucket = order.slice(startOf(first), startOf(end))
    bucket.sort((a, b) => lengths[a]! - lengths[b]!)
    for (let batch = first; batch < end; batch++)
      batches.push(bucket.slice(startOf(batch) - startOf(first), startOf(batch + 1) - startOf(first)))
  }
  return shuffle(batches, random)
}

/** Batch after batch of passes without end, by the number of the step. */
export function createRounds(lengths: readonly number[], batchSize: number, seed: number) {
  const batchesInPass = batchSize > 0 ? Math.ceil(lengths.length / batchSize) : 0
  let planned: { pass: number; batches: number[][] } | undefined
  return (step: number): number[] => {
    if (batchesInPass === 0) return []
    const pass = Math.floor(step / batchesInPass)
    if (planned?.pass !== pass) planned = { pass, batches: planPass(lengths, batchSize, seed, pass) }
    return planned.batches[step % batchesInPass]!
  }
}

/**
 * Cuts a batch into runs that each stay below a number of padded tokens, for gradient accumulation.
 * @returns the same texts in the same order
 */
export function cutToSize<T extends { tokens: readonly unknown[] }>(
  batch: readonly T[],
  mostTokens: number,
): T[][] {
  const runs: T[][] = []
  let longest = 0
  for (const text of batch) {
    const run = runs.at(-1)
    const length = Math.max(longest, text.tokens.length)
    if (run && length * (run.length + 1) <= mostTokens) {
      run.push(text)
      longest = length
    } else {
      runs.push([text])
      longest = text.tokens.length
    }
  }
  return runs
}
