import type { Training } from '../../src-main/contract/rooms/teaching.ts'
import { withPoint } from './loss-chart.ts'

type Progress = NonNullable<Training['progress']>

/** A training with what was just told of it: its losses go on between two readings of the whole. */
export function followed(training: Training, progress: Progress): Training {
  if (progress.phase !== 'train') return { ...training, progress }
  const { loss, heldOutLoss, done: step } = progress
  const at = { training: progress.training, step }
  const isMeasured = heldOutLoss !== null && heldOutLoss !== training.heldOutLosses.at(-1)?.loss
  return {
    ...training,
    progress,
    losses: loss === null ? training.losses : withPoint(training.losses, { ...at, loss }),
    heldOutLosses: isMeasured
      ? withPoint(training.heldOutLosses, { ...at, loss: heldOutLoss })
      : training.heldOutLosses,
  }
}

/** Photos are tested on between steps, and steps alone are counted then. */
export function isLearning({ phase }: Progress): boolean {
  return phase === 'train' || phase === 'refine' || phase === 'evaluate'
}

/** How far a phase is, from 0 to 1. */
export function shareOf({ done, total }: Progress): number {
  return total === 0 ? 0 : Math.min(1, done / total)
}
