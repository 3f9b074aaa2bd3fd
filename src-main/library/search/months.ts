import type { MonthCounts } from '../../contract/records.ts'
import { type Bits, intersect } from './bits.ts'
import { flag } from './match.ts'
import type { PostingsReader } from './postings.ts'
import { type RowRange, rowOfEnd } from './rows.ts'

export interface MonthsOptions {
  postings: PostingsReader
  find(query: string): Bits
  /** Folders whose drives are not connected. */
  offline(): number[]
}

/** Counts for the heads of months, of those in sight alone: a walk through all photos would hold up the timeline itself. */
export function createMonths({
  postings,
  find,
  offline,
}: MonthsOptions): (query: string, months: readonly string[]) => MonthCounts {
  return (query, months) => {
    const found = find(query)
    const ranges = months.map(rangeOfMonth)
    const count = (flags: readonly string[]) => {
      const counts = months.map(() => 0)
      for (const each of flags) {
        const bits = found.slice()
        intersect(bits, postings.bitsOf(each))
        for (const [at, photos] of postings.countRanges(bits, ranges).entries()) counts[at]! += photos
      }
      return counts
    }
    return {
      captioned: count([flag.captioned]),
      unsure: count([flag.unsure]),
      offline: count(offline().map(flag.folder)),
    }
  }
}

/** @param month `YYYY-MM` */
function rangeOfMonth(month: string): RowRange {
  const [year, number] = month.split('-').map(Number)
  return {
    fromRow: rowOfEnd(Date.UTC(year!, number!, 1)),
    beforeRow: rowOfEnd(Date.UTC(year!, number! - 1, 1)),
  }
}
