import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LensloreError } from '../../../src-main/contract/errors.ts'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import { runOnce } from '../../../src-main/engine/captioning/search-session.ts'
import type { SessionTensor } from '../../../src-main/engine/captioning/session.ts'
import { createTextEmbedder } from '../../../src-main/engine/captioning/text-embedder.ts'
import { readTokenizer } from '../../../src-main/engine/captioning/tokenizer.ts'
import { buildCaptionGraph } from '../../../src-main/engine/model/caption-graph.ts'
import { readSafetensorsHeader, readTensors } from '../../../src-main/engine/model/safetensors.ts'
import { buildSearch } from '../../../src-main/engine/model/search-in-pieces.ts'
import {
  buildPictureEmbeddingGraph,
  buildTextEmbeddingGraph,
} from '../../../src-main/engine/model/text-encoder.ts'
import { oracleFolder } from '../tiny-oracle.ts'

// A public CLIP with both of its towers, as `bench/pytorch/clip.py` made it with the package that publishes them.

const clip = fileURLToPath(new URL('../../fixtures/clip', import.meta.url))
const generation = { beams: 2, lengthPenalty: 0.8, maxNewTokens: 5 }
let model: string
let pixels: SessionTensor
let expected: { texts: string[]; ids: number[][] }
let vectors: { text: Float32Array; pictures: Float32Array }

before(async () => {
  model = await mkdtemp(join(tmpdir(), 'lenslore-clip-'))
  for (const name of ['gpt2', 'itune']) {
    await cp(join(oracleFolder('a'), `${name}.safetensors`), join(model, `${name}.safetensors`))
  }
  const { gpt2, itune } = JSON.parse(await readFile(join(oracleFolder('a'), 'config.json'), 'utf8'))
  await cp(clip, join(model, 'vision'), { recursive: true })
  await writeFile(join(model, 'config.json'), JSON.stringify({ vision: { path: 'vision' }, gpt2, itune }))
  expected = JSON.parse(await readFile(join(clip, 'expected.json'), 'utf8'))
  const header = await readSafetensorsHeader(join(clip, 'expected.safetensors'))
  const tensors = await readTensors(header)
  vectors = { text: tensors.get('text')!, pictures: tensors.get('pictures')! }
  pixels = { data: tensors.get('pixels')!, shape: header.tensors.get('pixels')!.shape }
})
after(() => rm(model, { recursive: true }))

function furthest(got: ArrayLike<number | bigint>, wanted: Float32Array): number {
  assert.equal(got.length, wanted.length)
  return Math.max(...wanted.map((value, at) => Math.abs(value - Number(got[at]))))
}

test('its tokenizer gives the ids of the published one', async () => {
  const { space } = await readCheckpoint(model, null)
  const tokenizer = await readTokenizer(space!)
  assert.deepEqual(
    expected.texts.map((text) => tokenizer.encode(text)),
    expected.ids.map((ids) => ids.slice(1, -1)),
  )
})

test('its text tower gives the vectors of the published one, for texts of several lengths in one run', async () => {
  const { model: read } = await readCheckpoint(model, null)
  const longest = Math.max(...expected.ids.map((ids) => ids.length))
  const { endToken } = read.text!.config
  const rows = expected.ids.map((ids) => [...ids, ...Array(longest - ids.length).fill(endToken)])
  const tokens = { data: BigInt64Array.from(rows.flat(), BigInt), shape: [rows.length, longest] }
  const { text } = await runOnce(buildTextEmbeddingGraph(read.text!, 'L'), { tokens })
  assert.ok(furthest(text!.data, vectors.text) < 1e-5)
})

test('a text is embedded alone, in any case and cut where the tower ends', async () => {
  const embedder = createTextEmbedder()
  const width = vectors.text.length / expected.texts.length
  for (const [at, text] of expected.texts.entries()) {
    const wanted = vectors.text.slice(at * width, (at + 1) * width)
    for (const written of [text, text.toUpperCase()]) {
      const { embedding } = await embedder.embed(model, written)
      assert.ok(furthest(embedding, wanted) < 1e-5, written)
    }
  }
  const [long, longer] = [
    await embedder.embed(model, 'dog '.repeat(18)),
    await embedder.embed(model, 'dog '.repeat(99)),
  ]
  assert.ok(furthest(longer!.embedding, long!.embedding) < 1e-6)
  await embedder.close()
})

test('its pictures lie where the published one has them, also beside the words of a caption', async () => {
  const { model: read } = await readCheckpoint(model, null)
  const { pictures } = await runOnce(buildPictureEmbeddingGraph(read.vision, read.text!), { pixels })
  assert.ok(furthest(pictures!.data, vectors.pictures) < 1e-5)
  for (const search of [
    buildCaptionGraph(read, generation),
    buildSearch('webgpu', 'pixels', read, generation),
  ]) {
    const { embedding, similarity } = await runOnce(search, { pixels })
    assert.ok(furthest(embedding!.data, vectors.pictures) < 1e-5)
    assert.equal(similarity, undefined, 'the captions are of another vocabulary')
  }
})

test('a space has another name with another projection, and the same one with another adapter', async () => {
  const before = (await readCheckpoint(model, null)).space!.id
  await rm(join(model, 'itune.safetensors'))
  assert.equal((await readCheckpoint(model, null)).space!.id, before)
  const config = JSON.parse(await readFile(join(model, 'config.json'), 'utf8'))
  await writeFile(join(model, 'config.json'), JSON.stringify({ ...config, id: 'mine' }))
  const named = (await readCheckpoint(model, null)).space!.id
  assert.match(named, /^mine~/)

  const path = join(model, 'vision', 'model.safetensors')
  const bytes = await readFile(path)
  const { tensors: places } = await readSafetensorsHeader(path)
  bytes.writeFloatLE(0.5, places.get('vision_model.post_layernorm.bias')!.offsetBytes)
  await writeFile(path, bytes)
  assert.notEqual((await readCheckpoint(model, null)).space!.id, named)
})

test('a model without a text encoder says that it cannot search by meaning', async () => {
  const embedder = createTextEmbedder()
  await assert.rejects(embedder.embed(oracleFolder('a'), 'a dog'), (thrown: LensloreError) => {
    assert.equal(thrown.code, 'MODEL_INCOMPLETE')
    assert.match(thrown.message, /cannot search by meaning/)
    return true
  })
  await embedder.close()
})
