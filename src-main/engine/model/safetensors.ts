import { open } from 'node:fs/promises'
import { LensloreError } from '../../contract/errors.ts'
import { widenBfloat16, widenFloat16 } from './half-floats.ts'

/**
 * The safetensors file: eight bytes of header length, a JSON header, raw little-endian tensors.
 * https://huggingface.co/docs/safetensors
 *
 * The header is checked before anything is believed. Tensors are read by position, so that a file of any size
 * costs no more memory than what is asked of it.
 */

/** The format's own limit. */
const maxHeaderBytes = 100_000_000

const elementBytes = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
} as const

export type StoredType = keyof typeof elementBytes

export interface StoredTensor {
  readonly type: StoredType
  readonly shape: readonly number[]
  /** From the start of the file. */
  readonly offsetBytes: number
  readonly byteLength: number
}

export interface SafetensorsHeader {
  readonly filePath: string
  readonly fileBytes: number
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Reads and checks a header.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`; `SAFETENSORS_INVALID` where the file breaks the format:
 * a header that is too long, cut off or no JSON, names twice, unknown types, sizes that disagree with shapes, tensors
 * that overlap, leave holes or lie outside the file.
 */
export async function readSafetensorsHeader(filePath: string): Promise<SafetensorsHeader> {
  const { fileBytes, headerBytes } = await readHeaderBytes(filePath)
  const fields = parseHeader(filePath, headerBytes)
  const dataStart = 8 + headerBytes.byteLength
  const tensors = new Map<string, StoredTensor>()
  let metadata: Record<string, string> = {}
  for (const [name, field] of fields) {
    if (name === '__metadata__') metadata = checkMetadata(filePath, field)
    else tensors.set(name, checkTensor(filePath, name, field, dataStart))
  }
  checkLayout(filePath, tensors, dataStart, fileBytes)
  return { filePath, fileBytes, tensors, metadata }
}

/**
 * Reads one tensor as float32, widening half precision.
 * @throws LensloreError `SAFETENSORS_INVALID` where the tensor is missing or holds no floating-point numbers.
 */
export async function readTensor(header: SafetensorsHeader, name: string): Promise<Float32Array> {
  const tensor = header.tensors.get(name)
  if (!tensor) throw invalid(header.filePath, `it has no tensor named ${name}`)
  const bytes = await readBytes(header.filePath, tensor.offsetBytes, tensor.byteLength)
  switch (tensor.type) {
    case 'F32':
      return new Float32Array(bytes.buffer)
    case 'F16':
      return widenFloat16(bytes)
    case 'BF16':
      return widenBfloat16(bytes)
    default:
      throw invalid(header.filePath, `${name} holds ${tensor.type}, not floating-point weights`)
  }
}

/**
 * Reads several of a file's tensors, all of them where none is named.
 * @throws LensloreError as `readTensor`
 */
export async function readTensors(
  header: SafetensorsHeader,
  names: Iterable<string> = header.tensors.keys(),
): Promise<Map<string, Float32Array>> {
  const tensors = new Map<string, Float32Array>()
  for (const name of names) tensors.set(name, await readTensor(header, name))
  return tensors
}

/**
 * Reads exactly `byteLength` bytes into a buffer of their own.
 * @throws LensloreError `FILE_UNREADABLE`; `SAFETENSORS_INVALID` where the file ends before.
 */
export async function readBytes(
  filePath: string,
  offsetBytes: number,
  byteLength: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(byteLength)
  await using file = await openFile(filePath)
  // A single read may stop short, and the system's limit for one is 2 GB.
  for (let done = 0; done < byteLength; ) {
    const { bytesRead } = await file.read(
      bytes,
      done,
      Math.min(byteLength - done, 1 << 30),
      offsetBytes + done,
    )
    if (bytesRead === 0) throw invalid(filePath, 'it is cut off')
    done += bytesRead
  }
  return bytes
}

async function openFile(filePath: string) {
  try {
    return await open(filePath, 'r')
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new LensloreError(
      missing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE',
      `${filePath} ${missing ? 'does not exist' : 'cannot be read'}.`,
      { cause },
    )
  }
}

async function readHeaderBytes(filePath: string) {
  await using file = await openFile(filePath)
  const fileBytes = (await file.stat()).size
  if (fileBytes < 8) throw invalid(filePath, 'it is too short to have a header')
  const length = await readBytes(filePath, 0, 8)
  const headerLength = new DataView(length.buffer).getBigUint64(0, true)
  if (headerLength > BigInt(maxHeaderBytes)) throw invalid(filePath, 'its header is longer than 100 MB')
  if (headerLength > BigInt(fileBytes - 8)) throw invalid(filePath, 'its header is cut off')
  return { fileBytes, headerBytes: await readBytes(filePath, 8, Number(headerLength)) }
}

function parseHeader(filePath: string, headerBytes: Uint8Array): [string, unknown][] {
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(headerBytes)
    header = JSON.parse(text)
  } catch (cause) {
    throw invalid(filePath, 'its header is no JSON', cause)
  }
  if (!text.startsWith('{') || !isRecord(header)) throw invalid(filePath, 'its header is no JSON object')
  const entries = Object.entries(header)
  if (countMembers(text) !== entries.length) throw invalid(filePath, 'its header names a tensor twice')
  return entries
}

/** Members of the outermost object of a valid JSON text, counted with repetitions, which JSON.parse hides. */
function countMembers(text: string): number {
  let depth = 0
  let members = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') {
      at++
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    } else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === ':' && depth === 1) members++
  }
  return members
}

function checkMetadata(filePath: string, field: unknown): Record<string, string> {
  if (!isRecord(field) || !Object.values(field).every((value) => typeof value === 'string')) {
    throw invalid(filePath, 'its __metadata__ is no map of strings')
  }
  return field as Record<string, string>
}

function checkTensor(filePath: string, name: string, field: unknown, dataStart: number): StoredTensor {
  if (!isRecord(field)) throw invalid(filePath, `${name} is not described by an object`)
  const { dtype, shape, data_offsets: offsets } = field
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype)) {
    throw invalid(filePath, `${name} has the unknown type ${String(dtype)}`)
  }
  if (!isSizes(shape)) throw invalid(filePath, `${name} has no valid shape`)
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw invalid(filePath, `${name} has no valid offsets`)
  }
  const type = dtype as StoredType
  const byteLength = offsets[1]! - offsets[0]!
  const expected = shape.reduce((product, size) => product * BigInt(size), BigInt(elementBytes[type]))
  if (BigInt(byteLength) !== expected) {
    throw invalid(filePath, `${name} should take ${expected} bytes and takes ${byteLength}`)
  }
  return { type, shape, offsetBytes: dataStart + offsets[0]!, byteLength }
}

/** The format wants every byte of the data to belong to exactly one tensor. */
function checkLayout(
  filePath: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  dataStart: number,
  fileBytes: number,
): void {
  const inOrder = [...tensors].sort(
    ([, a], [, b]) => a.offsetBytes - b.offsetBytes || a.byteLength - b.byteLength,
  )
  let end = dataStart
  for (const [name, tensor] of inOrder) {
    if (tensor.offsetBytes < end) throw invalid(filePath, `${name} overlaps another tensor`)
    if (tensor.offsetBytes > end) throw invalid(filePath, `there is a hole before ${name}`)
    end += tensor.byteLength
  }
  if (end > fileBytes) throw invalid(filePath, 'it is cut off')
  if (end < fileBytes) throw invalid(filePath, 'it goes on after its last tensor')
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(filePath: string, what: string, cause?: unknown): LensloreError {
  return new LensloreError('SAFETENSORS_INVALID', `${filePath} is no valid safetensors file: ${what}.`, {
    cause,
  })
}

export interface TensorToWrite {
  readonly type: StoredType
  readonly shape: readonly number[]
  /** Little-endian elements; asked for when its turn comes, so that a large file is never whole in memory. */
  bytes(): Uint8Array | Promise<Uint8Array>
}

/** float32 data as something to write. */
export function float32Tensor(shape: readonly number[], data: Float32Array): TensorToWrite {
  return {
    type: 'F32',
    shape,
    bytes: () => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }
}

/**
 * Writes a file, tensors in the order given. The data starts on a multiple of eight bytes, as the format's own
 * writer has it.
 */
export async function writeSafetensors(
  filePath: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata
  let end = 0
  for (const [name, { type, shape }] of tensors) {
    const start = end
    end += shape.reduce((product, size) => product * size, elementBytes[type])
    header[name] = { dtype: type, shape, data_offsets: [start, end] }
  }
  const json = Buffer.from(JSON.stringify(header))
  const headerBytes = Buffer.alloc(8 + Math.ceil(json.byteLength / 8) * 8, ' ')
  headerBytes.writeBigUInt64LE(BigInt(headerBytes.byteLength - 8))
  json.copy(headerBytes, 8)

  await using file = await open(filePath, 'w')
  await file.writeFile(headerBytes)
  for (const tensor of tensors.values()) await file.writeFile(await tensor.bytes())
  await file.sync()
}
