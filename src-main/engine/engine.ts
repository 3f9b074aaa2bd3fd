import { constants, setPriority } from 'node:os'
import type { CaptionResult, EngineCalls, EngineInfo } from '../contract/engine-calls.ts'
import { LensloreError, toErrorRecord } from '../contract/errors.ts'
import { noDoubt } from '../contract/records.ts'
import type { CheckedParamsOf, Handlers } from '../contract/rpc.ts'
import { createBatching } from './captioning/batching.ts'
import { type Captioner, type GeneratedCaption, openCaptioner } from './captioning/captioner.ts'
import { diagnoseProviders } from './captioning/diagnosis.ts'
import { type PreparedPicture, preparePicture } from './imaging/picture.ts'
import { readPreprocessing } from './imaging/preprocessing.ts'

type OpenOptions = CheckedParamsOf<EngineCalls['open']>

interface Entry {
  picture: PreparedPicture
  attention: boolean
}

interface OpenModel {
  info: EngineInfo
  captioner: Captioner
  caption(path: string, attention: boolean, signal: AbortSignal): Promise<CaptionResult>
}

/** A graphics card is fed eight pictures at a time; more gains little there and costs memory everywhere. */
const defaultBatchSize = 8

/** The engine process's side of the contract: it decodes, makes thumbnails and captions, and holds no library. */
export function createEngine(): Handlers<EngineCalls> {
  let model: OpenModel | undefined
  yieldToThePerson()

  return {
    async open(options) {
      await model?.captioner.close()
      model = undefined
      model = await openModel(options)
      return model.info
    },
    async caption({ path, attention }, signal) {
      if (!model)
        throw new LensloreError('ENGINE_FAILED', 'The engine was asked for a caption before it had a model.')
      return model.caption(path, attention, signal)
    },
    diagnose: ({ modelDirectory }) => diagnoseProviders(modelDirectory),
  }
}

async function openModel(options: OpenOptions): Promise<OpenModel> {
  const captioner = await openCaptioner(options)
  const batchSize = options.batchSize ?? defaultBatchSize
  const batching = createBatching({ batchSize, run: (entries: Entry[]) => captionBatch(captioner, entries) })
  const preprocessing = readPreprocessing(captioner.preprocessorConfig)
  const { modelId, adapterId, provider } = captioner

  return {
    captioner,
    info: { modelId, adapterId, provider, batchSize },
    async caption(path, attention, signal) {
      const prepare = async (): Promise<Entry> => {
        const { thumbnailDirectory } = options
        return {
          picture: await preparePicture(path, { preprocessing, thumbnailDirectory, signal }),
          attention,
        }
      }
      return batching.add(prepare)
    },
  }
}

async function captionBatch(captioner: Captioner, entries: Entry[]): Promise<CaptionResult[]> {
  const size = entries[0]!.picture.pixels.length
  const pixels = new Float32Array(entries.length * size) // [B, 3, S, S]
  entries.forEach(({ picture }, index) => {
    pixels.set(picture.pixels, index * size)
  })
  const attention = entries.some((entry) => entry.attention)
  const captions = await captioner.caption(pixels, entries.length, { attention })
  return entries.map((entry, index) => toResult(entry, captions[index]!))
}

function toResult({ picture, attention }: Entry, generated: GeneratedCaption): CaptionResult {
  const { contentHash, widthPx, heightPx } = picture
  const thumbnailError = picture.thumbnailError && toErrorRecord(picture.thumbnailError)
  const result: CaptionResult = {
    ...(picture.tone.isPlain ? nothingToSee : wordsOf(picture, generated)),
    contentHash,
    widthPx,
    heightPx,
    thumbnailError,
  }
  if (attention && generated.attention && result.caption !== '') result.attention = generated.attention
  return result
}

const nothingToSee = { ...noDoubt, caption: '', score: 0 }

/** Scans and drawings are nothing that the model learned from, however sure it is. */
function wordsOf({ tone }: PreparedPicture, { text, score, doubt }: GeneratedCaption) {
  const told = doubt ?? noDoubt
  return { ...told, caption: text, score, isUnsure: told.isUnsure || tone.isOnPaper }
}

/** Captioning is background work: the windows of the person go first. */
function yieldToThePerson(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Some systems forbid it; then the scheduler shares evenly.
  }
}
