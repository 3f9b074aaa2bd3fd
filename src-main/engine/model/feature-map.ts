import type { Graph, Value } from './graph.ts'
import {
  add,
  concat,
  divide,
  exponential,
  fromSteps,
  gelu,
  maximum,
  multiply,
  reshape,
  type Steps,
  squareRoot,
  subtract,
  toSteps,
} from './operators.ts'

/**
 * What one layer of convolutions gives the next, and what is known of its numbers without seeing any picture: a batch norm makes each channel's
 * mean its `shift` and their deviation its `scale`, over what the tower was trained on. All of that hangs on stored weights alone, so that the
 * runtime computes it once when it opens the graph.
 */
export interface FeatureMap {
  /** `[B, C, S, S]`: float32, or uint8 where a convolution in int8 gave it. */
  value: Value
  /** Of what was added up to it, before the activation; none of pixels. */
  norms: readonly Norm[]
  /** Without an activation; otherwise ReLU6. */
  isLinear: boolean
}

/** `[C]` each. */
export interface Norm {
  shift: Value
  scale: Value
}

export const reluLimit = 6
/** Where the steps end: nearer to the mean it is cut off too often, farther off the steps are coarser than they need be. */
const deviations = 5
/** Keeps what never changes from being divided by nothing. */
const leastVariance = 1e-12

/** In float32, whatever it is kept in. */
export function fullOf(g: Graph, map: FeatureMap): Value {
  return map.value.type === 'uint8' ? fromSteps(g, map.value, stepsOf(g, map)) : map.value
}

/** In uint8, by `stepsOf`. */
export function reducedOf(g: Graph, map: FeatureMap): Value {
  return map.value.type === 'uint8' ? map.value : toSteps(g, map.value, stepsOf(g, map))
}

export function stepsOf(g: Graph, { norms, isLinear }: Omit<FeatureMap, 'value'>): Steps {
  if (!isLinear) return { size: g.scalar(reluLimit / 255), zero: g.constant('uint8', [], [0]) }
  const { mean, deviation } = momentsOf(g, norms)
  const reach = multiply(g, deviation, g.scalar(deviations))
  const peak = maximum(g, concat(g, [add(g, reach, mean), subtract(g, reach, mean)], 0))
  return { size: reshape(g, multiply(g, peak, g.scalar(1 / 127)), []), zero: g.constant('uint8', [], [128]) }
}

/** What each channel is on average, as if its numbers were spread normally before the activation. @returns `[C]` */
export function averageOf(g: Graph, { norms, isLinear }: FeatureMap): Value {
  const { mean, deviation } = momentsOf(g, norms)
  if (isLinear) return mean
  // ReLU6 is the positive part of x less that of x − 6. The mean of a positive part is σ · (t · Φ(t) + φ(t)), with t = μ / σ; t · Φ(t) is GELU.
  const positive = (center: Value): Value => {
    const t = divide(g, center, deviation)
    const bell = exponential(g, multiply(g, multiply(g, t, t), g.scalar(-0.5)))
    const density = divide(g, bell, g.scalar(Math.sqrt(2 * Math.PI)))
    return multiply(g, deviation, add(g, gelu(g, t, 'none'), density))
  }
  return subtract(g, positive(mean), positive(subtract(g, mean, g.scalar(reluLimit))))
}

/** Of the sum, as if its parts hung on nothing in common. @returns `[C]` each */
function momentsOf(g: Graph, norms: readonly Norm[]): { mean: Value; deviation: Value } {
  const total = (values: readonly Value[]): Value => values.reduce((a, b) => add(g, a, b))
  const variance = total(norms.map(({ scale }) => multiply(g, scale, scale)))
  return {
    mean: total(norms.map(({ shift }) => shift)),
    deviation: squareRoot(g, add(g, variance, g.scalar(leastVariance))),
  }
}
