import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeRandomCheckpoint } from '../../../bench/random-checkpoint.ts'
import { openCaptioner } from '../../../src-main/engine/captioning/captioner.ts'

const oracle = fileURLToPath(new URL('../../fixtures/oracle/a', import.meta.url))
let directory: string
let model: string
let other: string

const sizes = {
  vision: {
    hidden_size: 24,
    intermediate_size: 48,
    num_hidden_layers: 1,
    num_attention_heads: 3,
    image_size: 24,
    patch_size: 8,
  },
  gpt2: { n_embd: 32, n_layer: 2, n_head: 4, vocab_size: 60, n_positions: 24 },
  itune: { rank: 12, heads: 3, first_layer: 0, scale: 1 },
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-captioner-'))
  model = join(directory, 'model')
  other = join(directory, 'other')
  await writeRandomCheckpoint(model, sizes)
  await writeRandomCheckpoint(other, sizes, 2)
})
after(() => rm(directory, { recursive: true }))

const pictures = (count: number) =>
  Float32Array.from({ length: count * 3 * 24 * 24 }, (_, index) => 2 * Math.sin(index * 0.37))

test('a batch of pictures becomes words, the best of several beams', async () => {
  const captioner = await openCaptioner({
    modelDirectory: model,
    adapterPath: null,
    provider: 'cpu',
    threads: 1,
    maxNewTokens: 6,
  })
  assert.deepEqual([captioner.provider, captioner.imageSizePx], ['cpu', 24])
  assert.match(captioner.adapterId!, /^[0-9a-f]{64}$/)
  const captions = await captioner.caption(pictures(3), 3)
  await captioner.close()

  assert.equal(captions.length, 3)
  for (const { tokenIds, text, score, beams } of captions) {
    assert.ok(tokenIds.length <= 6 && score < 0)
    assert.equal(text, tokenIds.join(' '))
    assert.deepEqual([beams.length, beams[0]], [3, { text, score }])
    assert.equal(new Set(beams.map((beam) => beam.text)).size, 3)
  }
})

test('another adapter changes its id and the scores, not the id of the base', async () => {
  const open = (adapterPath: string | null) =>
    openCaptioner({ modelDirectory: model, adapterPath, provider: 'cpu', threads: 1 })
  const [own, swapped] = [await open(null), await open(join(other, 'itune.safetensors'))]
  const [[first], [second]] = [await own.caption(pictures(1), 1), await swapped.caption(pictures(1), 1)]
  await own.close()
  await swapped.close()
  assert.equal(own.modelId, swapped.modelId)
  assert.notEqual(own.adapterId, swapped.adapterId)
  assert.notEqual(first!.score, second!.score)
})

test('beams and length follow the options, else the model folder', async () => {
  const folder = join(directory, 'generation')
  // Random weights repeat what they read: a start that is no end makes texts that go on.
  const gpt2 = { ...sizes.gpt2, bos_token_id: 5 }
  await cp(model, folder, { recursive: true })
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ ...sizes, gpt2, id: 'mine', generation: { beams: 1, max_new_tokens: 2 } }),
  )
  const options = { modelDirectory: folder, adapterPath: null, provider: 'cpu' as const, threads: 1 }
  const short = await openCaptioner(options)
  const long = await openCaptioner({ ...options, beams: 4, maxNewTokens: 5, lengthPenalty: 0 })
  const [[brief], [full]] = [await short.caption(pictures(1), 1), await long.caption(pictures(1), 1)]
  await short.close()
  await long.close()
  assert.equal(short.modelId, 'mine')
  assert.equal(brief!.tokenIds.length, 2)
  assert.equal(full!.tokenIds.length, 5)
})

test('what cannot be opened says so', async () => {
  const open = (modelDirectory: string, more: object = {}) =>
    openCaptioner({ modelDirectory, adapterPath: null, provider: 'cpu', threads: 1, ...more })
  await assert.rejects(open(join(directory, 'absent')), { code: 'MODEL_NOT_FOUND' })
  await assert.rejects(open(model, { maxNewTokens: 25 }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(open(oracle, { maxNewTokens: 3 }), {
    code: 'MODEL_INCOMPLETE',
    message: /preprocessor_config\.json/,
  })
  // A provider of another system never opens here.
  const foreign = process.platform === 'darwin' ? 'dml' : 'coreml'
  await assert.rejects(open(model, { provider: foreign, maxNewTokens: 3 }), { code: 'PROVIDER_UNAVAILABLE' })
  await rm(join(other, 'itune.safetensors'))
  await assert.rejects(open(other, { maxNewTokens: 3 }), {
    code: 'MODEL_INCOMPLETE',
    message: /neither an adapter nor cross-attention/,
  })
})

test('pixels of another number are refused, and a closed captioner captions no more', async () => {
  const captioner = await openCaptioner({
    modelDirectory: model,
    adapterPath: null,
    provider: 'cpu',
    threads: 1,
    maxNewTokens: 2,
  })
  await assert.rejects(captioner.caption(pictures(1), 2), { code: 'INVALID_ARGUMENT' })
  assert.equal((await captioner.caption(pictures(1), 1)).length, 1)
  await captioner.close()
  await assert.rejects(captioner.caption(pictures(1), 1), { code: 'ENGINE_FAILED' })
  await captioner.close()
})

const base = fileURLToPath(new URL('../../../../shared/base/v1', import.meta.url))

test('the trained base writes sentences', async (context) => {
  if (!existsSync(base)) return context.skip(`${base} is not on this machine`)
  const captioner = await openCaptioner({
    modelDirectory: base,
    adapterPath: null,
    provider: 'cpu',
    threads: 1,
  })
  const pixels = Float32Array.from({ length: 3 * 224 * 224 }, (_, index) => Math.sin(index / 37))
  const [caption] = await captioner.caption(pixels, 1)
  await captioner.close()
  return assert.match(caption!.text, /^[A-Z][a-z ]+/)
})
