import { dayOf, type RowRange, rowOfEnd } from './rows.ts'

/** Visits the rows of what was found, within a range and in no order. */
export type EachRow = (range: RowRange, visit: (row: number) => void) => void

const dayMs = 86_400_000

/**
 * How many photos there are of each day.
 * @returns days since 1970 with their counts, the newest first
 */
export function countByDay(eachRow: EachRow): [day: number, photos: number][] {
  const counts = new Map<number, number>()
  eachRow({ fromRow: 0, beforeRow: Number.MAX_SAFE_INTEGER }, (row) => {
    const day = dayOf(row)
    counts.set(day, (counts.get(day) ?? 0) + 1)
  })
  return [...counts].sort(([a], [b]) => b - a)
}

/** @returns months as `YYYY-MM`, the newest first */
export function monthsOf(days: readonly [day: number, photos: number][]): [month: string, photos: number][] {
  const months = new Map<string, number>()
  for (const [day, photos] of days) {
    const month = new Date(day * dayMs).toISOString().slice(0, 7)
    months.set(month, (months.get(month) ?? 0) + photos)
  }
  return [...months]
}

/**
 * The rows from one place on, in the order of the index. Only the days that they are of are sorted.
 * @param days as `countByDay` tells
 */
export function rowsAt(
  eachRow: EachRow,
  days: readonly [day: number, photos: number][],
  offset: number,
  limit: number,
): number[] {
  let before = 0
  let counted = 0
  let newest: number | undefined
  let oldest = 0
  for (const [day, photos] of days) {
    if (counted >= offset + limit) break
    counted += photos
    if (counted <= offset) {
      before = counted
      continue
    }
    newest ??= day
    oldest = day
  }
  if (newest === undefined) return []
  const found = new Float64Array(counted - before)
  let at = 0
  eachRow({ fromRow: rowOfEnd((newest + 1) * dayMs), beforeRow: rowOfEnd(oldest * dayMs) }, (row) => {
    found[at++] = row
  })
  found.sort()
  return [...found.subarray(offset - before, offset - before + limit)]
}

/** How many are newer than a moment. */
export function countAfter(eachRow: EachRow, momentMs: number): number {
  let newer = 0
  eachRow({ fromRow: 0, beforeRow: rowOfEnd(momentMs) }, () => newer++)
  return newer
}
