import { z } from 'zod'
import { type AdapterDescription, adapterTexts } from './adapters.ts'
import { maxCaptionLength } from './caption-length.ts'
import type { ErrorRecord } from './errors.ts'
import type { Miniature } from './miniature.ts'
import {
  type Precision,
  type ProviderAttempt,
  type ProviderName,
  precisions,
  providerNames,
  trialSchema,
  type Way,
} from './providers.ts'
import type { CaptionDoubt, Reading, TextAttention } from './records.ts'
import { returning } from './rpc.ts'
import {
  type AdapterComparison,
  type TrainingOutcome,
  type TrainingProgress,
  trainingExample,
} from './training.ts'

const sidePx = z.int().min(1).max(4096)

/** How a picture is brought to the size of a model's input; what its colours become is the model's own. */
export const modelInput = z.object({
  resize: z.discriminatedUnion('kind', [
    /** To exactly this size; the aspect ratio is not kept. */
    z.object({ kind: z.literal('squash'), widthPx: sidePx, heightPx: sidePx }),
    /** The shorter side to `px`, the longer in proportion, rounded down. */
    z.object({ kind: z.literal('shortest-edge'), px: sidePx }),
  ]),
  /** Around the centre; null: the resized picture is the model's input. */
  crop: z.object({ widthPx: sidePx, heightPx: sidePx }).nullable(),
  resample: z.enum(['linear', 'cubic', 'lanczos3']),
})

export type ModelInput = z.infer<typeof modelInput>

/** Everything that decides the words of a caption; a photo is work again when one of the ids changes. */
export interface EngineInfo {
  modelId: string
  /**
   * SHA-256 over the adapter's tensors and the settings that decide words; null for a model that captions without one.
   */
  adapterId: string | null
  /** In which its texts and pictures meet, by a name that changes with it; null for a model without a text encoder. */
  spaceId: string | null
  /** By which captions of before remember this adapter: they were made by it all the same. */
  formerAdapterId: string | null
  provider: ProviderName
  /** At which it really runs, whatever was asked for. */
  precision: Precision
  batchSize: number
  threads: number
  device: string
  /** `untried`: nobody measured this model on this device yet, so that it runs on the processor meanwhile. */
  choice: 'asked' | 'measured' | 'untried'
  /** What `decode` is to make of pictures for this model. */
  input: ModelInput
}

/** What a trial has to try, the processor first. */
export interface TrialPlan {
  modelId: string
  device: string
  candidates: (Way & {
    /** Why a form of fewer bits is not to be taken for one that agrees: a sentence. */
    refusal: string | null
  })[]
}

/** What decoding a file's picture tells of it. */
export interface SeenPicture {
  /** SHA-256 of the bytes that were decoded, lower-case hex. */
  contentHash: string
  /** Size of the upright picture. */
  widthPx: number
  heightPx: number
  /** The file ends before its picture does: what is missing is of one colour. */
  isCutOff: boolean
  /** It is the preview in a camera's raw file, whose own picture may be larger. */
  isPreview: boolean
}

/** What is told of a thumbnail's picture. */
export interface ThumbnailFacts {
  /** Some 25 bytes of its colours. */
  thumbhash: Uint8Array
  miniature: Miniature
}

export interface DecodedPicture extends SeenPicture {
  /** `[heightPx, widthPx, 3]` of the model's input, in sRGB; null where no input was given. */
  pixels: Uint8Array<ArrayBuffer> | null
  /** These are of the thumbnail, where one was wanted and is there. */
  thumbhash: Uint8Array | null
  miniature: Miniature | null
  /** Why there is no thumbnail, where one was wanted: no reason to lose the rest. */
  thumbnailError: ErrorRecord | null
}

export interface CaptionResult extends CaptionDoubt {
  /** Without words where there is nothing to see: the picture is of one colour. */
  caption: string
  /** Length-normalised log-probability of the winning beam. */
  score: number
  precision: Precision
  /** Of the picture, as `packEmbedding` makes it; null for a model without a space. */
  embedding: Int8Array<ArrayBuffer> | null
  /** All beams, the best first; where they were asked for. */
  readings?: Reading[]
}

/** In which a model's texts and pictures meet. */
export interface ModelSpace {
  /** Names it: only what is of the same one can be compared. */
  spaceId: string
  /** A picture that is farther from a few words than this does not plausibly show them; of an embedded text, from that. */
  leastCosine: number
  /** Two pictures that are farther from each other than this do not plausibly show the same. */
  leastPictureCosine: number
}

/** A text as a point of a space. */
export interface EmbeddedText extends ModelSpace {
  /** `[p]`, of unit length. */
  embedding: Float32Array
}

/** Where the visual memories of pictures are kept. */
const memories = {
  modelDirectory: z.string().min(1),
  memoryDirectory: z.string().min(1),
  /** Of all files there together; those that were not used for longest give way. */
  memoryLimitBytes: z.int().min(0),
  provider: z.enum(providerNames).default('cpu'),
  /** Processor threads; default: one less than there are. */
  threads: z.int().min(1).max(256).optional(),
}

/** Of the app's own: where forms of fewer bits are kept that are made from models; null: there is none, and no such form. */
const formDirectory = z.string().min(1).nullable().default(null)

const trialModel = {
  modelDirectory: z.string().min(1),
  adapterPath: z.string().min(1).nullable().default(null),
}

/**
 * What an engine process can be asked. `decode` reads a file and needs no model; `caption` gets pixels alone, never a path
 * or a name, so that it may be another machine's. Both are one photo a call: the engine itself fills its batches from
 * the calls under way, and decodes the next pictures while one runs.
 */
export const engineCalls = {
  open: returning<EngineInfo>()(
    z.object({
      /** Folder with config.json, the checkpoints, tokenizer.json and preprocessor_config.json. */
      modelDirectory: z.string().min(1),
      /** An adapter other than the model folder's own. */
      adapterPath: z.string().min(1).nullable().default(null),
      /** `auto`: as it was measured here (`trials`), else on the processor. */
      provider: z.enum(['auto', ...providerNames]).default('auto'),
      /** `auto`: of fewer bits only where it was measured here to be faster, and elsewhere to write as good captions. */
      precision: z.enum(['auto', ...precisions]).default('auto'),
      formDirectory,
      trials: z.array(trialSchema).default([]),
      batchSize: z.int().min(1).max(256).optional(),
      beams: z.int().min(1).max(16).optional(),
      lengthPenalty: z.number().min(0).max(4).optional(),
      maxNewTokens: z.int().min(1).max(256).optional(),
      /**
       * Processor threads the engine may use for the model, and as many for pictures; default: one less than there are for
       * the model, and for pictures all.
       */
      threads: z.int().min(1).max(256).optional(),
    }),
  ),
  /**
   * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_CHANGED`, `FILE_TOO_LARGE`, `PICTURE_DAMAGED`,
   * `PICTURE_UNSUPPORTED`, `PICTURE_TOO_LARGE`
   */
  decode: returning<DecodedPicture>()(
    z.object({
      path: z.string().min(1),
      /** What to make the pixels for, or null for none. */
      input: modelInput.nullable().default(null),
      /** Sharded thumbnail cache to fill, or null for none. */
      thumbnailDirectory: z.string().min(1).nullable().default(null),
      /** Somebody waits for it: before all others that wait. */
      isUrgent: z.boolean().default(false),
    }),
  ),
  /** Of a thumbnail that was kept before. @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `PICTURE_DAMAGED` */
  describeThumbnail: returning<ThumbnailFacts>()(z.object({ path: z.string().min(1) })),
  /**
   * Keeps a copy of the whole picture, upright and of a type that every browser draws, unless there is one of its content.
   * @throws LensloreError as `decode`; `DISK_FULL`, `WRITE_FAILED`
   */
  preview: returning<{ contentHash: string }>()(
    z.object({ path: z.string().min(1), directory: z.string().min(1) }),
  ),
  /** @throws LensloreError `INVALID_ARGUMENT` for pixels of another size than the model's input, `ENGINE_FAILED` */
  caption: returning<CaptionResult>()(
    z.object({
      /** `[heightPx, widthPx, 3]` of the model's input. */
      pixels: z.instanceof(Uint8Array),
      readings: z.boolean().default(false),
    }),
  ),
  /**
   * The picture alone in the model's space, as `caption` gives it along with the words.
   * @throws LensloreError as `caption`; `MODEL_INCOMPLETE` for a model without a space
   */
  embed: returning<Int8Array<ArrayBuffer>>()(
    z.object({
      /** `[heightPx, widthPx, 3]` of the model's input. */
      pixels: z.instanceof(Uint8Array),
    }),
  ),
  /**
   * A text in a model's space, which need not be open. What is longer than the encoder reads is cut.
   * @throws LensloreError `MODEL_INCOMPLETE` for a model without a text encoder, `MODEL_NOT_FOUND` and the like
   */
  embedText: returning<EmbeddedText>()(
    z.object({ modelDirectory: z.string().min(1), text: z.string().min(1).max(maxCaptionLength) }),
  ),
  /** What there is to know of a model's space without any text; errors as of `embedText`. */
  space: returning<ModelSpace>()(z.object({ modelDirectory: z.string().min(1) })),
  /**
   * Where the model looks while it says a text of a picture. Words beyond the longest text that the model can say are left out.
   * @throws LensloreError as `caption`
   */
  look: returning<Pick<TextAttention, 'rows' | 'columns' | 'words'>>()(
    z.object({
      /** `[heightPx, widthPx, 3]` of the model's input. */
      pixels: z.instanceof(Uint8Array),
      text: z.string().min(1).max(maxCaptionLength),
    }),
  ),
  /**
   * Reads and checks all of an adapter of unknown origin.
   * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `SAFETENSORS_INVALID`; `CHECKPOINT_INVALID` for one of another base,
   * or whose tensors are not those of an adapter
   */
  inspectAdapter: returning<AdapterDescription>()(
    z.object({ modelDirectory: z.string().min(1), adapterPath: z.string().min(1) }),
  ),
  /**
   * Copies an adapter with other texts for people, and without the names that are to be forgotten.
   * @throws LensloreError as `inspectAdapter`; `DISK_FULL`, `WRITE_FAILED`
   */
  copyAdapter: returning<null>()(
    z.object({
      from: z.string().min(1),
      to: z.string().min(1),
      texts: adapterTexts,
      forgotten: z.array(z.string()).default([]),
    }),
  ),
  /**
   * Runs the plan in a directory (`training.ts`), or goes on with it where it stopped, in a process that is there for that
   * alone. Progress comes as events. A run that ended answers again what it came to.
   * @throws LensloreError `FILE_NOT_FOUND` and `IMPORT_INVALID` for a plan that is missing or wrong, `INVALID_ARGUMENT` for one
   * that has nothing to learn from; those of the model; `ENGINE_FAILED`, `DISK_FULL`, `WRITE_FAILED`; `CANCELLED` through the
   * signal: the run can go on later, or its directory be removed
   */
  train: returning<TrainingOutcome>()(z.object({ runDirectory: z.string().min(1) })),
  /**
   * Lets two adapters describe the same labelled photos, to be asked in a process that is there for that alone.
   * @throws LensloreError as `train`
   */
  evaluateAdapter: returning<AdapterComparison>()(
    z.object({
      ...memories,
      /** null: the model's own. */
      before: z.string().min(1).nullable(),
      after: z.string().min(1).nullable(),
      /** Those of kind `label` are measured. */
      examples: z.array(trainingExample).min(1),
    }),
  ),
  /** What the engine's process takes of the machine's memory at present. */
  memory: returning<{ rssBytes: number }>()(z.object({})),
  /** Program versions by name. */
  versions: returning<Record<string, string>>()(z.object({})),
  planTrial: returning<TrialPlan>()(z.object(trialModel)),
  /**
   * The first half of an attempt: opens the model, in a process that is there for that alone, and captions a few made-up
   * pictures, for which much may have to be compiled. `captions` are the token ids of each, as text to compare.
   * @throws LensloreError `PROVIDER_UNAVAILABLE` where it does not open, or has no device worth the name
   */
  openAttempt: returning<{ openMs: number; captions: string[] }>()(
    z.object({
      ...trialModel,
      provider: z.enum(providerNames),
      threads: z.int().min(1).max(256),
      precision: z.enum(precisions),
      formDirectory,
    }),
  ),
  /** The second half: takes the rates of several batch sizes; wants a quiet machine. */
  runAttempt: returning<ProviderAttempt['rates']>()(z.object({})),
}

export type EngineCalls = typeof engineCalls

export type EngineEvents = {
  trainingProgress: TrainingProgress
}
