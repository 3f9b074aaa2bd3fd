import assert from 'node:assert/strict'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { narrowToBfloat16, narrowToFloat16 } from '../../../src-main/engine/model/half-floats.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-safetensors-'))
})
after(() => rm(directory, { recursive: true }))

const values = Float32Array.of(1, -2, 0.5, 4, -0.25, 6)

test('what was written is read, in every precision, with its metadata', async () => {
  const path = join(directory, 'round.safetensors')
  const tensors = new Map<string, TensorToWrite>([
    ['single', float32Tensor([2, 3], values)],
    ['half', { type: 'F16', shape: [6], bytes: () => narrowToFloat16(values) }],
    ['brain', { type: 'BF16', shape: [3, 2], bytes: () => narrowToBfloat16(values) }],
    ['ids', { type: 'I64', shape: [1], bytes: () => new Uint8Array(8) }],
    ['nothing', float32Tensor([0, 4], new Float32Array())],
  ])
  await writeSafetensors(path, tensors, { rank: '4' })
  const header = await readSafetensorsHeader(path)
  assert.deepEqual(header.metadata, { rank: '4' })
  assert.deepEqual(header.tensors.get('single')!.shape, [2, 3])
  for (const name of ['single', 'half', 'brain']) assert.deepEqual(await readTensor(header, name), values)
  assert.equal((await readTensor(header, 'nothing')).length, 0)
  await assert.rejects(readTensor(header, 'ids'), { code: 'SAFETENSORS_INVALID' })
  await assert.rejects(readTensor(header, 'absent'), { code: 'SAFETENSORS_INVALID' })
})

test('a tensor beyond four gigabytes is read from its place', async () => {
  const path = join(directory, 'large.safetensors')
  const rest = 5 * 2 ** 30
  const header = Buffer.from(
    JSON.stringify({
      first: { dtype: 'U8', shape: [rest], data_offsets: [0, rest] },
      last: { dtype: 'F32', shape: [1], data_offsets: [rest, rest + 4] },
    }),
  )
  await using file = await open(path, 'w')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.byteLength))
  await file.write(Buffer.concat([length, header]))
  await file.write(Buffer.from(Float32Array.of(7).buffer), 0, 4, 8 + header.byteLength + rest)
  assert.deepEqual(await readTensor(await readSafetensorsHeader(path), 'last'), Float32Array.of(7))
  await rm(path)
})

const f32 = (shape: unknown, offsets: unknown) => ({ dtype: 'F32', shape, data_offsets: offsets })

/** A header as text, and how many bytes of data follow it. */
const hostile: Record<string, [header: string | object, dataBytes: number]> = {
  'no JSON': ['{"a": ', 0],
  'a list': ['[]', 0],
  'a number': ['12', 0],
  'space before': [' {}', 0],
  'no UTF-8': ['{"\u00ff": 1}', 0],
  'a name twice': [
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    4,
  ],
  'an unknown type': [{ a: { dtype: 'F33', shape: [1], data_offsets: [0, 4] } }, 4],
  'a type that every object has': [{ a: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } }, 4],
  'a negative size': [{ a: f32([-1], [0, 4]) }, 4],
  'a fraction': [{ a: f32([0.5], [0, 2]) }, 2],
  'sizes whose product overflows': [{ a: f32([2 ** 32, 2 ** 32, 2 ** 32], [0, 0]) }, 0],
  'offsets past the largest safe integer': [{ a: f32([1], [2 ** 60, 2 ** 60 + 4]) }, 4],
  'offsets that fall': [{ a: f32([0], [4, 0]) }, 4],
  'one offset': [{ a: f32([1], [4]) }, 4],
  'bytes that disagree with the shape': [{ a: f32([2], [0, 4]) }, 4],
  'an overlap': [{ a: f32([2], [0, 8]), b: f32([2], [4, 12]) }, 12],
  'a hole': [{ a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12],
  'a hole at the start': [{ a: f32([1], [4, 8]) }, 8],
  'data cut off': [{ a: f32([2], [0, 8]) }, 7],
  'data left over': [{ a: f32([1], [0, 4]) }, 5],
  'metadata that is no map of strings': [{ __metadata__: { rank: 4 } }, 0],
  'a tensor that is no object': [{ a: null }, 0],
}

for (const [what, [header, dataBytes]] of Object.entries(hostile)) {
  test(`a file with ${what} is refused`, async () => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header), 'latin1')
    await refuses(BigInt(text.byteLength), Buffer.concat([text, Buffer.alloc(dataBytes)]))
  })
}

test('a header length beyond the file or the limit is refused', async () => {
  await refuses(3n, Buffer.from('{}'))
  await refuses(2n ** 64n - 1n, Buffer.from('{}'))
  await refuses(100_000_001n, Buffer.from('{}'))
})

test('files too short for a header are refused, and those that are not there named', async () => {
  const path = join(directory, 'short.safetensors')
  await writeFile(path, Buffer.alloc(7))
  await assert.rejects(readSafetensorsHeader(path), { code: 'SAFETENSORS_INVALID' })
  await assert.rejects(readSafetensorsHeader(join(directory, 'absent')), { code: 'FILE_NOT_FOUND' })
})

async function refuses(headerLength: bigint, rest: Buffer): Promise<void> {
  const path = join(directory, 'hostile.safetensors')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(headerLength)
  await writeFile(path, Buffer.concat([length, rest]))
  await assert.rejects(readSafetensorsHeader(path), { code: 'SAFETENSORS_INVALID' })
}
