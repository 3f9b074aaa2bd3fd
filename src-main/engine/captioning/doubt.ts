import { z } from 'zod'
import { check } from '../model/configuration.ts'
import type { Doubt, GeneratedCaption, GeneratedWord } from './generated-caption.ts'

/**
 * How far a model is to be believed, from its own doubt. What tells is measured on photos with captions by people
 * (`bench/doubt.ts`) and lies in the model's config.json; `docs/decisions/doubt.md` says how well it does.
 */

/** What a caption shows of its model's doubt, by name. */
export const captionSignals = {
  /** Log-probability of the least likely word. */
  leastWord: ({ words }: GeneratedCaption) => Math.min(0, ...words.map((word) => word.logProbability)),
  /** Mean over the words and the end. */
  meanWord: ({ words, endLogProbability }: GeneratedCaption) =>
    words.reduce((sum, word) => sum + word.logProbability, endLogProbability) / (words.length + 1),
  /** From the best beam to the next, and to the last. */
  beamGap: ({ beams }: GeneratedCaption) => beams[0]!.score - (beams[1] ?? beams[0]!).score,
  beamSpread: ({ beams }: GeneratedCaption) => beams[0]!.score - beams.at(-1)!.score,
  /** How far the looks wander, the mean over the words. */
  lookEntropy: ({ words }: GeneratedCaption) =>
    words.reduce((sum, word) => sum + word.lookEntropy, 0) / Math.max(1, words.length),
  words: ({ words }: GeneratedCaption) => words.length,
  /** How near caption and picture come to each other. */
  similarity: ({ similarity }: GeneratedCaption) => similarity ?? 0,
} as const

export const wordSignals = {
  logProbability: ({ logProbability }: GeneratedWord, _caption: GeneratedCaption) => logProbability,
  similarity: (_word: GeneratedWord, caption: GeneratedCaption) => caption.similarity ?? 0,
} as const

/** A logistic regression: each signal less its mean, over its deviation, times its weight. */
const regression = <Name extends string>(names: readonly [Name, ...Name[]]) =>
  z.object({
    bias: z.number(),
    signals: z.partialRecord(
      z.enum(names),
      z.object({ mean: z.number(), deviation: z.number().positive(), weight: z.number() }),
    ),
    /** From this probability on it is believed. */
    sure_from: z.number().min(0).max(1),
  })

const namesOf = <T extends object>(signals: T) => Object.keys(signals) as [keyof T & string]

const calibration = z.object({
  caption: regression(namesOf(captionSignals)),
  word: regression(namesOf(wordSignals)),
  /** Lower case; words that say nothing about the picture are never doubtful. */
  function_words: z.array(z.string()),
})

export type DoubtCalibration = z.output<typeof calibration>
export type Regression = DoubtCalibration['caption'] | DoubtCalibration['word']

/** @throws LensloreError `CHECKPOINT_INVALID` */
export function parseDoubtCalibration(source: unknown, where: string): DoubtCalibration {
  return check(calibration, source, where)
}

export function judgeCaption(caption: GeneratedCaption, calibration: DoubtCalibration): Doubt {
  const confidence = estimate(calibration.caption, (name) =>
    captionSignals[name as keyof typeof captionSignals](caption),
  )
  return {
    confidence,
    isUnsure: confidence < calibration.caption.sure_from,
    doubtfulWords: caption.words
      .filter((word) => isDoubtful(word, caption, calibration))
      .map(({ start, end }) => [start, end]),
  }
}

function isDoubtful(word: GeneratedWord, caption: GeneratedCaption, calibration: DoubtCalibration): boolean {
  if (isFunctionWord(word.text, calibration.function_words)) return false
  const probability = estimate(calibration.word, (name) =>
    wordSignals[name as keyof typeof wordSignals](word, caption),
  )
  return probability < calibration.word.sure_from
}

export function isFunctionWord(text: string, functionWords: readonly string[]): boolean {
  return functionWords.includes(text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''))
}

export function estimate({ bias, signals }: Regression, signalOf: (name: string) => number): number {
  let sum = bias
  for (const [name, { mean, deviation, weight }] of Object.entries(signals)) {
    sum += ((signalOf(name) - mean) / deviation) * weight
  }
  return 1 / (1 + Math.exp(-sum))
}
