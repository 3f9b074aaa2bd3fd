import type { CheckedTrainingPlan, LearnedNameReport } from '../../../contract/training.ts'
import type { Replayed } from '../replay.ts'
import type { Student } from '../student.ts'
import { type LearnedName, trainNames } from './train-names.ts'

/** So much of what the model says by itself tells which words are its own. */
const heardPhotos = 200
const heardAtOnce = 16

export interface NameTeaching {
  student: Student
  /** As it is when it has learned all else. */
  adapter: ReadonlyMap<string, Float32Array>
  replayed: readonly Replayed[]
  /** Called between parts of the work; what it throws is thrown. */
  checkForStop(): Promise<void>
}

/**
 * Learns a plan's names from its examples: those whose labels have them, against all others.
 * @param examples that can be read
 */
export async function learnNames(
  names: CheckedTrainingPlan['names'],
  examples: readonly number[],
  teaching: NameTeaching,
): Promise<LearnedName[]> {
  if (names.length === 0) return []
  const { student, adapter, checkForStop } = teaching
  const { material } = student
  const memories = await material.recall(examples)
  const reader = await student.openHiddenReader(adapter)
  try {
    return await trainNames({
      names,
      photos: examples.map((example, at) => {
        const { kind, captions, group } = material.examples[example]!
        // What is replayed was said by the model, or by nobody.
        return {
          memory: memories[at]!,
          captions: kind === 'label' ? captions.map(({ text }) => text) : [],
          group,
        }
      }),
      spoken: await hear(examples, teaching),
      tokenizer: material.tokenizer,
      reader,
      memoryWidth: material.memoryShape[1],
      checkForStop,
    })
  } finally {
    await reader.close()
  }
}

export function reportNames(names: readonly LearnedName[]): LearnedNameReport[] {
  return names.map(({ text, kind, recogniser: { recall, leftOut } }) => ({ text, kind, ...recall, leftOut }))
}

/** What the model said before it learned, or, where that was not noted, would say now. */
async function hear(
  examples: readonly number[],
  { student, adapter, replayed, checkForStop }: NameTeaching,
): Promise<(readonly number[])[]> {
  if (replayed.length > 0) return replayed.map(({ text }) => text.tokens.slice(1))
  const recaller = await student.recaller()
  const heard: number[][] = []
  for (let at = 0; at < Math.min(heardPhotos, examples.length); at += heardAtOnce) {
    await checkForStop()
    const memories = await student.material.recall(examples.slice(at, at + heardAtOnce))
    heard.push(...(await recaller.describe(memories, adapter)))
  }
  return heard
}
