import { dayOf, type RowRange, rowOfEnd } from './rows.ts'

/** Visits the rows of what was found, within a range and in no order. */
export type EachRow = (range: RowRange, visit: (row: number) => void) => void

/** What one walk through all that was found tells of it. */
export interface Survey {
  /** Days since 1970 with how many there are of each, the newest first. */
  days: readonly [day: number, photos: number][]
  total: number
  /** Another one for another set of rows, whatever order they were walked through in. */
  token: string
}

const dayMs = 86_400_000
const everyRow: RowRange = { fromRow: 0, beforeRow: Number.MAX_SAFE_INTEGER }
/** So many rows are sorted in some 3 ms; of more, walking through them once more is quicker. */
const sortedAtOnce = 2 ** 15
const stretches = 2 ** 10

export function surveyRows(eachRow: EachRow): Survey {
  const counts = new Map<number, number>()
  let total = 0
  let [first, second] = [0, 0]
  // Neighbours mostly are of one day.
  let [lastDay, ofLastDay] = [Number.NaN, 0]
  eachRow(everyRow, (row) => {
    const day = dayOf(row)
    if (day !== lastDay) {
      if (ofLastDay > 0) counts.set(lastDay, (counts.get(lastDay) ?? 0) + ofLastDay)
      lastDay = day
      ofLastDay = 0
    }
    ofLastDay++
    total++
    // A sum of well mixed numbers does not depend on their order. https://github.com/skeeto/hash-prospector
    let mixed = Math.imul(row ^ Math.imul(row / 2 ** 32, 0x9e3779b1), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    first = (first + (mixed ^ (mixed >>> 15))) | 0
    second = (second + Math.imul(mixed ^ (mixed >>> 13), 0x846ca68b)) | 0
  })
  if (ofLastDay > 0) counts.set(lastDay, (counts.get(lastDay) ?? 0) + ofLastDay)
  return {
    days: [...counts].sort(([a], [b]) => b - a),
    total,
    token: [total, first >>> 0, second >>> 0].map((part) => part.toString(36)).join('-'),
  }
}

/** @returns months as `YYYY-MM`, the newest first */
export function monthsOf(days: Survey['days']): [month: string, photos: number][] {
  const months = new Map<string, number>()
  for (const [day, photos] of days) {
    const month = new Date(day * dayMs).toISOString().slice(0, 7)
    months.set(month, (months.get(month) ?? 0) + photos)
  }
  return [...months]
}

/**
 * The rows from one place on, in the order of the index. Only the days that they are of are looked at, and of days with
 * very many photos only the stretch that is wanted is sorted.
 */
export function rowsAt(eachRow: EachRow, days: Survey['days'], offset: number, limit: number): number[] {
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
  const range = { fromRow: rowOfEnd((newest + 1) * dayMs), beforeRow: rowOfEnd(oldest * dayMs) }
  const first = offset - before
  const count = counted - before
  if (count <= sortedAtOnce) return [...sortedRows(eachRow, range, count).subarray(first, first + limit)]
  const wanted = Math.min(limit, count - first)
  const fromRow = rowAt(eachRow, range, count, first)
  const beforeRow = rowAt(eachRow, { ...range, fromRow }, count - first, wanted - 1) + 1
  return [...sortedRows(eachRow, { fromRow, beforeRow }, wanted)]
}

/** The row that has so many before it within a range. @param count of rows within it. */
function rowAt(eachRow: EachRow, range: RowRange, count: number, place: number): number {
  if (count <= sortedAtOnce) return sortedRows(eachRow, range, count)[place]!
  const { fromRow, beforeRow } = range
  const width = Math.ceil((beforeRow - fromRow) / stretches)
  const counts = new Uint32Array(stretches)
  eachRow(range, (row) => {
    counts[Math.floor((row - fromRow) / width)]!++
  })
  let stretch = 0
  let before = 0
  while (before + counts[stretch]! <= place) before += counts[stretch++]!
  const from = fromRow + stretch * width
  const narrowed = { fromRow: from, beforeRow: Math.min(from + width, beforeRow) }
  return rowAt(eachRow, narrowed, counts[stretch]!, place - before)
}

function sortedRows(eachRow: EachRow, range: RowRange, count: number): Float64Array {
  const found = new Float64Array(count)
  let at = 0
  eachRow(range, (row) => {
    found[at++] = row
  })
  return found.sort()
}

/** How many come before a row. */
export function countBefore(eachRow: EachRow, days: Survey['days'], beforeRow: number): number {
  const day = dayOf(beforeRow)
  let before = 0
  for (const [other, photos] of days) if (other > day) before += photos
  eachRow({ fromRow: rowOfEnd((day + 1) * dayMs), beforeRow }, () => before++)
  return before
}
