import type { LossPoint } from '../../src-main/contract/rooms/teaching.ts'
import { roundUp } from '../state/round-up.ts'

/** What of a training's losses a drawing shows. */
export interface LossScale {
  lowest: number
  highest: number
  /** At the right edge. */
  lastStep: number
  /** Round losses that lines are drawn at, the lowest first. */
  rounds: number[]
}

const roundsWanted = 4

/**
 * A scale between round numbers that has all points on it.
 * @param steps that there will be, as far as that is known
 * @returns null where there is no point
 */
export function scaleOf(points: readonly LossPoint[], steps = 0): LossScale | null {
  if (points.length === 0) return null
  const losses = points.map(({ loss }) => loss)
  const [least, most] = [Math.min(...losses), Math.max(...losses)]
  const apart = roundUp(Math.max((most - least) / (roundsWanted - 1), 1e-3))
  const lowest = Math.floor(least / apart) * apart
  const highest = Math.max(Math.ceil(most / apart) * apart, lowest + apart)
  const count = Math.round((highest - lowest) / apart) + 1
  return {
    lowest,
    highest,
    lastStep: Math.max(steps, ...points.map(({ step }) => step), 1),
    rounds: Array.from({ length: count }, (_, at) => lowest + at * apart),
  }
}

/** Where a loss stands from the upper edge, of a whole of 1. */
export function depthOf(loss: number, { lowest, highest }: LossScale): number {
  return (highest - loss) / (highest - lowest)
}

/** The points as the line of a drawing; each training has a line of its own. */
export function lossLine(
  points: readonly LossPoint[],
  scale: LossScale,
  width: number,
  height: number,
): string {
  return points
    .map((point, at) => {
      const x = (point.step / scale.lastStep) * width
      const y = depthOf(point.loss, scale) * height
      const joins = points[at - 1]?.training === point.training
      return `${joins ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}

/** The best that was measured on photos kept back, in the training that came last. */
export function bestOf(heldOutLosses: readonly LossPoint[]): LossPoint | undefined {
  const training = heldOutLosses.at(-1)?.training
  return heldOutLosses
    .filter((point) => point.training === training)
    .reduce<LossPoint | undefined>(
      (best, point) => (best && best.loss <= point.loss ? best : point),
      undefined,
    )
}

/** A line of the table that says the same as the drawing. */
export interface LossRow {
  step: number
  loss: number | null
  heldOutLoss: number | null
}

/** Where both were measured, else spread over all steps: `most` lines at most, the first and the last among them. */
export function lossRows(
  losses: readonly LossPoint[],
  heldOutLosses: readonly LossPoint[],
  most: number,
): LossRow[] {
  const measured = heldOutLosses.length > 0 ? heldOutLosses : losses
  return thinned(measured, most).map(({ step, loss }) =>
    measured === losses
      ? { step, loss, heldOutLoss: null }
      : { step, loss: losses.findLast((point) => point.step <= step)?.loss ?? null, heldOutLoss: loss },
  )
}

/** As the library keeps them: told one by one here, and from time to time as a whole. */
export function withPoint(points: LossPoint[], point: LossPoint): LossPoint[] {
  const last = points.at(-1)
  if (last && last.training === point.training && last.step >= point.step) return points
  return [...points, point]
}

function thinned<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]!)
}
