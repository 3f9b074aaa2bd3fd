import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  buildCaptionGraph,
  type CaptionModel,
  type GenerationConfig,
} from '../../../src-main/engine/model/caption-graph.ts'
import { noNames } from '../../../src-main/engine/model/names.ts'
import { serialiseModel } from '../../../src-main/engine/model/onnx-file.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'
import { buildSearch } from '../../../src-main/engine/model/search-in-pieces.ts'
import { StoredWeights } from '../../../src-main/engine/model/weights.ts'
import { createRandom } from '../../../src-main/engine/training/random.ts'
import { type ReadableName, searchReadably } from '../readable-search.ts'
import { keepDevice } from '../software-gpu.ts'
import { captionWith, readSubject, type Subject } from '../tiny-oracle.ts'

keepDevice()

let directory: string
const subjects: Record<string, Subject> = {}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-names-'))
  for (const name of ['a', 'b', 'e']) subjects[name] = await readSubject(name)
})
after(() => rm(directory, { recursive: true }))

interface Spelling {
  startTokens?: number[]
  tokens: number[]
  startParting?: number | null
  parting?: number | null
  /** Every picture shows it, none does, it is in doubt in all, or it depends. */
  seen?: boolean | 'doubt'
  /** Log-odds of beginning anywhere, about. */
  place?: number
}

let files = 0
const biases = new Map<Spelling['seen'], Float32Array>([
  [undefined, Float32Array.of(-0.5, 0.5)],
  [true, Float32Array.of(1, 1)],
  ['doubt', Float32Array.of(-1, 1)],
  [false, Float32Array.of(-1, -1)],
])

async function makeNames(model: CaptionModel, spellings: readonly Spelling[]): Promise<ReadableName[]> {
  const { vision, decoder } = model
  const random = createRandom(7)
  const spread = (size: number, width: number) =>
    Float32Array.from({ length: size }, () => (random() - 0.5) * width)
  const names: ReadableName[] = []
  const tensors = new Map<string, ReturnType<typeof float32Tensor>>()
  for (const [index, { seen, place = 0 }] of spellings.entries()) {
    const numbers = {
      weight: spread(3 * vision.config.width, seen === undefined ? 0.2 : 0),
      bias: biases.get(seen)!,
      'place.weight': spread(decoder.config.width, 0.3),
      'place.bias': Float32Array.of(place),
    }
    for (const [name, data] of Object.entries(numbers)) {
      tensors.set(`names.${index}.${name}`, float32Tensor([data.length], data))
    }
    names.push({ numbers } as ReadableName)
  }
  const path = join(directory, `${files++}.safetensors`)
  await writeSafetensors(path, tensors)
  const weights = new StoredWeights(await readSafetensorsHeader(path))
  return spellings.map(({ tokens, startTokens = tokens, startParting = null, parting = null }, index) => ({
    ...names[index]!,
    text: `name ${index}`,
    tokens,
    startTokens,
    startParting,
    parting,
    weights: weights.under(`names.${index}.`),
  }))
}

function caption(
  { model, pixels }: Subject,
  generation: GenerationConfig,
  names: readonly ReadableName[],
  gluing: readonly number[] = [],
  provider: 'cpu' | 'webgpu' = 'cpu',
) {
  return captionWith(buildSearch(provider, 'pixels', model, generation, { names, gluing }), pixels, provider)
}

const withEnd = (name: string, endToken: number) => {
  const { model, pixels } = subjects[name]!
  const config = { ...model.decoder.config, endToken }
  return { model: { ...model, decoder: { ...model.decoder, config } }, pixels }
}

const count = (ids: readonly number[], tokens: readonly number[]) =>
  ids.filter((_, at) => tokens.every((token, offset) => ids[at + offset] === token)).length

const cases: [subject: string, endToken: number, generation: GenerationConfig, names: Spelling[]][] = [
  ['a', 60, { beams: 5, lengthPenalty: 1, maxNewTokens: 12 }, [{ tokens: [7, 8, 9] }]],
  ['a', 2, { beams: 3, lengthPenalty: 0.8, maxNewTokens: 12 }, [{ tokens: [7] }, { tokens: [7, 8] }]],
  ['a', 60, { beams: 3, lengthPenalty: 0.8, maxNewTokens: 1 }, [{ tokens: [7], startTokens: [5, 6] }]],
  [
    'b',
    96,
    { beams: 5, lengthPenalty: 0.8, maxNewTokens: 14 },
    [
      { tokens: [30, 31, 32], startTokens: [33, 31, 32], place: -2 },
      { tokens: [30, 31, 34], startTokens: [33, 31, 34], place: -1 },
      { tokens: [30, 40], place: -3, seen: true },
      { tokens: [41, 41, 42], place: -2, seen: true },
    ],
  ],
  [
    'e',
    46,
    { beams: 4, lengthPenalty: 0.8, maxNewTokens: 10 },
    Array.from({ length: 40 }, (_, index) => ({ tokens: [index % 7, index % 5, index], place: -4 })),
  ],
]

for (const [name, endToken, generation, spellings] of cases) {
  test(`the loop says names as the readable search does: ${name}, ${JSON.stringify(generation)}, ${spellings.length} names`, async () => {
    const subject = withEnd(name, endToken)
    const names = await makeNames(subject.model, spellings)
    const gluing = Array.from({ length: 30 }, (_, token) => token * 2)
    const expected = await searchReadably(subject.model, subject.pixels, generation, names, gluing)
    const found = await caption(subject, generation, names, gluing)
    for (const [image, { ids, score }] of expected.entries()) {
      assert.deepEqual(found[image]!.ids, ids)
      assert.ok(Math.abs(found[image]!.score - score) < 1e-4, `${found[image]!.score} is not ${score}`)
    }
  })
}

test('the model says its own words as the readable search does where a name is kept back', async () => {
  for (const [subjectName, endToken] of [
    ['b', 96],
    ['a', 60],
    ['a', 22],
  ] as const) {
    const subject = withEnd(subjectName, endToken)
    const generation = { beams: 3, lengthPenalty: 0.8, maxNewTokens: 10 }
    const plain = await caption(subject, generation, [])
    // The name is a part of what the model says anyway.
    const pairs = plain.flatMap(({ ids }) => ids.slice(1, -1).map((token, at) => [token, ids[at + 2]!]))
    const tokens = pairs.find(([first, second]) => first !== second && second !== endToken)!
    for (const seen of [true, 'doubt', false] as const) {
      const names = await makeNames(subject.model, [{ tokens, startParting: 1, parting: 1, seen, place: -1 }])
      const expected = await searchReadably(subject.model, subject.pixels, generation, names)
      const found = await caption(subject, generation, names)
      assert.deepEqual(
        found.map(({ ids }) => ids),
        expected.map(({ ids }) => ids),
      )
      assert.ok(plain.some(({ ids }) => count(ids, tokens) > 0))
      for (const { ids } of found)
        assert.ok(count(ids, tokens) <= Number(seen !== false), `${ids} says ${tokens}`)
    }
  }
})

test('a name that is recognised is said once and in whole, one that is not is never said', async () => {
  const subject = withEnd('b', 96)
  const generation = { beams: 3, lengthPenalty: 0.8, maxNewTokens: 14 }
  const tokens = [30, 31, 32]
  const plain = await caption(subject, generation, [])
  for (const seen of [true, false]) {
    const names = await makeNames(subject.model, [
      { tokens, startTokens: [33, 31, 32], seen, parting: 0, place: 2 },
    ])
    const found = await caption(subject, generation, names)
    for (const [image, { ids }] of found.entries()) {
      const times = count(ids, tokens) + Number(ids[0] === 33 && ids[1] === 31 && ids[2] === 32)
      assert.equal(times, Number(seen))
      if (!seen) assert.deepEqual(ids, plain[image]!.ids)
    }
  }
})

test('no word runs into a name', async () => {
  const subject = withEnd('b', 96)
  const generation = { beams: 3, lengthPenalty: 0.8, maxNewTokens: 14 }
  const [name] = await makeNames(subject.model, [{ tokens: [30, 31], seen: true, place: 2 }])
  const after = (found: { ids: number[] }[]) =>
    found.flatMap(({ ids }) => ids.flatMap((id, at) => (id === 30 ? [ids[at + 2]] : [])))
  const free = after(await caption(subject, generation, [name!]))
  const gluing = [...new Set(free)].filter((id) => id !== undefined)
  assert.ok(gluing.length > 0)
  const apart = after(await caption(subject, generation, [name!], gluing))
  assert.equal(apart.length, free.length)
  for (const id of apart) assert.ok(id === undefined || !gluing.includes(id))
})

test('names are said on WebGPU as on the processor', async () => {
  const subject = withEnd('b', 96)
  const generation = { beams: 4, lengthPenalty: 0.8, maxNewTokens: 10 }
  const names = await makeNames(subject.model, [
    { tokens: [30, 31, 32], startTokens: [33, 31, 32], place: -1 },
    { tokens: [30, 40], place: -1 },
  ])
  const onProcessor = await caption(subject, generation, names)
  const onGpu = await caption(subject, generation, names, [], 'webgpu')
  assert.deepEqual(
    onGpu.map(({ ids }) => ids),
    onProcessor.map(({ ids }) => ids),
  )
})

test('without names the graph is the one of a model that knows of none', async () => {
  const { model } = subjects.b!
  const generation = { beams: 3, lengthPenalty: 0.8, maxNewTokens: 10 }
  const place = () => ({ file: 'w', offsetBytes: 0, byteLength: 0 })
  const bytes = serialiseModel(buildCaptionGraph(model, generation, noNames), place)
  const [name] = await makeNames(model, [{ tokens: [3] }])
  const more = serialiseModel(buildCaptionGraph(model, generation, { names: [name!], gluing: [] }), place)
  assert.deepEqual(bytes, serialiseModel(buildCaptionGraph(model, generation), place))
  for (const operator of ['Exp', 'Log']) {
    assert.ok(!Buffer.from(bytes).includes(`${operator}.`), `${operator} is in a graph without names`)
    assert.ok(Buffer.from(more).includes(`${operator}.`), `${operator} is in a graph with names`)
  }
})
