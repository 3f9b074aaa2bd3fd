/** Rows of equal length, one after the other. */
export interface Rows {
  data: Float32Array
  width: number
}

export interface LinearRule {
  weight: Float32Array
  bias: number
}

const newtonSteps = 12
const conjugateSteps = 30
const smallEnough = 1e-3

/**
 * Logistic regression with a ridge on all weights but the bias, by Newton's method with conjugate gradients (truncated Newton,
 * Nocedal and Wright, chapter 7), which never makes a matrix of the size of the weights squared.
 * @param labels 1 or 0, for each row
 * @param counts how much each row counts
 * @param ridge for columns of any scale: they are brought to zero mean and unit length of the rows before
 */
export function fitLogistic(
  { data, width }: Rows,
  labels: readonly number[],
  counts: readonly number[],
  ridge: number,
): LinearRule {
  const { rows, means, scales } = standardise({ data, width })
  const count = labels.length
  const size = width + 1
  let weights = new Float64Array(size)
  const margins = new Float64Array(count)
  const penalty = (at: number) => (at === width ? 1e-6 : ridge)

  /** `Xᵀ·x`, with a last column of ones. */
  const gather = (x: Float64Array): Float64Array => {
    const sums = new Float64Array(size)
    for (let row = 0; row < count; row++) {
      const value = x[row]!
      if (value === 0) continue
      for (let at = 0, from = row * width; at < width; at++) sums[at]! += rows[from + at]! * value
      sums[width]! += value
    }
    return sums
  }
  /** `X·w` */
  const spread = (w: Float64Array, into: Float64Array): Float64Array => {
    for (let row = 0; row < count; row++) {
      let sum = w[width]!
      for (let at = 0, from = row * width; at < width; at++) sum += rows[from + at]! * w[at]!
      into[row] = sum
    }
    return into
  }
  const lossOf = (w: Float64Array): number => {
    spread(w, margins)
    const penalties = w.reduce((sum, value, at) => sum + (penalty(at) * value * value) / 2, 0)
    return labels.reduce((sum, label, row) => {
      const margin = label === 1 ? margins[row]! : -margins[row]!
      return (
        sum +
        counts[row]! * (margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin)
      )
    }, penalties)
  }

  const scratch = new Float64Array(count)
  let loss = lossOf(weights)
  for (let turn = 0; turn < newtonSteps; turn++) {
    const chances = margins.map((margin) => 1 / (1 + Math.exp(-margin)))
    const gradient = gather(chances.map((chance, row) => counts[row]! * (chance - labels[row]!)))
    for (let at = 0; at < size; at++) gradient[at]! += penalty(at) * weights[at]!
    if (lengthOf(gradient) < smallEnough) break
    const curve = chances.map((chance, row) => counts[row]! * Math.max(chance * (1 - chance), 1e-9))
    const bend = (direction: Float64Array): Float64Array => {
      spread(direction, scratch)
      for (let row = 0; row < count; row++) scratch[row]! *= curve[row]!
      const bent = gather(scratch)
      for (let at = 0; at < size; at++) bent[at]! += penalty(at) * direction[at]!
      return bent
    }
    const step = solveByConjugates(bend, gradient)
    // A whole step is nearly always the right one.
    let share = 1
    let next = weights.map((value, at) => value - step[at]!)
    let nextLoss = lossOf(next)
    while (nextLoss > loss && share > 1e-4) {
      share /= 2
      next = weights.map((value, at) => value - share * step[at]!)
      nextLoss = lossOf(next)
    }
    const gain = loss - nextLoss
    weights = next
    loss = nextLoss
    if (gain < smallEnough * 1e-2) break
  }

  const weight = new Float32Array(width)
  let bias = weights[width]!
  for (let at = 0; at < width; at++) {
    const value = weights[at]! * scales[at]!
    weight[at] = value
    bias -= value * means[at]!
  }
  return { weight, bias }
}

/** @returns the sum of each row */
export function applyRule({ weight, bias }: LinearRule, { data, width }: Rows): Float64Array {
  return Float64Array.from({ length: data.length / width }, (_, row) => {
    let sum = bias
    for (let at = 0, from = row * width; at < width; at++) sum += data[from + at]! * weight[at]!
    return sum
  })
}

/** @param parts each of one length */
export function toRows(parts: readonly Float32Array[]): Rows {
  const width = parts[0]!.length
  const data = new Float32Array(parts.length * width)
  for (const [row, part] of parts.entries()) data.set(part, row * width)
  return { data, width }
}

/** Rows of about ten in length, whatever the columns are: a ridge means the same everywhere. */
function standardise({ data, width }: Rows) {
  const count = data.length / width
  const means = new Float64Array(width)
  const squares = new Float64Array(width)
  for (let at = 0; at < data.length; at++) means[at % width]! += data[at]! / count
  for (let at = 0; at < data.length; at++)
    squares[at % width]! += (data[at]! - means[at % width]!) ** 2 / count
  const scales = squares.map((square, at) =>
    isChanging(square, means[at]!) ? 10 / Math.sqrt(square * width) : 0,
  )
  const rows = new Float32Array(data.length)
  for (let at = 0; at < data.length; at++) rows[at] = (data[at]! - means[at % width]!) * scales[at % width]!
  return { rows, means, scales }
}

/** Whether a column with this variance is more than the rounding of its mean. */
export function isChanging(variance: number, mean: number): boolean {
  return variance > 1e-12 * mean ** 2
}

function solveByConjugates(bend: (x: Float64Array) => Float64Array, wanted: Float64Array): Float64Array {
  const found = new Float64Array(wanted.length)
  const rest = wanted.slice()
  let direction = rest.slice()
  let square = rest.reduce((sum, value) => sum + value * value, 0)
  const enough = square * 1e-4
  for (let turn = 0; turn < conjugateSteps && square > enough; turn++) {
    const bent = bend(direction)
    const share = square / direction.reduce((sum, value, at) => sum + value * bent[at]!, 0)
    for (let at = 0; at < rest.length; at++) {
      found[at]! += share * direction[at]!
      rest[at]! -= share * bent[at]!
    }
    const next = rest.reduce((sum, value) => sum + value * value, 0)
    const turned = next / square
    direction = direction.map((value, at) => rest[at]! + turned * value)
    square = next
  }
  return found
}

function lengthOf(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0))
}
