import type { TrainingExample } from '../../contract/training.ts'
import { createCider, wordsOf } from './metrics.ts'

/**
 * Stands behind a caption that ended, as a word that all of them have. Without it a caption that breaks off is worth as much as
 * one that ends ("a man riding a wave on a"), and that is what would be learned.
 */
const endMark = '</s>'

/**
 * What captions are worth: CIDEr-D against the photo's own, 1 being what usual ones come to, by how rare words are in a set.
 * @param examples of the set
 * @returns a function of a place in the examples, a caption, and whether it ended
 */
export function createReward(
  examples: readonly TrainingExample[],
  set: readonly number[],
): (example: number, caption: string, hasEnded: boolean) => number {
  const references = new Map(
    set.map((example) => [
      example,
      examples[example]!.captions.map(({ text }) => [...wordsOf(text), endMark]),
    ]),
  )
  const score = createCider([...references.values()])
  return (example, caption, hasEnded) => {
    const words = wordsOf(caption)
    const candidate = hasEnded ? [...words, endMark] : words
    return score({ candidate, references: references.get(example)! })
  }
}

/**
 * By how much each sample of a photo is better than the others are on average, which is a baseline that knows nothing of the
 * sample itself (Luo 2020, arXiv 2003.09971).
 */
export function advantagesOf(rewards: readonly number[]): number[] {
  const sum = rewards.reduce((a, b) => a + b, 0)
  const others = rewards.length - 1
  return rewards.map((reward) => reward - (sum - reward) / others)
}
