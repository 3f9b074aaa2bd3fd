import { bestLook, type Course, hasLostPatience, type Look, rateAt, type Schedule } from './course.ts'

/** A way through a schedule: what a step is, and how it is looked after. */
export interface Walk {
  schedule: Schedule
  settings: Parameters<typeof rateAt>[2]
  /** Ends it when so many looks in a row were no better than the best. */
  patience: number
  /** It ends after so many steps of the schedule. */
  lastStep: number
  /** @returns the step's loss */
  takeStep(step: number, rate: number): Promise<number>
  /** Looks at the photos that are held out; null: there are none. */
  look: (() => Promise<Omit<Look, 'step'>>) | null
  /** Called after each step, and after each look; what it throws is thrown. The course goes on from what it says then. */
  onStep(): Promise<void>
  /** The adapter is better than at all looks before. */
  onBest(): Promise<void>
}

/**
 * Goes on with a training from where its course stands, to its end. The trainer has to be as the course left it; what comes
 * depends on nothing else.
 */
export async function followCourse(course: Course, walk: Walk): Promise<void> {
  const { schedule, settings, patience, lastStep, look } = walk
  for (;;) {
    if (look && schedule.looks[course.looks.length] === course.step) {
      course.looks.push({ step: course.step, ...(await look()) })
      if (bestLook(course.looks) === course.looks.length - 1) await walk.onBest()
      if (hasLostPatience(course.looks, patience)) break
      await walk.onStep()
    }
    if (course.step >= lastStep) break
    course.losses.push(await walk.takeStep(course.step, rateAt(course.step, schedule, settings)))
    course.step++
    await walk.onStep()
  }
  course.isOver = true
}
