import type { Prediction, TrainingBatch } from './batch-feeds.ts'
import type { Text } from './texts.ts'

/** A text in a batch, and what each of its tokens counts there. */
export interface Counted {
  text: Text
  /** As what it is to say, at a place. */
  weightAt(at: number): number
  /** What it is held to, and how much that counts at a place. */
  held?: { prediction: Prediction; weightAt(at: number): number } | undefined
}

/**
 * Texts with their pictures' memories as one batch, padded at their ends to the longest.
 * @param memories each `[1+N, dv]`, in the order of the texts
 */
export function fillBatch(counted: readonly Counted[], memories: readonly Float32Array[]): TrainingBatch {
  const size = memories[0]!.length
  const textLength = Math.max(...counted.map(({ text }) => text.tokens.length))
  const places = counted.length * textLength
  const memory = new Float32Array(counted.length * size)
  const tokens = new Int32Array(places)
  const targets = new Int32Array(places)
  const weights = new Float32Array(places)
  for (const [index, { text, weightAt }] of counted.entries()) {
    memory.set(memories[index]!, index * size)
    const start = index * textLength
    for (const [at, token] of text.tokens.entries()) {
      tokens[start + at] = token
      targets[start + at] = text.targets[at]!
      weights[start + at] = weightAt(at)
    }
  }
  const batch = { memory, tokens, targets, weights, textLength }
  const count = counted.find(({ held }) => held)?.held?.prediction.count
  if (count === undefined) return batch

  const ids = new Int32Array(places * count)
  const probabilities = new Float32Array(places * count)
  const heldWeights = new Float32Array(places)
  for (const [index, { text, held }] of counted.entries()) {
    if (!held) continue
    const start = index * textLength
    ids.set(held.prediction.ids, start * count)
    probabilities.set(held.prediction.probabilities, start * count)
    for (const at of text.tokens.keys()) heldWeights[start + at] = held.weightAt(at)
  }
  return { ...batch, reference: { ids, probabilities, count, weights: heldWeights } }
}

/** A text alone of what was predicted for a batch. */
export function cutPrediction(
  { ids, probabilities, count }: Prediction,
  textLength: number,
  index: number,
  length: number,
): Prediction {
  const [from, to] = [index * textLength * count, (index * textLength + length) * count]
  return { ids: ids.slice(from, to), probabilities: probabilities.slice(from, to), count }
}
