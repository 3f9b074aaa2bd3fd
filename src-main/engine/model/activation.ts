import type { Graph, Value } from './graph.ts'
import { gelu, multiply, sigmoid } from './operators.ts'

/** Activations by the names that public configurations give them. */
export const activations = {
  quick_gelu: (g: Graph, x: Value): Value => multiply(g, x, sigmoid(g, multiply(g, x, g.scalar(1.702)))),
  gelu: (g: Graph, x: Value): Value => gelu(g, x, 'none'),
  gelu_new: (g: Graph, x: Value): Value => gelu(g, x, 'tanh'),
  gelu_pytorch_tanh: (g: Graph, x: Value): Value => gelu(g, x, 'tanh'),
} as const

export type ActivationName = keyof typeof activations
