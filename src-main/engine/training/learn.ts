import type { TrainingSettings } from '../../contract/training.ts'
import { createRounds, cutToSize } from './batches.ts'
import type { Course, Look } from './course.ts'
import { type Counted, fillBatch } from './fill-batch.ts'
import { followCourse, type Walk } from './follow-course.ts'
import type { Material } from './material.ts'
import type { Replayed } from './replay.ts'
import type { Text } from './texts.ts'
import type { Trainer } from './trainer.ts'

/** One training: what is learned, how long, and how it is looked after. */
export interface Learning extends Pick<Walk, 'schedule' | 'lastStep' | 'onStep' | 'onBest'> {
  trainer: Trainer
  material: Material
  texts: readonly Text[]
  replayed: readonly Replayed[]
  settings: TrainingSettings
  /** Another one for each training of a run. */
  seed: number
  /** Padded tokens of one run of the step graph. */
  mostTokens: number
  /** Looks at the photos that are held out; null: there are none. */
  look: (() => Promise<Look['photos']>) | null
}

/** Learns what people wrote, from where the course stands to its end. */
export async function learn(learning: Learning, course: Course): Promise<void> {
  const { trainer, settings, look } = learning
  const draw = createDraw(learning)
  await followCourse(course, {
    ...learning,
    patience: settings.patience,
    takeStep: async (step, rate) => (await trainer.step(await draw(step), rate)).loss,
    look:
      look &&
      (async () => {
        const photos = await look()
        return { photos, loss: photos.reduce((sum, photo) => sum + photo.loss, 0) / photos.length }
      }),
  })
}

/** What is learned in a step, by its number alone: labels of one batch, and beside them what is replayed. */
function createDraw({ texts, replayed, settings, seed, material, mostTokens }: Learning) {
  const labels = createRounds(
    texts.map(({ tokens }) => tokens.length),
    settings.batchSize,
    seed,
  )
  const replays = createRounds(
    replayed.map(({ text }) => text.tokens.length),
    settings.replayBatchSize,
    seed + 1,
  )

  return async (step: number) => {
    const chosen = labels(step).map((index) => texts[index]!)
    const total = chosen.reduce((sum, { tokens, weight }) => sum + tokens.length * weight, 0)
    const counted: (Counted & { tokens: readonly number[] })[] = chosen.map((text) => ({
      text,
      tokens: text.tokens,
      weightAt: () => text.weight / total,
    }))
    const held = settings.replayWeight > 0 ? replays(step).map((index) => replayed[index]!) : []
    const heldTotal = held.reduce((sum, { text }) => sum + text.tokens.length, 0)
    for (const { text, prediction, isTold } of held) {
      const weight = settings.replayWeight / heldTotal
      counted.push({
        text,
        tokens: text.tokens,
        weightAt: (at) => (isTold(at) ? weight : 0),
        ...(prediction && { held: { prediction, weightAt: (at) => (isTold(at) ? 0 : weight) } }),
      })
    }
    return Promise.all(
      cutToSize(counted, mostTokens).map(async (run) =>
        fillBatch(run, await material.recall(run.map(({ text }) => text.example))),
      ),
    )
  }
}
