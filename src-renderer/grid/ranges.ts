/** Runs of places, sorted, apart from each other: from the first to before the second. */
export type Ranges = readonly (readonly [start: number, end: number])[]

export const noPlaces: Ranges = []

/** How many places there are in all. */
export function countPlaces(ranges: Ranges): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0)
}

/** The index of the first range that ends after a place. */
function firstEndingAfter(ranges: Ranges, place: number): number {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[middle]![1] > place) high = middle
    else low = middle + 1
  }
  return low
}

export function hasPlace(ranges: Ranges, place: number): boolean {
  const range = ranges[firstEndingAfter(ranges, place)]
  return range !== undefined && range[0] <= place
}

export function withPlaces(ranges: Ranges, start: number, end: number): Ranges {
  if (end <= start) return ranges
  // What only touches is joined too.
  const first = firstEndingAfter(ranges, start - 1)
  let last = first
  let joined: [number, number] = [start, end]
  while (last < ranges.length && ranges[last]![0] <= end) {
    joined = [Math.min(joined[0], ranges[last]![0]), Math.max(joined[1], ranges[last]![1])]
    last++
  }
  return [...ranges.slice(0, first), joined, ...ranges.slice(last)]
}

export function withoutPlaces(ranges: Ranges, start: number, end: number): Ranges {
  if (end <= start) return ranges
  return ranges.flatMap(([from, to]): Ranges => {
    if (to <= start || from >= end) return [[from, to]]
    const left: Ranges = from < start ? [[from, start]] : []
    return to > end ? [...left, [end, to]] : left
  })
}

/** Any places, in any order, as ranges. */
export function rangesOf(places: Iterable<number>): Ranges {
  const sorted = Uint32Array.from(places).sort()
  const ranges: [number, number][] = []
  for (const place of sorted) {
    const last = ranges.at(-1)
    if (last && place <= last[1]) last[1] = Math.max(last[1], place + 1)
    else ranges.push([place, place + 1])
  }
  return ranges
}
