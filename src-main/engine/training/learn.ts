import type { TrainingSettings } from '../../contract/training.ts'
import { cutToSize, planPass } from './batches.ts'
import { bestLook, type Course, hasLostPatience, type Look, rateAt, type Schedule } from './course.ts'
import { type Counted, fillBatch } from './fill-batch.ts'
import type { Material } from './material.ts'
import type { Replayed } from './replay.ts'
import type { Text } from './texts.ts'
import type { Trainer } from './trainer.ts'

/** One training: what is learned, how long, and how it is looked after. */
export interface Learning {
  trainer: Trainer
  material: Material
  texts: readonly Text[]
  replayed: readonly Replayed[]
  settings: TrainingSettings
  /** Another one for each training of a run. */
  seed: number
  schedule: Schedule
  /** It ends after so many steps of the schedule. */
  lastStep: number
  /** Padded tokens of one run of the step graph. */
  mostTokens: number
  /** Looks at the photos that are held out; null: there are none. */
  look: (() => Promise<Look['photos']>) | null
  /** Called after each step, and after each look; what it throws is thrown. The course goes on from what it says then. */
  onStep(): Promise<void>
  /** The adapter is better than at all looks before. */
  onBest(): Promise<void>
}

/**
 * Goes on with a training from where its course stands, to its end. The trainer has to be as the course left it; what comes
 * depends on nothing else.
 */
export async function learn(learning: Learning, course: Course): Promise<void> {
  const { trainer, settings, schedule, lastStep, look } = learning
  const draw = createDraw(learning)
  for (;;) {
    if (look && schedule.looks[course.looks.length] === course.step) {
      const photos = await look()
      const loss = photos.reduce((sum, photo) => sum + photo.loss, 0) / photos.length
      course.looks.push({ step: course.step, loss, photos })
      if (bestLook(course.looks) === course.looks.length - 1) await learning.onBest()
      if (hasLostPatience(course.looks, settings.patience)) break
      await learning.onStep()
    }
    if (course.step >= lastStep) break
    const batches = await draw(course.step)
    const { loss } = await trainer.step(batches, rateAt(course.step, schedule, settings))
    course.losses.push(loss)
    course.step++
    await learning.onStep()
  }
  course.isOver = true
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

/** Batch after batch of passes without end, by the number of the step. */
function createRounds(lengths: readonly number[], batchSize: number, seed: number) {
  const batchesInPass = batchSize > 0 ? Math.ceil(lengths.length / batchSize) : 0
  let planned: { pass: number; batches: number[][] } | undefined
  return (step: number): number[] => {
    if (batchesInPass === 0) return []
    const pass = Math.floor(step / batchesInPass)
    if (planned?.pass !== pass) planned = { pass, batches: planPass(lengths, batchSize, seed, pass) }
    return planned.batches[step % batchesInPass]!
  }
}
