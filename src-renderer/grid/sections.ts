import type { Timeline } from '../../src-main/contract/records.ts'

/** What has one head in the grid: a month, or several of one year that have few photos each. */
export interface Section {
  /** `YYYY-MM`, the newest first. */
  months: readonly string[]
  photos: number
}

/** A month of so few photos fills no row, so that a search that finds some of every month would show heads above all. */
const fewPhotos = 3

/** Months with few photos that follow each other within a year are one section. */
export function sectionsOf({ months, photos }: Pick<Timeline, 'months' | 'photos'>): Section[] {
  const sections: { months: string[]; photos: number }[] = []
  let joined: { months: string[]; photos: number } | undefined
  for (const [at, month] of months.entries()) {
    const count = photos[at]!
    const isFew = count <= fewPhotos
    if (isFew && joined && yearOf(joined.months[0]!) === yearOf(month)) {
      joined.months.push(month)
      joined.photos += count
      continue
    }
    const section = { months: [month], photos: count }
    sections.push(section)
    joined = isFew ? section : undefined
  }
  return sections
}

const yearOf = (month: string) => month.slice(0, 4)
