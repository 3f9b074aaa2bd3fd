import { z } from 'zod'
import type { TrainingSettings } from '../../contract/training.ts'

/** What was seen of photos that a training does not learn from. */
const look = z.object({
  step: z.int().min(0),
  /** Mean over the photos, in nats a token. */
  loss: z.number(),
  photos: z.array(
    z.object({
      /** Its place in the plan's examples. */
      example: z.int().min(0),
      loss: z.number(),
      /** What the model says of it at this step; null where nobody will ask. */
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
  /** The rate falls to zero over so many steps. */
  steps: number
  /** It ends after so many of them. */
  lastStep: number
  /** Before which steps it looks, from 0; the last look is after the last step. */
  looks: readonly number[]
}

/** @param captions that are learned */
export function planSchedule(captions: number, settings: TrainingSettings): Schedule {
  const stepsInPass = Math.ceil(captions / settings.batchSize)
  const steps = Math.min(settings.passes * stepsInPass, settings.maxSteps ?? Infinity)
  const looks = Array.from({ length: settings.evaluations + 1 }, (_, index) =>
    Math.round((index / settings.evaluations) * steps),
  )
  return { steps, lastStep: steps, looks }
}

/** Linear warm-up, then half a cosine that would be zero one step after the last. @param step from 0 */
export function rateAt(step: number, { steps }: Schedule, { rate, warmupFraction }: TrainingSettings): number {
  const warmupSteps = Math.max(1, Math.round(steps * warmupFraction))
  if (step < warmupSteps) return (rate * (step + 1)) / warmupSteps
  return (rate / 2) * (1 + Math.cos((Math.PI * (step - warmupSteps + 1)) / (steps - warmupSteps + 1)))
}

/** Index of the look with the lowest loss; of equal ones the first. */
export function bestLook(looks: readonly Pick<Look, 'loss'>[]): number {
  return looks.reduce((best, { loss }, index) => (loss < looks[best]!.loss ? index : best), 0)
}

/** Whether so many looks in a row were no better than the best before them. */
export function hasLostPatience(looks: readonly Look[], patience: number): boolean {
  return looks.length - 1 - bestLook(looks) >= patience
}

/**
 * The look at which the trainings were best on average, each by how far it came from its own first look. One that was
 * ended before stays where it was.
 */
export function bestLookOfAll(courses: readonly Course[]): number {
  const longest = Math.max(...courses.map(({ looks }) => looks.length))
  const means = Array.from({ length: longest }, (_, index) => ({
    loss:
      courses.reduce((sum, { looks }) => {
        const reached = looks[Math.min(index, looks.length - 1)]!
        return sum + reached.loss - looks[0]!.loss
      }, 0) / courses.length,
  }))
  return bestLook(means)
}
