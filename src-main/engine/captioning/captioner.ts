import { availableParallelism } from 'node:os'
import type { ProviderName, WordAttention } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { buildCaptionGraph, type CaptionModel, type GenerationConfig } from '../model/caption-graph.ts'
import { memoryLength } from '../model/vision-tower.ts'
import { readCheckpoint, readModelJson } from './checkpoint.ts'
import { packModel } from './packed-model.ts'
import { chooseProvider } from './provider-choice.ts'
import type { SessionTensor } from './session.ts'
import { openSessionInThread } from './session-thread.ts'
import { type CaptionTokenizer, createTokenizer } from './tokenizer.ts'

export interface CaptionerOptions {
  modelDirectory: string
  /** null: the model folder's own adapter, where it has one. */
  adapterPath: string | null
  provider: 'auto' | ProviderName
  /** Processor threads; default: one less than there are. */
  threads?: number | undefined
  beams?: number | undefined
  lengthPenalty?: number | undefined
  maxNewTokens?: number | undefined
}

export interface GeneratedCaption {
  /** Without start and end token. */
  tokenIds: number[]
  text: string
  /** Sum of log-probabilities / length^α, the end token counted. */
  score: number
  /** Where the model looked; absent where it was not asked for. */
  attention?: { rows: number; columns: number; words: WordAttention[] }
}

export interface Captioner {
  readonly modelId: string
  readonly adapterId: string | null
  readonly provider: ProviderName
  readonly imageSizePx: number
  /** What preprocessor_config.json holds. */
  readonly preprocessorConfig: unknown
  /**
   * Captions a batch in one run.
   * @param pixels `[B, 3, S, S]`, preprocessed
   * @throws LensloreError `INVALID_ARGUMENT` for pixels of another number, `ENGINE_FAILED`
   */
  caption(pixels: Float32Array, batch: number, options?: { attention?: boolean }): Promise<GeneratedCaption[]>
  close(): Promise<void>
}

/**
 * Opens a model folder (`checkpoint.ts` tells its layout) on a provider.
 * @throws LensloreError `MODEL_NOT_FOUND`, `MODEL_INCOMPLETE`, `CHECKPOINT_INVALID`, `SAFETENSORS_INVALID`,
 * `PROVIDER_UNAVAILABLE`, `ENGINE_FAILED`
 */
export async function openCaptioner(options: CaptionerOptions): Promise<Captioner> {
  const { modelDirectory, adapterPath } = options
  const checkpoint = await readCheckpoint(modelDirectory, adapterPath)
  const { model, modelId, adapterId } = checkpoint
  checkThatItSees(model, modelDirectory)
  const generation = chooseGeneration(options, checkpoint.generation, model)
  const preprocessorConfig = await readModelJson(
    checkpoint.preprocessorDirectories,
    'preprocessor_config.json',
  )
  const tokenizerSource = await readModelJson(checkpoint.tokenizerDirectories, 'tokenizer.json')
  const tokenizer = createTokenizer(tokenizerSource, modelDirectory)

  const graph = buildCaptionGraph(model, generation)
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1)
  const provider = options.provider === 'auto' ? await chooseProvider(threads) : options.provider
  const adapterFile = model.decoder.adapter?.weights.filePath
  const packed = await packModel(graph, new Set(adapterFile === undefined ? [] : [adapterFile]))
  const session = await openSessionInThread(packed, provider, threads)
  const imageSizePx = model.vision.config.imageSizePx

  return {
    modelId,
    adapterId,
    provider: session.provider,
    imageSizePx,
    preprocessorConfig,
    async caption(pixels, batch, { attention = false } = {}) {
      const shape = [batch, 3, imageSizePx, imageSizePx]
      if (pixels.length !== shape.reduce((a, b) => a * b)) {
        throw new LensloreError('INVALID_ARGUMENT', `These are not the pixels of [${shape}].`)
      }
      const outputs = await session.run({ pixels: { data: pixels, shape } })
      return Array.from({ length: batch }, (_, index) => {
        const generated = readCaption(outputs, index, model, tokenizer)
        if (attention)
          generated.attention = readAttention(outputs, index, generated.tokenIds, model, tokenizer)
        return generated
      })
    },
    close: () => session.close(),
  }
}

/** A frozen CLIP and a frozen GPT-2 write text, but about nothing: without an adapter no picture reaches the words. */
function checkThatItSees({ decoder }: CaptionModel, directory: string): void {
  if (decoder.adapter || decoder.config.crossAttention) return
  throw new LensloreError(
    'MODEL_INCOMPLETE',
    `The model in ${directory} cannot describe pictures: it has neither an adapter nor cross-attention.`,
  )
}

function chooseGeneration(
  options: CaptionerOptions,
  defaults: GenerationConfig,
  { decoder }: CaptionModel,
): GenerationConfig {
  const beams = options.beams ?? defaults.beams
  const lengthPenalty = options.lengthPenalty ?? defaults.lengthPenalty
  const maxNewTokens = options.maxNewTokens ?? defaults.maxNewTokens
  const { positions, vocabulary } = decoder.config
  if (maxNewTokens > positions) {
    throw new LensloreError('INVALID_ARGUMENT', `This model writes at most ${positions} tokens.`)
  }
  if (beams > vocabulary) {
    throw new LensloreError('INVALID_ARGUMENT', `This model knows only ${vocabulary} words for its beams.`)
  }
  return { beams, lengthPenalty, maxNewTokens }
}

type Outputs = Record<string, SessionTensor>

function readCaption(
  { ids, lengths, scores }: Outputs,
  index: number,
  { decoder }: CaptionModel,
  tokenizer: CaptionTokenizer,
): GeneratedCaption {
  const longest = ids!.shape[1]!
  const length = Number(lengths!.data[index])
  const tokenIds = Array.from(
    (ids!.data as BigInt64Array).subarray(index * longest, index * longest + length),
    Number,
  )
  if (tokenIds.at(-1) === decoder.config.endToken) tokenIds.pop()
  return { tokenIds, text: tokenizer.decode(tokenIds), score: Number(scores!.data[index]) }
}

/** A word's look is the mean over its tokens', the class token left out. */
function readAttention(
  { attention }: Outputs,
  index: number,
  tokenIds: readonly number[],
  { vision }: CaptionModel,
  tokenizer: CaptionTokenizer,
): NonNullable<GeneratedCaption['attention']> {
  const side = vision.config.imageSizePx / vision.config.patchSizePx
  const longest = attention!.shape[1]!
  const width = memoryLength(vision.config)
  const words = tokenizer.words(tokenIds).map(({ text, start, end }) => {
    const weights = new Float32Array(side * side)
    for (let token = start; token < end; token++) {
      const at = (index * longest + token) * width + 1
      const row = (attention!.data as Float32Array).subarray(at, at + weights.length)
      for (const [patch, weight] of row.entries()) weights[patch]! += weight / (end - start)
    }
    return { text, weights }
  })
  return { rows: side, columns: side, words }
}
