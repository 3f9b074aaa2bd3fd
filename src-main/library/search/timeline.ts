import { dayOf, firstDay, lastDay } from './rows.ts'

/** Visits the rows of what was found, in no order, some at a time. */
export type EachRows = (visit: (rows: Float64Array) => void) => void

/** What one walk through all that was found tells of it. */
export interface Survey {
  /** Days since 1970 with how many there are of each, the newest first. */
  days: readonly [day: number, photos: number][]
  total: number
  /** Of what rows are mixed into: a sum does not depend on their order. */
  sums: readonly [number, number]
  /** Another one for another set of rows, whatever order they were walked through in. */
  token: string
}

const dayMs = 86_400_000

interface Tally {
  /** By day, from the last one that there is room for to the first: a map would take as long as all the rest. */
  counts: Uint32Array
  total: number
  sums: readonly [number, number]
}

function tally(eachRows: EachRows): Tally {
  const counts = new Uint32Array(lastDay - firstDay + 1)
  let total = 0
  let [first, second] = [0, 0]
  eachRows((rows) => {
    total += rows.length
    let [one, other] = [first, second]
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!
      counts[lastDay - dayOf(row)]!++
      // Numbers are mixed well before they are added. https://github.com/skeeto/hash-prospector
      let mixed = Math.imul(row ^ Math.imul(row / 2 ** 32, 0x9e3779b1), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      one = (one + (mixed ^ (mixed >>> 15))) | 0
      other = (other + Math.imul(mixed ^ (mixed >>> 13), 0x846ca68b)) | 0
    }
    first = one
    second = other
  })
  return { counts, total, sums: [first, second] }
}

function toSurvey({ counts, total, sums }: Tally): Survey {
  const days: [day: number, photos: number][] = []
  for (let at = 0; at < counts.length; at++) if (counts[at]! > 0) days.push([lastDay - at, counts[at]!])
  const token = [total, sums[0] >>> 0, sums[1] >>> 0].map((part) => part.toString(36)).join('-')
  return { days, total, sums, token }
}

export function surveyRows(eachRows: EachRows): Survey {
  return toSurvey(tally(eachRows))
}

/** What `surveyRows` would tell after some rows went and others came, by a walk through these alone. */
export function surveyChange(before: Survey, gone: EachRows, come: EachRows): Survey {
  const [less, more] = [tally(gone), tally(come)]
  const { counts } = more
  for (const [day, photos] of before.days) counts[lastDay - day]! += photos
  for (let at = 0; at < counts.length; at++) counts[at]! -= less.counts[at]!
  const sumOf = (at: 0 | 1) => (before.sums[at] + more.sums[at] - less.sums[at]) | 0
  return toSurvey({ counts, total: before.total + more.total - less.total, sums: [sumOf(0), sumOf(1)] })
}

/** All that was found, from the newest to the oldest. */
export interface Order {
  /** The rows from one place on. */
  rowsAt(offset: number, limit: number): number[]
  /** How many come before a row. */
  countBefore(row: number): number
  has(row: number): boolean
}

/** Puts the rows down day by day; only those of days that are looked at are sorted, once. 8 bytes a row. */
export function orderRows(eachRows: EachRows, { days, total }: Survey): Order {
  const newest = days[0]?.[0] ?? 0
  /** By day, from the newest on; the last is where they end. */
  const starts = new Uint32Array(newest - (days.at(-1)?.[0] ?? 0) + 2)
  for (const [day, photos] of days) starts[newest - day + 1] = photos
  for (let at = 1; at < starts.length; at++) starts[at]! += starts[at - 1]!
  const rows = new Float64Array(total)
  const next = starts.slice()
  eachRows((found) => {
    for (let at = 0; at < found.length; at++) {
      const row = found[at]!
      rows[next[newest - dayOf(row)]!++] = row
    }
  })
  const sorted = new Set<number>()

  function sortDay(at: number): void {
    if (sorted.has(at)) return
    rows.subarray(starts[at], starts[at + 1]).sort()
    sorted.add(at)
  }

  function countBefore(row: number): number {
    const day = newest - dayOf(row)
    if (day < 0) return 0
    if (day >= starts.length - 1) return total
    sortDay(day)
    let low = starts[day]!
    let high = starts[day + 1]!
    while (low < high) {
      const middle = (low + high) >>> 1
      if (rows[middle]! < row) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    rowsAt(offset, limit) {
      const end = Math.min(offset + limit, total)
      if (offset >= end) return []
      let day = 0
      while (starts[day + 1]! <= offset) day++
      for (; starts[day]! < end; day++) sortDay(day)
      return [...rows.subarray(offset, end)]
    },
    countBefore,
    has: (row) => rows[countBefore(row)] === row,
  }
}

/** @returns months as `YYYY-MM`, the newest first */
export function monthsOf(days: Survey['days']): [month: string, photos: number][] {
  const months: [month: string, photos: number][] = []
  let firstDay = Infinity
  for (const [day, photos] of days) {
    if (day < firstDay) {
      const date = new Date(day * dayMs)
      firstDay = day - date.getUTCDate() + 1
      months.push([date.toISOString().slice(0, 7), 0])
    }
    months.at(-1)![1] += photos
  }
  return months
}
