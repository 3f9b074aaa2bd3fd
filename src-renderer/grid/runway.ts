/**
 * The scroller of the page is a runway of bounded length over a library of any height: `basePx` is the height of the library at
 * which it begins. Where the person comes near either end it is laid on from there anew, and nothing moves on the screen.
 */
export const longestRunwayPx = 100_000

export interface Runway {
  basePx: number
  scrollPx: number
}

export function runwayLengthPx(basePx: number, totalPx: number, viewPx: number): number {
  return Math.max(viewPx, Math.min(longestRunwayPx, totalPx - basePx))
}

/** The runway for what is at a height of the library. */
export function layRunway(topPx: number, totalPx: number, viewPx: number): Runway {
  const highestPx = Math.max(0, totalPx - viewPx)
  const boundPx = Math.round(Math.min(highestPx, Math.max(0, topPx)))
  const longestBasePx = Math.max(0, Math.ceil(totalPx) - longestRunwayPx)
  const basePx = Math.min(longestBasePx, Math.max(0, Math.round(boundPx - longestRunwayPx / 2)))
  return { basePx, scrollPx: boundPx - basePx }
}

/**
 * Whether the runway must be laid anew: near an end of it that is no end of the library, or near the library's own begin where
 * the two do not meet.
 */
export function isNearEnd({ basePx, scrollPx }: Runway, totalPx: number, viewPx: number): boolean {
  const marginPx = 2 * viewPx
  const topPx = basePx + scrollPx
  if (basePx !== 0 && (scrollPx < marginPx || topPx < marginPx)) return true
  return basePx + longestRunwayPx < totalPx && scrollPx + viewPx > longestRunwayPx - marginPx
}
