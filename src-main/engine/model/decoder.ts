import { activations } from './activation.ts'
import { attend, type RowsPerImage, rowsOf, splitHeads } from './attention.ts'
import type { AdapterConfig, DecoderConfig } from './configuration.ts'
import type { Graph, Value } from './graph.ts'
import { convolution1d, layerNorm, linear } from './layers.ts'
import { add, affine, concat, cutLike, equal, gather, multiply, reshape, split } from './operators.ts'
import type { Weights } from './weights.ts'

/** GPT-2, with what lets it see: cross-attention of its own, I-Tuning modules beside its feed-forward, or both. */
export interface Decoder {
  config: DecoderConfig
  weights: Weights
  adapter: { config: AdapterConfig; weights: Weights } | null
}

/** Keys and values of one attention: `[B, heads, t, w]` each. */
export interface KeyValues {
  keys: Value
  values: Value
}

/** A layer's keys and values over the visual memory, the same for every token of an image. */
export interface LayerSight {
  cross: KeyValues | null
  adapter: KeyValues | null
}

export interface Decoded {
  /** Of the last layer, normalised: rows `[B·q, d]`. */
  hidden: Value
  /** Of every layer, with the new positions appended. */
  caches: KeyValues[]
  /** `[B, heads, q, 1+N]` of every layer that looks at the picture; of its I-Tuning module where it has one. */
  looks: Value[]
}

/**
 * Projects the visual memory for every layer, once an image.
 * @param memory `[B, 1+N, dv]`
 */
export function projectMemory(g: Graph, memory: Value, decoder: Decoder): LayerSight[] {
  const { config, weights, adapter } = decoder
  const [, length, width] = memory.shape as [string, number, number]
  const rows = reshape(g, memory, [rowsOf(length), width])
  return Array.from({ length: config.layers }, (_, index) => {
    const sight: LayerSight = { cross: null, adapter: null }
    if (config.crossAttention) {
      const name = `h.${index}.crossattention.c_attn`
      const joined = convolution1d(g, rows, weights, name, 2 * config.width)
      const [keys, values] = split(g, splitHeads(g, joined, length, 2 * config.heads), 2, 1)
      sight.cross = { keys: keys!, values: values! }
    }
    if (adapter && index >= adapter.config.firstLayer) {
      const { rank, heads } = adapter.config
      const project = (name: string) =>
        splitHeads(g, linear(g, rows, adapter.weights, `h.${index}.itune.${name}`, rank), length, heads)
      sight.adapter = { keys: project('k_proj'), values: project('v_proj') }
    }
    return sight
  })
}

/**
 * Tokens and their places in the text as rows.
 * @param tokens int64 or int32 `[R]`
 * @param position of the same types, `[]`: the same place everywhere
 * @returns `[R, d]`
 */
export function embedTokens(g: Graph, tokens: Value, position: Value, { config, weights }: Decoder): Value {
  const words = weights.value(g, 'wte.weight', [config.vocabulary, config.width])
  const places = weights.value(g, 'wpe.weight', [config.positions, config.width])
  return add(g, gather(g, words, tokens), gather(g, places, position))
}

/**
 * All positions of texts at once, each seeing itself and those before.
 * @param tokens int64 or int32 `[B, T]`; T may be known only when the graph runs
 * @param longest what T may be at most
 */
export function decodeTexts(
  g: Graph,
  tokens: Value,
  longest: number,
  decoder: Decoder,
  sight: readonly LayerSight[],
): Decoded {
  const { config, weights } = decoder
  const words = weights.value(g, 'wte.weight', [config.vocabulary, config.width])
  // Cut, not looked up by numbers: those would be counted on the host.
  const places = cutLike(g, weights.value(g, 'wpe.weight', [config.positions, config.width]), [0], tokens)
  const embedded = add(g, gather(g, words, tokens), places) // [B, T, d]
  const rows = reshape(g, embedded, [rowsOf(tokens.shape[1]!), config.width])
  const mask = cutLike(g, causalMask(g, longest), [0, 1], tokens)
  return decode(g, rows, tokens, decoder, sight, null, mask)
}

/**
 * Runs the blocks over q new positions of every image.
 * @param embedded rows `[B·q, d]`
 * @param past caches of the positions before, null at the start
 * @param mask added to the self-attention's scores, broadcast to `[B, heads, q, t+q]`; null where every position
 * sees all
 */
export function decode(
  g: Graph,
  embedded: Value,
  perImage: RowsPerImage,
  decoder: Decoder,
  sight: readonly LayerSight[],
  past: readonly KeyValues[] | null,
  mask: Value | null,
): Decoded {
  const { config, weights, adapter } = decoder
  const caches: KeyValues[] = []
  const looks: Value[] = []
  let hidden = embedded
  for (let index = 0; index < config.layers; index++) {
    const layer = weights.under(`h.${index}.`)
    const { cross, adapter: seen } = sight[index]!
    const own = attendToText(g, hidden, perImage, layer, config, past?.[index] ?? null, mask)
    caches.push(own.cache)
    hidden = add(g, hidden, own.change)
    let look: Value | null = null
    if (cross) {
      const crossed = attendToPicture(g, hidden, perImage, layer, config, cross)
      hidden = add(g, hidden, crossed.change)
      look = crossed.look
    }

    const normed = layerNorm(g, hidden, layer, 'ln_2', config.normEpsilon)
    const wide = convolution1d(g, normed, layer, 'mlp.c_fc', config.innerWidth)
    const forward = convolution1d(
      g,
      activations[config.activation](g, wide),
      layer,
      'mlp.c_proj',
      config.width,
    )
    hidden = add(g, hidden, forward)
    if (adapter && seen) {
      const module = adapter.weights.under(`h.${index}.itune.`)
      const tuned = tune(g, normed, perImage, module, adapter.config, seen)
      hidden = add(g, hidden, tuned.change)
      look = tuned.look
    }
    if (look) looks.push(look)
  }
  return { hidden: layerNorm(g, hidden, weights, 'ln_f', config.normEpsilon), caches, looks }
}

/** Scores of the next token by tied embeddings. @param hidden rows `[R, d]` @returns `[R, vocabulary]`, before softmax */
export function scoreWords(g: Graph, hidden: Value, { config, weights }: Decoder): Value {
  const words = weights.value(g, 'wte.weight', [config.vocabulary, config.width])
  return affine(g, hidden, words, null, 'out-in')
}

/** Where a token is a certain one. @param tokens int64 or int32 */
export function equalsToken(g: Graph, tokens: Value, token: number): Value {
  return equal(g, tokens, g.constant(tokens.type as 'int64' | 'int32', [1], [token]))
}

/** Hides from each position of a text those after it: `[T, T]`, to be added to scores. */
export function causalMask(g: Graph, length: number): Value {
  const hidden = Array.from({ length: length ** 2 }, (_, index) =>
    index % length > Math.floor(index / length) ? -1e30 : 0,
  )
  return g.constant('float32', [length, length], hidden)
}

/** @returns what to add to the hidden rows, and the cache with the new positions at its end */
function attendToText(
  g: Graph,
  hidden: Value,
  perImage: RowsPerImage,
  layer: Weights,
  config: DecoderConfig,
  past: KeyValues | null,
  mask: Value | null,
): { change: Value; cache: KeyValues } {
  const normed = layerNorm(g, hidden, layer, 'ln_1', config.normEpsilon)
  const joined = convolution1d(g, normed, layer, 'attn.c_attn', 3 * config.width)
  const [queries, newKeys, newValues] = split(g, splitHeads(g, joined, perImage, 3 * config.heads), 3, 1)
  const keys = past ? concat(g, [past.keys, newKeys!], 2) : newKeys!
  const values = past ? concat(g, [past.values, newValues!], 2) : newValues!
  const { context } = attend(g, queries!, keys, values, mask)
  return {
    change: convolution1d(g, context, layer, 'attn.c_proj', config.width),
    cache: { keys, values },
  }
}

function attendToPicture(
  g: Graph,
  hidden: Value,
  perImage: RowsPerImage,
  layer: Weights,
  config: DecoderConfig,
  memory: KeyValues,
): { change: Value; look: Value } {
  const normed = layerNorm(g, hidden, layer, 'ln_cross_attn', config.normEpsilon)
  const rows = convolution1d(g, normed, layer, 'crossattention.q_attn', config.width)
  const queries = splitHeads(g, rows, perImage, config.heads)
  const { context, weights: look } = attend(g, queries, memory.keys, memory.values, null)
  return { change: convolution1d(g, context, layer, 'crossattention.c_proj', config.width), look }
}

/**
 * The I-Tuning module (arXiv 2202.06574): attention of rank r over the visual memory, from the same rows that the
 * feed-forward gets.
 */
function tune(
  g: Graph,
  normed: Value,
  perImage: RowsPerImage,
  module: Weights,
  config: AdapterConfig,
  memory: KeyValues,
): { change: Value; look: Value } {
  const queries = splitHeads(g, linear(g, normed, module, 'q_proj', config.rank), perImage, config.heads)
  const { context, weights: look } = attend(g, queries, memory.keys, memory.values, null)
  const change = linear(g, context, module, 'o_proj', normed.shape[1] as number)
  return { change: config.scale === 1 ? change : multiply(g, change, g.scalar(config.scale)), look }
}
