import type { Graph, Value } from '../../../../src-main/engine/model/graph.ts'
import {
  add,
  cast,
  clip,
  concat,
  divide,
  errorFunction,
  expandLike,
  exponential,
  gather,
  gelu,
  gemm,
  layerNormalize,
  logarithm,
  logSoftmax,
  matmul,
  mean,
  multiply,
  power,
  reshape,
  sigmoid,
  slice,
  softmax,
  split,
  squareRoot,
  squeeze,
  subtract,
  sum,
  sumAway,
  sumOfSquares,
  tanh,
  transpose,
  unsqueeze,
  where,
} from '../../../../src-main/engine/model/operators.ts'

/** Nested lists of numbers. */
export type Literal = number | readonly Literal[]

/** A function of some tensors, and its gradients worked out by hand. */
export interface GradientCase {
  name: string
  build(g: Graph, inputs: Value[]): Value
  inputs: readonly Literal[]
  /** Of the loss by the result: the loss is the sum of their products. */
  upstream: Literal
  /** Of the loss by each input. */
  gradients: readonly Literal[]
}

const square = [
  [1, 2],
  [3, 4],
]
const other = [
  [5, 6],
  [7, 8],
]
const unit = [
  [1, 0],
  [0, 1],
]
const [root, third] = [Math.sqrt, 1 / 3]

/** For `a · b + c` with each of the two turned over or not, the same product is asked for. */
function gemmCase(a: boolean, b: boolean): GradientCase {
  const turn = (isTurned: boolean, matrix: number[][]): number[][] =>
    isTurned ? [0, 1].map((column) => matrix.map((row) => row[column]!)) : matrix
  return {
    name: `Gemm${a ? ', a turned over' : ''}${b ? ', b turned over' : ''}`,
    build: (g, [x, y, z]) => gemm(g, x!, y!, z!, { a, b }),
    inputs: [turn(a, square), turn(b, other), [1, 1]],
    upstream: [
      [1, 2],
      [0, 1],
    ],
    gradients: [
      turn(a, [
        [17, 23],
        [6, 8],
      ]),
      turn(b, [
        [1, 5],
        [2, 8],
      ]),
      [1, 3],
    ],
  }
}

export const gradientCases: readonly GradientCase[] = [
  {
    name: 'Add, a row to each row',
    build: (g, [a, b]) => add(g, a!, b!),
    inputs: [square, [10, 20]],
    upstream: square,
    gradients: [square, [4, 6]],
  },
  {
    name: 'Sub, a row from each row',
    build: (g, [a, b]) => subtract(g, a!, b!),
    inputs: [square, [10, 20]],
    upstream: square,
    gradients: [square, [-4, -6]],
  },
  {
    name: 'Mul, a row and a column',
    build: (g, [a, b]) => multiply(g, a!, b!),
    inputs: [[[1, 2]], [[3], [4]]],
    upstream: square,
    gradients: [[[15, 22]], [[5], [11]]],
  },
  {
    name: 'Mul by itself',
    build: (g, [a]) => multiply(g, a!, a!),
    inputs: [[1, 2, 3]],
    upstream: [1, 1, 2],
    gradients: [[2, 4, 12]],
  },
  {
    name: 'Div',
    build: (g, [a, b]) => divide(g, a!, b!),
    inputs: [
      [2, 3],
      [4, -2],
    ],
    upstream: [8, 4],
    gradients: [
      [2, -2],
      [-1, -3],
    ],
  },
  {
    name: 'Pow',
    build: (g, [a, b]) => power(g, a!, b!),
    inputs: [
      [2, 3],
      [3, 2],
    ],
    upstream: [1, 1],
    gradients: [
      [12, 6],
      [8 * Math.log(2), 9 * Math.log(3)],
    ],
  },
  {
    name: 'Sqrt',
    build: (g, [x]) => squareRoot(g, x!),
    inputs: [[4, 9]],
    upstream: [4, 6],
    gradients: [[1, 1]],
  },
  {
    name: 'Exp',
    build: (g, [x]) => exponential(g, x!),
    inputs: [[0, 1]],
    upstream: [2, 1],
    gradients: [[2, Math.E]],
  },
  {
    name: 'Log',
    build: (g, [x]) => logarithm(g, x!),
    inputs: [[2, 4]],
    upstream: [2, 2],
    gradients: [[1, 0.5]],
  },
  {
    name: 'Tanh',
    build: (g, [x]) => tanh(g, x!),
    inputs: [[0, Math.atanh(0.5)]],
    upstream: [2, 4],
    gradients: [[2, 3]],
  },
  {
    name: 'Sigmoid',
    build: (g, [x]) => sigmoid(g, x!),
    inputs: [[0, Math.log(3)]],
    upstream: [4, 16],
    gradients: [[1, 3]],
  },
  {
    name: 'Erf',
    build: (g, [x]) => errorFunction(g, x!),
    inputs: [[0, 1]],
    upstream: [root(Math.PI), root(Math.PI)],
    gradients: [[2, 2 / Math.E]],
  },
  {
    name: 'Gelu, exact',
    build: (g, [x]) => gelu(g, x!, 'none'),
    inputs: [[0, 1, -2]],
    upstream: [2, 1, 1],
    gradients: [[1, 1.0833155, -0.0852318]],
  },
  {
    name: 'Gelu by tanh',
    build: (g, [x]) => gelu(g, x!, 'tanh'),
    inputs: [[0, 1, -2]],
    upstream: [2, 1, 1],
    gradients: [[1, 1.0829641, -0.0860993]],
  },
  {
    name: 'Clip, its bounds included',
    build: (g, [x]) => clip(g, x!, 0, 6),
    inputs: [[-1, 0, 3, 6, 7]],
    upstream: [1, 2, 3, 4, 5],
    gradients: [[0, 2, 3, 4, 0]],
  },
  {
    name: 'Where',
    build: (g, [a, b]) => where(g, g.constant('bool', [2], [1, 0]), a!, b!),
    inputs: [[1, 2], [3]],
    upstream: [5, 7],
    gradients: [[5, 0], [7]],
  },
  {
    name: 'Cast',
    build: (g, [x]) => cast(g, x!, 'float32'),
    inputs: [[1, 2]],
    upstream: [3, 4],
    gradients: [[3, 4]],
  },
  {
    name: 'Identity',
    build: (g, [x]) => g.node('Identity', [x!], [{ type: 'float32', shape: x!.shape }])[0]!,
    inputs: [[1, 2]],
    upstream: [3, 4],
    gradients: [[3, 4]],
  },
  gemmCase(false, false),
  gemmCase(false, true),
  gemmCase(true, false),
  gemmCase(true, true),
  {
    name: 'MatMul of two pairs',
    build: (g, [a, b]) => matmul(g, a!, b!),
    inputs: [
      [square, unit],
      [other, square],
    ],
    upstream: [unit, unit],
    gradients: [
      [
        [
          [5, 7],
          [6, 8],
        ],
        [
          [1, 3],
          [2, 4],
        ],
      ],
      [
        [
          [1, 3],
          [2, 4],
        ],
        unit,
      ],
    ],
  },
  {
    name: 'Softmax',
    build: (g, [x]) => softmax(g, x!),
    inputs: [[[0, Math.log(3)]]],
    upstream: [[4, 0]],
    gradients: [[[0.75, -0.75]]],
  },
  {
    name: 'LogSoftmax',
    build: (g, [x]) => logSoftmax(g, x!),
    inputs: [[[0, Math.log(3)]]],
    upstream: [[1, 0]],
    gradients: [[[0.75, -0.75]]],
  },
  {
    name: 'LayerNormalization',
    build: (g, [x, scale, bias]) => layerNormalize(g, x!, scale!, bias!, 1e-9),
    inputs: [[[0, 3, 6]], [1, 1, 1], [0, 0, 0]],
    upstream: [[root(6), 0, 0]],
    gradients: [[[1 / 6, -third, 1 / 6]], [-3, 0, 0], [root(6), 0, 0]],
  },
  {
    name: 'ReduceSum over an axis that stays',
    build: (g, [x]) => sum(g, x!, 1),
    inputs: [square],
    upstream: [[2], [3]],
    gradients: [
      [
        [2, 2],
        [3, 3],
      ],
    ],
  },
  {
    name: 'ReduceSum over two axes that go',
    build: (g, [x]) => sumAway(g, x!, [0, 2]),
    inputs: [[square, other]],
    upstream: [2, 3],
    gradients: [
      [
        [
          [2, 2],
          [3, 3],
        ],
        [
          [2, 2],
          [3, 3],
        ],
      ],
    ],
  },
  {
    name: 'ReduceMean over the first axis',
    build: (g, [x]) => mean(g, x!, 0),
    inputs: [square],
    upstream: [2, 4],
    gradients: [
      [
        [1, 2],
        [1, 2],
      ],
    ],
  },
  {
    name: 'ReduceSumSquare',
    build: (g, [x]) => sumOfSquares(g, x!),
    inputs: [[1, 2, 3]],
    upstream: 2,
    gradients: [[4, 8, 12]],
  },
  {
    name: 'Reshape',
    build: (g, [x]) => reshape(g, x!, [2, 2]),
    inputs: [[1, 2, 3, 4]],
    upstream: other,
    gradients: [[5, 6, 7, 8]],
  },
  {
    name: 'Squeeze',
    build: (g, [x]) => squeeze(g, x!, 0),
    inputs: [[[1, 2]]],
    upstream: [3, 4],
    gradients: [[[3, 4]]],
  },
  {
    name: 'Unsqueeze',
    build: (g, [x]) => unsqueeze(g, x!, 1),
    inputs: [[1, 2]],
    upstream: [[3], [4]],
    gradients: [[3, 4]],
  },
  {
    name: 'Transpose by a rotation of three axes',
    build: (g, [x]) => transpose(g, x!, [1, 2, 0]),
    inputs: [[[[1, 2, 3]], [[4, 5, 6]]]],
    upstream: [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    gradients: [[[[1, 3, 5]], [[2, 4, 6]]]],
  },
  {
    name: 'Expand of a row',
    build: (g, [x]) => expandLike(g, x!, g.constant('float32', [2, 2], [0, 0, 0, 0])),
    inputs: [[[1, 2]]],
    upstream: square,
    gradients: [[[4, 6]]],
  },
  {
    name: 'Concat',
    build: (g, [a, b]) => concat(g, [a!, b!], 1),
    inputs: [[[1], [2]], square],
    upstream: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    gradients: [
      [[1], [4]],
      [
        [2, 3],
        [5, 6],
      ],
    ],
  },
  {
    name: 'Split, of whose parts one does not count',
    build: (g, [x]) => {
      const [first, , last] = split(g, x!, 3, 0)
      return add(g, first!, last!)
    },
    inputs: [[1, 2, 3, 4, 5, 6]],
    upstream: [7, 8],
    gradients: [[7, 8, 0, 0, 7, 8]],
  },
  {
    name: 'Slice',
    build: (g, [x]) => slice(g, x!, 1, 1, 3),
    inputs: [[[1, 2, 3, 4]]],
    upstream: [[5, 6]],
    gradients: [[[0, 5, 6, 0]]],
  },
  {
    name: 'Gather of rows, one of them twice',
    build: (g, [x]) => gather(g, x!, g.integers(2, 0, 2)),
    inputs: [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    upstream: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    gradients: [
      [
        [3, 4],
        [0, 0],
        [6, 8],
      ],
    ],
  },
]
