import { type ActivationName, activations } from './activation.ts'
import { attend, type RowsPerImage, splitHeads } from './attention.ts'
import type { Graph, Value } from './graph.ts'
import { layerNorm, linear } from './layers.ts'
import { add } from './operators.ts'
import type { Weights } from './weights.ts'

/** The names that the tensors of an encoder's block go by. */
export interface BlockNames {
  norm1: string
  norm2: string
  query: string
  key: string
  value: string
  output: string
  widen: string
  narrow: string
}

export interface BlockConfig {
  width: number
  innerWidth: number
  heads: number
  normEpsilon: number
  activation: ActivationName
}

/** CLIP's, in both of its towers. */
export const clipBlockNames: BlockNames = {
  norm1: 'layer_norm1',
  norm2: 'layer_norm2',
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  output: 'self_attn.out_proj',
  widen: 'mlp.fc1',
  narrow: 'mlp.fc2',
}

/**
 * One block of a transformer that normalises before it attends.
 * @param hidden rows `[B·q, d]`
 * @param mask added to the attention's scores, broadcast to `[B, heads, q, q]`; null where every place sees all
 */
export function encoderBlock(
  g: Graph,
  hidden: Value,
  weights: Weights,
  names: BlockNames,
  { width, innerWidth, heads, normEpsilon, activation }: BlockConfig,
  perImage: RowsPerImage,
  mask: Value | null,
): Value {
  const normed = layerNorm(g, hidden, weights, names.norm1, normEpsilon)
  const [queries, keys, values] = [names.query, names.key, names.value].map((name) =>
    splitHeads(g, linear(g, normed, weights, name, width), perImage, heads),
  ) as [Value, Value, Value]
  const { context } = attend(g, queries, keys, values, mask)
  const attended = add(g, hidden, linear(g, context, weights, names.output, width))

  const normedAgain = layerNorm(g, attended, weights, names.norm2, normEpsilon)
  const wide = activations[activation](g, linear(g, normedAgain, weights, names.widen, innerWidth))
  return add(g, attended, linear(g, wide, weights, names.narrow, width))
}
