/** Rows of the index from `fromRow` on, before `beforeRow`. */
export interface RowRange {
  fromRow: number
  beforeRow: number
}

export const farthestRow = Number.MAX_SAFE_INTEGER
export const everyRow: RowRange = { fromRow: 0, beforeRow: farthestRow }

/**
 * Rows of the index for one second; more photos of the same second spill over into the ones before. A power
 * of two far above any camera's rate, and small so that the index, which stores differences, stays small.
 */
export const rowsPerSecond = 1024
/** Seconds are counted from 1697, and end in 2242, so that row numbers are positive and exact in a double. */
const farthestSecond = 2 ** 33
const secondsPerDay = 86_400

/**
 * Rows run from the newest to the oldest, which is the direction the index is fast in: photos of this second
 * and all newer ones are in rows below the result, older ones from it on.
 */
export function rowOfEnd(sortMs: number): number {
  const second = Math.floor(sortMs / 1000)
  const bounded = Math.min(Math.max(second, -farthestSecond), farthestSecond)
  return (farthestSecond - bounded + 1) * rowsPerSecond
}

/** The first row of the second of a photo. */
export function firstRowOf(sortMs: number): number {
  return rowOfEnd(sortMs) - rowsPerSecond
}

/** The day since 1970 of a row: that of its photo, unless so many were taken in its second that they spilled over. */
export function dayOf(row: number): number {
  return Math.floor((farthestSecond - Math.floor(row / rowsPerSecond)) / secondsPerDay)
}

/** Days that rows can be of; where photos of one second spill over they are twelve days older at the most. */
export const firstDay = Math.floor(-farthestSecond / secondsPerDay) - 14
export const lastDay = Math.floor(farthestSecond / secondsPerDay) + 1
