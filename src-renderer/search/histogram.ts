import type { Timeline } from '../../src-main/contract/records.ts'

/** So many months that stand side by side, `YYYY-MM`. */
export interface Bar {
  first: string
  last: string
  photos: number
}

const stepsMonths = [1, 2, 3, 6, 12, 24, 60, 120]

/** The photos of a timeline as bars of one width, the oldest first, and months without a photo as well. */
export function barsOf({ months, photos }: Pick<Timeline, 'months' | 'photos'>, mostBars = 48): Bar[] {
  if (months.length === 0) return []
  const indexes = months.map(indexOf)
  const oldest = Math.min(...indexes)
  const newest = Math.max(...indexes)
  const step = stepsMonths.find((months) => barOf(newest, months) - barOf(oldest, months) < mostBars) ?? 240
  const firstBar = barOf(oldest, step)
  const bars = Array.from({ length: barOf(newest, step) - firstBar + 1 }, (_, at) => ({
    first: nameOf((firstBar + at) * step),
    last: nameOf((firstBar + at + 1) * step - 1),
    photos: 0,
  }))
  for (const [at, month] of indexes.entries()) bars[barOf(month, step) - firstBar]!.photos += photos[at]!
  return bars
}

/** Whether a bar is of a time that is bounded so, as if UTC. */
export function isWithin(
  bar: Bar,
  { fromMs, beforeMs }: { fromMs: number | null; beforeMs: number | null },
): boolean {
  const startMs = Date.parse(`${bar.first}-01T00:00:00Z`)
  const endMs = Date.parse(`${nameOf(indexOf(bar.last) + 1)}-01T00:00:00Z`)
  return endMs > (fromMs ?? Number.NEGATIVE_INFINITY) && startMs < (beforeMs ?? Number.POSITIVE_INFINITY)
}

/** How many months one bar is. */
export function monthsOfBar(bar: Bar): number {
  return indexOf(bar.last) - indexOf(bar.first) + 1
}

const barOf = (month: number, step: number) => Math.floor(month / step)

function indexOf(month: string): number {
  const [year, number] = month.split('-').map(Number)
  return year! * 12 + number! - 1
}

function nameOf(index: number): string {
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}`
}
