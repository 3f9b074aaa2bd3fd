import type { Graph, GraphNode, Value } from '../graph.ts'

/** One node on the way back from the loss. */
export interface Turn {
  readonly g: Graph
  readonly node: GraphNode
  /** Of the loss, by the node's first output. */
  readonly gradient: Value
  /** The same of every output; null where the loss does not depend on it. */
  readonly gradients: readonly (Value | null)[]
  /** Which of the node's inputs is asked about. */
  readonly index: number
}

/**
 * The gradient of the loss by one input, of the input's type. It may still have the shape that the input was broadcast
 * to: summing it up is done where contributions are gathered.
 */
export type Gradient = (turn: Turn) => Value

/** What differentiation does with an operator. */
export type Rule =
  /**
   * Each input's gradient, the last one serving all inputs after it as well; null for one through which nothing flows
   * (indices, shapes, bounds).
   */
  | { readonly kind: 'differentiable'; readonly inputs: readonly (Gradient | null)[] }
  /** Small changes of the inputs do not change the outputs. */
  | { readonly kind: 'constant' }
  /** We have no gradient for it. */
  | { readonly kind: 'refused' }

export const differentiable = (...inputs: (Gradient | null)[]): Rule => ({ kind: 'differentiable', inputs })
export const constant: Rule = { kind: 'constant' }
export const refused: Rule = { kind: 'refused' }

/** The n-th input of the node, which must be there. */
export function input({ node }: Turn, index: number): Value {
  return node.inputs[index]!
}

export function output({ node }: Turn): Value {
  return node.outputs[0]!
}
