import type { Graph, Value } from './graph.ts'
import {
  add,
  affine,
  cast,
  clip,
  concat,
  divide,
  equal,
  exponential,
  gather,
  logProbability,
  matmul,
  maximum,
  mean,
  multiply,
  pick,
  pickRows,
  repeatForBatch,
  reshape,
  slice,
  softmax,
  squeeze,
  subtract,
  sum,
  topK,
  transposeMatrix,
  unsqueeze,
  where,
} from './operators.ts'
import type { Weights } from './weights.ts'

/**
 * How a decoder says names that it never learned: beside its own words it has a second source of them. At every word of a
 * caption a name begins with a probability of its own, where its recogniser found it in the picture and it was not said yet,
 * and then goes on to its end; otherwise the decoder goes on as ever:
 *
 *     P'(v) = Σ w_i · [v is the next token of name i] + (1 − Σ w_i) · P(v)
 *
 * `w_i` is the probability that name i begins here, or, where it may have begun already, that it did, given the words since
 * (Bayes). This is the mixture of pointer-generator networks (See et al. 2017, arXiv 1704.04368) with names for a source. It is a
 * distribution, so a name is neither pushed into every beam nor said twice, and a search over it is a plain search.
 * Where a name is out of the question, or was said, the decoder's own words are kept from it; where its recogniser is in
 * doubt, they are left alone.
 */
export interface Name {
  readonly text: string
  /** By which a text begins with it, and by which a text goes on with it: one or more tokens. */
  startTokens: readonly number[]
  tokens: readonly number[]
  /**
   * Which of its tokens tells each of these from what is said anyway: the name is kept back there. null: none does, and it is
   * never kept back.
   */
  startParting: number | null
  parting: number | null
  /**
   * `weight` `[3·dv]` and `bias` `[2]`: over the memory's first row, the mean and the maximum of all rows, the name is recognised
   * where the sum with the first bias is above zero, and out of the question where that with the second is not. `place.weight` `[d]` and `place.bias` `[1]`: over the decoder's last hidden row, the log-odds
   * that it begins here.
   */
  weights: Weights
}

/** What a model can call by their names, and what its vocabulary has to do with it. */
export interface SayableNames {
  names: readonly Name[]
  /** Tokens that go on with a word: none of them comes after a name. */
  gluing: readonly number[]
}

export const noNames: SayableNames = { names: [], gluing: [] }

/** No probability of the mixture is smaller: its logarithm has to be a number on every provider. */
export const leastProbability = 1e-30

/** More than any score, and a number on every provider. */
const never = -1e30

/** What the names are at in every beam; k beams an image, M names. */
export interface Naming {
  /** Which of its tokens would come next, as an index into both spellings after each other, int32 `[B, k, M]`. */
  at: Value
  /** The probability that it is being said, 0 where it did not begin, `[B, k, M]`. */
  begun: Value
  /** 1 where it was said, `[B, k, M]`. */
  said: Value
  /** 1 where the last word ended a name, `[B, k]`. */
  closed: Value
}

/** Candidates for every beam's next word, in no order; among them are the k best. */
export interface Candidates {
  /** Log-probabilities `[B, k, C]`. */
  gains: Value
  /** int32 `[B, k, C]` */
  words: Value
  /** The next token of each name, and its weight in the mixture, `[B, k, M]`. */
  next: Value
  weights: Value
}

/** What of the names is in a picture: 1 where one was recognised, and where it may be in it, `[B, 1, M]`. */
export interface Recognised {
  isSeen: Value
  isPossible: Value
}

/** @param memory `[B, 1+N, dv]` */
export function recogniseNames(g: Graph, names: readonly Name[], memory: Value): Recognised {
  const width = memory.shape[2] as number
  const whole = squeeze(g, slice(g, memory, 1, 0, 1), 1)
  const largest = reshape(g, maximum(g, transposeMatrix(g, memory)), ['B', width])
  const features = concat(g, [whole, mean(g, memory, 1), largest], 1) // [B, 3·dv]
  const sums = affine(g, features, stack(g, names, 'weight', 3 * width), null, 'out-in')
  const biases = stack(g, names, 'bias', 2)
  const [isSeen, isPossible] = [0, 1].map((index) => {
    const bias = reshape(g, slice(g, biases, 1, index, index + 1), [names.length])
    return isAboveZero(g, unsqueeze(g, add(g, sums, bias), 1))
  })
  return { isSeen: isSeen!, isPossible: isPossible! }
}

/** The names of a model as tables of a graph. */
export class NameTables {
  readonly count: number
  readonly #recognised: Recognised
  readonly #placeWeights: Value
  readonly #placeBias: Value
  /** By name and place in both spellings, one after the other: `[M·W]`. */
  readonly #tokens: Value
  readonly #isLast: Value
  readonly #isParting: Value
  /** Where the row of each name begins, and where in it the second spelling does: int32 `[M]`. */
  readonly #rows: Value
  readonly #inside: Value
  readonly #isOne: Value
  /** The first place in a caption, by tokens, at which a name has no room any more: float32 `[M]`. */
  readonly #noRoomFrom: Value
  /** What is added to the score of each token after a name, `[V]`. */
  readonly #afterName: Value

  /**
   * @param width of the decoder's rows, d
   */
  constructor(
    g: Graph,
    { names, gluing }: SayableNames,
    recognised: Recognised,
    { width, vocabulary }: { width: number; vocabulary: number },
    maxNewTokens: number,
  ) {
    const spellings = names.map(({ startTokens, tokens }) => [...startTokens, ...tokens])
    const longest = Math.max(...spellings.map((tokens) => tokens.length))
    const table = (type: 'int32' | 'float32', valueAt: (name: Name, at: number) => number) =>
      g.constant(
        type,
        [names.length * longest],
        names.flatMap((name) => Array.from({ length: longest }, (_, at) => valueAt(name, at))),
      )
    this.count = names.length
    this.#recognised = recognised
    this.#placeWeights = stack(g, names, 'place.weight', width)
    this.#placeBias = reshape(g, stack(g, names, 'place.bias', 1), [names.length])
    this.#tokens = table('int32', ({ startTokens, tokens }, at) => [...startTokens, ...tokens][at] ?? -1)
    this.#isLast = table('float32', ({ startTokens, tokens }, at) =>
      Number(at === startTokens.length - 1 || at === startTokens.length + tokens.length - 1),
    )
    this.#isParting = table('float32', ({ startTokens, startParting, parting }, at) =>
      Number(at === startParting || (parting !== null && at === startTokens.length + parting)),
    )
    this.#rows = g.indices(...names.map((_, index) => index * longest))
    this.#inside = g.indices(...names.map(({ startTokens }) => startTokens.length))
    const roomFor = ({ tokens }: Name) => maxNewTokens - tokens.length + 1
    this.#noRoomFrom = g.constant('float32', [names.length], names.map(roomFor))
    const afterName = new Float32Array(vocabulary)
    for (const token of gluing) afterName[token] = never
    this.#afterName = g.constant('float32', [vocabulary], afterName)
    this.#isOne = g.indices(...names.map(({ tokens }) => Number(tokens.length > 1)))
  }

  /** Nothing was said yet, for one row an image. */
  begin(g: Graph, batch: Value): Naming {
    const zeros = (type: 'int32' | 'float32') =>
      repeatForBatch(g, g.constant(type, [1, 1, this.count], Array(this.count).fill(0)), batch)
    const closed = repeatForBatch(g, g.constant('float32', [1, 1], [0]), batch)
    return { at: zeros('int32'), begun: zeros('float32'), said: zeros('float32'), closed }
  }

  /**
   * Scores without those of words that a name would run into.
   * @param scores before softmax, `[B·q, V]`
   */
  keepApart(g: Graph, scores: Value, { closed }: Naming): Value {
    const rows = reshape(g, closed, [scores.shape[0]!, 1])
    return add(g, scores, multiply(g, rows, this.#afterName))
  }

  /**
   * @param hidden rows `[B·q, d]`
   * @param own log-probabilities of the decoder's own words, `[B·q, V]`
   * @param place of the word in the caption, by tokens, int32 `[]`; null for the first
   */
  propose(g: Graph, hidden: Value, own: Value, naming: Naming, k: number, place: Value | null): Candidates {
    const M = this.count
    const q = naming.at.shape[1] as number
    const { at, begun, said } = naming
    const places = add(g, at, this.#rows)
    const next = gather(g, this.#tokens, places) // [B, q, M]
    const unsaid = subtract(g, g.scalar(1), said)

    // Which of the names that may begin does, if any.
    const isIdle = cast(g, equal(g, at, place ? this.#inside : g.indices(0)), 'float32')
    const before = place ? cast(g, place, 'float32') : g.scalar(0)
    const hasRoom = clip(g, subtract(g, this.#noRoomFrom, before), 0, 1)
    const isWanted = multiply(g, multiply(g, this.#recognised.isSeen, unsaid), hasRoom)
    const mayBegin = cast(g, multiply(g, isWanted, isIdle), 'bool')
    const odds = affine(g, hidden, this.#placeWeights, this.#placeBias, 'out-in')
    const open = where(g, mayBegin, reshape(g, odds, ['B', q, M]), g.scalar(never))
    const nothing = multiply(g, slice(g, said, 2, 0, 1), g.scalar(0)) // [B, q, 1]
    const shares = softmax(g, concat(g, [open, nothing], 2))
    const free = clip(g, subtract(g, g.scalar(1), sum(g, begun, 2)), 0, 1) // [B, q, 1]
    const weights = add(g, begun, multiply(g, free, slice(g, shares, 2, 0, M)))
    const rest = multiply(g, free, slice(g, shares, 2, M, M + 1))

    // Names whose next token is the same: [B, q, M, M].
    const same = cast(g, equal(g, unsqueeze(g, next, 3), unsqueeze(g, next, 2)), 'float32')
    const gather2 = (x: Value) => squeeze(g, matmul(g, same, unsqueeze(g, x, 3)), 3)
    const isAllowed = multiply(g, this.#recognised.isPossible, unsaid)
    const kept = multiply(g, gather(g, this.#isParting, places), subtract(g, g.scalar(1), isAllowed))
    const isKept = clip(g, gather2(kept), 0, 1)
    const ownNext = exponential(g, reshape(g, pick(g, own, reshape(g, next, [`B·${q}`, M])), ['B', q, M]))
    const allowed = multiply(g, multiply(g, rest, ownNext), subtract(g, g.scalar(1), isKept))
    const namedGains = logProbability(g, add(g, gather2(weights), allowed), leastProbability)
    const earlier = Array.from({ length: M * M }, (_, at) => Number(at % M < Math.floor(at / M)))
    const isRepeated = cast(
      g,
      squeeze(g, sum(g, multiply(g, same, g.constant('float32', [M, M], earlier)), 3), 3),
      'bool',
    )

    // The k best of the decoder's own words that are not a name's next token are among its k + M best.
    const vocabulary = own.shape[1] as number
    const best = topK(g, own, Math.min(vocabulary, k + M))
    const count = best.values.shape[1] as number
    const words = reshape(g, best.indices, ['B', q, count])
    const isNamed = cast(g, equal(g, unsqueeze(g, words, 3), unsqueeze(g, next, 2)), 'float32')
    const ownGains = add(
      g,
      reshape(g, best.values, ['B', q, count]),
      logProbability(g, rest, leastProbability),
    )
    return {
      gains: concat(
        g,
        [
          where(g, cast(g, squeeze(g, sum(g, isNamed, 3), 3), 'bool'), g.scalar(never), ownGains),
          where(g, isRepeated, g.scalar(never), namedGains),
        ],
        2,
      ),
      words: concat(g, [words, next], 2),
      next,
      weights,
    }
  }

  /**
   * @param images their numbers, from `numberImages`
   * @param parents which beam each goes on, int32 `[B, k]`
   * @param words what it goes on with, int32 `[B, k]`, and their log-probabilities
   */
  follow(
    g: Graph,
    before: Naming,
    { next, weights }: Candidates,
    images: Value,
    parents: Value,
    words: Value,
    gains: Value,
  ): Naming {
    const ofParents = (x: Value) => pickRows(g, x, parents, images)
    const at = ofParents(before.at)
    const said = ofParents(before.said)
    const word = unsqueeze(g, words, 2) // [B, k, 1]
    const isNext = equal(g, ofParents(next), word)
    const isLast = cast(g, gather(g, this.#isLast, add(g, at, this.#rows)), 'bool')
    // A word that does not go on with a name may begin it again.
    const first = gather(g, this.#tokens, add(g, this.#inside, this.#rows))
    const isFirst = cast(g, equal(g, word, first), 'int32')
    const idle = add(g, this.#inside, multiply(g, isFirst, this.#isOne))
    const goesOn = where(g, isLast, this.#inside, add(g, at, g.indices(1)))
    const share = divide(g, ofParents(weights), exponential(g, unsqueeze(g, gains, 2)))
    const goesOnAs = where(g, isLast, g.scalar(0), share)
    const isSaid = where(g, isLast, g.scalar(1), said)
    const isEnd = multiply(g, cast(g, isNext, 'float32'), cast(g, isLast, 'float32'))
    // Where the decoder said it by itself, it may be part of a longer word.
    const isName = cast(g, clip(g, subtract(g, share, g.scalar(0.5)), 0, 1), 'bool')
    const ends = sum(g, multiply(g, isEnd, cast(g, isName, 'float32')), 2) // [B, k, 1]
    return {
      at: where(g, isNext, goesOn, idle),
      begun: where(g, isNext, clip(g, goesOnAs, 0, 1), g.scalar(0)),
      said: where(g, isNext, isSaid, said),
      closed: clip(g, squeeze(g, ends, 2), 0, 1),
    }
  }
}

function isAboveZero(g: Graph, x: Value): Value {
  return cast(g, cast(g, clip(g, x, 0, -never), 'bool'), 'float32')
}

/** One tensor of every name as rows. @returns `[M, size]` */
function stack(g: Graph, names: readonly Name[], tensor: string, size: number): Value {
  const rows = names.map(({ weights }) => reshape(g, weights.value(g, tensor, [size]), [1, size]))
  return rows.length === 1 ? rows[0]! : concat(g, rows, 0)
}
