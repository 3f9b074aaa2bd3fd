import type { Graph, Value } from './graph.ts'
import { affine, layerNormalize } from './operators.ts'
import type { Weights } from './weights.ts'

/** The parts that every transformer of ours shares, each with its weights taken from a checkpoint by name. */

/** A stored tensor as a value of the graph. */
export function weight(g: Graph, weights: Weights, name: string, shape: readonly number[]): Value {
  return g.weight(weights.fullName(name), weights.locate(name, shape))
}

/** A layer stored `[out, in]`, as PyTorch's Linear. @param x `[R, in]` @returns `[R, out]` */
export function linear(g: Graph, x: Value, weights: Weights, name: string, outWidth: number): Value {
  const matrix = weight(g, weights, `${name}.weight`, [outWidth, x.shape[1] as number])
  const bias = weight(g, weights, `${name}.bias`, [outWidth])
  return affine(g, x, matrix, bias, 'out-in')
}

/** A layer stored `[in, out]`, as GPT-2's Conv1D. @param x `[R, in]` @returns `[R, out]` */
export function convolution1d(g: Graph, x: Value, weights: Weights, name: string, outWidth: number): Value {
  const matrix = weight(g, weights, `${name}.weight`, [x.shape[1] as number, outWidth])
  const bias = weight(g, weights, `${name}.bias`, [outWidth])
  return affine(g, x, matrix, bias, 'in-out')
}

/** @param x `[R, d]` */
export function layerNorm(g: Graph, x: Value, weights: Weights, name: string, epsilon: number): Value {
  const width = x.shape.at(-1) as number
  const scale = weight(g, weights, `${name}.weight`, [width])
  const bias = weight(g, weights, `${name}.bias`, [width])
  return layerNormalize(g, x, scale, bias, epsilon)
}
