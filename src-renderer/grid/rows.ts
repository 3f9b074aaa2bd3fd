/** The space between photos, across and down. */
export const gapPx = 4
/** Of what a photo is shown at in the grid: a panorama is cropped there, and nowhere else. */
export const narrowestRatio = 0.6
export const widestRatio = 2.4
/** Of a photo whose picture was not measured yet. */
export const ratioUntilKnown = 1.5
/** A row is not higher than this times what is wished for; one that would be is left short of the right edge. */
export const highestStretch = 1.35

/** What rows are made to fit. */
export interface Measure {
  /** Of the content, without the scrubber and the padding. */
  widthPx: number
  /** How high a row is to be, more or less. */
  targetPx: number
  /** Under the photos of each row, for words. */
  captionPx: number
}

/** The rows of some photos that follow each other, `n` of them; row `i` holds the photos from `starts[i]` to before `starts[i + 1]`. */
export interface Rows {
  /** `[n + 1]`: how many photos there are before each row. */
  starts: Uint16Array
  /** `[n]`: how high the photos are, before rounding. */
  heights: Float64Array
  /** `[n + 1]`: where each row begins, and where the last one ends with the gap below it. */
  topsPx: Float64Array
  /** Of the photos, as they are shown. */
  ratios: Float32Array
}

/** Where a photo stands in its row. */
export interface Span {
  leftPx: number
  widthPx: number
}

export function shownRatio(ratio: number): number {
  return ratio > 0 ? Math.min(widestRatio, Math.max(narrowestRatio, ratio)) : ratioUntilKnown
}

/**
 * Breaks photos into rows that all end at the right edge. What is left at the end is a short row at the end of a month, and is
 * spread over the rows before it where the month goes on.
 * @param ratios width by height, 0 where it is not known; 65,535 at most
 */
export function breakRows(ratios: ArrayLike<number>, measure: Measure, isEndOfMonth: boolean): Rows {
  const shown = Float32Array.from(ratios, shownRatio)
  const starts = breakGreedily(shown, measure)
  const isShort = heightToFill(shown, starts.at(-1)!, shown.length, measure) > measure.targetPx
  if (isShort && !isEndOfMonth) spreadLastRows(shown, starts, measure)
  return measureRows(shown, starts, measure, isShort && isEndOfMonth)
}

/** How high photos are that fill the width together. */
function heightToFill(ratios: Float32Array, start: number, end: number, { widthPx }: Measure): number {
  let sum = 0
  for (let i = start; i < end; i++) sum += ratios[i]!
  return heightOf(widthPx, end - start, sum)
}

const heightOf = (widthPx: number, count: number, sumOfRatios: number) =>
  Math.max(1, (widthPx - (count - 1) * gapPx) / sumOfRatios)

/** @returns where rows start; the last may be short. */
function breakGreedily(ratios: Float32Array, { widthPx, targetPx }: Measure): number[] {
  const starts = [0]
  let sum = 0
  for (let i = 0; i < ratios.length; i++) {
    sum += ratios[i]!
    const count = i + 1 - starts.at(-1)!
    const height = heightOf(widthPx, count, sum)
    if (height > targetPx) continue
    const without = count > 1 ? heightOf(widthPx, count - 1, sum - ratios[i]!) : Infinity
    const isBetterWithout = Math.abs(without - targetPx) < Math.abs(height - targetPx)
    sum = isBetterWithout ? ratios[i]! : 0
    starts.push(isBetterWithout ? i : i + 1)
    // A photo that is wider than the window at this height has a row of its own.
    if (isBetterWithout && heightOf(widthPx, 1, sum) <= targetPx) {
      sum = 0
      starts.push(i + 1)
    }
  }
  if (starts.length > 1 && starts.at(-1) === ratios.length) starts.pop()
  return starts
}

/** How many rows at the end of a part are made anew so that the last one is as full as the others. */
const rowsToSpread = 4

/** Makes the last rows anew, so that together they are as near to the wished height as can be. */
function spreadLastRows(ratios: Float32Array, starts: number[], measure: Measure): void {
  const from = starts[Math.max(0, starts.length - rowsToSpread)]!
  const count = ratios.length - from
  const costs = new Float64Array(count + 1).fill(Infinity)
  const before = new Int32Array(count + 1)
  costs[0] = 0
  for (let end = 1; end <= count; end++) {
    let sum = 0
    for (let start = end - 1; start >= 0; start--) {
      sum += ratios[from + start]!
      const stretch = heightOf(measure.widthPx, end - start, sum) / measure.targetPx
      if (stretch < 0.4 && end - start > 1) break
      const cost = costs[start]! + Math.log(stretch) ** 2 + (stretch > highestStretch ? 10 : 0)
      if (cost < costs[end]!) {
        costs[end] = cost
        before[end] = start
      }
    }
  }
  starts.length = Math.max(0, starts.length - rowsToSpread)
  const made: number[] = []
  for (let end = count; end > 0; end = before[end]!) made.unshift(from + before[end]!)
  starts.push(...made)
}

function measureRows(ratios: Float32Array, starts: number[], measure: Measure, isShort: boolean): Rows {
  const heights = new Float64Array(starts.length)
  const topsPx = new Float64Array(starts.length + 1)
  for (let row = 0; row < starts.length; row++) {
    const end = starts[row + 1] ?? ratios.length
    const filling = heightToFill(ratios, starts[row]!, end, measure)
    const isLastShort = isShort && row === starts.length - 1
    heights[row] = isLastShort
      ? Math.min(measure.targetPx, row > 0 ? heights[row - 1]! : measure.targetPx)
      : Math.min(filling, highestStretch * measure.targetPx)
    topsPx[row + 1] = topsPx[row]! + Math.max(1, Math.round(heights[row]!)) + measure.captionPx + gapPx
  }
  return { starts: Uint16Array.from([...starts, ratios.length]), heights, topsPx, ratios }
}

export const rowCount = (rows: Rows) => rows.heights.length
export const heightPxOf = (rows: Rows, row: number) => Math.max(1, Math.round(rows.heights[row]!))

/** Where the photos of a row stand, to the pixel: a full row ends at the width it was made for. */
export function spansOf(rows: Rows, row: number): Span[] {
  const height = rows.heights[row]!
  const [start, end] = [rows.starts[row]!, rows.starts[row + 1]!]
  const spans: Span[] = []
  let [sum, leftPx] = [0, 0]
  for (let i = start; i < end; i++) {
    sum += rows.ratios[i]!
    const nextPx = Math.round(height * sum) + (i + 1 - start) * gapPx
    spans.push({ leftPx, widthPx: nextPx - gapPx - leftPx })
    leftPx = nextPx
  }
  return spans
}

/** The row that holds the n-th photo. */
export function rowOf(rows: Rows, photo: number): number {
  return lastAtMost(rows.starts, photo, rowCount(rows))
}

/** The row at a height; the gap below a row belongs to it. */
export function rowAt(rows: Rows, topPx: number): number {
  return lastAtMost(rows.topsPx, topPx, rowCount(rows))
}

/** The index of the last of the first `count` ascending values that is at most `value`; 0 where there is none. */
export function lastAtMost(values: ArrayLike<number>, value: number, count = values.length): number {
  let [low, high] = [0, count - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (values[middle]! <= value) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

/** How high so many photos will be, before anything is known of them but what their like is. */
export function estimateRows(
  photos: number,
  meanRatio: number,
  measure: Measure,
  isEndOfMonth: boolean,
): number {
  const perRow = Math.max(1, (measure.widthPx + gapPx) / (meanRatio * measure.targetPx + gapPx))
  const rows = photos / perRow
  return Math.max(1, isEndOfMonth ? Math.ceil(rows) : Math.round(rows))
}
