import { z } from 'zod'
import { providerNames } from './provider-names.ts'

/** What came of trying to run a model on a provider with so many processor threads. */
export const attemptSchema = z.object({
  provider: z.enum(providerNames),
  threads: z.int().min(1),
  /**
   * `trying` stands there before the attempt, so that what takes the whole machine down is known afterwards; `died`: the
   * process that tried ended or did not answer in time; `unavailable`: does not open, or has no device worth the name;
   * `disagrees`: writes other captions than the processor.
   */
  state: z.enum(['trying', 'measured', 'unavailable', 'disagrees', 'died']),
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
  chosen: z
    .object({ provider: z.enum(providerNames), threads: z.int().min(1), batchSize: z.int().min(1).max(256) })
    .nullable(),
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
