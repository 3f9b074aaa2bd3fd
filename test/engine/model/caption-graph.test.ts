import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeRandomCheckpoint } from '../../../bench/random-checkpoint.ts'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import type { ProviderName } from '../../../src-main/contract/providers.ts'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import { runOnce } from '../../../src-main/engine/captioning/search-session.ts'
import type { SessionTensor } from '../../../src-main/engine/captioning/session.ts'
import { buildCaptionGraph, type GenerationConfig } from '../../../src-main/engine/model/caption-graph.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  readTensor,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'
import { buildSearch } from '../../../src-main/engine/model/search-in-pieces.ts'
import {
  buildLookingGraph,
  buildTeacherForcedGraph,
} from '../../../src-main/engine/model/teacher-forced-graph.ts'
import {
  buildPictureEmbeddingGraph,
  buildTextEmbeddingGraph,
} from '../../../src-main/engine/model/text-encoder.ts'
import { FedWeights } from '../../../src-main/engine/model/weights.ts'
import { searchReadably } from '../readable-search.ts'
import '../software-gpu.ts'
import { captionWith, readSubject, readTensorsToWrite, type Subject } from '../tiny-oracle.ts'

let directory: string
const subjects: Record<string, Subject> = {}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-graph-'))
  for (const name of ['a', 'b', 'e']) subjects[name] = await readSubject(name)
  await writeRandomCheckpoint(join(directory, 'random'), {
    vision: {
      hidden_size: 24,
      intermediate_size: 48,
      num_hidden_layers: 2,
      num_attention_heads: 3,
      image_size: 16,
      patch_size: 8,
    },
    gpt2: { n_embd: 32, n_layer: 2, n_head: 4, vocab_size: 50, n_positions: 16 },
    itune: { rank: 12, heads: 3, first_layer: 1, scale: 0.5 },
  })
  const data = Float32Array.from({ length: 4 * 3 * 16 * 16 }, (_, index) => Math.sin(index * 0.7))
  subjects.random = {
    model: (await readCheckpoint(join(directory, 'random'), null)).model,
    pixels: { data, shape: [4, 3, 16, 16] },
  }
})
after(() => rm(directory, { recursive: true }))

/** End tokens chosen so that searches end at the first token, early, for some beams, and not at all. */
const cases: [subject: string, endToken: number, generation: GenerationConfig][] = [
  ['a', 60, { beams: 5, lengthPenalty: 1, maxNewTokens: 12 }],
  ['a', 2, { beams: 3, lengthPenalty: 0.8, maxNewTokens: 12 }],
  ['a', 15, { beams: 4, lengthPenalty: 2, maxNewTokens: 9 }],
  ['a', 22, { beams: 2, lengthPenalty: 0, maxNewTokens: 12 }],
  ['a', 60, { beams: 3, lengthPenalty: 0.8, maxNewTokens: 1 }],
  ['b', 96, { beams: 5, lengthPenalty: 0.8, maxNewTokens: 14 }],
  ['b', 87, { beams: 4, lengthPenalty: 0.6, maxNewTokens: 14 }],
  ['b', 40, { beams: 1, lengthPenalty: 0, maxNewTokens: 10 }],
  ['e', 46, { beams: 4, lengthPenalty: 0.8, maxNewTokens: 10 }],
  ['e', 12, { beams: 3, lengthPenalty: 0.8, maxNewTokens: 10 }],
  ['random', 49, { beams: 16, lengthPenalty: 0.8, maxNewTokens: 16 }],
  ['random', 7, { beams: 6, lengthPenalty: 1.5, maxNewTokens: 8 }],
]

for (const [name, endToken, generation] of cases) {
  test(`the loop searches as the readable search does: ${name}, end ${endToken}, ${JSON.stringify(generation)}`, async () => {
    const subject = withEnd(subjects[name]!, endToken)
    const found = await caption(subject, generation)
    const expected = await searchReadably(subject.model, subject.pixels, generation)
    assert.equal(found.length, expected.length)
    for (const [image, { ids, score }] of expected.entries()) {
      assert.deepEqual(found[image]!.ids, ids)
      assert.ok(Math.abs(found[image]!.score - score) < 1e-4)
    }
  })
}

test('a picture gets the same words alone, in a batch and again', async () => {
  const generation = { beams: 4, lengthPenalty: 0.8, maxNewTokens: 10 }
  const subject = withEnd(subjects.b!, 87)
  const together = await caption(subject, generation)
  assert.deepEqual(await caption(subject, generation), together)
  for (const [image, expected] of together.entries()) {
    const [alone] = await caption({ ...subject, pixels: onePicture(subject.pixels, image) }, generation)
    assert.deepEqual(alone!.ids, expected.ids)
  }
})

for (const provider of ['cpu', 'webgpu'] as const) {
  test(`equal candidates go to the lower index on ${provider}`, async (context) => {
    const alike = await makeWordsAlike(subjects.random!)
    const generation = { beams: 3, lengthPenalty: 0, maxNewTokens: 3 }
    const found = await caption(alike, generation, provider).catch((thrown: unknown) => {
      if (thrown instanceof LensloreError && thrown.code === 'PROVIDER_UNAVAILABLE') return null
      throw thrown
    })
    if (!found) return context.skip('WebGPU does not open on this machine')
    assert.deepEqual(found[0]!.ids, [0, 0, 0])
    const [first] = await searchReadably(alike.model, alike.pixels, generation)
    return assert.deepEqual(first!.ids, [0, 0, 0])
  })
}

test('each token comes with its log-probability, and each beam with its score', async () => {
  const lengthPenalty = 0.8
  const { model, pixels } = withEnd(subjects.b!, 87)
  const generation = { beams: 4, lengthPenalty, maxNewTokens: 14 }
  const found = await runOnce(buildCaptionGraph(model, generation), { pixels })
  const gains = found.log_probabilities!
  const [pictures, longest] = gains.shape as [number, number]
  for (let image = 0; image < pictures; image++) {
    const length = Number(found.lengths!.data[image])
    const row = Array.from(gains.data.slice(image * longest, (image + 1) * longest), Number)
    const sum = row.slice(0, length).reduce((a, b) => a + b)
    const score = Number(found.scores!.data[image])
    assert.ok(row.slice(0, length).every((gain) => gain <= 0))
    assert.ok(row.slice(length).every((gain) => gain === 0))
    assert.ok(Math.abs(sum / length ** lengthPenalty - score) < 1e-5)
    const beams = Array.from(found.beam_scores!.data.slice(image * 4, (image + 1) * 4), Number)
    assert.equal(Math.max(...beams), score)
  }
  assert.equal(found.similarity, undefined, 'this model has no text encoder')
})

test('words that are forced are looked for where they were looked for as they were found', async () => {
  for (const { model, pixels } of [subjects.a!, subjects.b!, subjects.e!]) {
    const generation = { beams: 2, lengthPenalty: 0.8, maxNewTokens: 9 }
    const { ids, lengths, attention } = await runOnce(buildCaptionGraph(model, generation), { pixels })
    const [pictures, longest, places] = attention!.shape as [number, number, number]
    const { startToken } = model.decoder.config
    const rows = Array.from({ length: pictures }, (_, image) => [
      startToken,
      ...Array.from(ids!.data.slice(image * longest, (image + 1) * longest - 1), Number),
    ])
    const tokens = { data: BigInt64Array.from(rows.flat(), BigInt), shape: [pictures, longest] }
    const { looks } = await runOnce(buildLookingGraph(model, longest), { pixels, tokens })
    assert.deepEqual(looks!.shape, attention!.shape)
    for (let image = 0; image < pictures; image++) {
      const from = image * longest * places
      const to = from + Number(lengths!.data[image]) * places
      for (let at = from; at < to; at++)
        assert.ok(Math.abs(Number(looks!.data[at]) - Number(attention!.data[at])) < 1e-5)
    }
  }
})

test('a caption that was cut off is as near to its picture as the same words read on their own', async () => {
  const subject = subjects.e!
  for (const maxNewTokens of [3, 12]) {
    const { model, pixels } = withEnd(subject, 60)
    const found = await runOnce(buildCaptionGraph(model, { beams: 2, lengthPenalty: 0.8, maxNewTokens }), {
      pixels,
    })
    const [pictures, longest] = found.ids!.shape as [number, number]
    const rows = Array.from({ length: pictures }, (_, image) => {
      const ids = Array.from(found.ids!.data.slice(image * longest, (image + 1) * longest), Number)
      return [60, ...ids, 60]
    })
    const tokens = { data: BigInt64Array.from(rows.flat(), BigInt), shape: [pictures, longest + 2] }
    const texts = (await runOnce(buildTextEmbeddingGraph(model.text!, longest + 2), { tokens })).text!
    const seen = (await runOnce(buildPictureEmbeddingGraph(model.vision, model.text!), { pixels })).pictures!
    const width = texts.shape[1]!
    for (let image = 0; image < pictures; image++) {
      let cosine = 0
      for (let at = image * width; at < (image + 1) * width; at++) {
        cosine += Number(texts.data[at]) * Number(seen.data[at])
      }
      assert.ok(Math.abs(cosine - Number(found.similarity!.data[image])) < 1e-5)
    }
  }
})

test('an adapter may be fed when the graph runs, and gives what the stored one gives', async () => {
  const { model, pixels } = subjects.random!
  const folder = join(directory, 'random')
  const header = await readSafetensorsHeader(join(folder, 'itune.safetensors'))
  const feeds: Record<string, SessionTensor> = {}
  for (const [name, { shape }] of header.tensors)
    feeds[name] = { data: await readTensor(header, name), shape }
  const adapter = { ...model.decoder.adapter!, weights: new FedWeights() }
  const decoder = { ...model.decoder, adapter }
  const tokens = { data: BigInt64Array.from({ length: 4 * 6 }, (_, at) => BigInt(at % 40)), shape: [4, 6] }
  const stored = await runOnce(buildTeacherForcedGraph(model, 6), { pixels, tokens })
  const swapped = await runOnce(buildTeacherForcedGraph({ ...model, decoder }, 6), {
    pixels,
    tokens,
    ...feeds,
  })
  const numbers = (tensor: SessionTensor | undefined) => tensor!.data as Float32Array
  const other = numbers(swapped.logits)
  const largest = Math.max(...numbers(stored.logits).map((value, at) => Math.abs(value - other[at]!)))
  assert.ok(largest < 1e-5, String(largest))
})

test('attention is what each word was written by', async () => {
  const { model, pixels } = withEnd(subjects.random!, 49)
  const found = await runOnce(buildCaptionGraph(model, { beams: 3, lengthPenalty: 0.8, maxNewTokens: 8 }), {
    pixels,
  })
  const [batch, length, width] = found.attention!.shape as [number, number, number]
  assert.deepEqual([batch, width], [4, 5])

  // One layer of this decoder looks, so that the mean over layers is the last layer's.
  const rows = Array.from({ length: batch }, (_, image) => [
    model.decoder.config.startToken,
    ...Array.from(found.ids!.data.slice(image * length, (image + 1) * length - 1), Number),
  ])
  const tokens = { data: BigInt64Array.from(rows.flat(), BigInt), shape: [batch, length] }
  const forced = await runOnce(buildTeacherForcedGraph(model, length), { pixels, tokens })
  const [, heads] = forced.attention!.shape as [number, number]
  for (let image = 0; image < batch; image++) {
    for (let at = 0; at < length * width; at++) {
      const perHead = Array.from({ length: heads }, (_, head) =>
        Number(forced.attention!.data[(image * heads + head) * length * width + at]),
      )
      const expected = perHead.reduce((a, b) => a + b) / heads
      const got = Number(found.attention!.data[image * length * width + at])
      assert.ok(Math.abs(got - expected) < 1e-6, `${got} is not ${expected}`)
    }
  }
})

function withEnd({ model, pixels }: Subject, endToken: number): Subject {
  const config = { ...model.decoder.config, endToken }
  return { model: { ...model, decoder: { ...model.decoder, config } }, pixels }
}

/** The same decoder with one and the same embedding for every word: all are as likely, always. */
async function makeWordsAlike({ pixels }: Subject): Promise<Subject> {
  const folder = join(directory, 'alike')
  await cp(join(directory, 'random'), folder, { recursive: true })
  const path = join(folder, 'gpt2.safetensors')
  const tensors = await readTensorsToWrite(path)
  const { shape } = tensors.get('wte.weight')!
  tensors.set('wte.weight', float32Tensor(shape, new Float32Array(shape[0]! * shape[1]!)))
  await writeSafetensors(path, tensors)
  return { model: (await readCheckpoint(folder, null)).model, pixels }
}

function caption({ model, pixels }: Subject, generation: GenerationConfig, provider: ProviderName = 'cpu') {
  return captionWith(buildSearch(provider, 'pixels', model, generation), pixels, provider)
}

function onePicture({ data, shape }: SessionTensor, image: number): SessionTensor {
  const size = data.length / shape[0]!
  return { data: data.slice(image * size, (image + 1) * size), shape: [1, ...shape.slice(1)] }
}
