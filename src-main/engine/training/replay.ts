import type { Prediction } from './batch-feeds.ts'
import { cutPrediction, fillBatch } from './fill-batch.ts'
import type { Student } from './student.ts'
import type { Text } from './texts.ts'

/** What the model said of a photo before it was taught anything. */
export interface Replayed {
  text: Text
  /** What it expected at each token; null where it is held to the words alone. */
  prediction: Prediction | null
  /** Whether it is to say the word at a place, and is not held to what it expected there. */
  isTold(at: number): boolean
}

/**
 * So many of the likeliest words stand for the whole distribution: together they are nearly all of it, and a hundredth of
 * its size.
 */
const likeliestWords = 32
const atOnce = 16

/**
 * Notes what the model says of photos, or expects while it is made to say their captions, before it learns: with an adapter
 * that is as it was at the start.
 * @param checkForStop called between runs with the photos that are done; what it throws is thrown
 */
export async function noteReplay(
  examples: readonly number[],
  student: Student,
  replayTo: 'distribution' | 'captions',
  checkForStop: (done: number) => Promise<void>,
): Promise<Replayed[]> {
  const { material, trainer } = student
  const adapter = await trainer.tensors()
  const noted: Replayed[] = []
  for (let at = 0; at < examples.length; at += atOnce) {
    await checkForStop(at)
    const some = examples.slice(at, at + atOnce)
    const memories = await material.recall(some)
    const silent = some.filter((example) => material.examples[example]!.captions.length === 0)
    const said =
      silent.length === 0
        ? []
        : await (await student.recaller()).describe(
            silent.map((example) => memories[some.indexOf(example)]!),
            adapter,
          )
    const texts = some.flatMap((example) => {
      const own = silent.indexOf(example)
      return own < 0 ? material.textsOf([example]) : [material.toText(example, said[own]!)]
    })
    if (replayTo === 'captions') {
      noted.push(...texts.map((text) => ({ text, prediction: null, isTold: () => true })))
      continue
    }
    const batch = fillBatch(
      texts.map((text) => ({ text, weightAt: () => 1 })),
      texts.map(({ example }) => memories[some.indexOf(example)]!),
    )
    const { vocabulary } = student.checkpoint.model.decoder.config
    const expected = await trainer.predict(batch, Math.min(likeliestWords, vocabulary))
    for (const [index, text] of texts.entries())
      noted.push({
        text,
        prediction: cutPrediction(expected, batch.textLength, index, text.tokens.length),
        isTold: () => false,
      })
  }
  return noted
}
