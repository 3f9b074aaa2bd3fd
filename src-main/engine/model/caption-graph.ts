import { rowsOf } from './attention.ts'
import {
  type Decoded,
  type Decoder,
  decode,
  embedTokens,
  equalsToken,
  type KeyValues,
  type LayerSight,
  projectMemory,
  scoreWords,
} from './decoder.ts'
import { type Form, Graph, type Shape, type Value } from './graph.ts'
import {
  type Candidates,
  NameTables,
  type Naming,
  noNames,
  type Recognised,
  recogniseNames,
  type SayableNames,
} from './names.ts'
import {
  add,
  cast,
  concat,
  divide,
  logSoftmax,
  loop,
  mean,
  minimum,
  not,
  numberImages,
  pickRows,
  power,
  repeatForBatch,
  reshape,
  squeeze,
  subtract,
  topK,
  unsqueeze,
  where,
} from './operators.ts'
import { compareWithPictures, embedPictures, type TextEncoder } from './text-encoder.ts'
import { buildVisionTower, inputMemory, type VisionTower } from './vision-tower.ts'

/** Outputs of the caption graph by name. */
export const captionOutputs = {
  ids: 'ids',
  lengths: 'lengths',
  scores: 'scores',
  logProbabilities: 'log_probabilities',
  beamIds: 'beam_ids',
  beamScores: 'beam_scores',
  similarity: 'similarity',
  embedding: 'embedding',
  attention: 'attention',
} as const

/** A vision tower and a decoder that looks at what it saw. */
export interface CaptionModel {
  vision: VisionTower
  decoder: Decoder
  /** Meets the pictures in one space, where the base has one. */
  text: TextEncoder | null
}

export interface GenerationConfig {
  beams: number
  /** α in `sum of log-probabilities / length^α`. */
  lengthPenalty: number
  maxNewTokens: number
}

/**
 * Added to a score that must never win. It stands for minus infinity, which not every provider's shaders carry
 * through; no sum of log-probabilities comes near it.
 */
const never = -1e30

/** The state of the search between tokens; k beams an image, T tokens so far, P cached positions. */
export interface Beams {
  /** The last token of each, int32 `[B, k]`. */
  words: Value
  /** All tokens of each, int32 `[B, k, T]`. */
  ids: Value
  /** Log-probability of each token, 0 for what fills a finished beam, `[B, k, T]`. */
  gains: Value
  /** Their sums, `[B, k]`. */
  sums: Value
  /** Tokens with the end token, as float32 `[B, k]`. */
  lengths: Value
  /** 0 for a cached position that is the beam's own past, else `never`: `[B, k, P]`. */
  ancestry: Value
  /** `[B, k, T, 1+N]`; null for a decoder that does not look. */
  looks: Value | null
  /** null for a model without names. */
  naming: Naming | null
  /** `[B, heads, P, w]` of each layer. */
  caches: KeyValues[]
}

/**
 * The whole caption step: pictures in, words out, beam search with its caches inside as a `Loop`.
 *
 * Input: `pixels` `[B, 3, S, S]`. Outputs, of each picture's best beam: `ids` int64 `[B, T]` (after its end token a
 * caption is filled with end tokens), `lengths` int64 `[B]` counting the end token, `scores` `[B]`
 * (sum / length^α), `log_probabilities` `[B, T]` (0 after the end token) and, where the decoder looks at pictures,
 * `attention` `[B, T, 1+N]`: for each generated token the mean over the looking layers and their heads, the row for the
 * whole picture first. T is the longest caption's length. `beam_ids` `[B, k, T]` and `beam_scores` `[B, k]` are those of all
 * beams, in no order. Where the model has a text encoder `embedding` `[B, p]` is the picture in their common space, and
 * `similarity` `[B]` the cosine of caption and picture, if the encoder reads the captions' tokens.
 *
 * The caches hold every beam's keys in the order in which they were made and never move. A beam sees its own
 * ancestors through a mask over the k beams of each past step, which is all that a reordering of beams has to
 * gather. Masked scores weigh nothing after softmax, so this gives what a reordered cache would; it costs k times
 * the (small) attention products and saves copying the caches at every token.
 *
 * @param names that it may say beside its own words (`names.ts`); without any it is the graph of a model without names
 * @param form null: every product in fp32
 */
export function buildCaptionGraph(
  model: CaptionModel,
  generation: GenerationConfig,
  names: SayableNames = noNames,
  form: Form | null = null,
): Graph {
  const g = new Graph('caption', null, form)
  describe(g, buildVisionTower(g, model.vision), model, generation, names)
  return g
}

/** The same for pictures that were seen before: `memory` `[B, 1+N, dv]` in the place of `pixels`. */
export function buildRecallGraph(
  model: CaptionModel,
  generation: GenerationConfig,
  names: SayableNames = noNames,
  form: Form | null = null,
): Graph {
  const g = new Graph('recall', null, form)
  describe(g, inputMemory(g, model.vision.config), model, generation, names)
  return g
}

/** What a search goes by at every token. */
export interface Search {
  decoder: Decoder
  generation: GenerationConfig
  sight: readonly LayerSight[]
  /** null for a model without names. */
  tables: NameTables | null
  /** The images' numbers, from `numberImages`. */
  images: Value
  /** Scores `[R, vocabulary]` as log-probabilities, by what the provider has. */
  toLogProbabilities: (g: Graph, scores: Value) => Value
}

/** From the visual memory to the outputs. */
function describe(
  g: Graph,
  memory: Value,
  { decoder, text }: CaptionModel,
  generation: GenerationConfig,
  names: SayableNames,
): void {
  const search: Search = {
    decoder,
    generation,
    sight: projectMemory(g, memory, decoder),
    tables: tabulate(g, names, recogniseAny(g, names, memory), decoder, generation),
    images: numberImages(g, memory),
    toLogProbabilities: logSoftmax,
  }
  const first = takeFirstStep(g, memory, search)
  const last = loop(
    g,
    generation.maxNewTokens - 1,
    cast(g, anyUnfinished(g, first.words, decoder), 'bool'),
    listCarried(first),
    (body, turn, values) => {
      const place = add(body, cast(body, turn, 'int32'), body.constant('int32', [], [1]))
      const beams = takeStep(body, place, fromValues(first, values), search)
      return {
        condition: cast(body, anyUnfinished(body, beams.words, decoder), 'bool'),
        values: toValues(beams),
      }
    },
  )
  nameWinners(g, fromValues(first, last), search, text && { memory, text })
}

export function recogniseAny(g: Graph, { names }: SayableNames, memory: Value): Recognised | null {
  return names.length === 0 ? null : recogniseNames(g, names, memory)
}

export function tabulate(
  g: Graph,
  names: SayableNames,
  recognised: Recognised | null,
  { config }: Decoder,
  { maxNewTokens }: GenerationConfig,
): NameTables | null {
  return recognised && new NameTables(g, names, recognised, config, maxNewTokens)
}

/** The start token has one row an image: its k best successors are the first beams. @param batch a tensor `[B, …]` */
export function takeFirstStep(g: Graph, batch: Value, search: Search): Beams {
  const { decoder, sight, tables, toLogProbabilities } = search
  const k = search.generation.beams
  const start = repeatForBatch(g, g.indices(decoder.config.startToken), batch) // [B]
  const embedded = embedTokens(g, start, g.constant('int32', [], [0]), decoder)
  const decoded = decode(g, embedded, 1, decoder, sight, null, null)

  const likely = toLogProbabilities(g, scoreWords(g, decoded.hidden, decoder)) // [B, vocabulary]
  const { best, naming } = tables
    ? nameFirst(g, tables, decoded.hidden, likely, search)
    : { best: topK(g, likely, k), naming: null } // [B, k]
  const look = meanLook(g, decoded.looks) // [B, 1, 1+N]
  return {
    words: best.indices,
    ids: unsqueeze(g, best.indices, 2),
    gains: unsqueeze(g, best.values, 2),
    sums: best.values,
    naming,
    lengths: repeatForBatch(g, g.constant('float32', [1, k], Array(k).fill(1)), batch),
    ancestry: repeatForBatch(g, g.constant('float32', [1, k, 1], Array(k).fill(0)), batch),
    looks: look && add(g, unsqueeze(g, look, 1), g.constant('float32', [k, 1, 1], Array(k).fill(0))),
    caches: decoded.caches,
  }
}

/** The first step of a model with names. @returns the k best words of each image, `[B, k]` */
function nameFirst(
  g: Graph,
  tables: NameTables,
  hidden: Value,
  likely: Value,
  { images, generation: { beams: k } }: Search,
) {
  const before = tables.begin(g, hidden)
  const named = tables.propose(g, hidden, likely, before, k, null)
  const count = named.gains.shape[2] as number
  const { values, indices: chosen } = topK(g, reshape(g, named.gains, ['B', count]), k)
  const indices = pickRows(g, reshape(g, named.words, ['B', count]), chosen, images)
  const parents = repeatForBatch(g, g.constant('int32', [1, k], Array(k).fill(0)), hidden)
  return {
    best: { values, indices },
    naming: tables.follow(g, before, named, images, parents, indices, values),
  }
}

/**
 * One more token for every beam; a finished beam gets an end token more and stays as it is otherwise.
 * @param place of the token before it in the text, int32 `[]`
 */
export function takeStep(g: Graph, place: Value, before: Beams, search: Search): Beams {
  const { decoder, sight, tables, images, toLogProbabilities } = search
  const { endToken } = decoder.config
  const k = before.words.shape[1] as number
  const embedded = embedTokens(g, reshape(g, before.words, [rowsOf(k)]), place, decoder)
  const own = repeatForBatch(g, g.constant('float32', [1, k, k], maskOthers(k)), before.words)
  const ancestry = concat(g, [before.ancestry, own], 2) // [B, k, P+k]
  const decoded = decode(g, embedded, k, decoder, sight, before.caches, unsqueeze(g, ancestry, 1))

  // The k best of all are among the k best of each beam: [B, k, c] candidates, in order of beam and rank, so that
  // of equal ones the lower index wins as it would among all k · vocabulary.
  const scores = scoreWords(g, decoded.hidden, decoder)
  const likely = toLogProbabilities(g, tables?.keepApart(g, scores, before.naming!) ?? scores) // [B·k, vocabulary]
  const named = tables?.propose(g, decoded.hidden, likely, before.naming!, k, place)
  const best = named ?? proposeBest(g, likely, k)
  const c = best.gains.shape[2] as number
  const stay = g.constant('float32', [c], [0, ...Array(c - 1).fill(never)])
  const isFinished = equalsToken(g, before.words, endToken) // [B, k]
  const finished = unsqueeze(g, isFinished, 2)
  const gains = where(g, finished, stay, best.gains)
  const sums = add(g, unsqueeze(g, before.sums, 2), gains)
  const words = where(g, finished, g.indices(endToken), best.words)

  const chosen = topK(g, reshape(g, sums, ['B', k * c]), k) // [B, k]
  const parents = divide(g, chosen.indices, g.indices(c))
  const ofParents = (x: Value) => pickRows(g, x, parents, images)
  const ofChosen = (x: Value) => pickRows(g, reshape(g, x, ['B', k * c]), chosen.indices, images)
  const nextWords = ofChosen(words)
  const nextGains = ofChosen(gains)
  const look = meanLook(g, decoded.looks) // [B, k, 1+N]
  return {
    words: nextWords,
    ids: concat(g, [ofParents(before.ids), unsqueeze(g, nextWords, 2)], 2),
    gains: concat(g, [ofParents(before.gains), unsqueeze(g, nextGains, 2)], 2),
    sums: chosen.values,
    lengths: add(g, ofParents(before.lengths), ofParents(cast(g, not(g, isFinished), 'float32'))),
    ancestry: ofParents(ancestry),
    looks: before.looks && look && ofParents(concat(g, [before.looks, unsqueeze(g, look, 2)], 2)),
    naming: named ? tables!.follow(g, before.naming!, named, images, parents, nextWords, nextGains) : null,
    caches: decoded.caches,
  }
}

/** @returns of each beam the k best of the decoder's own words, `[B, k, k]` */
function proposeBest(g: Graph, own: Value, k: number): Pick<Candidates, 'gains' | 'words'> {
  const { values, indices } = topK(g, own, k)
  return { gains: reshape(g, values, ['B', k, k]), words: reshape(g, indices, ['B', k, k]) }
}

/** Each beam's newest position is seen by itself alone: `[k, k]`, row by row. */
export function maskOthers(k: number): number[] {
  return Array.from({ length: k * k }, (_, index) => (index % (k + 1) === 0 ? 0 : never))
}

/** Over all heads of all layers that look. @returns `[B, q, 1+N]` */
export function meanLook(g: Graph, looks: Decoded['looks']): Value | null {
  if (looks.length === 0) return null
  return mean(g, looks.length === 1 ? looks[0]! : concat(g, looks, 1), 1)
}

/**
 * @param words the last ones of texts, a token each
 * @returns float32 `[]`, 1 while one of them is not finished, else 0
 */
export function anyUnfinished(g: Graph, words: Value, { config }: Pick<Decoder, 'config'>): Value {
  const isFinished = cast(g, equalsToken(g, words, config.endToken), 'float32')
  return subtract(g, g.scalar(1), minimum(g, isFinished))
}

/** Writes the outputs. @param compared what meets in one space, where the model has one */
export function nameWinners(
  g: Graph,
  beams: Beams,
  { generation: { lengthPenalty }, images }: Pick<Search, 'generation' | 'images'>,
  compared: { memory: Value; text: TextEncoder } | null,
): void {
  const divisor = power(g, beams.lengths, g.scalar(lengthPenalty))
  const scores = divide(g, beams.sums, divisor) // [B, k]
  const winner = topK(g, scores, 1).indices // [B, 1]
  const ofWinner = (x: Value) => squeeze(g, pickRows(g, x, winner, images), 1)
  const ids = ofWinner(beams.ids) // [B, T]
  g.namedOutput(captionOutputs.ids, cast(g, ids, 'int64'))
  g.namedOutput(captionOutputs.lengths, cast(g, ofWinner(beams.lengths), 'int64'))
  g.namedOutput(captionOutputs.scores, ofWinner(scores))
  g.namedOutput(captionOutputs.logProbabilities, ofWinner(beams.gains))
  g.namedOutput(captionOutputs.beamIds, cast(g, beams.ids, 'int64'))
  g.namedOutput(captionOutputs.beamScores, scores)
  if (beams.looks) g.namedOutput(captionOutputs.attention, ofWinner(beams.looks))
  if (compared) {
    const { memory, text } = compared
    const pictures = embedPictures(g, memory, text)
    g.namedOutput(captionOutputs.embedding, pictures)
    if (text.kind === 'gpt2') {
      g.namedOutput(captionOutputs.similarity, compareWithPictures(g, ids, pictures, text))
    }
  }
}

export function toValues(beams: Beams): Value[] {
  const { words, ids, gains, sums, lengths, ancestry, looks, naming, caches } = beams
  const cached = caches.flatMap(({ keys, values }) => [keys, values])
  const names = naming ? [naming.at, naming.begun, naming.said, naming.closed] : []
  return [words, ids, gains, sums, lengths, ancestry, ...(looks ? [looks] : []), ...names, ...cached]
}

/** The inverse of `toValues`, for beams that are like others. */
export function fromValues(like: Beams, values: readonly Value[]): Beams {
  const [words, ids, gains, sums, lengths, ancestry, ...rest] = values as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    ...Value[],
  ]
  const looks = like.looks ? rest.shift()! : null
  const naming = like.naming && {
    at: rest.shift()!,
    begun: rest.shift()!,
    said: rest.shift()!,
    closed: rest.shift()!,
  }
  const caches = like.caches.map((_, layer) => ({ keys: rest[2 * layer]!, values: rest[2 * layer + 1]! }))
  return { words, ids, gains, sums, lengths, ancestry, looks, naming, caches }
}

/** First values for the loop, with names, and names for the sizes that grow. */
export function listCarried(first: Beams): { first: Value; name: string; shape: Shape }[] {
  const loose: Beams = {
    ...first,
    ids: { ...first.ids, shape: first.ids.shape.with(2, 'T') },
    gains: { ...first.gains, shape: first.gains.shape.with(2, 'T') },
    ancestry: { ...first.ancestry, shape: first.ancestry.shape.with(2, 'P') },
    looks: first.looks && { ...first.looks, shape: first.looks.shape.with(2, 'T') },
    caches: first.caches.map(({ keys, values }) => ({
      keys: { ...keys, shape: keys.shape.with(2, 'P') },
      values: { ...values, shape: values.shape.with(2, 'P') },
    })),
  }
  const shapes = toValues(loose).map(({ shape }) => shape)
  return toValues(first).map((value, index) => ({ first: value, name: 'carried', shape: shapes[index]! }))
}
