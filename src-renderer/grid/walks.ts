import { headPx, type Layout, type PlacedRow } from './layout.ts'
import { spansOf } from './rows.ts'

/** In pixels of the whole library. */
export interface LibraryBox {
  leftPx: number
  rightPx: number
  topPx: number
  bottomPx: number
}

/**
 * The month that holds a place: its first place, and that of the month after it.
 * @param photos how many each month has
 */
export function monthAround(
  photos: readonly number[],
  place: number,
): { index: number; start: number; end: number } {
  let [start, index] = [0, 0]
  while (index < photos.length - 1 && start + photos[index]! <= place) start += photos[index++]!
  return { index, start, end: start + (photos[index] ?? 0) }
}

/** The photo above or below, the nearest by its middle. @returns the place itself where there is none */
export function nearestBeyond(layout: Layout, place: number, step: 1 | -1): number {
  const from = layout.rowOfPlace(place)
  const to = from && layout.neighbour(from, step)
  if (!to) return place
  const middlePx = middleOf(layout, from, place - from.firstPlace)
  let [best, bestPx] = [to.firstPlace, Infinity]
  for (let at = to.firstPlace; at < to.endPlace; at++) {
    const awayPx = Math.abs(middleOf(layout, to, at - to.firstPlace) - middlePx)
    if (awayPx < bestPx) [best, bestPx] = [at, awayPx]
  }
  return best
}

/** About a screen further. */
export function placeByScreen(layout: Layout, place: number, step: 1 | -1, viewPx: number): number {
  const topPx = layout.topOfPlace(place) + step * Math.max(100, viewPx - 2 * headPx)
  return layout.positionAt(Math.min(layout.totalPx - 1, Math.max(0, topPx))).place
}

/** Runs of places whose photos lie in a box. @param read makes the rows of a part, as far as they can be made */
export function runsWithin(
  layout: Layout,
  box: LibraryBox,
  read: (part: number) => void,
): [number, number][] {
  const runs: [number, number][] = []
  for (
    let part = layout.partAt(box.topPx);
    part < layout.parts && layout.topOf(part) < box.bottomPx;
    part++
  ) {
    read(part)
    for (const row of layout.rowsBetween(part, box.topPx, box.bottomPx)) {
      if (row.topPx + row.heightPx <= box.topPx) continue
      const hit = spansOf(layout.rowsOf(part)!, row.row).flatMap(({ leftPx, widthPx }, at) =>
        leftPx < box.rightPx && leftPx + widthPx > box.leftPx ? [row.firstPlace + at] : [],
      )
      if (hit.length > 0) runs.push([hit[0]!, hit.at(-1)! + 1])
    }
  }
  return runs
}

function middleOf(layout: Layout, { part, row }: PlacedRow, at: number): number {
  const { leftPx, widthPx } = spansOf(layout.rowsOf(part)!, row)[at]!
  return leftPx + widthPx / 2
}
