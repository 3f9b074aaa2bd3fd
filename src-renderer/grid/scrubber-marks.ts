export interface YearMark {
  year: string
  share: number
}

/**
 * Where years begin on a scrubber, as shares of its height by the number of photos; years that would stand on each other are
 * left out, but the newest and as many others as there is room for.
 */
export function yearMarks(
  months: readonly string[],
  photos: readonly number[],
  heightPx: number,
  leastPx: number,
): YearMark[] {
  const total = photos.reduce((sum, count) => sum + count, 0)
  const marks: YearMark[] = []
  let before = 0
  let lastYear = ''
  for (const [at, month] of months.entries()) {
    const year = month.slice(0, 4)
    const share = before / total
    const last = marks.at(-1)
    const isApart = !last || (share - last.share) * heightPx >= leastPx
    // Its words stand below the place where it begins.
    const hasRoom = at === 0 || (1 - share) * heightPx >= leastPx / 2
    if (year !== lastYear && isApart && hasRoom) marks.push({ year, share })
    lastYear = year
    before += photos[at]!
  }
  return marks
}

/**
 * How many photos were taken a day, down the scrubber: a path in a box of 1 by 1 that is filled from the right.
 */
export function densityPath(months: readonly string[], photos: readonly number[]): string {
  const total = photos.reduce((sum, count) => sum + count, 0)
  const most = photos.reduce((most, count) => Math.max(most, count), 1)
  let before = 0
  const steps = months.map((_, at) => {
    const x = 1 - Math.sqrt(photos[at]! / most)
    const from = before / total
    before += photos[at]!
    return `L${x.toFixed(3)} ${from.toFixed(4)}V${(before / total).toFixed(4)}`
  })
  return `M1 0${steps.join('')}L1 1Z`
}
