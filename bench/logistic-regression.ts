/** Logistic regression by Newton's method, with a ridge of one on all weights but the bias. */

export interface Fit {
  bias: number
  /** Of each column, for values less their mean over their deviation. */
  columns: { mean: number; deviation: number; weight: number }[]
}

/** @param rows one an example, all of one length */
export function fitLogistic(rows: readonly (readonly number[])[], labels: readonly boolean[]): Fit {
  const width = rows[0]!.length
  const columns = Array.from({ length: width }, (_, column) => {
    const mean = rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length
    const variance = rows.reduce((sum, row) => sum + (row[column]! - mean) ** 2, 0) / rows.length
    return { mean, deviation: Math.sqrt(variance) || 1, weight: 0 }
  })
  const inputs = rows.map((row) => [
    1,
    ...row.map((x, at) => (x - columns[at]!.mean) / columns[at]!.deviation),
  ])
  let weights = Array<number>(width + 1).fill(0)
  for (let turn = 0; turn < 25; turn++) {
    const gradient = weights.map((weight, at) => (at === 0 ? 0 : weight))
    const hessian = weights.map((_, row) => weights.map((_, column) => (row === column && row > 0 ? 1 : 0)))
    for (const [index, input] of inputs.entries()) {
      const p = 1 / (1 + Math.exp(-input.reduce((sum, x, at) => sum + x * weights[at]!, 0)))
      for (const [row, x] of input.entries()) {
        gradient[row]! += (p - Number(labels[index])) * x
        for (const [column, y] of input.entries()) hessian[row]![column]! += p * (1 - p) * x * y
      }
    }
    const step = solve(hessian, gradient)
    weights = weights.map((weight, at) => weight - step[at]!)
  }
  return {
    bias: weights[0]!,
    columns: columns.map((column, at) => ({ ...column, weight: weights[at + 1]! })),
  }
}

export function predict({ bias, columns }: Fit, row: readonly number[]): number {
  const sum = columns.reduce(
    (total, { mean, deviation, weight }, at) => total + ((row[at]! - mean) / deviation) * weight,
    bias,
  )
  return 1 / (1 + Math.exp(-sum))
}

/** Predictions of each row by a fit on the nine tenths that it is not in. */
export function crossPredict(rows: readonly (readonly number[])[], labels: readonly boolean[]): number[] {
  const folds = 10
  const predictions = Array<number>(rows.length)
  for (let fold = 0; fold < folds; fold++) {
    const isOut = (index: number) => index % folds === fold
    const fit = fitLogistic(
      rows.filter((_, index) => !isOut(index)),
      labels.filter((_, index) => !isOut(index)),
    )
    for (const [index, row] of rows.entries()) if (isOut(index)) predictions[index] = predict(fit, row)
  }
  return predictions
}

/** Share of pairs of a true and a false example that are in the right order. */
export function areaUnderCurve(scores: readonly number[], labels: readonly boolean[]): number {
  const order = scores
    .map((score, index) => ({ score, label: labels[index]! }))
    .sort((a, b) => a.score - b.score)
  let falses = 0
  let inOrder = 0
  for (const { label } of order) {
    if (label) inOrder += falses
    else falses++
  }
  return inOrder / (falses * (order.length - falses))
}

/** Gauss with pivots. */
function solve(matrix: number[][], right: number[]): number[] {
  const size = right.length
  const rows = matrix.map((row, at) => [...row, right[at]!])
  for (let at = 0; at < size; at++) {
    const pivot = rows.reduce((best, row, index) => {
      return index >= at && Math.abs(row[at]!) > Math.abs(rows[best]![at]!) ? index : best
    }, at)
    ;[rows[at], rows[pivot]] = [rows[pivot]!, rows[at]!]
    for (let other = 0; other < size; other++) {
      if (other === at) continue
      const factor = rows[other]![at]! / rows[at]![at]!
      for (let column = at; column <= size; column++) rows[other]![column]! -= factor * rows[at]![column]!
    }
  }
  return rows.map((row, at) => row[size]! / row[at]!)
}
