import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import {
  type AdapterDescription,
  type AdapterName,
  type AdapterTexts,
  adapterName,
  adapterTexts,
  maxAdapterNames,
} from '../../contract/adapters.ts'
import { LensloreError } from '../../contract/errors.ts'
import { toWriteError } from '../imaging/keep-file.ts'
import { type AdapterConfig, type DecoderConfig, parseAdapterConfig } from '../model/configuration.ts'
import {
  readBytes,
  readSafetensorsHeader,
  readTensor,
  type SafetensorsHeader,
  type TensorToWrite,
  writeSafetensors,
} from '../model/safetensors.ts'

/**
 * An adapter as one safetensors file.
 *
 * Tensors: `h.{i}.itune.{q,k,v,o}_proj.{weight,bias}`, Linear layout `[out, in]`, of every layer from `first_layer` on; and
 * of the k-th name its recogniser, `names.{k}.weight` `[3·dv]` and `names.{k}.bias` `[2]`, and where in a text it begins,
 * `names.{k}.place.weight` `[d]` and `names.{k}.place.bias` `[1]` (`model/names.ts`).
 *
 * Metadata that decides words: `base_model`, `rank`, `heads`, `first_layer`, `scale`, and `names`, a JSON list of `{ text,
 * kind, startTokens, startParting, tokens, parting }` in the order of k. Metadata that people read: `name`, `note`, `parent`, `created` (ISO 8601),
 * `data` and `metrics` (JSON objects of numbers). `format` is there in files that were written since an adapter's id is
 * that of its content; whatever else there is is left alone.
 */
export interface AdapterFile {
  header: SafetensorsHeader
  baseModel: string | null
  /** What the file says of its shape; the base's configuration says the rest. */
  settings: { rank?: number; heads?: number; first_layer?: number; scale?: number }
  names: AdapterName[]
}

const format = 'lenslore-adapter-1'
const settingNames = ['rank', 'heads', 'first_layer', 'scale'] as const
const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

/**
 * Reads everything but the weights.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `SAFETENSORS_INVALID`; `CHECKPOINT_INVALID` where what decides
 * words is not understood
 */
export async function readAdapterFile(path: string): Promise<AdapterFile> {
  const header = await readSafetensorsHeader(path)
  const settings: AdapterFile['settings'] = {}
  for (const name of settingNames) {
    const text = header.metadata[name]
    if (text === undefined) continue
    if (!number.test(text)) throw invalid(path, `its ${name} is no number`)
    settings[name] = Number(text)
  }
  return { header, baseModel: header.metadata.base_model ?? null, settings, names: readNames(header) }
}

function readNames({ filePath, metadata }: SafetensorsHeader): AdapterName[] {
  if (metadata.names === undefined) return []
  const read = z.array(adapterName).max(maxAdapterNames).safeParse(parseJson(metadata.names))
  if (!read.success) throw invalid(filePath, `its names are not understood`)
  return read.data
}

/**
 * @param baseSettings what the base's configuration says of an adapter
 * @throws LensloreError `CHECKPOINT_INVALID` for an adapter of another base, or of a shape that this one cannot have
 */
export function configureAdapter(
  { header, baseModel, settings }: AdapterFile,
  baseSettings: Record<string, unknown>,
  decoder: DecoderConfig,
  modelId: string,
): AdapterConfig {
  if (baseModel !== null && baseModel !== modelId) {
    throw new LensloreError(
      'CHECKPOINT_INVALID',
      `${header.filePath} was trained for another model, ${baseModel}, and cannot be used with ${modelId}.`,
    )
  }
  return parseAdapterConfig({ ...baseSettings, ...settings }, decoder, header.filePath)
}

/**
 * @returns `id`: SHA-256 over the settings that decide words and over all tensors in the order of their names, lower-case
 * hex. `formerId`: what it was before, SHA-256 of the whole file; null for a file that nobody had before.
 * @throws LensloreError `FILE_UNREADABLE`, `SAFETENSORS_INVALID`
 */
export async function identifyAdapter(
  { header, names }: AdapterFile,
  config: AdapterConfig,
): Promise<{ id: string; formerId: string | null }> {
  const { rank, heads, firstLayer, scale } = config
  const said = names.map(({ text, kind, startTokens, startParting, tokens, parting }) => [
    text,
    kind,
    startTokens,
    startParting,
    tokens,
    parting,
  ])
  const hash = createHash('sha256').update(
    `${JSON.stringify([format, rank, heads, firstLayer, scale, said])}\n`,
  )
  for (const [name, { type, shape, offsetBytes, byteLength }] of inOrder(header)) {
    hash.update(`${JSON.stringify([name, type, shape])}\n`)
    hash.update(await readBytes(header.filePath, offsetBytes, byteLength))
  }
  const isFormer = header.metadata.format === undefined
  return { id: hash.digest('hex'), formerId: isFormer ? await hashFile(header) : null }
}

async function hashFile({ filePath }: SafetensorsHeader): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(filePath)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

function inOrder({ tensors }: SafetensorsHeader) {
  return [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))
}

/**
 * Checks all that an adapter of unknown origin may get wrong: every tensor that there has to be and no other, their shapes
 * and types, and that each of their numbers is one.
 * @param memoryWidth of a row of the visual memory, dv
 * @throws LensloreError `CHECKPOINT_INVALID`, naming the tensor
 */
export async function checkAdapterTensors(
  { header, names }: AdapterFile,
  config: AdapterConfig,
  decoder: DecoderConfig,
  memoryWidth: number,
): Promise<void> {
  const { filePath, tensors } = header
  const expected = shapesOf(config, decoder, memoryWidth, names)
  const unknown = names
    .flatMap(({ startTokens, tokens }) => [...startTokens, ...tokens])
    .find((token) => token >= decoder.vocabulary)
  if (unknown !== undefined) throw invalid(filePath, `a name has the token ${unknown}, which the model lacks`)
  for (const name of tensors.keys()) {
    if (!expected.has(name)) throw invalid(filePath, `it holds ${name}, which is no part of an adapter`)
  }
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name)
    if (!tensor) throw invalid(filePath, `it has no tensor ${name}`)
    if (JSON.stringify(tensor.shape) !== JSON.stringify(shape)) {
      throw invalid(filePath, `it holds ${name} as [${tensor.shape}], and not as [${shape}]`)
    }
    if (!['F32', 'F16', 'BF16'].includes(tensor.type))
      throw invalid(filePath, `it holds ${name} as ${tensor.type}`)
    if (!(await readTensor(header, name)).every(Number.isFinite)) {
      throw invalid(filePath, `${name} holds what is no number`)
    }
  }
}

/** Of all tensors that an adapter has, by name. */
export function shapesOf(
  { rank, firstLayer }: AdapterConfig,
  { width, layers }: Pick<DecoderConfig, 'width' | 'layers'>,
  memoryWidth: number,
  names: readonly unknown[] = [],
): Map<string, number[]> {
  const shapes = new Map<string, number[]>()
  for (let layer = firstLayer; layer < layers; layer++) {
    const project = (name: string, out: number, into: number) => {
      shapes.set(`h.${layer}.itune.${name}_proj.weight`, [out, into])
      shapes.set(`h.${layer}.itune.${name}_proj.bias`, [out])
    }
    project('q', rank, width)
    project('k', rank, memoryWidth)
    project('v', rank, memoryWidth)
    project('o', width, rank)
  }
  for (const index of names.keys()) {
    shapes.set(`names.${index}.weight`, [3 * memoryWidth])
    shapes.set(`names.${index}.bias`, [2])
    shapes.set(`names.${index}.place.weight`, [width])
    shapes.set(`names.${index}.place.bias`, [1])
  }
  return shapes
}

/** @throws LensloreError as `identifyAdapter` */
export async function describeAdapter(
  file: AdapterFile,
  config: AdapterConfig,
  modelId: string,
): Promise<AdapterDescription> {
  const { id } = await identifyAdapter(file, config)
  const parameters = file.header.tensors
    .values()
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
  const { names, header } = file
  return {
    id,
    baseModel: modelId,
    ...config,
    parameters,
    sizeBytes: header.fileBytes,
    names,
    texts: readTexts(header),
  }
}

/** What others wrote for people: a part that cannot be read is left out, and decides nothing. */
function readTexts({ metadata }: SafetensorsHeader): AdapterTexts {
  const createdMs = Date.parse(metadata.created ?? '')
  const parts = {
    name: metadata.name,
    note: metadata.note,
    parent: metadata.parent,
    createdMs: Number.isNaN(createdMs) ? undefined : createdMs,
    data: parseJson(metadata.data),
    metrics: parseJson(metadata.metrics),
  }
  const readable = Object.entries(parts).filter(
    ([part, value]) => adapterTexts.safeParse({ [part]: value }).success,
  )
  return adapterTexts.parse(Object.fromEntries(readable))
}

export interface AdapterToWrite {
  baseModel: string
  config: AdapterConfig
  names: readonly AdapterName[]
  texts: AdapterTexts
  /** As `shapesOf` has them. */
  tensors: ReadonlyMap<string, TensorToWrite>
}

/** @throws LensloreError `DISK_FULL`, `WRITE_FAILED` */
export async function writeAdapterFile(path: string, adapter: AdapterToWrite): Promise<void> {
  const { baseModel, config, names, texts, tensors } = adapter
  const { rank, heads, firstLayer, scale } = config
  const settings = { rank, heads, first_layer: firstLayer, scale }
  await write(path, tensors, {
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    base_model: baseModel,
    ...namesToWrite(names),
    ...textsToWrite(texts),
    format,
  })
}

/**
 * Copies an adapter with other texts for people; its id is the same, unless names are left out.
 * @param forgotten names whose recognisers go. What the rest of the adapter learned of them stays.
 * @throws LensloreError as `readAdapterFile`; `DISK_FULL`, `WRITE_FAILED`
 */
export async function copyAdapterFile(
  from: string,
  to: string,
  texts: AdapterTexts,
  forgotten: readonly string[] = [],
): Promise<void> {
  const { header, names } = await readAdapterFile(from)
  const kept = [...names.keys()].filter((index) => !forgotten.includes(names[index]!.text))
  const tensors = new Map<string, TensorToWrite>()
  for (const [name, { type, shape, offsetBytes, byteLength }] of header.tensors) {
    const renumbered = renumber(name, kept)
    if (renumbered === null) continue
    tensors.set(renumbered, { type, shape, bytes: () => readBytes(from, offsetBytes, byteLength) })
  }
  const {
    name: _name,
    note: _note,
    parent: _parent,
    created: _created,
    data: _data,
    metrics: _metrics,
    names: _names,
    ...rest
  } = header.metadata
  await write(to, tensors, {
    ...rest,
    ...namesToWrite(kept.map((index) => names[index]!)),
    ...textsToWrite(texts),
    format,
  })
}

/** A tensor's name where of all names only these are left; null for one of another name. */
export function renumber(tensor: string, kept: readonly number[]): string | null {
  const [, index, part] = /^names\.(\d+)\.(.+)$/.exec(tensor) ?? []
  if (index === undefined) return tensor
  const place = kept.indexOf(Number(index))
  return place < 0 ? null : `names.${place}.${part}`
}

function namesToWrite(names: readonly AdapterName[]): Record<string, string> {
  return names.length > 0 ? { names: JSON.stringify(names) } : {}
}

async function write(...file: Parameters<typeof writeSafetensors>): Promise<void> {
  try {
    await writeSafetensors(...file)
  } catch (cause) {
    throw toWriteError(cause, file[0])
  }
}

function textsToWrite({
  name,
  note,
  parent,
  createdMs,
  data,
  metrics,
}: AdapterTexts): Record<string, string> {
  return {
    name,
    note,
    ...(parent === null ? {} : { parent }),
    ...(createdMs === null ? {} : { created: new Date(createdMs).toISOString() }),
    data: JSON.stringify(data),
    metrics: JSON.stringify(metrics),
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function invalid(filePath: string, what: string): LensloreError {
  return new LensloreError('CHECKPOINT_INVALID', `${filePath} cannot be used as an adapter: ${what}.`)
}
