import { rowsOf } from './attention.ts'
import type { CaptionModel } from './caption-graph.ts'
import type { DecoderConfig } from './configuration.ts'
import { causalMask, decode, embedTokens } from './decoder.ts'
import { Graph, type Value } from './graph.ts'
import { weight } from './layers.ts'
import {
  add,
  affine,
  cast,
  concat,
  divide,
  equal,
  multiply,
  not,
  pickRows,
  repeatForBatch,
  reshape,
  slice,
  squareRoot,
  squeeze,
  sum,
} from './operators.ts'
import { buildVisionTower } from './vision-tower.ts'
import type { Weights } from './weights.ts'

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
 * @param tokens int64 `[B, L]`: start token, words, and end tokens to the end, at least one
 * @returns `[B, p]` of unit length
 */
export function embedTexts(g: Graph, tokens: Value, encoder: TextEncoder): Value {
  const { config, weights, projectionWidth } = encoder
  const length = tokens.shape[1] as number
  const plain = { config, weights, adapter: null }
  const embedded = embedTokens(g, tokens, g.integers(...Array(length).keys()), plain) // [B, L, d]
  const rows = reshape(g, embedded, [rowsOf(length), config.width])
  const sight = Array.from({ length: config.layers }, () => ({ cross: null, adapter: null }))
  const { hidden } = decode(g, rows, length, plain, sight, null, causalMask(g, length))

  const afterStart = slice(g, tokens, 1, 1, length)
  const isWord = not(g, equal(g, afterStart, g.integers(config.endToken)))
  const words = sum(g, cast(g, isWord, 'float32'), 1) // [B, 1]
  const end = cast(g, add(g, words, g.scalar(1)), 'int64')
  const last = pickRows(g, reshape(g, hidden, ['B', length, config.width]), end) // [B, 1, d]
  const matrix = weight(g, weights, 'text_projection.weight', [projectionWidth, config.width])
  return toUnitLength(g, affine(g, squeeze(g, last, 1), matrix, null, 'out-in'))
}

/** `unit(image_projection · memory[0])`. @param memory `[B, 1+N, dv]` @returns `[B, p]` of unit length */
export function embedPictures(g: Graph, memory: Value, { weights, projectionWidth }: TextEncoder): Value {
  const whole = squeeze(g, slice(g, memory, 1, 0, 1), 1) // [B, dv]
  const matrix = weight(g, weights, 'image_projection.weight', [projectionWidth, memory.shape[2] as number])
  return toUnitLength(g, affine(g, whole, matrix, null, 'out-in'))
}

/**
 * How near captions come to their own pictures.
 * @param ids int64 `[B, T]`, filled with end tokens
 * @param longest of all captions, in tokens
 * @returns cosines `[B]`
 */
export function compareWithPictures(
  g: Graph,
  ids: Value,
  longest: number,
  memory: Value,
  encoder: TextEncoder,
): Value {
  const { startToken, endToken } = encoder.config
  const start = repeatForBatch(g, g.constant('int64', [1, 1], [startToken]), ids)
  const filling = g.constant('int64', [1, longest + 1], Array(longest + 1).fill(endToken))
  const filled = concat(g, [start, ids, repeatForBatch(g, filling, ids)], 1)
  const tokens = slice(g, filled, 1, 0, longest + 2)
  const products = multiply(g, embedTexts(g, tokens, encoder), embedPictures(g, memory, encoder))
  return reshape(g, sum(g, products, 1), ['B'])
}

/** `tokens` int64 `[B, L]` as for `embedTexts` → `text` `[B, p]`. */
export function buildTextEmbeddingGraph(encoder: TextEncoder, length: number): Graph {
  const g = new Graph('text-embedding')
  g.namedOutput('text', embedTexts(g, g.input('tokens', 'int64', ['B', length]), encoder))
  return g
}

/** `pixels` `[B, 3, S, S]` → `pictures` `[B, p]`. */
export function buildPictureEmbeddingGraph(vision: CaptionModel['vision'], encoder: TextEncoder): Graph {
  const g = new Graph('picture-embedding')
  const size = vision.config.imageSizePx
  const memory = buildVisionTower(g, g.input('pixels', 'float32', ['B', 3, size, size]), vision)
  g.namedOutput('pictures', embedPictures(g, memory, encoder))
  return g
}

/** @param x `[B, p]` */
function toUnitLength(g: Graph, x: Value): Value {
  return divide(g, x, squareRoot(g, sum(g, multiply(g, x, x), 1)))
}
