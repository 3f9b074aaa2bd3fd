import { countPlaces, type Ranges } from './ranges.ts'

/** Some of the places that are selected, evenly from the first to the last; all where there are no more. */
export function samplePlaces(ranges: Ranges, most: number): number[] {
  const count = countPlaces(ranges)
  const wanted = Math.min(count, most)
  const places: number[] = []
  let before = 0
  for (const [start, end] of ranges) {
    const upTo = before + end - start
    while (places.length < wanted) {
      const nth = Math.floor((places.length * count) / wanted)
      if (nth >= upTo) break
      places.push(start + nth - before)
    }
    before = upTo
  }
  return places
}
