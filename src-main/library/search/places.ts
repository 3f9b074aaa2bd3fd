import type { EachRows } from './timeline.ts'

/** Runs of places: the first, and how many. */
export type PlaceRanges = readonly (readonly [first: number, count: number])[]

/** Rows at places of a timeline, as it was when they were asked for. */
export interface RowsOfPlaces {
  total: number
  /** The next rows in the order of the index, at most so many; none at the end. */
  next(limit: number): Float64Array
}

/** So many rows are sorted in about a millisecond. */
const sortedAtOnce = 8192

/**
 * The rows are taken now, for what is found may soon be another; they are sorted little by little, as they are asked for, so that
 * nobody waits for a million of them.
 * @param total of all rows.
 */
export function rowsOfPlaces(
  eachRows: EachRows,
  total: number,
  ranges: PlaceRanges,
  atOnce = sortedAtOnce,
): RowsOfPlaces {
  const wanted = joinRanges(ranges, total)
  const rows = new Float64Array(total)
  let filled = 0
  eachRows((found) => {
    rows.set(found, filled)
    filled += found.length
  })
  const sortedTo = sortAsAskedFor(rows, atOnce)
  let range = 0
  let place = wanted[0]?.first ?? 0
  return {
    total: wanted.reduce((sum, { first, end }) => sum + end - first, 0),
    next(limit) {
      const { end } = wanted[range] ?? { end: place }
      const until = Math.min(end, place + limit, Math.max(place, sortedTo(place)))
      const found = rows.subarray(place, until)
      place = until
      if (until === end) place = wanted[++range]?.first ?? place
      return found
    },
  }
}

/** In order, each place once, none beyond the last. */
function joinRanges(ranges: PlaceRanges, total: number): { first: number; end: number }[] {
  const joined: { first: number; end: number }[] = []
  for (const [first, count] of ranges.toSorted(([a], [b]) => a - b)) {
    const end = Math.min(first + count, total)
    const last = joined.at(-1)
    if (last && first <= last.end) last.end = Math.max(last.end, end)
    else if (end > first) joined.push({ first, end })
  }
  return joined
}

/**
 * Quicksort that stops wherever nobody looks. Places are asked for in ascending order.
 * @returns what sorts the place asked for together with those behind it, and answers with the place after the last of these.
 */
function sortAsAskedFor(rows: Float64Array, atOnce: number): (place: number) => number {
  /** Between two of these the rows are not sorted, but all are where they belong; the nearest is last. */
  const ends = [rows.length]
  let start = 0
  let sorted = 0
  return (place) => {
    if (place < sorted) return sorted
    while (ends.length > 0 && ends.at(-1)! <= place) start = ends.pop()!
    let end = ends.at(-1) ?? rows.length
    while (end - start > atOnce) {
      const middle = partition(rows, start, end)
      if (place < middle) {
        ends.push(middle)
        end = middle
      } else start = middle
    }
    rows.subarray(start, end).sort()
    sorted = end
    return sorted
  }
}

/** The rows are all different. @returns where those begin that are not below the one in the middle; never `start`. */
function partition(rows: Float64Array, start: number, end: number): number {
  const pivot = rows[(start + end) >>> 1]!
  let low = start
  let high = end - 1
  for (;;) {
    while (rows[low]! < pivot) low++
    while (rows[high]! > pivot) high--
    if (low >= high) return Math.max(low, start + 1)
    const kept = rows[low]!
    rows[low] = rows[high]!
    rows[high] = kept
  }
}
