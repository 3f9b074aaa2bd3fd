import type { SessionTensor } from '../captioning/session.ts'
import type { FrozenDecoder } from './step-graph.ts'

/** Texts of one length with the pictures they are about: B texts of T tokens, padded to the longest of them. */
export interface TrainingBatch {
  /** Visual memory, `[B, 1+N, dv]`. */
  memory: Float32Array
  /** What each position reads, `[B, T]`. */
  tokens: Int32Array
  /** What each is to say, `[B, T]`. */
  targets: Int32Array
  /** Of each position's cross-entropy, `[B, T]`; 0 where it is padding or counts otherwise. */
  weights: Float32Array
  /** T. */
  textLength: number
  reference?: Reference
}

/** The likeliest tokens of each position, K of them. */
export interface Prediction {
  /** `[B, T, K]` */
  ids: Int32Array
  /** `[B, T, K]`; zeros where nothing is known. */
  probabilities: Float32Array
  /** K. */
  count: number
}

/** What positions are held to. */
export interface Reference extends Prediction {
  /** Of each position's divergence from the reference, `[B, T]`; 0 where it has none. */
  weights: Float32Array
}

/** Which of the B·T positions count; what is computed of one only where it does is not computed of the others. */
export function countedPlaces({ weights, reference }: TrainingBatch): number[] {
  return [...weights.keys()].filter((place) => weights[place] !== 0 || (reference?.weights[place] ?? 0) !== 0)
}

/** How much all positions count together. */
export function totalWeight({ weights, reference }: TrainingBatch): number {
  return sumOfSizes(weights) + sumOfSizes(reference?.weights ?? [])
}

function sumOfSizes(weights: Iterable<number>): number {
  let sum = 0
  for (const weight of weights) sum += Math.abs(weight)
  return sum
}

/** Where no position counts the first one stands in, and weighs nothing: WebGPU refuses empty tensors. */
function countRows(places: readonly number[]): number {
  return Math.max(places.length, 1)
}

export function feedTexts(
  { memory, tokens, textLength }: TrainingBatch,
  { memoryShape }: FrozenDecoder,
  places: readonly number[],
): Record<'memory' | 'tokens' | 'rows', SessionTensor> {
  const texts = tokens.length / textLength
  return {
    memory: { data: memory, shape: [texts, ...memoryShape] },
    tokens: { data: tokens, shape: [texts, textLength] },
    rows: column(places, (place) => place),
  }
}

/** Which row each of the B·T positions is of those that `feedTexts` counts, the number of rows for one that is none. */
export function feedRowOf(
  { tokens }: TrainingBatch,
  places: readonly number[],
): Record<'row_of', SessionTensor> {
  const rowOf = new Int32Array(tokens.length).fill(countRows(places))
  for (const [row, place] of places.entries()) rowOf[place] = row
  if (places.length === 0) rowOf[0] = 0
  return { row_of: { data: rowOf, shape: [rowOf.length] } }
}

/** @param total what all weights are divided by */
export function feedLabels(
  { targets, weights }: TrainingBatch,
  places: readonly number[],
  total: number,
): Record<'targets' | 'weights', SessionTensor> {
  return {
    targets: column(places, (place) => targets[place]!),
    weights: weightColumn(places, weights, total),
  }
}

/** Of a batch without a reference, one that counts nothing. */
export function feedReference(
  { reference }: TrainingBatch,
  places: readonly number[],
  total: number,
): Record<'reference_ids' | 'reference_probabilities' | 'reference_weights', SessionTensor> {
  const count = reference?.count ?? 1
  const shape = [countRows(places), count]
  const ids = new Int32Array(countRows(places) * count)
  const probabilities = new Float32Array(countRows(places) * count)
  if (reference) {
    for (const [row, place] of places.entries()) {
      const [from, to] = [place * count, (place + 1) * count]
      ids.set(reference.ids.subarray(from, to), row * count)
      probabilities.set(reference.probabilities.subarray(from, to), row * count)
    }
  }
  return {
    reference_ids: { data: ids, shape },
    reference_probabilities: { data: probabilities, shape },
    reference_weights: weightColumn(places, reference?.weights ?? [], total),
  }
}

/** @returns int32 `[S]` */
function column(places: readonly number[], valueAt: (place: number) => number): SessionTensor {
  const data = new Int32Array(countRows(places))
  data.set(places.map(valueAt))
  return { data, shape: [data.length] }
}

/** @returns `[S, 1]` */
function weightColumn(places: readonly number[], weights: ArrayLike<number>, total: number): SessionTensor {
  const data = new Float32Array(countRows(places))
  data.set(places.map((place) => (weights[place] ?? 0) / total))
  return { data, shape: [data.length, 1] }
}
