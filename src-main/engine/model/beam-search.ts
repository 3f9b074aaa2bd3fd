import { leastProbability } from './names.ts'

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
  names?: readonly SearchedName[]
  /** Tokens that none of them runs into. */
  gluing?: readonly number[]
}

/** A name (`names.ts`), whether it was recognised in the picture, and whether it may be in it. */
export interface SearchedName {
  startTokens: readonly number[]
  tokens: readonly number[]
  startParting: number | null
  parting: number | null
  isSeen: boolean
  isPossible: boolean
}

export interface Step {
  /** Of the next token, `[vocabulary]`. */
  logits: Float32Array
  /** Log-odds that each name begins here. */
  places?: readonly number[]
}

export interface Hypothesis {
  /** Generated tokens, the end token included. */
  ids: readonly number[]
  /** Of the tokens' log-probabilities. */
  sum: number
  finished: boolean
  /** Of each name. */
  naming: readonly NameState[]
  /** The last token ended a name. */
  isClosed: boolean
}

interface NameState {
  /** The tokens of the name that would come, the next one first. */
  coming: readonly number[]
  /** How many of them were said. */
  at: number
  parting: number | null
  /** The probability that it is being said. */
  begun: number
  said: boolean
}

interface Candidate extends Hypothesis {
  /** Its place among all candidates, which decides between equal sums. */
  index: number
}

/**
 * Each step keeps the k best of all candidates by sum; a finished beam is a candidate as it is. Of equal candidates
 * the one of the lower beam, then of the lower token, goes first.
 * @param step tells what is known of the next token of each of several texts (tokens after the start token)
 * @returns the beam with the largest sum / length^α, and that score
 */
export async function searchBeams(
  step: (texts: readonly (readonly number[])[]) => Promise<Step[]>,
  { beams, lengthPenalty, maxNewTokens, endToken, names = [], gluing = [] }: BeamSearchOptions,
): Promise<{ best: Hypothesis; score: number }> {
  const naming = names.map(({ startTokens, startParting }) => waitFor(startTokens, startParting, false))
  let kept: Hypothesis[] = [{ ids: [], sum: 0, finished: false, naming, isClosed: false }]
  for (let turn = 0; turn < maxNewTokens && kept.some(({ finished }) => !finished); turn++) {
    const steps = await step(kept.map(({ ids }) => ids))
    const candidates = kept.flatMap((beam, index) => {
      const logits = beam.isClosed ? without(steps[index]!.logits, gluing) : steps[index]!.logits
      const hasRoom = names.map(({ tokens }) => turn + tokens.length <= maxNewTokens)
      return extend(beam, index, { ...steps[index]!, logits }, endToken, names, hasRoom)
    })
    kept = candidates.sort((a, b) => b.sum - a.sum || a.index - b.index).slice(0, beams)
  }
  const scores = kept.map(({ ids, sum }) => sum / ids.length ** lengthPenalty)
  const score = Math.max(...scores)
  return { best: kept[scores.indexOf(score)]!, score }
}

function extend(
  beam: Hypothesis,
  beamIndex: number,
  { logits, places = [] }: Step,
  endToken: number,
  names: readonly SearchedName[],
  hasRoom: readonly boolean[],
): Candidate[] {
  const vocabulary = logits.length
  if (beam.finished) return [{ ...beam, index: beamIndex * vocabulary + endToken }]
  const { gains, weights } = mixNames(toLogProbabilities(logits), beam.naming, places, names, hasRoom)
  return Array.from(gains, (gain, token) => ({
    ids: [...beam.ids, token],
    sum: Math.fround(beam.sum + gain),
    finished: token === endToken,
    index: beamIndex * vocabulary + token,
    naming: beam.naming.map((state, name) =>
      followName(state, names[name]!, token, weights[name]! / Math.exp(gain)),
    ),
    // Where the decoder said it by itself, it may be part of a longer word.
    isClosed: beam.naming.some(
      ({ coming }, name) =>
        coming.length === 1 && coming[0] === token && weights[name]! / Math.exp(gain) > 0.5,
    ),
  }))
}

function without(logits: Float32Array, tokens: readonly number[]): Float32Array {
  const left = logits.slice()
  for (const token of tokens) left[token]! -= 1e30
  return left
}

/** @returns log-probabilities of all tokens where names may be said, and the share that each name has in its next token */
function mixNames(
  own: Float32Array,
  states: readonly NameState[],
  places: readonly number[],
  names: readonly SearchedName[],
  hasRoom: readonly boolean[],
): { gains: Float32Array; weights: number[] } {
  if (names.length === 0) return { gains: own, weights: [] }
  const isAllowed = states.map(({ said }, name) => names[name]!.isPossible && !said)
  const odds = states.map(({ at, said }, name) =>
    names[name]!.isSeen && !said && at === 0 && hasRoom[name] ? Math.exp(places[name]!) : 0,
  )
  const total = 1 + odds.reduce((sum, each) => sum + each, 0)
  const free = Math.max(0, 1 - states.reduce((sum, { begun }) => sum + begun, 0))
  const weights = states.map(({ begun }, name) => begun + (free * odds[name]!) / total)
  const rest = free / total
  const gains = own.map((gain) => gain + Math.log(Math.max(rest, leastProbability)))
  for (const token of new Set(states.map(({ coming }) => coming[0]!))) {
    const sharing = [...states.keys()].filter((name) => states[name]!.coming[0] === token)
    const isKept = sharing.some((name) => states[name]!.at === states[name]!.parting && !isAllowed[name])
    const named = sharing.reduce((sum, name) => sum + weights[name]!, 0)
    const probability = named + (isKept ? 0 : rest * Math.exp(own[token]!))
    gains[token] = Math.log(Math.max(probability, leastProbability))
  }
  return { gains, weights }
}

function followName(
  { coming, at, parting, said }: NameState,
  name: SearchedName,
  token: number,
  begun: number,
): NameState {
  if (token === coming[0]) {
    if (coming.length === 1) return waitFor(name.tokens, name.parting, true)
    return { coming: coming.slice(1), at: at + 1, parting, begun: Math.min(1, begun), said }
  }
  const idle = waitFor(name.tokens, name.parting, said)
  // A word that does not go on with the name may begin it again.
  if (token !== name.tokens[0] || name.tokens.length === 1) return idle
  return { ...idle, coming: name.tokens.slice(1), at: 1 }
}

function waitFor(tokens: readonly number[], parting: number | null, said: boolean): NameState {
  return { coming: tokens, at: 0, parting, begun: 0, said }
}

/** log-softmax, in double precision and then rounded. */
export function toLogProbabilities(logits: Float32Array): Float32Array {
  const largest = logits.reduce((a, b) => Math.max(a, b))
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0)
  return logits.map((value) => value - largest - Math.log(total))
}
