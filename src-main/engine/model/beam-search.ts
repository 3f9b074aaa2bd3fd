/**
 * The beam search of `caption-graph.ts` once more, to be read: the same rules over any step function, without caches
 * and for one picture. Tests hold the graph against it.
 */

export interface BeamSearchOptions {
  beams: number
  /** α in `sum of log-probabilities / length^α`. */
  lengthPenalty: number
  maxNewTokens: number
  endToken: number
}

export interface Hypothesis {
  /** Generated tokens, the end token included. */
  ids: readonly number[]
  /** Of the tokens' log-probabilities. */
  sum: number
  finished: boolean
}

interface Candidate extends Hypothesis {
  /** Its place among all candidates, which decides between equal sums. */
  index: number
}

/**
 * Each step keeps the k best of all candidates by sum; a finished beam is a candidate as it is. Of equal candidates
 * the one of the lower beam, then of the lower token, goes first.
 * @param step gives the next token's logits `[vocabulary]` for each of several texts (tokens after the start token)
 * @returns the beam with the largest sum / length^α, and that score
 */
export async function searchBeams(
  step: (texts: readonly (readonly number[])[]) => Promise<Float32Array[]>,
  { beams, lengthPenalty, maxNewTokens, endToken }: BeamSearchOptions,
): Promise<{ best: Hypothesis; score: number }> {
  let kept: Hypothesis[] = [{ ids: [], sum: 0, finished: false }]
  for (let turn = 0; turn < maxNewTokens && kept.some(({ finished }) => !finished); turn++) {
    const logits = await step(kept.map(({ ids }) => ids))
    const candidates = kept.flatMap((beam, index) => extend(beam, index, logits[index]!, endToken))
    kept = candidates.sort((a, b) => b.sum - a.sum || a.index - b.index).slice(0, beams)
  }
  const scores = kept.map(({ ids, sum }) => sum / ids.length ** lengthPenalty)
  const score = Math.max(...scores)
  return { best: kept[scores.indexOf(score)]!, score }
}

function extend(beam: Hypothesis, beamIndex: number, logits: Float32Array, endToken: number): Candidate[] {
  const vocabulary = logits.length
  if (beam.finished) return [{ ...beam, index: beamIndex * vocabulary + endToken }]
  return Array.from(toLogProbabilities(logits), (gain, token) => ({
    ids: [...beam.ids, token],
    sum: Math.fround(beam.sum + gain),
    finished: token === endToken,
    index: beamIndex * vocabulary + token,
  }))
}

/** log-softmax, in double precision and then rounded. */
export function toLogProbabilities(logits: Float32Array): Float32Array {
  const largest = logits.reduce((a, b) => Math.max(a, b))
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0)
  return logits.map((value) => value - largest - Math.log(total))
}
