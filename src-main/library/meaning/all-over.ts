/** So many ids that lie evenly between two, whether there are photos of them or not: those of one folder are of few things. */
export function placesAllOver(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first - 1 + Math.floor((at * (last - first + 1)) / count))
}
