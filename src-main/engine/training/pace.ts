import type { TrainingProgress } from '../../contract/training.ts'

type Told = Omit<TrainingProgress, 'runDirectory' | 'perSecond' | 'remainingMs'>

/** Tells how a run goes on, and how fast, a few times a second. */
export interface Pace {
  /** @param stepsLeft of the run, and of this phase what `total` says */
  tell(told: Told, stepsLeft: number | null): void
}

const betweenSignsMs = 200

export function createPace(send: (progress: Omit<TrainingProgress, 'runDirectory'>) => void): Pace {
  let phase = ''
  let begunMs = 0
  let doneBefore = 0
  let saidMs = 0

  return {
    tell(told, stepsLeft) {
      const nowMs = performance.now()
      const isOther = `${told.phase} ${told.training}` !== phase
      if (isOther) {
        phase = `${told.phase} ${told.training}`
        begunMs = nowMs
        doneBefore = told.done
      }
      if (!isOther && told.done < told.total && nowMs - saidMs < betweenSignsMs) return
      saidMs = nowMs
      const done = told.done - doneBefore
      const perSecond = done > 0 ? (1000 * done) / (nowMs - begunMs) : 0
      const remainingMs = perSecond > 0 && stepsLeft !== null ? (1000 * stepsLeft) / perSecond : null
      send({ ...told, perSecond, remainingMs })
    },
  }
}
