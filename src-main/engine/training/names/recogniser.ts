import {
  applyRule,
  fitLogistic,
  isChanging,
  type LinearRule,
  type Rows,
  toRows,
} from './logistic-regression.ts'

/** A photo as recognisers see it. */
export interface DescribedPhoto {
  /** As `describeMemory` makes it. */
  description: Float32Array
  /** Near duplicates have one number: none of them judges a rule that another was learned from. */
  group: number
  /** A person said something else of it; of others, what they show is not known. */
  isSure: boolean
}

export interface Recogniser {
  weight: Float32Array
  /** Where the sum with the first is above zero the name is recognised; where with the second it is not, it is out of the question. */
  biases: [seen: number, possible: number]
  /** Of the photos with the name, by rules that did not see them. */
  recall: { recognised: number; photos: number; low: number; high: number }
  /** Photos that may well show it though nobody said so: they were not held against it. */
  leftOut: number
}

const folds = 5
/** Photos without their name hide each other: they are looked for again. */
const mostTurns = 3
const ridge = 0.3
/** Of the other photos, these resemble the ones with the name. */
const nearShare = 0.25
/** Of those, so many may be taken for it; and so many may not be out of the question. */
const falseShare = 0.02
const doubtShare = 0.1

/**
 * A linear rule that tells photos with a name from all others. Both its bounds are drawn by photos that it did not learn from,
 * and of these by those that resemble the ones with the name: how many of the rest it takes for it says little.
 * @param named with the name: one at least
 * @param others without it
 */
export function trainRecogniser(
  named: readonly DescribedPhoto[],
  others: readonly DescribedPhoto[],
): Recogniser {
  let kept = [...others]
  let judged = fitAndJudge(named, kept)
  for (let turn = 0; turn < mostTurns; turn++) {
    // What is as like the name as half of its photos are, and was never said to be something else, may be it.
    const middle = judged.namedSums.toSorted((a, b) => a - b)[Math.floor(named.length / 2)]!
    const left = kept.filter((photo, index) => photo.isSure || judged.otherSums[index]! < middle)
    if (left.length === kept.length || left.length === 0) break
    kept = left
    judged = fitAndJudge(named, kept)
  }
  const leftOut = others.length - kept.length
  const { rule, namedSums, otherSums } = judged

  const centre = meanOf(named.map(({ description }) => description))
  const nearness = compareWith(centre, kept)
  const bound = boundOf(nearness, nearShare)
  const near = otherSums.filter((_, index) => nearness[index]! >= bound)
  const seenFrom = boundOf(near, falseShare)
  const possibleFrom = Math.min(seenFrom, boundOf(near, doubtShare))
  const recognised = namedSums.filter((sum) => sum > seenFrom).length
  return {
    weight: rule.weight,
    biases: [rule.bias - seenFrom, rule.bias - possibleFrom],
    recall: { recognised, photos: named.length, ...trustIn(recognised, named.length) },
    leftOut,
  }
}

/** The rule over all photos, and each photo's sum by one that saw none of its group. */
function fitAndJudge(named: readonly DescribedPhoto[], others: readonly DescribedPhoto[]) {
  const all = [...named, ...others]
  const labels = all.map((_, index) => Number(index < named.length))
  const rows = toRows(all.map(({ description }) => description))
  const foldOf = divide(named, others)
  const sums = new Float64Array(all.length)
  for (let fold = 0; fold < folds; fold++) {
    const isOut = (index: number) => foldOf[index] === fold
    const inside = labels.flatMap((_, index) => (isOut(index) ? [] : [index]))
    if (inside.length === all.length) continue
    const rule = fit(
      pickRows(rows, inside),
      inside.map((index) => labels[index]!),
    )
    const outside = labels.flatMap((_, index) => (isOut(index) ? [index] : []))
    for (const [at, sum] of applyRule(rule, pickRows(rows, outside)).entries()) sums[outside[at]!] = sum
  }
  return {
    rule: fit(rows, labels),
    namedSums: Array.from(sums.subarray(0, named.length)),
    otherSums: Array.from(sums.subarray(named.length)),
  }
}

function fit(rows: Rows, labels: number[]): LinearRule {
  return fitLogistic(
    rows,
    labels,
    labels.map(() => 1),
    ridge,
  )
}

/** Groups with the name are dealt out first, so that each part has as many as the others. */
function divide(named: readonly DescribedPhoto[], others: readonly DescribedPhoto[]): number[] {
  const folded = new Map<number, number>()
  for (const { group } of [...named, ...others]) {
    if (!folded.has(group)) folded.set(group, folded.size % folds)
  }
  return [...named, ...others].map(({ group }) => folded.get(group)!)
}

function pickRows({ data, width }: Rows, chosen: readonly number[]): Rows {
  return toRows(chosen.map((row) => data.subarray(row * width, (row + 1) * width)))
}

function meanOf(rows: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(rows[0]!.length)
  for (const row of rows) for (let at = 0; at < mean.length; at++) mean[at]! += row[at]! / rows.length
  return mean
}

/** Cosines with `centre`, both without what all have in common and each column over its deviation. */
function compareWith(centre: Float32Array, photos: readonly DescribedPhoto[]): number[] {
  const mean = meanOf(photos.map(({ description }) => description))
  const squares = new Float64Array(mean.length)
  for (const { description } of photos)
    for (let at = 0; at < mean.length; at++) squares[at]! += (description[at]! - mean[at]!) ** 2
  const scales = squares.map((square, at) =>
    isChanging(square / photos.length, mean[at]!) ? Math.sqrt(photos.length / square) : 0,
  )
  const aim = mean.map((value, at) => (centre[at]! - value) * scales[at]!)
  return photos.map(({ description }) => {
    let product = 0
    let square = 0
    for (let at = 0; at < mean.length; at++) {
      const value = (description[at]! - mean[at]!) * scales[at]!
      product += value * aim[at]!
      square += value * value
    }
    return product / Math.sqrt(square || 1)
  })
}

/** So that at most this share of the values is above. */
function boundOf(values: readonly number[], share: number): number {
  const falling = values.toSorted((a, b) => b - a)
  return falling[Math.floor(share * values.length)] ?? Number.NEGATIVE_INFINITY
}

/** Wilson's interval of a share, 95 %: of five out of five it still says that it may be half. */
export function trustIn(count: number, total: number): { low: number; high: number } {
  const z = 1.96
  const share = count / total
  const middle = (share + z ** 2 / (2 * total)) / (1 + z ** 2 / total)
  const reach = (z / (1 + z ** 2 / total)) * Math.sqrt((share * (1 - share)) / total + (z / (2 * total)) ** 2)
  return { low: Math.max(0, middle - reach), high: Math.min(1, middle + reach) }
}
