import type { Graph, Value } from '../graph.ts'
import { concat, expandLike, pad, reshapeTo, scatterRows, slice, transpose } from '../operators.ts'
import { differentiable, type Gradient, input } from './rule.ts'

/** Gradients of what moves elements without changing them. */

const shapedBack: Gradient = (turn) => reshapeTo(turn.g, turn.gradient, input(turn, 0))

export const reshapeRule = differentiable(shapedBack, null)
export const squeezeRule = differentiable(shapedBack, null)
export const unsqueezeRule = differentiable(shapedBack, null)

export const transposeRule = differentiable(({ g, gradient, node }) => {
  const permutation = node.attributes.perm as readonly number[]
  return transpose(
    g,
    gradient,
    permutation.map((_, axis) => permutation.indexOf(axis)),
  )
})

/** Summed up to the shape before, like every broadcast. */
export const expandRule = differentiable(({ gradient }) => gradient, null)

export const concatRule = differentiable(({ g, gradient, node, index }) => {
  const axis = node.attributes.axis as number
  const sizes = node.inputs.slice(0, index + 1).map((part) => part!.shape[axis])
  if (sizes.some((size) => typeof size !== 'number')) {
    throw new RangeError('Concat is differentiated along axes of known size only')
  }
  const to = (sizes as number[]).reduce((sum, size) => sum + size)
  return slice(g, gradient, axis, to - (sizes[index] as number), to)
})

export const splitRule = differentiable(({ g, node, gradients }) => {
  const axis = node.attributes.axis as number
  const parts = node.outputs.map((part, index) => gradients[index] ?? zerosLike(g, part))
  return concat(g, parts, axis, node.inputs[0]!.shape[axis])
}, null)

export const sliceRule = differentiable(
  (turn) => {
    const { g, gradient, node } = turn
    const x = input(turn, 0)
    const [starts, ends, axes] = node.inputs.slice(1).map((bounds) => g.integersOf(bounds!))
    return axes!.reduce((whole, axis, at) => {
      const size = x.shape[axis] as number
      return pad(g, whole, axis, starts![at]!, size - Math.min(size, ends![at]!))
    }, gradient)
  },
  null,
  null,
  null,
)

/** Of rows: each gets the sum of what its copies get. */
export const gatherRule = differentiable((turn) => {
  const { g, gradient } = turn
  const [x, indices] = [input(turn, 0), input(turn, 1)]
  if (indices.shape.length !== 1 || turn.node.attributes.axis !== 0) {
    throw new RangeError('Gather is differentiated for a list of rows only')
  }
  return scatterRows(g, zerosLike(g, x), indices, gradient)
}, null)

function zerosLike(g: Graph, x: Value): Value {
  const zero = g.constant(
    'float32',
    x.shape.map(() => 1),
    [0],
  )
  return expandLike(g, zero, x)
}
