import type { SelfCriticalSettings, TrainingSettings } from '../../contract/training.ts'
import { createRounds, cutToSize } from './batches.ts'
import { type Course, type Look, spreadLooks } from './course.ts'
import { fillBatch } from './fill-batch.ts'
import { followCourse, type Walk } from './follow-course.ts'
import { scoreCaptions, wordsOf } from './metrics.ts'
import { createRandom } from './random.ts'
import { advantagesOf, createReward } from './rewards.ts'
import type { Student } from './student.ts'
import type { Text } from './texts.ts'

/** Self-critical training of a student that has learned what people wrote. */
export interface Refinement extends Pick<Walk, 'onStep' | 'onBest'> {
  student: Student
  /** Places of the labels in the examples. */
  learned: readonly number[]
  settings: TrainingSettings
  selfCritical: SelfCriticalSettings
  /** Padded tokens of one run of the step graph. */
  mostTokens: number
  /** Looks at the photos that are held out and describes them; null: there are none. */
  look: (() => Promise<Look['photos']>) | null
}

/** Odd, so that the numbers of one step are not those of another seed's. */
const stepStride = 0x85ebca6b

/**
 * Self-critical sequence training (Rennie et al. 2017, arXiv 1612.00563): the student says captions as it would, and those that
 * CIDEr finds better than the others of their photo become likelier. The loss of a step, and of a look, is the mean CIDEr with
 * its sign turned: of what was drawn, and of what the search says of the photos held out. What is drawn is decided by the seed,
 * the step and the adapter alone.
 */
export async function refine(refinement: Refinement, course: Course): Promise<void> {
  const { student, selfCritical, settings, look } = refinement
  const { steps, rate, evaluations } = selfCritical
  const takeStep = createStep(refinement)
  await followCourse(course, {
    ...refinement,
    schedule: { steps, looks: spreadLooks(steps, evaluations) },
    settings: { ...settings, rate },
    lastStep: steps,
    // CIDEr of a few photos goes up and down: all steps are done, and the best look is kept.
    patience: Infinity,
    takeStep,
    look:
      look &&
      (async () => {
        const photos = await look()
        return { photos, loss: -ciderOf(photos, student) }
      }),
  })
}

function ciderOf(photos: Look['photos'], { material }: Student): number {
  const pictures = photos.map(({ example, caption }) => ({
    candidate: wordsOf(caption ?? ''),
    references: material.examples[example]!.captions.map(({ text }) => wordsOf(text)),
  }))
  return scoreCaptions(pictures).cider
}

function createStep({ student, learned, settings, selfCritical, mostTokens }: Refinement): Walk['takeStep'] {
  const { material, trainer } = student
  const reward = createReward(material.examples, learned)
  const round = createRounds(
    learned.map(() => 1),
    selfCritical.photos,
    settings.seed,
  )

  return async (step, rate) => {
    const photos = round(step).map((index) => learned[index]!)
    const memories = await material.recall(photos)
    const random = createRandom(settings.seed + Math.imul(step + 1, stepStride))
    const sampler = await student.sampler(selfCritical)
    const drawn = await sampler.draw(memories, await trainer.tensors(), random)
    const said = drawn.map((captions, index) => captions.map((tokens) => readCaption(photos[index]!, tokens)))
    const rewards = said.map((captions) =>
      captions.map(({ text, caption, hasEnded }) => reward(text.example, caption, hasEnded)),
    )
    const counted = said.flatMap((captions, photo) => {
      const advantages = advantagesOf(rewards[photo]!)
      return captions.map(({ text }, index) => ({
        text,
        tokens: text.tokens,
        weightAt: () => advantages[index]!,
        memory: memories[photo]!,
      }))
    })
    const positions = counted.reduce((sum, { tokens }) => sum + tokens.length, 0)
    const batches = cutToSize(counted, mostTokens).map((run) =>
      fillBatch(
        run,
        run.map(({ memory }) => memory),
      ),
    )
    await trainer.reinforce(batches, positions, rate, selfCritical.temperature)
    const all = rewards.flat()
    return -all.reduce((sum, each) => sum + each, 0) / all.length
  }

  function readCaption(example: number, tokens: readonly number[]) {
    const { startToken, endToken } = student.checkpoint.model.decoder.config
    const hasEnded = tokens.at(-1) === endToken
    const words = hasEnded ? tokens.slice(0, -1) : tokens
    const text: Text = { example, tokens: [startToken, ...tokens.slice(0, -1)], targets: tokens, weight: 1 }
    return { text, caption: material.tokenizer.decode(words), hasEnded }
  }
}
