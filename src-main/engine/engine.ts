import { readdirSync } from 'node:fs'
import { constants, platform, setPriority } from 'node:os'
import { packEmbedding } from '../contract/embedding.ts'
import type { CaptionResult, EngineCalls, EngineInfo } from '../contract/engine-calls.ts'
import { LensloreError } from '../contract/errors.ts'
import { chooseFastest, isSameTrial, type Precision } from '../contract/providers.ts'
import { noDoubt } from '../contract/records.ts'
import type { CheckedParamsOf, Handlers } from '../contract/rpc.ts'
import type { TrainingProgress } from '../contract/training.ts'
import { copyAdapterFile } from './captioning/adapter-file.ts'
import { type Batching, createBatching } from './captioning/batching.ts'
import { type Captioner, openCaptioner } from './captioning/captioner.ts'
import { inspectAdapter, readCheckpoint } from './captioning/checkpoint.ts'
import type { GeneratedCaption } from './captioning/generated-caption.ts'
import { likeliestProvider } from './captioning/precision.ts'
import { runtimeVersion } from './captioning/session.ts'
import { createTextEmbedder } from './captioning/text-embedder.ts'
import { createDecoder } from './imaging/decoder.ts'
import { allowImagingThreads } from './imaging/imaging-threads.ts'
import { normalisePixels } from './imaging/pixels.ts'
import { inputSizePx, type Preprocessing, readPreprocessing } from './imaging/preprocessing.ts'
import { measureTone, type Tone } from './imaging/tone.ts'
import { evaluateAdapter } from './training/evaluate-adapter.ts'
import { runTraining } from './training/training-run.ts'
import { defaultThreads, openAttempt, planTrial, runAttempt } from './trial/attempt.ts'
import { describeDevice } from './trial/device.ts'

type OpenOptions = CheckedParamsOf<EngineCalls['open']>

interface Entry {
  /** `[H, W, 3]` */
  pixels: Uint8Array
  readings: boolean
}

interface OpenModel {
  info: EngineInfo
  captioner: Captioner
  preprocessing: Preprocessing
  batching: Batching<Entry, CaptionResult>
  /** Of pictures that have their words. */
  embedding: Batching<Uint8Array, Int8Array<ArrayBuffer>>
}

/** Until it is measured; more costs memory everywhere. */
const defaultBatchSize = 8

/**
 * The engine process's side of the contract: it decodes, makes thumbnails, captions and teaches, and holds no library.
 * @param onTraining told a few times a second while it teaches
 */
export function createEngine(
  onTraining: (progress: TrainingProgress) => void = () => {},
): Handlers<EngineCalls> {
  let model: OpenModel | undefined
  let attempted: Captioner | undefined
  const decoder = createDecoder(() => {
    model?.batching.lookAgain()
    model?.embedding.lookAgain()
  })
  const texts = createTextEmbedder()
  yieldToThePerson()

  function modelFor(pixels: Uint8Array): OpenModel {
    if (!model)
      throw new LensloreError('ENGINE_FAILED', 'The engine was asked for words before it had a model.')
    const { widthPx, heightPx } = inputSizePx(model.info.input)
    if (pixels.length === 3 * widthPx * heightPx) return model
    throw new LensloreError(
      'INVALID_ARGUMENT',
      `A picture for this model is of ${widthPx} × ${heightPx} pixels.`,
    )
  }

  return {
    async open(options) {
      await model?.captioner.close()
      model = undefined
      allowImagingThreads(options.threads ?? null)
      model = await openModel(options, () => decoder.pixelsUnderWay > 0)
      return model.info
    },
    decode: (options, signal) => decoder.decode(options, signal),
    describeThumbnail: ({ path }) => decoder.describeThumbnail(path),
    preview: ({ path, directory }, signal) => decoder.preview(path, directory, signal),
    async caption(entry) {
      return modelFor(entry.pixels).batching.add(entry)
    },
    embed: async ({ pixels }) => modelFor(pixels).embedding.add(pixels),
    embedText: ({ modelDirectory, text }) => texts.embed(modelDirectory, text),
    space: ({ modelDirectory }) => texts.space(modelDirectory),
    async look({ pixels, text }) {
      const { captioner, preprocessing } = modelFor(pixels)
      return captioner.look(normalisePixels([pixels], preprocessing), text)
    },
    inspectAdapter: ({ modelDirectory, adapterPath }) => inspectAdapter(modelDirectory, adapterPath),
    async copyAdapter({ from, to, texts, forgotten }) {
      await copyAdapterFile(from, to, texts, forgotten)
      return null
    },
    train: ({ runDirectory }, signal) => runTraining(runDirectory, { onProgress: onTraining, signal }),
    evaluateAdapter,
    memory: () => ({ rssBytes: process.memoryUsage.rss() }),
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

/** How a model is run: as asked for, for the rest as it was measured here, else on the processor in fp32. */
async function chooseWay(
  options: OpenOptions,
): Promise<Pick<EngineInfo, 'provider' | 'precision' | 'threads' | 'batchSize' | 'device' | 'choice'>> {
  const device = await describeDevice()
  const { provider, precision } = options
  const { modelId } = await readCheckpoint(options.modelDirectory, options.adapterPath)
  const trial = options.trials.find((known) => isSameTrial(known, { modelId, device }))
  const measured = trial?.finishedMs ? chooseFastest(trial.attempts, { provider, precision }) : null
  const choice = provider !== 'auto' ? 'asked' : trial?.finishedMs ? 'measured' : 'untried'
  const atLeast = precision === 'auto' ? 'fp32' : precision
  return {
    provider: measured?.provider ?? (provider === 'auto' ? likeliestProvider(atLeast) : provider),
    precision: measured?.precision ?? atLeast,
    threads: options.threads ?? measured?.threads ?? defaultThreads,
    batchSize: options.batchSize ?? measured?.batchSize ?? defaultBatchSize,
    device,
    choice,
  }
}

async function openModel(options: OpenOptions, areMoreComing: () => boolean): Promise<OpenModel> {
  const way = await chooseWay(options)
  const captioner = await openCaptioner({ ...options, ...way }).catch((thrown: LensloreError) => {
    // Nobody asked for the form: where it cannot be kept, it is done without.
    const isUnkept = thrown.code === 'DISK_FULL' || thrown.code === 'WRITE_FAILED'
    if (options.precision !== 'auto' || !isUnkept) throw thrown
    return openCaptioner({ ...options, ...way, precision: 'fp32' })
  })
  const preprocessing = readPreprocessing(captioner.preprocessorConfig)
  const { resize, crop, resample } = preprocessing
  const { modelId, adapterId, formerAdapterId, spaceId, precision } = captioner
  const batching = createBatching({
    batchSize: way.batchSize,
    areMoreComing,
    run: (entries: Entry[]) => captionBatch(captioner, preprocessing, entries),
  })
  const embedding = createBatching({
    batchSize: way.batchSize,
    areMoreComing,
    async run(pictures: Uint8Array[]) {
      const embedded = await captioner.embed(normalisePixels(pictures, preprocessing), pictures.length)
      return embedded.map(packEmbedding)
    },
  })
  return {
    captioner,
    preprocessing,
    batching,
    embedding,
    info: {
      ...way,
      precision,
      modelId,
      adapterId,
      formerAdapterId,
      spaceId,
      input: { resize, crop, resample },
    },
  }
}

async function captionBatch(
  captioner: Captioner,
  preprocessing: Preprocessing,
  entries: Entry[],
): Promise<CaptionResult[]> {
  const pictures = entries.map(({ pixels }) => pixels)
  const captions = await captioner.caption(normalisePixels(pictures, preprocessing), entries.length)
  const { widthPx } = inputSizePx(preprocessing)
  const { precision } = captioner
  return entries.map((entry, index) => toResult(entry, widthPx, captions[index]!, precision))
}

function toResult(
  { pixels, readings }: Entry,
  widthPx: number,
  generated: GeneratedCaption,
  precision: Precision,
): CaptionResult {
  const tone = measureTone(pixels, widthPx)
  const embedding = generated.embedding && packEmbedding(generated.embedding)
  if (tone.isPlain) return { ...nothingToSee, precision, embedding }
  const result: CaptionResult = { ...wordsOf(tone, generated), precision, embedding }
  return readings ? { ...result, readings: generated.beams } : result
}

const nothingToSee = { ...noDoubt, caption: '', score: 0 }

/** Scans and drawings are nothing that the model learned from, however sure it is. */
function wordsOf(tone: Tone, { text, score, doubt }: GeneratedCaption) {
  const told = doubt ?? noDoubt
  return { ...told, caption: text, score, isUnsure: told.isUnsure || tone.isOnPaper }
}

/**
 * Captioning is background work: the windows of the person go first. Linux has a priority for each thread, which those that it
 * starts inherit; Node has started some before.
 */
function yieldToThePerson(): void {
  const threads = platform() === 'linux' ? readdirSync('/proc/self/task').map(Number) : [0]
  for (const thread of threads) {
    try {
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL)
    } catch {
      // Some systems forbid it; then the scheduler shares evenly. And a thread may have ended.
    }
  }
}
