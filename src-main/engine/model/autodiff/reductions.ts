import type { Value } from '../graph.ts'
import {
  expandLike,
  exponential,
  layerNormalizeWithMoments,
  mean,
  multiply,
  subtract,
  sum,
  unsqueeze,
} from '../operators.ts'
import { differentiable, type Gradient, input, output, type Turn } from './rule.ts'

/** Gradients of sums, means and what normalises along the last axis. */

/** Every element that went into a sum gets what the sum gets. */
const spread: Gradient = (turn) => {
  const { g } = turn
  return expandLike(g, withReducedAxes(turn), input(turn, 0))
}

export const sumRule = differentiable(spread, null)

export const meanRule = differentiable((turn) => {
  const { g } = turn
  const { shape } = input(turn, 0)
  const count = reducedAxes(turn).reduce((product, axis) => product * knownSize(shape[axis]!), 1)
  return multiply(g, spread(turn), g.scalar(1 / count))
}, null)

export const sumOfSquaresRule = differentiable((turn) => {
  const { g } = turn
  const doubled = multiply(g, input(turn, 0), g.scalar(2))
  return multiply(g, doubled, withReducedAxes(turn))
}, null)

/** y = softmax x: y·(ẏ − Σ y·ẏ), ẏ being the gradient by y. */
export const softmaxRule = differentiable((turn) => {
  const { g, gradient } = turn
  const y = output(turn)
  const weighted = multiply(g, y, gradient)
  return subtract(g, weighted, multiply(g, y, sum(g, weighted, y.shape.length - 1)))
})

/** y = log softmax x: ẏ − exp(y)·Σ ẏ. */
export const logSoftmaxRule = differentiable((turn) => {
  const { g, gradient } = turn
  const y = output(turn)
  const total = sum(g, gradient, y.shape.length - 1)
  return subtract(g, gradient, multiply(g, exponential(g, y), total))
})

/**
 * y = scale·n + bias with n = (x − mean)/deviation: by x (ṅ − mean ṅ − n·mean(ṅ·n)) / deviation with ṅ = ẏ·scale.
 * n is computed once more, which is cheaper than to keep it from the forward pass.
 */
export const layerNormalizationRule = differentiable(
  (turn) => {
    const { g, gradient } = turn
    const { normal, inverseDeviation } = normalise(turn)
    const last = normal.shape.length - 1
    const slope = multiply(g, gradient, input(turn, 1))
    const average = (x: Value) => unsqueeze(g, mean(g, x, last), last)
    const centred = subtract(g, slope, average(slope))
    const along = multiply(g, normal, average(multiply(g, slope, normal)))
    return multiply(g, subtract(g, centred, along), inverseDeviation)
  },
  (turn) => multiply(turn.g, turn.gradient, normalise(turn).normal),
  ({ gradient }) => gradient,
)

function normalise(turn: Turn): { normal: Value; inverseDeviation: Value } {
  const { g, node } = turn
  const x = input(turn, 0)
  const { epsilon } = node.attributes as { epsilon: { float: number } }
  return layerNormalizeWithMoments(g, x, epsilon.float)
}

function reducedAxes(turn: Turn): number[] {
  const [x, axes] = turn.node.inputs
  return axes ? turn.g.integersOf(axes) : [...x!.shape.keys()]
}

/** The gradient with axes of one where the node took them away. */
function withReducedAxes(turn: Turn): Value {
  const { g, node, gradient } = turn
  if (node.attributes.keepdims === 1) return gradient
  return reducedAxes(turn)
    .toSorted((a, b) => a - b)
    .reduce((x, axis) => unsqueeze(g, x, axis), gradient)
}

function knownSize(size: number | string): number {
  if (typeof size === 'number') return size
  throw new RangeError(`A mean over ${size}, whose size is not known, is not differentiated`)
}
