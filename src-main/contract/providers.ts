import { z } from 'zod'
import { bestRate, type Precision, type ProviderName, precisions, providerNames } from './provider-names.ts'

// The page, which has no schemas, has them from there.
export * from './provider-names.ts'

const way = {
  provider: z.enum(providerNames),
  threads: z.int().min(1),
  precision: z.enum(precisions).default('fp32'),
}

/** What came of trying to run a model one way. */
export const attemptSchema = z.object({
  ...way,
  /**
   * `trying` stands there before the attempt, so that what takes the whole machine down is known afterwards; `died`: the
   * process that tried ended or did not answer in time; `unavailable`: does not open, or has no device worth the name;
   * `disagrees`: writes other captions than the processor; `unproven`: of fewer bits, and not known to write as good captions.
   */
  state: z.enum(['trying', 'measured', 'unavailable', 'disagrees', 'unproven', 'died']),
  /** A sentence where it was not measured. */
  message: z.string().nullable(),
  openMs: z.number().nullable(),
  /** From pixels to words, by batch size. */
  rates: z.array(z.object({ batchSize: z.int().min(1), photosPerSecond: z.number() })),
})
export type ProviderAttempt = z.output<typeof attemptSchema>

/** All attempts to run one model on one device. */
export const trialSchema = z.object({
  modelId: z.string(),
  /** Processor, graphics cards with their drivers, system and runtime, in words: another trial where it is another. */
  device: z.string(),
  attempts: z.array(attemptSchema),
  /** The fastest that agrees; null before the trial is over, and where nothing could be measured. */
  chosen: z.object({ ...way, batchSize: z.int().min(1).max(256) }).nullable(),
  /** null: it is not over. */
  finishedMs: z.number().nullable(),
})
export type ProviderTrial = z.output<typeof trialSchema>

/** Whether two trials, or what is to be tried, are of one model on one device. */
export function isSameTrial(
  a: Pick<ProviderTrial, 'modelId' | 'device'>,
  b: Pick<ProviderTrial, 'modelId' | 'device'>,
): boolean {
  return a.modelId === b.modelId && a.device === b.device
}

/** What a person asked for; `auto`: whatever is fastest. */
export interface AskedWay {
  provider: 'auto' | ProviderName
  precision: 'auto' | Precision
}

/** Of rates that are so near the best, the smallest batch: it takes the least memory. */
const nearlyBest = 0.95

/** The fastest way that was measured and is as it was asked for; of equal ones the first. */
export function chooseFastest(
  attempts: readonly ProviderAttempt[],
  asked: AskedWay = { provider: 'auto', precision: 'auto' },
): ProviderTrial['chosen'] {
  let best: { attempt: ProviderAttempt; photosPerSecond: number } | undefined
  for (const attempt of attempts) {
    const isAsked =
      [attempt.provider, 'auto'].includes(asked.provider) &&
      [attempt.precision, 'auto'].includes(asked.precision)
    if (attempt.state !== 'measured' || !isAsked) continue
    const photosPerSecond = bestRate(attempt)
    if (photosPerSecond > (best?.photosPerSecond ?? 0)) best = { attempt, photosPerSecond }
  }
  if (!best) return null
  const { provider, threads, precision, rates } = best.attempt
  const { batchSize } = rates.find((rate) => rate.photosPerSecond >= nearlyBest * best.photosPerSecond)!
  return { provider, threads, precision, batchSize }
}
