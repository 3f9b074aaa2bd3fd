import { z } from 'zod'
import { maxAdapterNames, nameKinds } from './adapters.ts'
import { providerNames } from './provider-names.ts'

/**
 * What the library and the engine's training process say to each other. The library writes `plan.json` into a directory of
 * its own for each run and calls `train` there; the engine answers with the outcome, which also lies there as
 * `outcome.json`, beside the new adapter, `adapter.safetensors`. What else lies there lets a run that was cut off go on as if
 * nothing had happened.
 */

export const planFileName = 'plan.json'
export const outcomeFileName = 'outcome.json'
export const trainedAdapterFileName = 'adapter.safetensors'

/** Into how many parts few labels are divided. */
export const usualFolds = 5

/** Lower-case hex SHA-256 of a photo's file. */
export const contentHash = z.string().regex(/^[0-9a-f]{64}$/)

export const trainingExample = z.object({
  contentHash,
  /** Where the photo lies; read where the visual memory of its content is not kept. */
  path: z.string().min(1),
  /**
   * `label`: learned from, by its captions. `replay`: the model is held to what it said before of this photo; without captions
   * these are its own, by beam search.
   */
  kind: z.enum(['label', 'replay']),
  captions: z.array(
    z.object({
      text: z.string().min(1),
      /** How much a token of it counts; 1 is usual. */
      weight: z.number().positive().max(1000).default(1),
    }),
  ),
  /** Near duplicates have one number: they are held out together, and count as one where doubt is told. */
  group: z.int().min(0),
  /** The part with which it is held out; null: it is never held out. All of a group are in one. */
  fold: z.int().min(0).nullable(),
})
export type TrainingExample = z.output<typeof trainingExample>

/**
 * Of a new adapter; one that goes on from another is like that. What is left out is as in the model's own adapter, or as in
 * the paper: a rank of half the decoder's width, in every layer.
 */
const adapterShape = z.object({
  rank: z.int().min(1).max(100_000).optional(),
  heads: z.int().min(1).max(1000).optional(),
  firstLayer: z.int().min(0).optional(),
  scale: z.number().optional(),
})
export type AdapterShape = z.output<typeof adapterShape>

/** Self-critical training on CIDEr, after what people wrote was learned: of nothing but what the model says itself. */
export const selfCriticalSettings = z.object({
  /** Updates. */
  steps: z.int().min(1).max(1_000_000),
  /** Photos in an update. */
  photos: z.int().min(1).max(4096).default(16),
  /** Captions that are drawn of each; every one is compared with the others. */
  samples: z.int().min(2).max(64).default(5),
  /** At which they are drawn, and made likelier: below 1, nearer to what the search says. */
  temperature: z.number().positive().max(10).default(1),
  rate: z.number().positive().max(1).default(2e-5),
  /** Looks at what the held-out photos are described as. */
  evaluations: z.int().min(1).max(1000).default(8),
})
export type SelfCriticalSettings = z.output<typeof selfCriticalSettings>

export const trainingSettings = z.object({
  /** All that is left to chance comes from it. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  /** Passes over the captions, at most; 0 goes on to self-critical training at once. */
  passes: z.int().min(0).max(10_000).default(30),
  /** Updates, at most; null: as many as the passes give. */
  maxSteps: z.int().min(1).nullable().default(null),
  /** Captions of labels in an update. */
  batchSize: z.int().min(1).max(4096).default(16),
  /** What one run of the step graph may take of memory, about; an update is cut into as many runs as that needs. */
  memoryCeilingBytes: z
    .int()
    .min(1 << 20)
    .default(1 << 30),
  /**
   * The highest rate: it rises to it in a line over the warm-up, then falls by half a cosine to zero. Beside replay, captions in which no
   * manner is found are learned at half of it.
   */
  rate: z.number().positive().max(1).default(5e-4),
  warmupFraction: z.number().min(0).max(1).default(0.1),
  weightDecay: z.number().min(0).max(1).default(0.01),
  clipNorm: z.number().positive().default(1),
  labelSmoothing: z.number().min(0).max(0.5).default(0.1),
  /** Captions of replay in an update, beside those of labels. */
  replayBatchSize: z.int().min(0).max(4096).default(16),
  /** What all replayed tokens of an update count, where the labels' count 1. */
  replayWeight: z.number().min(0).max(100).default(2),
  /** Held to the distribution over all words (KL), or to the words alone. */
  replayTo: z.enum(['distribution', 'captions']).default('distribution'),
  /** Looks at the held-out loss in a run. */
  evaluations: z.int().min(1).max(1000).default(12),
  /** Ends the run when so many in a row were no better than the best. */
  patience: z.int().min(1).default(4),
  /** null: there is none. There is none where each fold is held out once. */
  selfCritical: selfCriticalSettings.nullable().default(null),
})
export type TrainingSettings = z.output<typeof trainingSettings>

export const trainingPlan = z.object({
  version: z.literal(1),
  modelDirectory: z.string().min(1),
  /** What it goes on from: the adapter that is active. `model`: the model's own. A shape: a new one, from zero. */
  start: z.union([
    z.literal('model'),
    z.object({ adapterPath: z.string().min(1) }),
    z.object({ shape: adapterShape }),
  ]),
  /**
   * `each`: every fold is held out once, each with a training of its own, and the adapter is trained on all after that.
   * `one`: fold 0 is held out to judge by, fold 1 to know when to stop; what was judged is the adapter. `none`: there is
   * nothing to judge by.
   */
  heldOut: z.enum(['each', 'one', 'none']),
  /** How many folds there are. */
  folds: z.int().min(0).max(100),
  /** Where visual memories are kept, and how much all of them may take. */
  memoryDirectory: z.string().min(1),
  memoryLimitBytes: z.int().min(0),
  provider: z.enum(providerNames).default('cpu'),
  /** Processor threads; null: one less than there are. */
  threads: z.int().min(1).max(256).nullable().default(null),
  settings: trainingSettings.prefault({}),
  /**
   * To be recognised in pictures and said: learned from the labels that have them (`saysName`). A person's among them only where
   * that was asked for.
   */
  names: z
    .array(z.object({ text: z.string().min(1).max(100), kind: z.enum(nameKinds).default('other') }))
    .max(maxAdapterNames)
    .default([]),
  examples: z.array(trainingExample),
})
/** As it is written: what is left out is as usual. */
export type TrainingPlan = z.input<typeof trainingPlan>
export type CheckedTrainingPlan = z.output<typeof trainingPlan>

/**
 * `remember`: pictures become visual memory; `replay`: what the model said before is noted; `refine`: self-critical training;
 * the others are what they say.
 */
export const trainingPhases = ['remember', 'replay', 'train', 'refine', 'evaluate'] as const

export interface TrainingProgress {
  runDirectory: string
  phase: (typeof trainingPhases)[number]
  /** Of the phase: photos, or steps over all trainings of the run. */
  done: number
  total: number
  /** Which of how many trainings: one for each fold, and one on all. From 1. */
  training: number
  trainings: number
  /** Of the last step, in nats a token; null before the first, and in self-critical training. */
  loss: number | null
  /** The last that was measured. */
  heldOutLoss: number | null
  /** CIDEr of what the last step of self-critical training drew, 100 being usual. */
  cider?: number
  /** Steps, or photos, a second. */
  perSecond: number
  /** Of the whole run; null: nobody knows yet. */
  remainingMs: number | null
}

const spread = z.object({
  mean: z.number(),
  /** Standard deviation over the photos. */
  deviation: z.number(),
})

/** Before, after, and the mean difference with the 95 % interval of a bootstrap over groups. */
const change = z.object({
  before: spread,
  after: spread,
  difference: z.object({ mean: z.number(), low: z.number(), high: z.number() }),
})
export type MeasuredChange = z.output<typeof change>

const heldOutPhoto = z.object({
  contentHash,
  /** What the model said before, what it says now, and what the person says. */
  before: z.string(),
  after: z.string(),
  own: z.array(z.string()),
  /** CIDEr against the person's words, 100 being usual for good captions with five to compare with. */
  ciderBefore: z.number(),
  ciderAfter: z.number(),
  /** Of the person's words, in nats a token. */
  lossBefore: z.number(),
  lossAfter: z.number(),
  /** By CIDEr. */
  comparison: z.enum(['better', 'worse', 'same']),
})
export type HeldOutPhoto = z.output<typeof heldOutPhoto>

/** Of a hundred. */
const setScores = z.object({ cider: z.number(), bleu4: z.number(), rougeL: z.number() })

/** Two adapters side by side, over photos whose captions neither of them learned. */
const adapterComparison = z.object({
  /**
   * `better`: the interval of CIDEr's difference is above zero, and more photos became better than worse, beyond chance.
   * `not-better`: CIDEr did not rise, or so many photos showed no such gain.
   * `too-few`: there may be a gain, and too few photos to tell it from chance; or too few to say anything.
   */
  verdict: z.enum(['better', 'not-better', 'too-few']),
  /** null where nothing was held out. */
  cider: change.nullable(),
  loss: change.nullable(),
  /** Held-out photos, in the order of the plan. */
  photos: z.array(heldOutPhoto),
  better: z.int().min(0),
  worse: z.int().min(0),
  same: z.int().min(0),
  /** Of all held-out photos together, as the COCO evaluation scores a set; null where nothing was held out. */
  scores: z.object({ before: setScores, after: setScores }).nullable(),
})
export type AdapterComparison = z.output<typeof adapterComparison>

/** How a name of the plan was learned. */
const learnedName = z.object({
  text: z.string(),
  kind: z.enum(nameKinds),
  /** With the name, and how many of them are recognised by what was learned of the others. */
  photos: z.int().min(1),
  recognised: z.int().min(0),
  /** Share of all photos of it that would be, with 95 % certainty. */
  low: z.number(),
  high: z.number(),
  /** Photos without captions that may show it: they were not held against it. */
  leftOut: z.int().min(0),
})
export type LearnedNameReport = z.output<typeof learnedName>

export const trainingOutcome = adapterComparison.extend({
  version: z.literal(1),
  labels: z.int().min(0),
  replayed: z.int().min(0),
  /** Of the plan's names those that labels have, in its order. */
  names: z.array(learnedName).default([]),
  /** Photos that could not be read, and took no part. */
  unreadable: z.array(z.object({ contentHash, message: z.string() })),
  /** Updates that the kept adapter had, and all updates of the run. */
  keptSteps: z.int().min(0),
  steps: z.int().min(0),
  /** Why the training of the adapter ended: the held-out loss rose, or all passes were done. */
  stoppedBy: z.enum(['held-out-loss', 'passes']),
  trainedParameters: z.int().min(0),
  /** Time that was worked, over all resumes. */
  elapsedMs: z.number().min(0),
  /** Of the training of the adapter: each step's loss, and the held-out losses. */
  losses: z.array(z.number()),
  heldOutLosses: z.array(z.object({ step: z.int().min(0), loss: z.number() })),
  /** Self-critical training after that, where there was one; CIDEr as above. */
  selfCritical: z
    .object({
      /** Updates that the kept adapter had; 0: none made it better. */
      keptSteps: z.int().min(0),
      /** Of what each step drew, on average. */
      drawn: z.array(z.number()),
      /** By beam search, of the photos that tell when to stop. */
      heldOut: z.array(z.object({ step: z.int().min(0), cider: z.number() })),
    })
    .nullable()
    .default(null),
})
export type TrainingOutcome = z.output<typeof trainingOutcome>
