import { roundUp } from './round-up.ts'

const bucketMs = 5000
const bucketsKept = 120

/** How fast captions came, in steps of five seconds over ten minutes. */
export type SpeedHistory = readonly { bucket: number; perSecond: number }[]

/** @returns the same history where this step was noted already. */
export function noteSpeed(history: SpeedHistory, nowMs: number, perSecond: number): SpeedHistory {
  const bucket = Math.floor(nowMs / bucketMs)
  if (history.at(-1)?.bucket === bucket) return history
  return [...history.filter((each) => each.bucket > bucket - bucketsKept), { bucket, perSecond }]
}

/**
 * The history as the line of a chart, the newest at the right edge; nothing is drawn where nothing was captioned.
 * @returns the path, and the speed at the upper edge.
 */
export function speedLine(
  history: SpeedHistory,
  nowMs: number,
  width: number,
  height: number,
): { path: string; topPerSecond: number } {
  const last = Math.floor(nowMs / bucketMs)
  const shown = history.filter(({ bucket }) => bucket > last - bucketsKept)
  const topPerSecond = roundUp(Math.max(0, ...shown.map(({ perSecond }) => perSecond)))
  const path = shown
    .map(({ bucket, perSecond }, at) => {
      const x = width - ((last - bucket) * width) / (bucketsKept - 1)
      const y = topPerSecond === 0 ? height : height - (perSecond * height) / topPerSecond
      const joins = shown[at - 1]?.bucket === bucket - 1
      return `${joins ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
  return { path, topPerSecond }
}
