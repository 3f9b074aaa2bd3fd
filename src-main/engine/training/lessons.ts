import { LensloreError } from '../../contract/errors.ts'
import type { CheckedTrainingPlan, TrainingExample } from '../../contract/training.ts'

/** One training of a run, by places in the plan's examples. */
export interface Lesson {
  /** Labels that it learns. */
  learned: readonly number[]
  /** Those that it looks at and does not learn. */
  watched: readonly number[]
  /** Whether what is said of these is part of the verdict. */
  isJudged: boolean
}

/**
 * The trainings of a plan; the last one makes the adapter.
 * @param labels places of the labels that can be used
 * @throws LensloreError `INVALID_ARGUMENT` where a training has nothing to learn, or would learn a near duplicate of what it is
 * judged by
 */
export function planLessons(
  { heldOut, folds }: Pick<CheckedTrainingPlan, 'heldOut' | 'folds'>,
  examples: readonly TrainingExample[],
  labels: readonly number[],
): Lesson[] {
  for (const group of Map.groupBy(examples, (example) => example.group).values()) {
    if (group.some(({ fold }) => fold !== group[0]!.fold))
      throw new LensloreError('INVALID_ARGUMENT', 'Near duplicates are in different parts of the plan.')
  }
  const foldOf = (example: number) => examples[example]!.fold
  const inFold = (fold: number) => labels.filter((example) => foldOf(example) === fold)
  const lessons: Lesson[] = []
  if (heldOut === 'each') {
    for (let fold = 0; fold < folds; fold++) {
      const watched = inFold(fold)
      if (watched.length === 0) continue
      const learned = labels.filter((example) => foldOf(example) !== fold)
      lessons.push({ learned, watched, isJudged: true })
    }
  }
  lessons.push(
    heldOut === 'one'
      ? {
          learned: labels.filter((example) => foldOf(example) !== 0 && foldOf(example) !== 1),
          watched: inFold(1),
          isJudged: false,
        }
      : { learned: labels, watched: [], isJudged: false },
  )
  if (lessons.some(({ learned }) => learned.length === 0))
    throw new LensloreError('INVALID_ARGUMENT', 'There are no captions to learn from.')
  return lessons
}
