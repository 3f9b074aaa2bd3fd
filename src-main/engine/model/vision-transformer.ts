import { rowsOf } from './attention.ts'
import type { VisionTransformerConfig } from './configuration.ts'
import { clipBlockNames, encoderBlock } from './encoder-block.ts'
import type { Graph, Value } from './graph.ts'
import { layerNorm } from './layers.ts'
import { add, concat, convolve, repeatForBatch, reshape, transpose } from './operators.ts'
import type { Weights } from './weights.ts'

interface VisionTransformer {
  config: VisionTransformerConfig
  weights: Weights
}

/**
 * The names a tower's tensors go by. CLIP normalises before its blocks and leaves its last hidden state as it is;
 * ViT normalises the last hidden state and has a bias on its patches.
 */
const namesByKind = {
  clip: {
    classToken: 'embeddings.class_embedding',
    positions: 'embeddings.position_embedding.weight',
    patches: 'embeddings.patch_embedding',
    normBefore: 'pre_layrnorm',
    normAfter: null,
    layer: (index: number) => `encoder.layers.${index}.`,
    ...clipBlockNames,
  },
  vit: {
    classToken: 'embeddings.cls_token',
    positions: 'embeddings.position_embeddings',
    patches: 'embeddings.patch_embeddings.projection',
    normBefore: null,
    normAfter: 'layernorm',
    layer: (index: number) => `encoder.layer.${index}.`,
    norm1: 'layernorm_before',
    norm2: 'layernorm_after',
    query: 'attention.attention.query',
    key: 'attention.attention.key',
    value: 'attention.attention.value',
    output: 'attention.output.dense',
    widen: 'intermediate.dense',
    narrow: 'output.dense',
  },
} as const

/**
 * The last hidden state of a CLIP or ViT tower.
 * @param pixels `[B, 3, S, S]`
 * @returns the visual memory `[B, 1+N, dv]`, class token first
 * @throws LensloreError `CHECKPOINT_INVALID`
 */
export function buildVisionTransformer(
  g: Graph,
  pixels: Value,
  { config, weights }: VisionTransformer,
): Value {
  const names = namesByKind[config.kind]
  const length = tokensOf(config)
  let hidden = embedPatches(g, pixels, { config, weights })
  if (names.normBefore) hidden = layerNorm(g, hidden, weights, names.normBefore, config.normEpsilon)
  for (let index = 0; index < config.layers; index++) {
    hidden = encoderBlock(g, hidden, weights.under(names.layer(index)), names, config, length, null)
  }
  if (names.normAfter) hidden = layerNorm(g, hidden, weights, names.normAfter, config.normEpsilon)
  return reshape(g, hidden, ['B', length, config.width])
}

/** @returns rows `[B·(1+N), dv]` */
function embedPatches(g: Graph, pixels: Value, { config, weights }: VisionTransformer): Value {
  const names = namesByKind[config.kind]
  const { kind, width, patchSizePx } = config
  const length = tokensOf(config)
  const kernel = weights.value(g, `${names.patches}.weight`, [width, 3, patchSizePx, patchSizePx])
  const bias = kind === 'vit' ? weights.value(g, `${names.patches}.bias`, [width]) : null
  const grid = convolve(g, pixels, kernel, bias, { stride: patchSizePx }) // [B, dv, S/P, S/P]
  const patches = transpose(g, reshape(g, grid, ['B', width, length - 1]), [0, 2, 1]) // [B, N, dv]

  const token = weights.value(g, names.classToken, kind === 'clip' ? [width] : [1, 1, width])
  const tokens = repeatForBatch(g, reshape(g, token, [1, 1, width]), pixels) // [B, 1, dv]
  const positionShape = kind === 'clip' ? [length, width] : [1, length, width]
  const positions = weights.value(g, names.positions, positionShape)
  const embedded = add(g, concat(g, [tokens, patches], 1), positions) // [B, 1+N, dv]
  return reshape(g, embedded, [rowsOf(length), width])
}

/** Patches in each direction. */
export function patchGridSide({ imageSizePx, patchSizePx }: VisionTransformerConfig): number {
  return imageSizePx / patchSizePx
}

/** The class token and the patches. */
function tokensOf(config: VisionTransformerConfig): number {
  return 1 + patchGridSide(config) ** 2
}
