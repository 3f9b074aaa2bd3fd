import { constants, setPriority } from 'node:os'
import type { CaptionResult, EngineCalls, EngineInfo } from '../contract/engine-calls.ts'
import { LensloreError, toErrorRecord } from '../contract/errors.ts'
import { isSameTrial } from '../contract/providers.ts'
import { noDoubt } from '../contract/records.ts'
import type { CheckedParamsOf, Handlers } from '../contract/rpc.ts'
import { createBatching } from './captioning/batching.ts'
import { type Captioner, openCaptioner } from './captioning/captioner.ts'
import { readCheckpoint } from './captioning/checkpoint.ts'
import type { GeneratedCaption } from './captioning/generated-caption.ts'
import { runtimeVersion } from './captioning/session.ts'
import { type PreparedPicture, preparePicture } from './imaging/picture.ts'
import { readPreprocessing } from './imaging/preprocessing.ts'
import { defaultThreads, openAttempt, planTrial, runAttempt } from './trial/attempt.ts'
import { describeDevice } from './trial/device.ts'

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

/** Until it is measured; more costs memory everywhere. */
const defaultBatchSize = 8

/** The engine process's side of the contract: it decodes, makes thumbnails and captions, and holds no library. */
export function createEngine(): Handlers<EngineCalls> {
  let model: OpenModel | undefined
  let attempted: Captioner | undefined
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
    versions: () => ({ node: process.versions.node, onnxruntime: runtimeVersion() }),
    planTrial: ({ modelDirectory, adapterPath }) => planTrial(modelDirectory, adapterPath),
    async openAttempt(options) {
      const { captioner, ...opened } = await openAttempt(options)
      attempted = captioner
      return opened
    },
    async runAttempt() {
      if (!attempted)
        throw new LensloreError('ENGINE_FAILED', 'The engine was asked to run what is not open.')
      return runAttempt(attempted)
    },
  }
}

/** How a model is run: as asked for, else as it was measured here, else on the processor. */
async function chooseWay(
  options: OpenOptions,
): Promise<Pick<EngineInfo, 'provider' | 'threads' | 'batchSize' | 'device' | 'choice'>> {
  const device = await describeDevice()
  const { provider, threads = defaultThreads, batchSize = defaultBatchSize } = options
  if (provider !== 'auto') return { provider, threads, batchSize, device, choice: 'asked' }
  const { modelId } = await readCheckpoint(options.modelDirectory, options.adapterPath)
  const trial = options.trials.find((known) => isSameTrial(known, { modelId, device }))
  const choice = trial?.finishedMs ? 'measured' : 'untried'
  const measured = trial?.chosen
  return {
    provider: measured?.provider ?? 'cpu',
    threads: options.threads ?? measured?.threads ?? defaultThreads,
    batchSize: options.batchSize ?? measured?.batchSize ?? defaultBatchSize,
    device,
    choice,
  }
}

async function openModel(options: OpenOptions): Promise<OpenModel> {
  const way = await chooseWay(options)
  const captioner = await openCaptioner({ ...options, ...way })
  const { batchSize } = way
  const batching = createBatching({ batchSize, run: (entries: Entry[]) => captionBatch(captioner, entries) })
  const preprocessing = readPreprocessing(captioner.preprocessorConfig)
  const { modelId, adapterId } = captioner

  return {
    captioner,
    info: { ...way, modelId, adapterId },
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
