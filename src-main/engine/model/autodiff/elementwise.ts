import type { Graph, Value } from '../graph.ts'
import {
  add,
  cast,
  divide,
  equal,
  errorFunction,
  exponential,
  logarithm,
  multiply,
  power,
  sigmoid,
  subtract,
  where,
} from '../operators.ts'
import { differentiable, type Gradient, input, output, type Turn } from './rule.ts'

/** Gradients of what is computed element by element; an input that was broadcast is summed up elsewhere. */

const unchanged: Gradient = ({ gradient }) => gradient
const negated: Gradient = ({ g, gradient }) => multiply(g, gradient, g.scalar(-1))

/** By a product with something else. */
const times =
  (factor: (turn: Turn) => Value): Gradient =>
  (turn) =>
    multiply(turn.g, turn.gradient, factor(turn))

export const addRule = differentiable(unchanged, unchanged)
export const subtractRule = differentiable(unchanged, negated)
export const multiplyRule = differentiable(
  times((turn) => input(turn, 1)),
  times((turn) => input(turn, 0)),
)

/** a / b: by a 1/b, by b −(a/b)/b. */
export const divideRule = differentiable(
  (turn) => divide(turn.g, turn.gradient, input(turn, 1)),
  (turn) => {
    const { g, gradient } = turn
    return negated({ ...turn, gradient: divide(g, multiply(g, gradient, output(turn)), input(turn, 1)) })
  },
)

/** aᵇ: by a b·aᵇ⁻¹, by b aᵇ·ln a, which wants a > 0. */
export const powerRule = differentiable(
  times((turn) => {
    const { g } = turn
    const exponent = input(turn, 1)
    return multiply(g, exponent, power(g, input(turn, 0), subtract(g, exponent, g.scalar(1))))
  }),
  times((turn) => multiply(turn.g, output(turn), logarithm(turn.g, input(turn, 0)))),
)

export const exponentialRule = differentiable(times(output))
export const logarithmRule = differentiable((turn) => divide(turn.g, turn.gradient, input(turn, 0)))

/** √x: 1 / 2√x. */
export const squareRootRule = differentiable(({ g, gradient, node }) =>
  divide(g, multiply(g, gradient, g.scalar(0.5)), node.outputs[0]!),
)

/** tanh: 1 − y². */
export const tanhRule = differentiable(
  times((turn) => {
    const { g } = turn
    const y = output(turn)
    return subtract(g, g.scalar(1), multiply(g, y, y))
  }),
)

/** σ: y − y². */
export const sigmoidRule = differentiable(
  times((turn) => {
    const { g } = turn
    const y = output(turn)
    return subtract(g, y, multiply(g, y, y))
  }),
)

/** erf: 2/√π · exp(−x²). */
export const errorFunctionRule = differentiable(
  times((turn) => {
    const { g } = turn
    const x = input(turn, 0)
    const bell = exponential(g, multiply(g, multiply(g, x, x), g.scalar(-1)))
    return multiply(g, bell, g.scalar(2 / Math.sqrt(Math.PI)))
  }),
)

export const geluRule = differentiable(
  times((turn) => {
    const slope = turn.node.attributes.approximate === 'tanh' ? slopeOfTanhGelu : slopeOfExactGelu
    return slope(turn.g, input(turn, 0))
  }),
)

/**
 * x·½(1 + tanh u) with u = √(2/π)(x + 0.044715 x³) is x·σ(2u), whose slope s + x·s(1 − s)·2u′ needs fewer passes over
 * the widest tensors of a decoder than the formula with tanh.
 */
function slopeOfTanhGelu(g: Graph, x: Value): Value {
  const [a, b] = [2 * Math.sqrt(2 / Math.PI), 2 * Math.sqrt(2 / Math.PI) * 0.044715]
  const square = multiply(g, x, x)
  const ratio = add(g, multiply(g, square, g.scalar(b)), g.scalar(a)) // 2u / x
  const s = sigmoid(g, multiply(g, ratio, x))
  const slope = add(g, multiply(g, square, g.scalar(3 * b)), g.scalar(a)) // 2u′
  const rest = multiply(g, subtract(g, g.scalar(1), s), multiply(g, slope, x))
  return add(g, s, multiply(g, s, rest))
}

/** x·Φ(x): Φ(x) + x·φ(x). */
function slopeOfExactGelu(g: Graph, x: Value): Value {
  const below = multiply(
    g,
    add(g, errorFunction(g, multiply(g, x, g.scalar(Math.SQRT1_2))), g.scalar(1)),
    g.scalar(0.5),
  )
  const bell = exponential(g, multiply(g, multiply(g, x, x), g.scalar(-0.5)))
  return add(g, below, multiply(g, multiply(g, x, bell), g.scalar(1 / Math.sqrt(2 * Math.PI))))
}

/** What was not cut, the bounds themselves included, passes. */
export const clipRule = differentiable(
  times((turn) => cast(turn.g, equal(turn.g, input(turn, 0), output(turn)), 'float32')),
  null,
  null,
)

export const whereRule = differentiable(
  null,
  (turn) => where(turn.g, input(turn, 0), turn.gradient, turn.g.scalar(0)),
  (turn) => where(turn.g, input(turn, 0), turn.g.scalar(0), turn.gradient),
)

export const castRule = differentiable((turn) => {
  const { type } = input(turn, 0)
  if (type !== 'float32') throw new RangeError(`No gradient can be cast to ${type}`)
  return cast(turn.g, turn.gradient, type)
})

export const identityRule = differentiable(unchanged)
