import { LensloreError } from '../../contract/errors.ts'
import type { ProviderName } from '../../contract/providers.ts'
import { buildCaptionGraph, type CaptionModel, type GenerationConfig } from '../model/caption-graph.ts'
import { memorySide } from '../model/vision-tower.ts'
import { readCheckpoint, readModelJson } from './checkpoint.ts'
import { judgeCaption } from './doubt.ts'
import type { GeneratedCaption } from './generated-caption.ts'
import { packModel } from './packed-model.ts'
import type { SessionTensor } from './session.ts'
import { openSessionInThread } from './session-thread.ts'
import { type CaptionTokenizer, createTokenizer, type Word } from './tokenizer.ts'

export interface CaptionerOptions {
  modelDirectory: string
  /** null: the model folder's own adapter, where it has one. */
  adapterPath: string | null
  provider: ProviderName
  /** Processor threads. */
  threads: number
  beams?: number | undefined
  lengthPenalty?: number | undefined
  maxNewTokens?: number | undefined
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
  const { model, modelId, adapterId, adapterFile } = checkpoint
  checkThatItSees(model, modelDirectory)
  const generation = chooseGeneration(options, checkpoint.generation, model)
  const preprocessorConfig = await readModelJson(
    checkpoint.preprocessorDirectories,
    'preprocessor_config.json',
  )
  const tokenizerSource = await readModelJson(checkpoint.tokenizerDirectories, 'tokenizer.json')
  const tokenizer = createTokenizer(tokenizerSource, modelDirectory)

  const graph = buildCaptionGraph(model, generation)
  const packed = await packModel(graph, new Set(adapterFile === null ? [] : [adapterFile]))
  const session = await openSessionInThread(packed, options.provider, options.threads)
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
        const caption = readCaption(outputs, index, model, tokenizer, attention)
        if (checkpoint.doubt) caption.doubt = judgeCaption(caption, checkpoint.doubt)
        return caption
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
  { decoder, text }: CaptionModel,
): GenerationConfig {
  const beams = options.beams ?? defaults.beams
  const lengthPenalty = options.lengthPenalty ?? defaults.lengthPenalty
  const maxNewTokens = options.maxNewTokens ?? defaults.maxNewTokens
  const { vocabulary } = decoder.config
  // The text encoder reads a caption between a start and an end token.
  const positions = Math.min(decoder.config.positions, text ? text.config.positions - 2 : Infinity)
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
  outputs: Outputs,
  index: number,
  { vision, decoder }: CaptionModel,
  tokenizer: CaptionTokenizer,
  withAttention: boolean,
): GeneratedCaption {
  const {
    ids,
    lengths,
    scores,
    log_probabilities: gains,
    beam_scores: beamScores,
    similarity,
    attention,
  } = outputs
  const longest = ids!.shape[1]!
  const length = Number(lengths!.data[index])
  const rowOf = ({ data }: SessionTensor) =>
    Array.from(data.subarray(index * longest, index * longest + length), Number)
  const tokenIds = rowOf(ids!)
  const logProbabilities = rowOf(gains!)
  const hasEnded = tokenIds.at(-1) === decoder.config.endToken
  if (hasEnded) tokenIds.pop()
  const text = tokenizer.decode(tokenIds)
  const words = tokenizer.words(tokenIds)
  const side = memorySide(vision.config)
  const looks = attention && readLooks(attention, index, words, side)
  const beams = beamScores!.shape[1]!
  const caption: GeneratedCaption = {
    tokenIds,
    text,
    score: Number(scores!.data[index]),
    words: placeWords(text, words).map((place, word) => ({
      ...place,
      logProbability: logProbabilities
        .slice(words[word]!.start, words[word]!.end)
        .reduce((sum, gain) => sum + gain, 0),
      lookEntropy: looks ? entropyOf(looks[word]!) : 0,
    })),
    endLogProbability: hasEnded ? logProbabilities.at(-1)! : 0,
    beamScores: Array.from(beamScores!.data.subarray(index * beams, (index + 1) * beams), Number).sort(
      (a, b) => b - a,
    ),
    similarity: similarity ? Number(similarity.data[index]) : null,
    doubt: null,
  }
  if (withAttention && looks) {
    const seen = words.map((word, at) => ({ text: word.text, weights: looks[at]! }))
    caption.attention = { rows: side, columns: side, words: seen }
  }
  return caption
}

/** Where each word stands in the caption. */
function placeWords(text: string, words: readonly Word[]): { text: string; start: number; end: number }[] {
  let at = 0
  return words.map((word) => {
    const start = Math.max(at, text.indexOf(word.text, at))
    at = start + word.text.length
    return { text: word.text, start, end: at }
  })
}

/** A word's look over the places is the mean over its tokens', the row for the whole picture left out. */
function readLooks(
  { data, shape }: SessionTensor,
  index: number,
  words: readonly Word[],
  side: number,
): Float32Array[] {
  const [, longest, width] = shape as [number, number, number]
  return words.map(({ start, end }) => {
    const weights = new Float32Array(side * side)
    for (let token = start; token < end; token++) {
      const at = (index * longest + token) * width + 1
      const row = (data as Float32Array).subarray(at, at + weights.length)
      for (const [place, weight] of row.entries()) weights[place]! += weight / (end - start)
    }
    return weights
  })
}

/** In nats, of weights that need not sum to one. */
function entropyOf(weights: Float32Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return 0
  return weights.reduce((sum, weight) => {
    const share = weight / total
    return share > 0 ? sum - share * Math.log(share) : sum
  }, 0)
}
