import type { DecoderConfig } from './configuration.ts'
import { decodeTexts, equalsToken } from './decoder.ts'
import { Graph, type Value } from './graph.ts'
import {
  add,
  affine,
  cast,
  concat,
  cutLike,
  divide,
  equal,
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

/** The matrix that brings what the tower sees to the common space. */
export const pictureProjection = 'image_projection.weight'

/**
 * A GPT-2 without adapter that reads a text to its end, and two projections by which texts and pictures meet in one space.
 */
export interface TextEncoder {
  config: DecoderConfig
  weights: Weights
  /** Of the common space: p. */
  projectionWidth: number
}

/**
 * `unit(text_projection · ln_f(h at the end token))`.
 * @param tokens int64 or int32 `[B, L]`: start token, words, and end tokens to the end, at least one; L may be known only when the
 * graph runs
 * @returns `[B, p]` of unit length
 */
export function embedTexts(g: Graph, tokens: Value, encoder: TextEncoder): Value {
  const { config, weights, projectionWidth } = encoder
  const plain = { config, weights, adapter: null }
  const sight = Array.from({ length: config.layers }, () => ({ cross: null, adapter: null }))
  const { hidden } = decodeTexts(g, tokens, config.positions, plain, sight)

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

/** `unit(image_projection · memory[0])`. @param memory `[B, 1+N, dv]` @returns `[B, p]` of unit length */
export function embedPictures(g: Graph, memory: Value, { weights, projectionWidth }: TextEncoder): Value {
  const whole = squeeze(g, slice(g, memory, 1, 0, 1), 1) // [B, dv]
  const matrix = weights.value(g, pictureProjection, [projectionWidth, memory.shape[2] as number])
  return toUnitLength(g, affine(g, whole, matrix, null, 'out-in'))
}

/**
 * How near captions come to their own pictures.
 * @param ids int32 `[B, T]`, filled with end tokens
 * @param pictures `[B, p]`, from `embedPictures`
 * @returns cosines `[B]`
 */
export function compareWithPictures(g: Graph, ids: Value, pictures: Value, encoder: TextEncoder): Value {
  const edge = (token: number) => repeatForBatch(g, g.constant('int32', [1, 1], [token]), ids)
  const tokens = concat(g, [edge(encoder.config.startToken), ids, edge(encoder.config.endToken)], 1)
  const products = multiply(g, embedTexts(g, tokens, encoder), pictures)
  return reshape(g, sum(g, products, 1), ['B'])
}

/** `tokens` int64 `[B, L]` as for `embedTexts` → `text` `[B, p]`. */
export function buildTextEmbeddingGraph(encoder: TextEncoder): Graph {
  const g = new Graph('text-embedding')
  g.namedOutput('text', embedTexts(g, g.input('tokens', 'int64', ['B', 'L']), encoder))
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
