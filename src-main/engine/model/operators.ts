import {
  type ConstantType,
  type Dimension,
  type ElementType,
  Graph,
  type MatrixLayout,
  type Operator,
  type ReducedMatrix,
  type Shape,
  type Value,
} from './graph.ts'

/**
 * The ONNX operators our graphs are made of, each as a function that appends one node and says what shape comes out.
 * Operator set 21: https://onnx.ai/onnx/operators
 */

export const add = (g: Graph, a: Value, b: Value): Value => elementwise(g, 'Add', a, b)
export const subtract = (g: Graph, a: Value, b: Value): Value => elementwise(g, 'Sub', a, b)
export const multiply = (g: Graph, a: Value, b: Value): Value => elementwise(g, 'Mul', a, b)
/** Integers are cut towards zero. */
export const divide = (g: Graph, a: Value, b: Value): Value => elementwise(g, 'Div', a, b)
export const power = (g: Graph, a: Value, b: Value): Value => elementwise(g, 'Pow', a, b)
export const equal = (g: Graph, a: Value, b: Value): Value => elementwise(g, 'Equal', a, b, 'bool')
export const less = (g: Graph, a: Value, b: Value): Value => elementwise(g, 'Less', a, b, 'bool')

export const sigmoid = (g: Graph, x: Value): Value => same(g, 'Sigmoid', x)
export const not = (g: Graph, x: Value): Value => same(g, 'Not', x)
export const tanh = (g: Graph, x: Value): Value => same(g, 'Tanh', x)
export const exponential = (g: Graph, x: Value): Value => same(g, 'Exp', x)
export const logarithm = (g: Graph, x: Value): Value => same(g, 'Log', x)
export const errorFunction = (g: Graph, x: Value): Value => same(g, 'Erf', x)
export const squareRoot = (g: Graph, x: Value): Value => same(g, 'Sqrt', x)

/** The logarithm of probabilities, of those that are smaller than the least as of that: of zero it is no number on every device. */
export function logProbability(g: Graph, probability: Value, least: number): Value {
  return logarithm(g, clip(g, probability, least, 1))
}

/** Held between two bounds; ReLU6 is `clip(x, 0, 6)`. */
export function clip(g: Graph, x: Value, lowest: number, highest: number): Value {
  return one(g.node('Clip', [x, g.scalar(lowest), g.scalar(highest)], [{ type: x.type, shape: x.shape }]))
}

/** @param approximate `tanh` for GPT-2's `gelu_new`, `none` for the exact one */
export function gelu(g: Graph, x: Value, approximate: 'none' | 'tanh'): Value {
  return same(g, 'Gelu', x, { approximate })
}

/** Over the last axis. */
export const softmax = (g: Graph, x: Value): Value => same(g, 'Softmax', x, { axis: -1 })

/** Over the last axis. */
export const logSoftmax = (g: Graph, x: Value): Value => same(g, 'LogSoftmax', x, { axis: -1 })

/** Over the last axis. */
export function layerNormalize(g: Graph, x: Value, scale: Value, bias: Value, epsilon: number): Value {
  return one(
    g.node('LayerNormalization', [x, scale, bias], [{ type: x.type, shape: x.shape }], {
      axis: -1,
      epsilon: { float: epsilon },
    }),
  )
}

/**
 * Over the last axis: `(x − mean) / deviation`, with the inverse of the deviation `[…, 1]`.
 */
export function layerNormalizeWithMoments(
  g: Graph,
  x: Value,
  epsilon: number,
): { normal: Value; inverseDeviation: Value } {
  const width = x.shape.at(-1) as number
  const moment = { type: x.type, shape: x.shape.with(-1, 1) }
  const [normal, , inverseDeviation] = g.node(
    'LayerNormalization',
    [x, g.constant('float32', [width], Array(width).fill(1))],
    [{ type: x.type, shape: x.shape }, moment, moment],
    { axis: -1, epsilon: { float: epsilon } },
  )
  return { normal: normal!, inverseDeviation: inverseDeviation! }
}

/**
 * `x · w + bias`, or `x · wᵀ + bias` for weights stored `[out, in]`; in fewer bits where the graph's form has the weights so.
 * @param x `[R, in]`
 * @returns `[R, out]`
 */
export function affine(g: Graph, x: Value, weight: Value, bias: Value | null, layout: MatrixLayout): Value {
  const reduced = g.reduced(weight, layout)
  if (reduced) return affineInInt8(g, x, reduced, bias)
  return gemm(g, x, weight, bias, { a: false, b: layout === 'out-in' })
}

/**
 * `x · (matrix · scales) + bias`, for which all of `x` is brought to 256 steps between its least and its largest number.
 * @param x `[R, in]`
 * @returns `[R, out]`
 */
export function affineInInt8(
  g: Graph,
  x: Value,
  { matrix, scales }: ReducedMatrix<Value>,
  bias: Value | null,
): Value {
  const inputs = [x, matrix, scales, ...(bias ? [null, bias] : [])]
  const shape = [x.shape[0]!, matrix.shape[1]!]
  return one(g.node('DynamicQuantizeMatMul', inputs, [{ type: x.type, shape }]))
}

/**
 * `a · b + c`, `a` and `b` each turned over first where it is said so.
 * @param a `[R, k]`, or `[k, R]` to be turned over
 * @param b `[k, n]`, or `[n, k]` to be turned over
 * @returns `[R, n]`
 */
export function gemm(
  g: Graph,
  a: Value,
  b: Value,
  c: Value | null,
  transposed: { a: boolean; b: boolean },
): Value {
  const shape = [a.shape[transposed.a ? 1 : 0]!, b.shape[transposed.b ? 0 : 1]!]
  return one(
    g.node('Gemm', c ? [a, b, c] : [a, b], [{ type: a.type, shape }], {
      ...(transposed.a && { transA: 1 }),
      ...(transposed.b && { transB: 1 }),
    }),
  )
}

/** `[…, m, k] · […, k, n]` with equal leading sizes. */
export function matmul(g: Graph, a: Value, b: Value): Value {
  return one(g.node('MatMul', [a, b], [{ type: a.type, shape: [...a.shape.slice(0, -1), b.shape.at(-1)!] }]))
}

/** Zeros before and after the picture, the same in both directions. */
export interface Padding {
  start: number
  end: number
}

export interface ConvolutionOptions {
  stride: number
  padding?: Padding
  groups?: number
}

/**
 * Convolution of square pictures.
 * @param x `[B, C, S, S]`
 * @param kernel `[d, C / groups, P, P]`
 * @returns `[B, d, S', S']` with `S' = floor((S + padding - P) / stride) + 1`
 */
export function convolve(
  g: Graph,
  x: Value,
  kernel: Value,
  bias: Value | null,
  options: ConvolutionOptions,
): Value {
  const { shape, attributes } = describeConvolution(x, kernel, options)
  return one(g.node('Conv', bias ? [x, kernel, bias] : [x, kernel], [{ type: x.type, shape }], attributes))
}

function describeConvolution(
  x: Value,
  kernel: Value,
  { stride, padding = { start: 0, end: 0 }, groups = 1 }: ConvolutionOptions,
) {
  const size = kernel.shape[2] as number
  const side = Math.floor(((x.shape[2] as number) + padding.start + padding.end - size) / stride) + 1
  return {
    shape: [x.shape[0]!, kernel.shape[0]!, side, side],
    attributes: {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: [padding.start, padding.start, padding.end, padding.end],
      group: groups,
    },
  }
}

/** What 256 steps stand for: `(step − zero) · size`. */
export interface Steps {
  /** float32 `[]` */
  size: Value
  /** uint8 `[]` */
  zero: Value
}

/** What lies beyond the first or the last step becomes that. @param x float32 @returns uint8 */
export function toSteps(g: Graph, x: Value, { size, zero }: Steps): Value {
  return one(g.node('QuantizeLinear', [x, size, zero], [{ type: 'uint8', shape: x.shape }]))
}

/** @param x uint8 @returns float32 */
export function fromSteps(g: Graph, x: Value, { size, zero }: Steps): Value {
  return one(g.node('DequantizeLinear', [x, size, zero], [{ type: 'float32', shape: x.shape }]))
}

/**
 * `convolve` of steps to steps.
 * @param x uint8 `[B, C, S, S]`
 * @param kernel int8 `[d, C / groups, P, P]` with scales `[d]`
 * @param bias float32 `[d]`
 * @returns uint8 `[B, d, S', S']`
 */
export function convolveInInt8(
  g: Graph,
  x: Value,
  { matrix, scales }: ReducedMatrix<Value>,
  bias: Value,
  { stepsIn, stepsOut, ...options }: ConvolutionOptions & { stepsIn: Steps; stepsOut: Steps },
): Value {
  const { shape, attributes } = describeConvolution(x, matrix, options)
  const outWidth = matrix.shape[0] as number
  // Of what the sums are counted in; a cast cuts off less than one of them.
  const whole = cast(g, divide(g, bias, multiply(g, scales, stepsIn.size)), 'int32')
  const zeros = g.constant('int8', [outWidth], Array(outWidth).fill(0))
  const inputs = [x, stepsIn.size, stepsIn.zero, matrix, scales, zeros, stepsOut.size, stepsOut.zero, whole]
  return one(g.node('QLinearConv', inputs, [{ type: 'uint8', shape }], attributes))
}

/**
 * A shape whose first two sizes are those of another tensor, known only when the graph runs.
 * @param like `[a, b, …]`
 * @returns `[a, b, …rest]`
 */
export function reshapeLike(g: Graph, x: Value, like: Value, rest: readonly number[]): Value {
  const leading = one(g.node('Shape', [like], [{ type: 'int64', shape: [2] }], { start: 0, end: 2 }))
  const target = concat(g, [leading, g.integers(...rest)], 0)
  return one(g.node('Reshape', [x, target], [{ type: x.type, shape: [...like.shape.slice(0, 2), ...rest] }]))
}

/** At most one size of the new shape may be unknown. */
export function reshape(g: Graph, x: Value, shape: Shape): Value {
  const sizes = shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1))
  if (sizes.filter((size) => size === -1).length > 1) throw new RangeError(`[${shape}] is not one shape`)
  return one(g.node('Reshape', [x, g.integers(...sizes)], [{ type: x.type, shape }]))
}

/** Puts an axis of one before the given one. */
export function unsqueeze(g: Graph, x: Value, axis: number): Value {
  const shape = x.shape.toSpliced(axis, 0, 1)
  return one(g.node('Unsqueeze', [x, g.integers(axis)], [{ type: x.type, shape }]))
}

/** Takes an axis of one away. */
export function squeeze(g: Graph, x: Value, axis: number): Value {
  const shape = x.shape.toSpliced(axis, 1)
  return one(g.node('Squeeze', [x, g.integers(axis)], [{ type: x.type, shape }]))
}

export function transpose(g: Graph, x: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => x.shape[axis]!)
  return one(g.node('Transpose', [x], [{ type: x.type, shape }], { perm: permutation }))
}

/** Swaps the last two axes. */
export function transposeMatrix(g: Graph, x: Value): Value {
  const rank = x.shape.length
  const permutation = [...Array(rank - 2).keys(), rank - 1, rank - 2]
  return transpose(g, x, permutation)
}

/** @param size of the joined axis, where it is not the plain sum of known sizes */
export function concat(g: Graph, parts: readonly Value[], axis: number, size?: Dimension): Value {
  const first = parts[0]!
  const sizes = parts.map((part) => part.shape[axis]!)
  const sum = sizes.reduce((a, b) => (typeof a === 'number' && typeof b === 'number' ? a + b : `${a}+${b}`))
  const shape = first.shape.with(axis, size ?? sum)
  return one(g.node('Concat', parts, [{ type: first.type, shape }], { axis }))
}

/** Places `from` to before `to` of an axis. */
export function slice(g: Graph, x: Value, axis: number, from: number, to: number): Value {
  const shape = x.shape.with(axis, to - from)
  const bounds = [g.integers(from), g.integers(to), g.integers(axis)]
  return one(g.node('Slice', [x, ...bounds], [{ type: x.type, shape }]))
}

/** As many places from the start of each axis named as `like` has along its second one. */
export function cutLike(g: Graph, x: Value, axes: readonly number[], like: Value): Value {
  const size = one(g.node('Shape', [like], [{ type: 'int64', shape: [1] }], { start: 1, end: 2 }))
  const ends = axes.length === 1 ? size : concat(g, Array(axes.length).fill(size), 0)
  const starts = g.integers(...Array<number>(axes.length).fill(0))
  const shape = x.shape.map((dimension, axis) => (axes.includes(axis) ? like.shape[1]! : dimension))
  return one(g.node('Slice', [x, starts, ends, g.integers(...axes)], [{ type: x.type, shape }]))
}

/** Parts of equal size along an axis of known size. */
export function split(g: Graph, x: Value, parts: number, axis: number): Value[] {
  const shape = x.shape.with(axis, (x.shape[axis] as number) / parts)
  const outputs = Array.from({ length: parts }, () => ({ type: x.type, shape }))
  return g.node('Split', [x], outputs, { axis, num_outputs: parts })
}

/** Rows of `x` along its first axis. @returns `[…indices, …row]` */
export function gather(g: Graph, x: Value, indices: Value): Value {
  return one(
    g.node('Gather', [x, indices], [{ type: x.type, shape: [...indices.shape, ...x.shape.slice(1)] }], {
      axis: 0,
    }),
  )
}

/** Adds rows to those of `x` that the indices name. @param indices `[m]` @param rows `[m, …row]` */
export function scatterRows(g: Graph, x: Value, indices: Value, rows: Value): Value {
  const pointers = unsqueeze(g, indices, 1)
  return one(
    g.node('ScatterND', [x, pointers, rows], [{ type: x.type, shape: x.shape }], { reduction: 'add' }),
  )
}

/** @param x float32 `[B, n]` @param indices `[B, m]` into the second axis @returns `[B, m]` */
export function pick(g: Graph, x: Value, indices: Value): Value {
  return one(g.node('GatherElements', [x, indices], [{ type: x.type, shape: indices.shape }], { axis: 1 }))
}

/** The number of each image of the batch. @param batch any tensor whose first axis is the batch @returns int32 `[B, 1]` */
export function numberImages(g: Graph, batch: Value): Value {
  // Counted on the device: what `Range` would count has to come from the host.
  const ones = repeatForBatch(g, g.constant('float32', [1], [1]), batch)
  const numbers = subtract(g, runningSum(g, ones), g.scalar(1))
  return reshape(g, cast(g, numbers, 'int32'), [batch.shape[0]!, 1])
}

/**
 * For each image, rows of its own: `out[b, j] = x[b, indices[b, j]]`.
 * @param x `[B, n, …row]`
 * @param indices int32 `[B, m]`
 * @param images their numbers, from `numberImages`
 * @returns `[B, m, …row]`
 */
export function pickRows(g: Graph, x: Value, indices: Value, images: Value): Value {
  const starts = multiply(g, images, g.indices(x.shape[1] as number))
  return gather(g, joinLeading(g, x), add(g, indices, starts))
}

/** `[a, b, …rest]` as `[a·b, …rest]`. */
function joinLeading(g: Graph, x: Value): Value {
  const [first, second, ...rest] = x.shape
  const shape = [`${first}·${second}`, ...rest]
  if (rest.every((size) => typeof size === 'number')) return reshape(g, x, shape)
  const sizes = one(g.node('Shape', [x], [{ type: 'int64', shape: [rest.length] }], { start: 2 }))
  const target = concat(g, [g.integers(-1), sizes], 0)
  return one(g.node('Reshape', [x, target], [{ type: x.type, shape }]))
}

/**
 * The `count` largest of the last axis, of known size, falling; of equal ones the lower index first.
 * @returns indices as int32, in which the devices count: the operator's own int64 looked up in a table, for which they have a
 * shader, as they have none for the cast
 */
export function topK(g: Graph, x: Value, count: number): { values: Value; indices: Value } {
  const shape = x.shape.with(-1, count)
  const outputs = [
    { type: x.type, shape },
    { type: 'int64' as const, shape },
  ]
  const [values, indices] = g.node('TopK', [x, g.integers(count)], outputs, { axis: -1 })
  const size = x.shape.at(-1) as number
  const table = g.constant('int32', [size], [...Array(size).keys()])
  return { values: values!, indices: gather(g, table, indices!) }
}

/** Sum over some axes, which go. */
export function sumAway(g: Graph, x: Value, axes: readonly number[]): Value {
  const shape = x.shape.filter((_, axis) => !axes.includes(axis))
  return one(g.node('ReduceSum', [x, g.integers(...axes)], [{ type: x.type, shape }], { keepdims: 0 }))
}

/** Sum of the squares of all elements. @returns `[]` */
export function sumOfSquares(g: Graph, x: Value): Value {
  return one(g.node('ReduceSumSquare', [x], [{ type: x.type, shape: [] }], { keepdims: 0 }))
}

/** Along the last axis: each with all before it. */
export function runningSum(g: Graph, x: Value): Value {
  const axis = g.constant('int64', [], [x.shape.length - 1])
  return one(g.node('CumSum', [x, axis], [{ type: x.type, shape: x.shape }]))
}

/** Largest of the last axis, which stays with size one. */
export function maximum(g: Graph, x: Value): Value {
  const axis = x.shape.length - 1
  const shape = x.shape.with(axis, 1)
  return one(g.node('ReduceMax', [x, g.integers(axis)], [{ type: x.type, shape }], { keepdims: 1 }))
}

/** Zeros before and after an axis of known size. */
export function pad(g: Graph, x: Value, axis: number, before: number, after: number): Value {
  const shape = x.shape.with(axis, before + (x.shape[axis] as number) + after)
  const sides = [before, after].flatMap((size) => x.shape.map((_, at) => (at === axis ? size : 0)))
  return one(g.node('Pad', [x, g.integers(...sides)], [{ type: x.type, shape }], { mode: 'constant' }))
}

/** Repeats axes of one until the shape is that of another tensor. */
export function expandLike(g: Graph, x: Value, like: Value): Value {
  return one(g.node('Expand', [x, shapeOf(g, like)], [{ type: x.type, shape: like.shape }]))
}

/**
 * Gives a tensor the shape of another with as many elements.
 * @returns the shape of `like`
 */
export function reshapeTo(g: Graph, x: Value, like: Value): Value {
  const unknown = like.shape.filter((size) => typeof size === 'string')
  if (unknown.length <= 1) return reshape(g, x, like.shape)
  return one(g.node('Reshape', [x, shapeOf(g, like)], [{ type: x.type, shape: like.shape }]))
}

/** Sizes that are known only when the graph runs are read off its inputs, so that no other tensor is kept for them. */
function shapeOf(g: Graph, x: Value): Value {
  const sizes = x.shape.map((size) => (typeof size === 'number' ? g.integers(size) : sizeOf(g, size)))
  if (sizes.every((size) => size !== null)) return sizes.length === 1 ? sizes[0]! : concat(g, sizes, 0)
  return one(g.node('Shape', [x], [{ type: 'int64', shape: [x.shape.length] }]))
}

function sizeOf(g: Graph, name: string): Value | null {
  for (const input of g.inputs) {
    const axis = input.shape.indexOf(name)
    if (axis < 0) continue
    const range = { start: axis, end: axis + 1 }
    return one(g.node('Shape', [input], [{ type: 'int64', shape: [1] }], range))
  }
  return null
}

/** Mean over one axis, which goes. */
export function mean(g: Graph, x: Value, axis: number): Value {
  const shape = x.shape.toSpliced(axis, 1)
  return one(g.node('ReduceMean', [x, g.integers(axis)], [{ type: x.type, shape }], { keepdims: 0 }))
}

/** Sum over one axis, which stays with size one. */
export function sum(g: Graph, x: Value, axis: number): Value {
  const shape = x.shape.with(axis, 1)
  return one(g.node('ReduceSum', [x, g.integers(axis)], [{ type: x.type, shape }], { keepdims: 1 }))
}

/** Smallest of all elements. @returns `[]` */
export function minimum(g: Graph, x: Value): Value {
  return one(g.node('ReduceMin', [x], [{ type: x.type, shape: [] }], { keepdims: 0 }))
}

export function where(g: Graph, condition: Value, yes: Value, no: Value): Value {
  return one(g.node('Where', [condition, yes, no], [{ type: yes.type, shape: broadcast(yes, no) }]))
}

export function cast(g: Graph, x: Value, type: ConstantType): Value {
  const to = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 }[type]
  return one(g.node('Cast', [x], [{ type, shape: x.shape }], { to }))
}

/**
 * Repeats a tensor for every image of the batch.
 * @param x `[1, …]`
 * @param batch any tensor whose first axis is the batch
 * @returns `[B, …]`
 */
export function repeatForBatch(g: Graph, x: Value, batch: Value): Value {
  const rank = x.shape.length
  const size = one(g.node('Shape', [batch], [{ type: 'int64', shape: [1] }], { start: 0, end: 1 }))
  const ones = g.integers(...Array<number>(rank - 1).fill(1))
  const target = concat(g, [size, ones], 0)
  return one(g.node('Expand', [x, target], [{ type: x.type, shape: [batch.shape[0]!, ...x.shape.slice(1)] }]))
}

/**
 * Runs a body again and again on values it carries, at most `trips` times and while `condition` holds.
 * @param body gets its graph, the number of the turn and the carried values; gives the condition for another turn
 * and the next values
 * @param carried each with the shape the body may believe, where that is looser than its first value's
 * @returns the last values
 */
export function loop(
  g: Graph,
  trips: number,
  condition: Value,
  carried: readonly { first: Value; name: string; shape: Shape }[],
  body: (g: Graph, turn: Value, values: Value[]) => { condition: Value; values: Value[] },
): Value[] {
  const inner = new Graph('body', g)
  const turn = inner.input(inner.uniqueName('turn'), 'int64', [])
  inner.input(inner.uniqueName('condition'), 'bool', [])
  const values = carried.map(({ first, name, shape }) =>
    inner.input(inner.uniqueName(name), first.type, shape),
  )
  const result = body(inner, turn, values)
  inner.output(result.condition)
  for (const value of result.values) inner.output(value)
  return g.node(
    'Loop',
    [g.constant('int64', [], [trips]), condition, ...carried.map(({ first }) => first)],
    carried.map(({ first, shape }) => ({ type: first.type, shape })),
    { body: inner },
  )
}

function elementwise(g: Graph, operator: Operator, a: Value, b: Value, type: ElementType = a.type): Value {
  return one(g.node(operator, [a, b], [{ type, shape: broadcast(a, b) }]))
}

function same(
  g: Graph,
  operator: Operator,
  x: Value,
  attributes: Record<string, number | string> = {},
): Value {
  return one(g.node(operator, [x], [{ type: x.type, shape: x.shape }], attributes))
}

/** The shape of two broadcast tensors. @throws RangeError where they do not fit */
function broadcast(a: Value, b: Value): Shape {
  const rank = Math.max(a.shape.length, b.shape.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a.shape[axis - rank + a.shape.length] ?? 1
    const right = b.shape[axis - rank + b.shape.length] ?? 1
    if (left === 1 || left === right) return right
    if (right === 1) return left
    throw new RangeError(`[${a.shape}] and [${b.shape}] do not fit together`)
  })
}

function one(values: Value[]): Value {
  return values[0]!
}
