import { gemm, matmul, transposeMatrix } from '../operators.ts'
import { differentiable, input } from './rule.ts'

/** Gradients of products of matrices. */

/** Nothing is turned over beforehand: a frozen matrix is read where it lies, by either way through it. */
export const gemmRule = differentiable(
  (turn) => {
    const { g, gradient } = turn
    const { transA = 0, transB = 0 } = turn.node.attributes
    const b = input(turn, 1)
    return transA
      ? gemm(g, b, gradient, null, { a: transB === 1, b: true })
      : gemm(g, gradient, b, null, { a: false, b: transB === 0 })
  },
  (turn) => {
    const { g, gradient } = turn
    const { transA = 0, transB = 0 } = turn.node.attributes
    const a = input(turn, 0)
    return transB
      ? gemm(g, gradient, a, null, { a: true, b: transA === 1 })
      : gemm(g, a, gradient, null, { a: transA === 0, b: false })
  },
  ({ gradient }) => gradient,
)

/** Of stacks of equally many matrices. */
export const matmulRule = differentiable(
  (turn) => matmul(turn.g, turn.gradient, transposeMatrix(turn.g, input(turn, 1))),
  (turn) => matmul(turn.g, transposeMatrix(turn.g, input(turn, 0)), turn.gradient),
)
