import type { Graph, Value } from './graph.ts'
import { affine, layerNormalize } from './operators.ts'
import type { Weights } from './weights.ts'

/** The parts that every transformer of ours shares, each with its weights taken from a checkpoint by name. */

/** A layer stored `[out, in]`, as PyTorch's Linear. @param x `[R, in]` @returns `[R, out]` */
export function linear(g: Graph, x: Value, weights: Weights, name: string, outWidth: number): Value {
  const matrix = weights.value(g, `${name}.weight`, [outWidth, x.shape[1] as number])
  const bias = weights.value(g, `${name}.bias`, [outWidth])
  return affine(g, x, matrix, bias, 'out-in')
}

/** A layer stored `[in, out]`, as GPT-2's Conv1D. @param x `[R, in]` @returns `[R, out]` */
export function convolution1d(g: Graph, x: Value, weights: Weights, name: string, outWidth: number): Value {
  const matrix = weights.value(g, `${name}.weight`, [x.shape[1] as number, outWidth])
  const bias = weights.value(g, `${name}.bias`, [outWidth])
  return affine(g, x, matrix, bias, 'in-out')
}

/** @param x `[R, d]` */
export function layerNorm(g: Graph, x: Value, weights: Weights, name: string, epsilon: number): Value {
  const width = x.shape.at(-1) as number
  const scale = weights.value(g, `${name}.weight`, [width])
  const bias = weights.value(g, `${name}.bias`, [width])
  return layerNormalize(g, x, scale, bias, epsilon)
}
