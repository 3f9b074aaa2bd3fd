import { rowsOf } from './attention.ts'
import type { ClipTextConfig, DecoderConfig } from './configuration.ts'
import { causalMask, decodeTexts, equalsToken } from './decoder.ts'
import { clipBlockNames, encoderBlock } from './encoder-block.ts'
import { type Dimension, Graph, type Value } from './graph.ts'
import { layerNorm } from './layers.ts'
import {
  add,
  affine,
  cast,
  concat,
  cutLike,
  divide,
  equal,
  gather,
  multiply,
  not,
  repeatForBatch,
  reshape,
  reshapeLike,
  slice,
  squareRoot,
  squeeze,
  sum,
  sumAway,
  unsqueeze,
} from './operators.ts'
import { buildVisionTower, type VisionTower } from './vision-tower.ts'
import type { Weights } from './weights.ts'

/** What reads a text to its end, and two projections by which texts and pictures meet in one space. */
export type TextEncoder = ReadingGpt2 | ClipTextTower

interface Meeting {
  weights: Weights
  /** Of the common space: p. */
  projectionWidth: number
}

/** A GPT-2 without adapter, whose tokens are those of the captions. */
export interface ReadingGpt2 extends Meeting {
  kind: 'gpt2'
  config: DecoderConfig
}

/** Of a public CLIP, whose vision tower is the model's; its tokens are its own. */
export interface ClipTextTower extends Meeting {
  kind: 'clip'
  config: ClipTextConfig
  /** Of the norm between the vision tower and its projection. */
  pictureNormEpsilon: number
}

/**
 * `unit(text_projection · norm(h at the end token))`.
 * @param tokens int64 or int32 `[B, L]`: start token, words, and end tokens to the end, at least one; L may be known only when the
 * graph runs
 * @returns `[B, p]` of unit length
 */
export function embedTexts(g: Graph, tokens: Value, encoder: TextEncoder): Value {
  const { config, weights, projectionWidth } = encoder
  const hidden = encoder.kind === 'gpt2' ? readWithGpt2(g, tokens, encoder) : readWithClip(g, tokens, encoder)

  const isWord = cast(g, not(g, equalsToken(g, tokens, config.endToken)), 'float32')
  // The end token stands after the start token and the words; a start token that is the end token is not in the sum.
  const uncounted = config.startToken === config.endToken ? 1 : 0
  const end = add(g, sum(g, isWord, 1), g.scalar(uncounted)) // [B, 1]
  const everyPlace = g.constant('float32', [config.positions], [...Array(config.positions).keys()])
  const isLast = cast(g, equal(g, cutLike(g, everyPlace, [0], tokens), end), 'float32') // [B, L]
  const rows = reshapeLike(g, hidden, tokens, [config.width]) // [B, L, d]
  const last = sumAway(g, multiply(g, rows, unsqueeze(g, isLast, 2)), [1]) // [B, d]
  const matrix = weights.value(g, 'text_projection.weight', [projectionWidth, config.width])
  return toUnitLength(g, affine(g, last, matrix, null, 'out-in'))
}

/** @returns rows `[B·L, d]` */
function readWithGpt2(g: Graph, tokens: Value, { config, weights }: ReadingGpt2): Value {
  const sight = Array.from({ length: config.layers }, () => ({ cross: null, adapter: null }))
  return decodeTexts(g, tokens, config.positions, { config, weights, adapter: null }, sight).hidden
}

/** @returns rows `[B·L, d]` */
function readWithClip(g: Graph, tokens: Value, { config, weights }: ClipTextTower): Value {
  const { width, vocabulary, positions, layers, normEpsilon } = config
  const tower = weights.under('text_model.')
  const words = tower.value(g, 'embeddings.token_embedding.weight', [vocabulary, width])
  const places = tower.value(g, 'embeddings.position_embedding.weight', [positions, width])
  const embedded = add(g, gather(g, words, tokens), cutLike(g, places, [0], tokens)) // [B, L, d]
  const mask = cutLike(g, causalMask(g, positions), [0, 1], tokens)
  let hidden = reshape(g, embedded, [rowsOf(tokens.shape[1]!), width])
  for (let index = 0; index < layers; index++) {
    const layer = tower.under(`encoder.layers.${index}.`)
    hidden = encoderBlock(g, hidden, layer, clipBlockNames, config, tokens, mask)
  }
  return layerNorm(g, hidden, tower, 'final_layer_norm', normEpsilon)
}

/**
 * `unit(projection · memory[0])`, with CLIP's norm before it where the encoder is CLIP's.
 * @param memory `[B, 1+N, dv]`
 * @returns `[B, p]` of unit length
 */
export function embedPictures(g: Graph, memory: Value, encoder: TextEncoder): Value {
  const { weights, projectionWidth } = encoder
  const whole = squeeze(g, slice(g, memory, 1, 0, 1), 1) // [B, dv]
  const row =
    encoder.kind === 'gpt2'
      ? whole
      : layerNorm(g, whole, weights, 'vision_model.post_layernorm', encoder.pictureNormEpsilon)
  const name = pictureProjections[encoder.kind].at(-1)!
  const matrix = weights.value(g, name, [projectionWidth, memory.shape[2] as number])
  return toUnitLength(g, affine(g, row, matrix, null, 'out-in'))
}

/** The tensors between a tower's memory and the common space, by name. */
export const pictureProjections = {
  gpt2: ['image_projection.weight'],
  clip: [
    'vision_model.post_layernorm.weight',
    'vision_model.post_layernorm.bias',
    'visual_projection.weight',
  ],
} as const satisfies Record<TextEncoder['kind'], readonly string[]>

/**
 * How near captions come to their own pictures.
 * @param ids int32 `[B, T]`, filled with end tokens
 * @param pictures `[B, p]` of unit length
 * @returns cosines `[B]`
 */
export function compareWithPictures(g: Graph, ids: Value, pictures: Value, encoder: ReadingGpt2): Value {
  const edge = (token: number) => repeatForBatch(g, g.constant('int32', [1, 1], [token]), ids)
  const tokens = concat(g, [edge(encoder.config.startToken), ids, edge(encoder.config.endToken)], 1)
  const products = multiply(g, embedTexts(g, tokens, encoder), pictures)
  return reshape(g, sum(g, products, 1), ['B'])
}

/** `tokens` int64 `[B, L]` as for `embedTexts` → `text` `[B, p]`. */
export function buildTextEmbeddingGraph(encoder: TextEncoder, length: Dimension): Graph {
  const g = new Graph('text-embedding')
  g.namedOutput('text', embedTexts(g, g.input('tokens', 'int64', ['B', length]), encoder))
  return g
}

/** `pixels` `[B, 3, S, S]` → `pictures` `[B, p]`. */
export function buildPictureEmbeddingGraph(vision: VisionTower, encoder: TextEncoder): Graph {
  const g = new Graph('picture-embedding')
  g.namedOutput('pictures', embedPictures(g, buildVisionTower(g, vision), encoder))
  return g
}

/** @param x `[B, p]` */
function toUnitLength(g: Graph, x: Value): Value {
  return divide(g, x, squareRoot(g, sum(g, multiply(g, x, x), 1)))
}
