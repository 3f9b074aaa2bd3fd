import { parse } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import type { Precision, ProviderName } from '../../contract/providers.ts'
import type { CaptionModel, GenerationConfig } from '../model/caption-graph.ts'
import type { Form } from '../model/graph.ts'
import { buildSearch } from '../model/search-in-pieces.ts'
import { buildPictureEmbeddingGraph } from '../model/text-encoder.ts'
import { memorySide } from '../model/vision-tower.ts'
import { readCheckpoint, readModelJson } from './checkpoint.ts'
import { judgeCaption } from './doubt.ts'
import type { GeneratedCaption } from './generated-caption.ts'
import { checkForHalves } from './halves-check.ts'
import { openInt8Form } from './int8-form.ts'
import { createKeptOpen } from './kept-open.ts'
import { createLooker, type Looks, placeWords, readLooks } from './looks.ts'
import { packModel } from './packed-model.ts'
import { checkPrecision } from './precision.ts'
import { packSearch } from './search-session.ts'
import type { Session, SessionTensor } from './session.ts'
import { openSessionInThread } from './session-thread.ts'
import { type CaptionTokenizer, readTokenizer } from './tokenizer.ts'

export interface CaptionerOptions {
  modelDirectory: string
  /** null: the model folder's own adapter, where it has one. */
  adapterPath: string | null
  provider: ProviderName
  /** Default: fp32. */
  precision?: Precision | undefined
  /** Where forms of fewer bits are kept, which want it. */
  formDirectory?: string | null | undefined
  /** Processor threads. */
  threads: number
  beams?: number | undefined
  lengthPenalty?: number | undefined
  maxNewTokens?: number | undefined
}

export interface Captioner {
  readonly modelId: string
  readonly adapterId: string | null
  readonly formerAdapterId: string | null
  /** In which texts and pictures meet, by its name; null for a model without one. */
  readonly spaceId: string | null
  readonly provider: ProviderName
  /** At which it runs. */
  readonly precision: Precision
  readonly imageSizePx: number
  /** What preprocessor_config.json holds. */
  readonly preprocessorConfig: unknown
  /**
   * Captions a batch in one run.
   * @param pixels `[B, 3, S, S]`, preprocessed
   * @throws LensloreError `INVALID_ARGUMENT` for pixels of another number, `ENGINE_FAILED`
   */
  caption(pixels: Float32Array, batch: number): Promise<GeneratedCaption[]>
  /**
   * The pictures of a batch in the model's space, without words, as `caption` gives them.
   * @param pixels `[B, 3, S, S]`, preprocessed
   * @returns each `[p]`, of unit length
   * @throws LensloreError as `caption`; `MODEL_INCOMPLETE` for a model without a space
   */
  embed(pixels: Float32Array, batch: number): Promise<Float32Array[]>
  /**
   * Where it looks while it says a given text of one picture, whoever wrote that: the text is forced through the decoder. Words
   * beyond the longest text that the model can say are left out.
   * @param pixels `[1, 3, S, S]`, preprocessed
   * @throws LensloreError as `caption`
   */
  look(pixels: Float32Array, text: string): Promise<Looks>
  close(): Promise<void>
}

/**
 * Opens a model folder (`checkpoint.ts` tells its layout) on a provider.
 * @throws LensloreError `MODEL_NOT_FOUND`, `MODEL_INCOMPLETE`, `CHECKPOINT_INVALID`, `SAFETENSORS_INVALID`,
 * `PROVIDER_UNAVAILABLE`, `ENGINE_FAILED`; `DISK_FULL` and `WRITE_FAILED` for a form that cannot be kept
 */
export async function openCaptioner(options: CaptionerOptions): Promise<Captioner> {
  const { modelDirectory, adapterPath, provider, precision = 'fp32', formDirectory = null } = options
  checkPrecision(provider, precision)
  if (precision === 'fp16') await checkForHalves(provider, options.threads)
  const checkpoint = await readCheckpoint(modelDirectory, adapterPath)
  const { model, modelId, adapterId, formerAdapterId, adapterFile } = checkpoint
  checkThatItSees(model, modelDirectory)
  const generation = chooseGeneration(options, checkpoint.generation, model)
  const preprocessorConfig = await readModelJson(
    checkpoint.preprocessorDirectories,
    'preprocessor_config.json',
  )
  const tokenizer = await readTokenizer(checkpoint)

  const names = {
    names: checkpoint.names,
    gluing: tokenizer.gluing(model.decoder.config.vocabulary),
  }
  const build = (form: Form | null) =>
    buildSearch(provider, 'pixels', model, generation, names, precision, form)
  const copied = new Set(adapterFile === null ? [] : [adapterFile])
  const form =
    precision === 'int8' ? await openInt8Form(build, { directory: formDirectory, loose: copied }) : null
  // The runtime looks for files below one folder alone.
  const isApart = form?.filePath && parse(form.filePath).root !== parse(modelDirectory).root
  const packed = await packSearch(build(form), isApart ? copied.union(new Set([form.filePath!])) : copied)
  const session = await openSessionInThread(packed, provider, options.threads)
  const imageSizePx = model.vision.config.imageSizePx
  const looker = createLooker(model, tokenizer, async (lookingGraph) =>
    openSessionInThread(await packModel(lookingGraph, copied), 'cpu', options.threads),
  )

  const embedder = createKeptOpen<Session>()
  async function openEmbedder(): Promise<Session> {
    if (!model.text) throw new LensloreError('MODEL_INCOMPLETE', 'This model has no space for pictures.')
    const graph = buildPictureEmbeddingGraph(model.vision, model.text)
    return openSessionInThread(await packModel(graph), 'cpu', options.threads)
  }

  function pixelsOf(batch: number, data: Float32Array): SessionTensor {
    const shape = [batch, 3, imageSizePx, imageSizePx]
    if (data.length === shape.reduce((a, b) => a * b)) return { data, shape }
    throw new LensloreError('INVALID_ARGUMENT', `These are not the pixels of [${shape}].`)
  }

  return {
    modelId,
    adapterId,
    formerAdapterId,
    spaceId: checkpoint.space?.id ?? null,
    provider: session.provider,
    precision,
    imageSizePx,
    preprocessorConfig,
    async caption(pixels, batch) {
      const outputs = await session.run({ pixels: pixelsOf(batch, pixels) })
      return Array.from({ length: batch }, (_, index) => {
        const caption = readCaption(outputs, index, model, tokenizer)
        if (checkpoint.doubt) caption.doubt = judgeCaption(caption, checkpoint.doubt)
        return caption
      })
    },
    async embed(pixels, batch) {
      const pictures = pixelsOf(batch, pixels)
      const outputs = await embedder.use('pictures', openEmbedder, (opened) =>
        opened.run({ pixels: pictures }),
      )
      return Array.from({ length: batch }, (_, index) => rowOf(outputs.pictures!, index))
    },
    look: async (pixels, text) => looker.look(pixelsOf(1, pixels), text),
    async close() {
      await looker.close()
      await embedder.close()
      await session.close()
    },
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
  const positions = Math.min(
    decoder.config.positions,
    text?.kind === 'gpt2' ? text.config.positions - 2 : Infinity,
  )
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
): GeneratedCaption {
  const { ids, lengths, scores, log_probabilities: gains, similarity, embedding, attention } = outputs
  const longest = ids!.shape[1]!
  const length = Number(lengths!.data[index])
  const numbersOf = ({ data }: SessionTensor) =>
    Array.from(data.subarray(index * longest, index * longest + length), Number)
  const tokenIds = numbersOf(ids!)
  const logProbabilities = numbersOf(gains!)
  const hasEnded = tokenIds.at(-1) === decoder.config.endToken
  if (hasEnded) tokenIds.pop()
  const text = tokenizer.decode(tokenIds)
  const words = tokenizer.words(tokenIds)
  const looks = attention && readLooks(attention, index, words, memorySide(vision.config))
  return {
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
    beams: readBeams(outputs, index, decoder.config.endToken, tokenizer),
    similarity: similarity ? Number(similarity.data[index]) : null,
    embedding: embedding ? rowOf(embedding, index) : null,
    doubt: null,
  }
}

/** A copy of one row of `[B, p]`. */
function rowOf({ data, shape }: SessionTensor, index: number): Float32Array {
  const width = shape[1]!
  return (data as Float32Array).slice(index * width, (index + 1) * width)
}

/** The best first. */
function readBeams(
  { beam_ids: ids, beam_scores: scores }: Outputs,
  index: number,
  endToken: number,
  tokenizer: CaptionTokenizer,
): GeneratedCaption['beams'] {
  const [, beams, longest] = ids!.shape as [number, number, number]
  return Array.from({ length: beams }, (_, beam) => {
    const at = index * beams + beam
    const tokens = Array.from(ids!.data.subarray(at * longest, (at + 1) * longest), Number)
    const end = tokens.indexOf(endToken)
    return {
      text: tokenizer.decode(end < 0 ? tokens : tokens.slice(0, end)),
      score: Number(scores!.data[at]),
    }
  }).sort((a, b) => b.score - a.score)
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
