import { z } from 'zod'
import { maxCaptionLength } from './caption-length.ts'
import { modelInput } from './engine-calls.ts'
import { precisions, providerNames } from './providers.ts'

// All that a library and its workers say to each other, by way of a Redis that others may write to, too: both sides check what they
// read against these, and read no more bytes than stand here. No path, no file's name and no metadata has a place in them.

/** Another number, another language: a side that meets it takes no part. */
export const workerProtocol = 1

export const mostPicturesInJob = 32
/** Of one job; a picture that is larger goes alone. */
export const mostBytesInJob = 16 * 2 ** 20
/** Of each message but the pictures, and of what an adapter is sent in. */
export const mostBytesInMessage = 4 * 2 ** 20
export const mostBytesInAdapter = 512 * 2 ** 20

/** Of a library, worker, job or picture under suspicion: nobody guesses it. */
const randomId = z.string().regex(/^[0-9a-f]{32}$/)
const sentence = z.string().max(1000)
const someId = z.string().min(1).max(200)

/** A model of the catalogue by its name there, which no path looks like. */
const modelName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/i)

/** Its bytes. */
const packedEmbedding = z.base64().max(32_768)

export const captionAnswer = z.strictObject({
  kind: z.literal('caption'),
  caption: z.string().max(maxCaptionLength),
  score: z.number(),
  confidence: z.number().min(0).max(1).nullable(),
  isUnsure: z.boolean(),
  doubtfulWords: z
    .array(z.tuple([z.int().min(0).max(maxCaptionLength), z.int().min(0).max(maxCaptionLength)]))
    .max(1000),
  precision: z.enum(precisions),
  embedding: packedEmbedding.nullable(),
  readings: z
    .array(z.strictObject({ text: z.string().max(maxCaptionLength), score: z.number() }))
    .max(16)
    .optional(),
})

const embeddingAnswer = z.strictObject({ kind: z.literal('embedding'), embedding: packedEmbedding })

/** Of one picture; what says nothing about it is no answer. */
const errorAnswer = z.strictObject({
  kind: z.literal('error'),
  error: z.strictObject({ code: z.literal('PICTURE_KILLS_ENGINE'), message: sentence }),
})

/** Of a job's pictures, in their order. */
export const jobAnswers = z
  .array(z.discriminatedUnion('kind', [captionAnswer, embeddingAnswer, errorAnswer]))
  .max(mostPicturesInJob)
export type CaptionAnswer = z.output<typeof captionAnswer>
export type JobAnswers = z.output<typeof jobAnswers>

/** A batch of pictures, which lie beside it: `[pictures, heightPx, widthPx, 3]` bytes of the model's input. */
export const workerJob = z.strictObject({
  kind: z.enum(['caption', 'embed']),
  readings: z.boolean(),
  pictures: z.int().min(1).max(mostPicturesInJob),
  /** It was with a worker that fell silent: it is run while nothing else is, and counted by this. */
  suspect: randomId.nullable(),
})
export type WorkerJob = z.output<typeof workerJob>

/** What a library captions with, and what a worker has to prove before it gets a picture. */
export const announcement = z.strictObject({
  protocol: z.literal(workerProtocol),
  modelId: someId,
  /** null: it is in no catalogue. */
  modelName: modelName.nullable(),
  adapterId: someId.nullable(),
  /** Where the adapter is none of the model's own. */
  adapterFile: z
    .strictObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      sizeBytes: z.int().min(1).max(mostBytesInAdapter),
    })
    .nullable(),
  spaceId: someId.nullable(),
  input: modelInput,
  /** What the library's own engine says of pictures that both sides make. */
  proof: z.strictObject({
    provider: z.enum(providerNames),
    precision: z.enum(precisions),
    answers: z.array(captionAnswer).min(1).max(mostPicturesInJob),
  }),
})
export type Announcement = z.output<typeof announcement>

export const workerRecord = z.strictObject({
  protocol: z.literal(workerProtocol),
  /** Of the program. */
  version: z.string().max(100),
  /** Of the machine, or as its owner calls it. */
  name: z.string().max(200),
  /** Processor, cards and runtime in words; null before a model was open. */
  device: z.string().max(1000).nullable(),
  provider: z.enum(providerNames).nullable(),
  precision: z.enum(precisions).nullable(),
  modelId: someId.nullable(),
  /** To which it proved itself, and whose pictures it takes. */
  libraries: z.array(randomId).max(1000),
  photosPerSecond: z.number().min(0).max(1e6),
  captioned: z.int().min(0),
  state: z.enum(['waiting', 'working', 'refused']),
  /** How long it had been so when it wrote this. */
  forMs: z.number().min(0),
  /** Why it is refused, or what keeps it. */
  problem: sentence.nullable(),
})
export type WorkerRecord = z.output<typeof workerRecord>
