import type { Dimension, Graph, Value } from './graph.ts'
import {
  add,
  matmul,
  multiply,
  reshape,
  reshapeLike,
  softmax,
  transpose,
  transposeMatrix,
} from './operators.ts'

/**
 * Scaled dot-product attention of several heads.
 * @param queries `[B, heads, q, w]`
 * @param keys `[B, heads, t, w]`
 * @param values `[B, heads, t, w]`
 * @param mask added to the scores, broadcast to `[B, heads, q, t]`; null lets everything see everything
 * @returns `context` as rows `[B·q, heads·w]` and `weights` `[B, heads, q, t]`, which sum to one over t
 */
export function attend(
  g: Graph,
  queries: Value,
  keys: Value,
  values: Value,
  mask: Value | null,
): { context: Value; weights: Value } {
  const width = queries.shape[3] as number
  const scaled = multiply(g, queries, g.scalar(1 / Math.sqrt(width)))
  const scores = matmul(g, scaled, transposeMatrix(g, keys))
  const weights = softmax(g, mask ? add(g, scores, mask) : scores)
  return { context: joinHeads(g, matmul(g, weights, values)), weights }
}

/** How many rows belong to one image or text: q, or a tensor `[B, q, …]` where that is known only when the graph runs. */
export type RowsPerImage = number | Value

/**
 * @param rows `[B·q, heads·w]`
 * @returns `[B, heads, q, w]`
 */
export function splitHeads(g: Graph, rows: Value, perImage: RowsPerImage, heads: number): Value {
  const width = (rows.shape[1] as number) / heads
  const apart =
    typeof perImage === 'number'
      ? reshape(g, rows, ['B', perImage, heads, width])
      : reshapeLike(g, rows, perImage, [heads, width])
  return transpose(g, apart, [0, 2, 1, 3])
}

/** The inverse: `[B, heads, q, w]` → `[B·q, heads·w]`. */
function joinHeads(g: Graph, x: Value): Value {
  const [, heads, perImage, width] = x.shape as [string, number, Dimension, number]
  return reshape(g, transpose(g, x, [0, 2, 1, 3]), [rowsOf(perImage), heads * width])
}

/** The size of an axis that has so many rows for each image of the batch. */
export function rowsOf(perImage: Dimension): Dimension {
  return perImage === 1 ? 'B' : `B*${perImage}`
}
