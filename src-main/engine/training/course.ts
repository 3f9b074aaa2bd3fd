import { z } from 'zod'
import type { TrainingSettings } from '../../contract/training.ts'

/** What was seen, at one step, of photos that a training does not learn from. */
const look = z.object({
  step: z.int().min(0),
  /** Mean over the photos, in nats a token. */
  loss: z.number(),
  photos: z.array(
    z.object({
      /** Its place in the plan's examples. */
      example: z.int().min(0),
      loss: z.number(),
      /** What the model says of it; null where nobody will ask. */
      caption: z.string().nullable(),
    }),
  ),
})
export type Look = z.output<typeof look>

/** How one training went, as far as it has come. */
export const course = z.object({
  step: z.int().min(0),
  losses: z.array(z.number()),
  looks: z.array(look),
  isOver: z.boolean(),
})
export type Course = z.output<typeof course>

/** What a training is to do, whatever came of it so far. */
export interface Schedule {
  /** Over which the rate falls. */
  steps: number
  /** Steps at which it looks, from 0 to the last. */
  looks: readonly number[]
}

/** @param captions that are learned */
export function planSchedule(captions: number, settings: TrainingSettings): Schedule {
  const { passes, batchSize, maxSteps, evaluations } = settings
  const steps = Math.min(passes * Math.ceil(captions / batchSize), maxSteps ?? Infinity)
  return { steps, looks: spreadLooks(steps, evaluations) }
}

/** From 0 to the last step, evenly. */
export function spreadLooks(steps: number, evaluations: number): number[] {
  const count = Math.min(evaluations, steps)
  return [0, ...Array.from({ length: count }, (_, index) => Math.round(((index + 1) / count) * steps))]
}

/** A straight rise, then half a cosine that would be at zero one step after the last. @param step from 0 */
export function rateAt(
  step: number,
  { steps }: Schedule,
  { rate, warmupFraction }: TrainingSettings,
): number {
  const warmupSteps = Math.max(1, Math.round(steps * warmupFraction))
  if (step < warmupSteps) return (rate * (step + 1)) / warmupSteps
  const fallen = (step - warmupSteps + 1) / (steps - warmupSteps + 1)
  return (rate / 2) * (1 + Math.cos(Math.PI * fallen))
}

/** Place of the look with the lowest loss; of equal ones the first. */
export function bestLook(looks: readonly Pick<Look, 'loss'>[]): number {
  return looks.reduce((best, { loss }, index) => (loss < looks[best]!.loss ? index : best), 0)
}

/** Whether so many looks in a row were no better than the best before them. */
export function hasLostPatience(looks: readonly Look[], patience: number): boolean {
  return looks.length > 0 && looks.length - 1 - bestLook(looks) >= patience
}

/**
 * Place of the look at which several trainings were best on average, each by how far it came from its own first look. One
 * that was ended before stays where it was.
 */
export function bestLookOfAll(courses: readonly Pick<Course, 'looks'>[]): number {
  const longest = Math.max(...courses.map(({ looks }) => looks.length))
  const means = Array.from({ length: longest }, (_, index) => {
    const gains = courses.map(({ looks }) => looks[Math.min(index, looks.length - 1)]!.loss - looks[0]!.loss)
    return { loss: gains.reduce((sum, gain) => sum + gain, 0) / gains.length }
  })
  return bestLook(means)
}
