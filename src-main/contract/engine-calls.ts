import { z } from 'zod'
import type { ErrorRecord } from './errors.ts'
import type { CaptionDoubt } from './records.ts'
import { returning } from './rpc.ts'

/** Execution providers of onnxruntime that the engine may open a session on, best first when asked for `auto`. */
export const providerNames = ['webgpu', 'coreml', 'dml', 'cuda', 'cpu'] as const
export type ProviderName = (typeof providerNames)[number]

/** Everything that decides the words of a caption; a photo is work again when one of the ids changes. */
export interface EngineInfo {
  modelId: string
  /** SHA-256 of the adapter's file, or null for a model that captions without one. */
  adapterId: string | null
  provider: ProviderName
  batchSize: number
}

/** Where in the picture the model looked while it wrote one word. */
export interface WordAttention {
  text: string
  /** `[rows * columns]`, row by row, summing to at most 1 (the class token takes the rest). */
  weights: Float32Array
}

export interface CaptionResult extends CaptionDoubt {
  /** Without words where there is nothing to see: the picture is of one colour. */
  caption: string
  /** Length-normalised log-probability of the winning beam. */
  score: number
  /** SHA-256 of the bytes that were decoded, lower-case hex. */
  contentHash: string
  /** Size of the upright picture. */
  widthPx: number
  heightPx: number
  /** Why there is no thumbnail, where one was wanted: no reason to lose the caption. */
  thumbnailError: ErrorRecord | null
  attention?: { rows: number; columns: number; words: WordAttention[] }
}

export interface ProviderReport {
  provider: ProviderName
  opens: boolean
  /** Whether its captions of the probe pictures equal the CPU provider's; null where it does not open. */
  agrees: boolean | null
  error: ErrorRecord | null
}

export interface EngineDiagnosis {
  versions: Record<string, string>
  providers: ProviderReport[]
}

/**
 * What the engine process can be asked. `caption` is one photo a call: the engine itself fills its batches
 * from the calls under way, and decodes the next batch while one runs.
 */
export const engineCalls = {
  open: returning<EngineInfo>()(
    z.object({
      /** Folder with config.json, the checkpoints, tokenizer.json and preprocessor_config.json. */
      modelDirectory: z.string().min(1),
      /** An adapter other than the model folder's own. */
      adapterPath: z.string().min(1).nullable().default(null),
      /** Sharded thumbnail cache to fill, or null for none. */
      thumbnailDirectory: z.string().min(1).nullable().default(null),
      provider: z.enum(['auto', ...providerNames]).default('auto'),
      batchSize: z.int().min(1).max(256).optional(),
      beams: z.int().min(1).max(16).optional(),
      lengthPenalty: z.number().min(0).max(4).optional(),
      maxNewTokens: z.int().min(1).max(256).optional(),
      /** Processor threads the engine may use for the model; default: one less than there are. */
      threads: z.int().min(1).max(256).optional(),
    }),
  ),
  caption: returning<CaptionResult>()(
    z.object({
      path: z.string().min(1),
      attention: z.boolean().default(false),
    }),
  ),
  diagnose: returning<EngineDiagnosis>()(z.object({ modelDirectory: z.string().min(1) })),
}

export type EngineCalls = typeof engineCalls
