import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { AdapterDescription } from '../../contract/adapters.ts'
import { LensloreError } from '../../contract/errors.ts'
import type { CaptionModel, GenerationConfig } from '../model/caption-graph.ts'
import {
  check,
  type DecoderConfig,
  parseClipTextConfig,
  parseDecoderConfig,
  parseTextConfig,
  parseVisionConfig,
  type VisionConfig,
} from '../model/configuration.ts'
import type { Decoder } from '../model/decoder.ts'
import type { Name } from '../model/names.ts'
import { readSafetensorsHeader, readTensor, type SafetensorsHeader } from '../model/safetensors.ts'
import { pictureProjections, type TextEncoder } from '../model/text-encoder.ts'
import { StoredWeights, type Weights } from '../model/weights.ts'
import {
  checkAdapterTensors,
  configureAdapter,
  describeAdapter,
  identifyAdapter,
  readAdapterFile,
} from './adapter-file.ts'
import { type DoubtCalibration, parseDoubtCalibration } from './doubt.ts'
import { hashSamples } from './file-samples.ts'
import { type FormFigures, parseFormFigures } from './precision.ts'

/**
 * A model folder: a config.json beside the weights. It is one of three.
 *
 * Our own layout. The config has `vision` and `gpt2` with the public names of a CLIP vision tower's and a GPT-2's
 * fields; the weights are `clip.safetensors` and `gpt2.safetensors`:
 *
 *     { "vision": { "hidden_size": 192, … }, "gpt2": { "n_embd": 192, … }, "itune": { "rank": 96, … } }
 *
 * Or the vision tower is an EfficientNet-Lite in `vision.safetensors`, with the tensor names of `timm`:
 *
 *     { "vision": { "model_type": "efficientnet_lite", "stages": [ … ], … }, "gpt2": { … }, "itune": { … } }
 *
 * Public checkpoints put together. `vision` or `gpt2` names a folder, seen from the config's own, that holds a public
 * checkpoint as it was published (config.json, model.safetensors): `openai/clip-vit-*` for the one, `gpt2*` for the
 * other:
 *
 *     { "vision": { "path": "vision" }, "gpt2": { "path": "decoder" }, "itune": { "rank": 384, "heads": 12 } }
 *
 * A public image-to-text checkpoint as it was published: `"model_type": "vision-encoder-decoder"` with a ViT and a
 * GPT-2 with cross-attention in one model.safetensors. An `itune` field may be added to it.
 *
 * Our own layout may hold a text encoder, `text` in the config (a GPT-2's fields and `projection_dim`) and
 * `text.safetensors` (a GPT-2's tensors, `text_projection`, `image_projection`). A public CLIP with both of its towers brings
 * its own, and the tokenizer.json beside it is that of its texts.
 *
 * Any of them may hold `itune.safetensors`, the adapter used where no other is named. An adapter's own metadata
 * (`rank`, `heads`, `first_layer`, `scale`, `base_model`) goes before the config's `itune`. `tokenizer.json` and
 * `preprocessor_config.json` lie in the model folder, else in the folder of the part they belong to. Further fields
 * of the config: `id`, by which captions remember this base, `generation`
 * (`{ "beams": 3, "length_penalty": 0.8, "max_new_tokens": 20 }`),
 * `least_cosine` (from which on a picture plausibly shows a few words), `least_sentence_cosine` (the same of a sentence),
 * `least_picture_cosine` (of two pictures), `doubt` (`doubt.ts`) and `forms` (`precision.ts`).
 */
export interface Checkpoint {
  /** Names the frozen base, not its adapter. */
  modelId: string
  model: CaptionModel
  /** Where the adapter lies, if there is one. */
  adapterFile: string | null
  /** As `adapter-file.ts` has it. */
  adapterId: string | null
  /** By which captions of before remember the same adapter. */
  formerAdapterId: string | null
  /** What the adapter calls by its name. */
  names: Name[]
  generation: GenerationConfig
  /** How to tell the model's doubt; null for one that nobody has calibrated. */
  doubt: DoubtCalibration | null
  /** How well its forms of fewer bits are known to agree with it. */
  forms: FormFigures
  /** In which texts and pictures meet, and where the tokenizer of these texts may lie; null where there is none. */
  space: {
    id: string
    tokenizerDirectories: string[]
    leastCosine: number
    leastSentenceCosine: number
    leastPictureCosine: number
  } | null
  /** Where tokenizer.json and preprocessor_config.json may lie, the likelier folder first. */
  tokenizerDirectories: string[]
  preprocessorDirectories: string[]
}

const adapterFileName = 'itune.safetensors'

const configFields = z.looseObject({
  id: z.string().min(1).optional(),
  model_type: z.string().optional(),
  least_cosine: z.number().min(-1).max(1).default(0.24),
  least_sentence_cosine: z.number().min(-1).max(1).default(0.24),
  least_picture_cosine: z.number().min(-1).max(1).default(0.75),
  generation: z
    .object({
      beams: z.int().min(1).max(16).default(3),
      length_penalty: z.number().min(0).max(4).default(0.8),
      max_new_tokens: z.int().min(1).max(256).default(20),
    })
    .prefault({}),
})

const partFields = z.looseObject({ path: z.string().min(1).optional(), model_type: z.string().optional() })

/** One network of the base as it was found. */
interface Part<Config> {
  config: Config
  weights: Weights
  header: SafetensorsHeader
  directory: string
}

interface Space {
  text: TextEncoder
  /** Of the file that has both projections. */
  header: SafetensorsHeader
  tokenizerDirectories: string[]
}

interface Base {
  vision: Part<VisionConfig>
  decoder: Part<DecoderConfig>
}

/**
 * Reads everything about a model except its weights, which stay in their files.
 * @param adapterPath an adapter other than the folder's own
 * @throws LensloreError `MODEL_NOT_FOUND` where there is no config.json, `MODEL_INCOMPLETE` where another file is
 * missing, `CHECKPOINT_INVALID`, `SAFETENSORS_INVALID`
 */
export async function readCheckpoint(directory: string, adapterPath: string | null): Promise<Checkpoint> {
  const { configPath, source, config, base, modelId } = await readBase(directory)
  const adapter = await readAdapter(directory, adapterPath, source, base, modelId)
  const space = await readTextEncoder(directory, source, base)
  const { beams, length_penalty: lengthPenalty, max_new_tokens: maxNewTokens } = config.generation
  return {
    modelId,
    model: {
      vision: base.vision,
      decoder: { ...base.decoder, adapter },
      text: space?.text ?? null,
    },
    space: space && {
      id: await identifySpace(modelId, space),
      tokenizerDirectories: space.tokenizerDirectories,
      leastCosine: config.least_cosine,
      leastSentenceCosine: config.least_sentence_cosine,
      leastPictureCosine: config.least_picture_cosine,
    },
    adapterFile: adapter?.filePath ?? null,
    adapterId: adapter?.id ?? null,
    formerAdapterId: adapter?.formerId ?? null,
    names: adapter?.named ?? [],
    generation: { beams, lengthPenalty, maxNewTokens },
    doubt: source.doubt === undefined ? null : parseDoubtCalibration(source.doubt, `${configPath} (doubt)`),
    forms: parseFormFigures(source.forms ?? {}, `${configPath} (forms)`),
    tokenizerDirectories: [directory, base.decoder.directory],
    preprocessorDirectories: [directory, base.vision.directory],
  }
}

async function readBase(directory: string) {
  const configPath = join(directory, 'config.json')
  const source = await readConfig(configPath)
  const config = check(configFields, source, configPath)
  const base: Base =
    config.model_type === 'vision-encoder-decoder'
      ? await readEncoderDecoder(directory, source)
      : { vision: await readVision(directory, source), decoder: await readDecoder(directory, source) }
  return { configPath, source, config, base, modelId: config.id ?? (await digestBase(base)) }
}

/**
 * Reads all of an adapter of unknown origin, and checks it for the base in a model folder.
 * @throws LensloreError as `readCheckpoint`, `configureAdapter` and `checkAdapterTensors`
 */
export async function inspectAdapter(directory: string, adapterPath: string): Promise<AdapterDescription> {
  const { source, base, modelId } = await readBase(directory)
  const { vision, decoder } = base
  const file = await readAdapterFile(adapterPath)
  const config = configureAdapter(file, asObject(source.itune), decoder.config, modelId)
  await checkAdapterTensors(file, config, decoder.config, vision.config.width)
  return describeAdapter(file, config, modelId)
}

/**
 * Reads and parses a JSON file from the first of several folders that has it.
 * @throws LensloreError `MODEL_INCOMPLETE` where none has, `CHECKPOINT_INVALID` where it is no JSON
 */
export async function readModelJson(directories: readonly string[], fileName: string): Promise<unknown> {
  for (const directory of directories) {
    const path = join(directory, fileName)
    const text = await readFile(path, 'utf8').catch(nothingWhereMissing)
    if (text !== null) return parseJson(path, text)
  }
  throw new LensloreError('MODEL_INCOMPLETE', `The model in ${directories[0]} has no ${fileName}.`)
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch(nothingWhereMissing)
  if (text === null) throw new LensloreError('MODEL_NOT_FOUND', `There is no model here: ${path} is missing.`)
  return check(z.record(z.string(), z.unknown()), parseJson(path, text), path)
}

async function readEncoderDecoder(directory: string, source: Record<string, unknown>): Promise<Base> {
  const where = join(directory, 'config.json')
  const header = await readWeightsHeader(join(directory, 'model.safetensors'))
  const decoderSource = { ...check(partFields, source.decoder, where), add_cross_attention: true }
  const startToken = source.decoder_start_token_id
  const decoder = parseDecoderConfig(
    typeof startToken === 'number' ? { ...decoderSource, bos_token_id: startToken } : decoderSource,
    where,
  )
  const vision = parseVisionConfig('vit', source.encoder, where)
  if (vision.width !== decoder.width) {
    throw new LensloreError(
      'CHECKPOINT_INVALID',
      `${where} cannot be used: its cross-attention would need an encoder as wide as the decoder.`,
    )
  }
  return {
    vision: { config: vision, weights: new StoredWeights(header, 'encoder.'), header, directory },
    decoder: {
      config: decoder,
      weights: new StoredWeights(header, 'decoder.transformer.'),
      header,
      directory,
    },
  }
}

async function readVision(directory: string, source: Record<string, unknown>): Promise<Part<VisionConfig>> {
  const ownKind = asObject(source.vision).model_type
  if (ownKind === 'efficientnet_lite') {
    const found = await findPart(directory, source, 'vision', 'vision.safetensors')
    return {
      config: parseVisionConfig(ownKind, found.source, found.configPath),
      weights: new StoredWeights(found.header),
      header: found.header,
      directory: found.directory,
    }
  }
  const found = await findPart(directory, source, 'vision', 'clip.safetensors')
  const { vision_config: nested, vision_config_dict: older } = found.source
  // A full CLIP's configuration nests the tower's; where an older file has it twice, the second one counts.
  const fields = nested === undefined ? found.source : { ...asObject(nested), ...asObject(older) }
  return {
    config: parseVisionConfig('clip', fields, found.configPath),
    weights: new StoredWeights(found.header, 'vision_model.'),
    header: found.header,
    directory: found.directory,
  }
}

async function readDecoder(directory: string, source: Record<string, unknown>): Promise<Part<DecoderConfig>> {
  const found = await findPart(directory, source, 'gpt2', 'gpt2.safetensors')
  const prefix = found.header.tensors.has('transformer.wte.weight') ? 'transformer.' : ''
  return {
    config: parseDecoderConfig(found.source, found.configPath),
    weights: new StoredWeights(found.header, prefix),
    header: found.header,
    directory: found.directory,
  }
}

/** A part of the base: described in the folder's own config.json, or a public checkpoint that it points to. */
async function findPart(
  directory: string,
  source: Record<string, unknown>,
  name: 'vision' | 'gpt2',
  ownFileName: string,
) {
  const configPath = join(directory, 'config.json')
  const own = check(partFields, source[name], `${configPath} (${name})`)
  if (own.path === undefined) {
    const header = await readWeightsHeader(join(directory, ownFileName))
    return { source: own as Record<string, unknown>, configPath, header, directory }
  }
  const partDirectory = join(directory, own.path)
  const partConfigPath = join(partDirectory, 'config.json')
  return {
    source: await readConfig(partConfigPath),
    configPath: partConfigPath,
    header: await readWeightsHeader(join(partDirectory, 'model.safetensors')),
    directory: partDirectory,
  }
}

/** In our own layout, or of the public CLIP whose vision tower it is. */
async function readTextEncoder(
  directory: string,
  source: Record<string, unknown>,
  { vision, decoder }: Base,
): Promise<Space | null> {
  if (source.text === undefined) return readClipText(vision)
  const where = `${join(directory, 'config.json')} (text)`
  const { config, projectionWidth } = parseTextConfig(source.text, where)
  if (config.vocabulary !== decoder.config.vocabulary) {
    throw new LensloreError(
      'CHECKPOINT_INVALID',
      `${where} cannot be used: it reads ${config.vocabulary} tokens, and the captions have ${decoder.config.vocabulary}.`,
    )
  }
  const header = await readWeightsHeader(join(directory, 'text.safetensors'))
  const text = { kind: 'gpt2', config, projectionWidth, weights: new StoredWeights(header) } as const
  return { text, header, tokenizerDirectories: [directory, decoder.directory] }
}

/** A folder that holds the vision tower alone has neither. */
async function readClipText({ config, header, directory }: Part<VisionConfig>): Promise<Space | null> {
  const projection = header.tensors.get('visual_projection.weight')
  if (config.kind !== 'clip' || !projection || !header.tensors.has('text_projection.weight')) return null
  const where = join(directory, 'config.json')
  const { text_config: nested, text_config_dict: older } = await readConfig(where)
  const text = {
    kind: 'clip',
    config: parseClipTextConfig({ ...asObject(nested), ...asObject(older) }, `${where} (text_config)`),
    projectionWidth: projection.shape[0]!,
    weights: new StoredWeights(header),
    pictureNormEpsilon: config.normEpsilon,
  } as const
  return { text, header, tokenizerDirectories: [directory] }
}

/**
 * Names the space in which pictures and texts meet, by what decides where a picture lies in it: the base, and what projects it.
 * An adapter, a precision and the text encoder decide nothing of that.
 */
async function identifySpace(modelId: string, { text, header }: Space): Promise<string> {
  const hash = createHash('sha256').update(modelId)
  for (const name of pictureProjections[text.kind]) {
    const { buffer, byteOffset, byteLength } = await readTensor(header, name)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return `${modelId}~${hash.digest('hex').slice(0, 12)}`
}

interface Adapter extends NonNullable<Decoder['adapter']> {
  filePath: string
  id: string
  formerId: string | null
  named: Name[]
}

async function readAdapter(
  directory: string,
  adapterPath: string | null,
  source: Record<string, unknown>,
  { decoder }: Base,
  modelId: string,
): Promise<Adapter | null> {
  const path = adapterPath ?? join(directory, adapterFileName)
  if (adapterPath === null && (await access(path).catch(nothingWhereMissing)) === null) return null
  const file = await readAdapterFile(path)
  const config = configureAdapter(file, asObject(source.itune), decoder.config, modelId)
  const weights = new StoredWeights(file.header)
  return {
    config,
    weights,
    filePath: path,
    named: file.names.map((name, index) => ({ ...name, weights: weights.under(`names.${index}.`) })),
    ...(await identifyAdapter(file, config)),
  }
}

async function readWeightsHeader(path: string): Promise<SafetensorsHeader> {
  try {
    return await readSafetensorsHeader(path)
  } catch (cause) {
    if (!(cause instanceof LensloreError) || cause.code !== 'FILE_NOT_FOUND') throw cause
    throw new LensloreError('MODEL_INCOMPLETE', `The model lacks its weights: ${path} is missing.`, { cause })
  }
}

/**
 * An id for a base that has none of its own: a digest of its configuration, its weights' names and shapes, and of
 * samples spread over the weights, so that gigabytes need not be read.
 */
async function digestBase({ vision, decoder }: Base): Promise<string> {
  const hash = createHash('sha256')
  for (const { config, header } of [vision, decoder]) {
    hash.update(JSON.stringify([config, [...header.tensors]]))
    await hashSamples(hash, header.filePath, header.fileBytes)
  }
  return `base-${hash.digest('hex').slice(0, 16)}`
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LensloreError('CHECKPOINT_INVALID', `${path} is no JSON.`, { cause })
  }
}

function nothingWhereMissing(thrown: NodeJS.ErrnoException): null {
  if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return null
  throw new LensloreError('FILE_UNREADABLE', `${thrown.path} cannot be read.`, { cause: thrown })
}
