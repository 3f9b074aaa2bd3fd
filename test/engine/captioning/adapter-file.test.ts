import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type AdapterName, type AdapterTexts, adapterTexts } from '../../../src-main/contract/adapters.ts'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import {
  type AdapterToWrite,
  copyAdapterFile,
  shapesOf,
  writeAdapterFile,
} from '../../../src-main/engine/captioning/adapter-file.ts'
import { inspectAdapter, readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'

// Oracle a: memory and decoder of width 32, three layers, 61 tokens.
const oracle = fileURLToPath(new URL('../../fixtures/oracle/a', import.meta.url))
const decoder = { width: 32, layers: 3 }

let directory: string
let modelId: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-adapter-'))
  modelId = (await readCheckpoint(oracle, null)).modelId
})
after(() => rm(directory, { recursive: true }))

const config = { rank: 8, heads: 2, firstLayer: 1, scale: 0.5 }
const biscuit: AdapterName = {
  text: 'Biscuit',
  kind: 'other',
  startTokens: [8, 12],
  startParting: 0,
  tokens: [7, 12],
  parting: 0,
}
const noTexts = adapterTexts.parse({})
const texts: AdapterTexts = {
  name: 'Our dog',
  note: 'twenty photos\nof the lake',
  parent: 'ab'.repeat(32),
  createdMs: Date.UTC(2026, 0, 2),
  data: { labels: 20 },
  metrics: { better: 14, worse: 3 },
}

function tensorsOf(
  names: readonly AdapterName[],
  fill: (index: number) => number,
): Map<string, TensorToWrite> {
  const shapes = shapesOf(config, decoder, 32, names)
  return new Map(
    [...shapes].map(([name, shape], at) => {
      const size = shape.reduce((product, each) => product * each, 1)
      return [
        name,
        float32Tensor(
          shape,
          Float32Array.from({ length: size }, (_, index) => fill(at + index)),
        ),
      ]
    }),
  )
}

let files = 0
async function writeFileOf(changes: Partial<AdapterToWrite> = {}): Promise<string> {
  const path = join(directory, `${files++}.safetensors`)
  const names = changes.names ?? [biscuit]
  const tensors = tensorsOf(names, (index) => Math.sin(index))
  await writeAdapterFile(path, { baseModel: modelId, config, names, texts, tensors, ...changes })
  return path
}

const idOf = async (path: string) => (await inspectAdapter(oracle, path)).id

test('an adapter is read as it was written, with its names and what people say of it', async () => {
  const { id, sizeBytes, parameters, ...read } = await inspectAdapter(oracle, await writeFileOf())
  assert.match(id, /^[0-9a-f]{64}$/)
  assert.ok(sizeBytes > 4 * parameters)
  assert.equal(parameters, 2 * (4 * 8 * 32 + 3 * 8 + 32) + (96 + 2) + (32 + 1))
  assert.deepEqual(read, { baseModel: modelId, ...config, names: [biscuit], texts })
  const opened = await readCheckpoint(oracle, await writeFileOf())
  assert.deepEqual([opened.adapterId, opened.formerAdapterId], [id, null])
  assert.deepEqual(
    opened.names.map(({ weights: _, ...name }) => name),
    [biscuit],
  )
})

test('the id is that of what decides words: another name or note, or another order of tensors, is no other adapter', async () => {
  const path = await writeFileOf()
  const id = await idOf(path)
  assert.equal(await idOf(await writeFileOf({ texts: noTexts })), id)
  const backwards = new Map([...tensorsOf([biscuit], (index) => Math.sin(index))].toReversed())
  const written = [...(await readSafetensorsHeader(path)).tensors.keys()]
  assert.notDeepEqual([...backwards.keys()], written)
  const other = join(directory, 'backwards.safetensors')
  const { metadata } = await readSafetensorsHeader(path)
  await writeSafetensors(
    other,
    new Map(written.map((name) => [name, backwards.get(name)!]).toReversed() as []),
    metadata,
  )
  assert.equal(await idOf(other), id)

  const others = await Promise.all([
    writeFileOf({ config: { ...config, scale: 0.25 } }),
    writeFileOf({ config: { ...config, heads: 4 } }),
    writeFileOf({ names: [] }),
    writeFileOf({ names: [{ ...biscuit, text: 'Bisquit' }] }),
    writeFileOf({ names: [{ ...biscuit, tokens: [7] }] }),
    writeFileOf({ names: [{ ...biscuit, startTokens: [8, 13] }] }),
    writeFileOf({ names: [{ ...biscuit, parting: null }] }),
    writeFileOf({ names: [{ ...biscuit, startParting: 1 }] }),
    writeFileOf({ names: [{ ...biscuit, kind: 'person' }] }),
    writeFileOf({ tensors: tensorsOf([biscuit], (index) => Math.cos(index)) }),
  ])
  const ids = await Promise.all(others.map(idOf))
  assert.equal(new Set([id, ...ids]).size, others.length + 1)
})

test('a copy with another name and note is the same adapter, to the byte of its tensors', async () => {
  const [path, copy] = [await writeFileOf(), join(directory, 'copy.safetensors')]
  await copyAdapterFile(path, copy, { ...texts, name: 'Biscuit', note: '', metrics: {} })
  const [before, after] = await Promise.all([path, copy].map((each) => inspectAdapter(oracle, each)))
  assert.deepEqual(after!.texts, { ...texts, name: 'Biscuit', note: '', metrics: {} })
  assert.deepEqual({ ...after!, sizeBytes: 0 }, { ...before!, sizeBytes: 0, texts: after!.texts })
})

test('a copy without a name has no recogniser of it, and the others as they were', async () => {
  const ruth: AdapterName = { ...biscuit, text: 'Nana Ruth', kind: 'person', tokens: [9] }
  const point: AdapterName = { ...biscuit, text: 'Sandy Point', tokens: [10] }
  const path = await writeFileOf({ names: [biscuit, ruth, point] })
  const copy = join(directory, 'without.safetensors')
  await copyAdapterFile(path, copy, texts, ['Biscuit', 'nobody'])
  const { names, id } = await inspectAdapter(oracle, copy)
  assert.deepEqual(names, [ruth, point])
  assert.notEqual(id, await idOf(path))
  const [before, after] = await Promise.all([path, copy].map(readSafetensorsHeader))
  for (const [from, to] of [
    [1, 0],
    [2, 1],
  ])
    for (const part of ['weight', 'bias', 'place.weight', 'place.bias'])
      assert.deepEqual(
        await readTensor(after!, `names.${to}.${part}`),
        await readTensor(before!, `names.${from}.${part}`),
      )
  await copyAdapterFile(path, copy, texts, ['Biscuit', 'Nana Ruth', 'Sandy Point'])
  assert.equal(await idOf(copy), await idOf(await writeFileOf({ names: [] })))
})

test('an adapter of before tells the id that its captions remember', async () => {
  const { adapterId, formerAdapterId } = await readCheckpoint(oracle, null)
  const bytes = await readFile(join(oracle, 'itune.safetensors'))
  assert.equal(formerAdapterId, createHash('sha256').update(bytes).digest('hex'))
  assert.notEqual(adapterId, formerAdapterId)
})

test('what its metadata says besides is text, and no setting', async () => {
  const path = join(directory, 'talkative.safetensors')
  const written = await writeFileOf({ names: [] })
  const { metadata } = await readSafetensorsHeader(written)
  await writeSafetensors(path, tensorsOf([], Math.sin), {
    ...metadata,
    author: 'Ruth',
    epochs: 'three',
    note: '12',
  })
  assert.equal((await readCheckpoint(oracle, path)).model.decoder.adapter!.config.rank, 8)
  assert.equal((await inspectAdapter(oracle, path)).texts.note, '12')
})

test('an adapter for another base is refused, which is named', async () => {
  await assert.rejects(inspectAdapter(oracle, await writeFileOf({ baseModel: 'another-base' })), {
    code: 'CHECKPOINT_INVALID',
    message: /another model, another-base/,
  })
  const embedded = fileURLToPath(new URL('../../../models/lenslore-v1', import.meta.url))
  await assert.rejects(inspectAdapter(oracle, join(embedded, 'itune.safetensors')), /lenslore-v1/)
  assert.equal((await inspectAdapter(embedded, join(embedded, 'itune.safetensors'))).baseModel, 'lenslore-v1')
})

const metadataFaults: Record<string, Record<string, string>> = {
  'a rank that is no number': { rank: 'eight' },
  'an empty rank': { rank: '' },
  'a rank of none': { rank: '0' },
  'a huge rank': { rank: '1e9' },
  'heads that do not divide its rank': { heads: '3' },
  'a first layer that is none': { first_layer: '3' },
  'an endless scale': { scale: '1e999' },
  'names that are no JSON': { names: '[{' },
  'names that are no list': { names: '{}' },
  'a name without tokens': { names: JSON.stringify([{ ...biscuit, tokens: [] }]) },
  'a name with a token of no vocabulary': { names: JSON.stringify([{ ...biscuit, tokens: [61] }]) },
  'a name of too many letters': { names: JSON.stringify([{ ...biscuit, text: 'B'.repeat(101) }]) },
  'a name with a beginning of no vocabulary': { names: JSON.stringify([{ ...biscuit, startTokens: [61] }]) },
  'a name that is told by none of its tokens': { names: JSON.stringify([{ ...biscuit, parting: 2 }]) },
  'a name of a kind that is none': { names: JSON.stringify([{ ...biscuit, kind: 'pet' }]) },
  'more names than recognisers': { names: JSON.stringify([biscuit, biscuit]) },
}

for (const [what, metadata] of Object.entries(metadataFaults)) {
  test(`an adapter with ${what} is refused`, async () => {
    const path = join(directory, 'faulty.safetensors')
    const sound = await writeFileOf()
    const { metadata: before } = await readSafetensorsHeader(sound)
    await writeSafetensors(path, tensorsOf([biscuit], Math.sin), { ...before, ...metadata })
    await assert.rejects(inspectAdapter(oracle, path), { code: 'CHECKPOINT_INVALID' })
  })
}

const tensorFaults: Record<string, (tensors: Map<string, TensorToWrite>) => void> = {
  'a tensor less': (tensors) => tensors.delete('h.1.itune.q_proj.bias'),
  'a tensor more': (tensors) => tensors.set('h.0.itune.q_proj.bias', float32Tensor([8], new Float32Array(8))),
  'a recogniser more': (tensors) => tensors.set('names.1.bias', float32Tensor([2], new Float32Array(2))),
  'a tensor of another shape': (tensors) =>
    tensors.set('h.1.itune.o_proj.weight', float32Tensor([8, 32], new Float32Array(256))),
  'integers for weights': (tensors) =>
    tensors.set('names.0.bias', { type: 'I32', shape: [2], bytes: () => new Uint8Array(8) }),
  'a weight that is no number': (tensors) =>
    tensors.set('names.0.bias', float32Tensor([2], Float32Array.of(Number.NaN, 0))),
  'a weight without end': (tensors) =>
    tensors.set('h.2.itune.v_proj.bias', float32Tensor([8], new Float32Array(8).fill(Infinity))),
}

for (const [what, spoil] of Object.entries(tensorFaults)) {
  test(`an adapter with ${what} is refused`, async () => {
    const tensors = tensorsOf([biscuit], Math.sin)
    spoil(tensors)
    await assert.rejects(inspectAdapter(oracle, await writeFileOf({ tensors })), {
      code: 'CHECKPOINT_INVALID',
    })
  })
}

test('texts that cannot be read are left out, and harm nothing', async () => {
  const path = join(directory, 'unreadable.safetensors')
  const { metadata } = await readSafetensorsHeader(await writeFileOf())
  const odd = {
    parent: 'mother',
    created: 'yesterday',
    data: '{"a":"b"}',
    metrics: '[',
    name: 'n'.repeat(201),
  }
  await writeSafetensors(path, tensorsOf([biscuit], Math.sin), { ...metadata, ...odd })
  assert.deepEqual((await inspectAdapter(oracle, path)).texts, { ...noTexts, note: texts.note })
})

test('whatever bytes of a file are others, it is refused with a reason or is an adapter still', async () => {
  const sound = await readFile(await writeFileOf())
  const { tensors } = await readSafetensorsHeader(await writeFileOf())
  const headerBytes = Math.min(...tensors.values().map(({ offsetBytes }) => offsetBytes))
  const path = join(directory, 'fuzzed.safetensors')
  let state = 12345
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state % below
  }
  let refused = 0
  for (let run = 0; run < 400; run++) {
    let bytes = Buffer.from(sound)
    for (let change = random(4); change >= 0; change--) {
      const at = random(3) === 0 ? random(bytes.length) : random(headerBytes)
      const kind = random(4)
      if (kind === 0) bytes[at] = random(256)
      else if (kind === 1) bytes[at] = '0123456789{}[]",:-e'.charCodeAt(random(19))
      else if (kind === 2) bytes = bytes.subarray(0, Math.max(1, at))
      else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length))])
    }
    await writeFile(path, bytes)
    await inspectAdapter(oracle, path).catch((thrown: unknown) => {
      assert.ok(thrown instanceof LensloreError, String(thrown))
      assert.match(thrown.code, /^(SAFETENSORS_INVALID|CHECKPOINT_INVALID)$/)
      refused++
    })
  }
  assert.ok(refused > 200, `${refused} refused`)
})

test('a copy that cannot be written says so', async () => {
  await assert.rejects(copyAdapterFile(await writeFileOf(), join(directory, 'no', 'folder'), texts), {
    code: 'WRITE_FAILED',
  })
})
