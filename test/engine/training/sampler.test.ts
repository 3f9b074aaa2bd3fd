import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readCheckpoint } from '../../../src-main/engine/captioning/checkpoint.ts'
import { openSession } from '../../../src-main/engine/captioning/session.ts'
import type { CaptionModel } from '../../../src-main/engine/model/caption-graph.ts'
import { buildTextReadingGraph } from '../../../src-main/engine/model/teacher-forced-graph.ts'
import { memoryLength } from '../../../src-main/engine/model/vision-tower.ts'
import { createRandom } from '../../../src-main/engine/training/random.ts'
import { openSampler } from '../../../src-main/engine/training/sampler.ts'
import { freeze } from '../../../src-main/engine/training/step-graph.ts'
import { readAdapter } from '../../../src-main/engine/training/student.ts'
import { writeModel } from './taught-model.ts'

const longest = 12
const pictures = 3
const samples = 4
let directory: string
let model: CaptionModel
let adapter: ReadonlyMap<string, Float32Array>
let memories: Float32Array[]

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-sampler-'))
  await writeModel(directory)
  const checkpoint = await readCheckpoint(directory, null)
  model = checkpoint.model
  const frozen = freeze(model, model.decoder.adapter!.config, longest)
  adapter = await readAdapter(checkpoint.adapterFile!, frozen)
  const random = createRandom(3)
  const size = frozen.memoryShape[0] * frozen.memoryShape[1]
  memories = Array.from({ length: pictures }, () =>
    Float32Array.from({ length: size }, () => 2 * random() - 1),
  )
})
after(() => rm(directory, { recursive: true }))

async function draw(
  random: () => number,
  some: readonly Float32Array[] = memories,
  count = samples,
  temperature = 1,
): Promise<number[][][]> {
  const { config } = model.decoder.adapter!
  const sampling = { samples: count, longest, temperature }
  const sampler = await openSampler({ model, adapter: config, provider: 'cpu', threads: 1, ...sampling })
  try {
    return await sampler.draw(some, adapter, random)
  } finally {
    await sampler.close()
  }
}

/** What follows each position of a caption, as likely as the whole text read anew says. */
async function expectWords(
  memory: Float32Array,
  caption: readonly number[],
  temperature = 1,
): Promise<number[][]> {
  const { startToken, vocabulary } = model.decoder.config
  const session = await openSession(buildTextReadingGraph(model, caption.length), 'cpu', 1)
  const shape = [1, memoryLength(model.vision.config), model.vision.config.width]
  const { logits } = await session.run({
    memory: { data: memory, shape },
    tokens: {
      data: BigInt64Array.from([startToken, ...caption.slice(0, -1)], BigInt),
      shape: [1, caption.length],
    },
  })
  await session.close()
  return caption.map((_, at) => {
    const scores = Array.from(logits!.data.subarray(at * vocabulary, (at + 1) * vocabulary), Number)
    const highest = Math.max(...scores)
    const parts = scores.map((score) => Math.exp((score - highest) / temperature))
    const sum = parts.reduce((a, b) => a + b, 0)
    return parts.map((part) => part / sum)
  })
}

test('each word is the one in whose share of the likelihood its chance falls', async () => {
  const { endToken } = model.decoder.config
  const random = createRandom(11)
  const chances: number[] = []
  const drawn = await draw(() => {
    chances.push(random())
    return chances.at(-1)!
  })
  for (const [picture, captions] of drawn.entries()) {
    for (const [sample, caption] of captions.entries()) {
      assert.ok(caption.length === longest || caption.at(-1) === endToken)
      assert.ok(caption.indexOf(endToken) === -1 || caption.indexOf(endToken) === caption.length - 1)
      for (const [at, expected] of (await expectWords(memories[picture]!, caption)).entries()) {
        const chance = chances[(at * pictures + picture) * samples + sample]!
        const below = expected.slice(0, caption[at]!).reduce((a, b) => a + b, 0)
        const rounding = 1e-4
        assert.ok(below - rounding <= chance && chance <= below + expected[caption[at]!]! + rounding)
      }
    }
  }
  assert.ok(new Set(drawn.flat().map(String)).size > 6, 'they differ')
  assert.ok(new Set(drawn.flat().map(({ length }) => length)).size > 1, 'some end before others')
})

for (const temperature of [1, 0.5])
  test(`words come as often as they are likely at a temperature of ${temperature}`, async () => {
    const many = 300
    const [captions] = await draw(createRandom(5), memories.slice(0, 1), many, temperature)
    const [expected] = await expectWords(memories[0]!, [0], temperature)
    for (const [word, probability] of expected!.entries()) {
      const count = captions!.filter(([first]) => first === word).length
      const deviation = Math.sqrt(many * probability * (1 - probability))
      assert.ok(Math.abs(count - many * probability) <= 4 * deviation + 1, `word ${word}: ${count}`)
    }
  })

test('the same chances draw the same captions, the ends of their range among them', async () => {
  assert.deepEqual(await draw(createRandom(2)), await draw(createRandom(2)))
  const { vocabulary } = model.decoder.config
  for (const chance of [0, 1 - 2 ** -53])
    for (const caption of (await draw(() => chance)).flat())
      assert.ok(caption.every((word) => word >= 0 && word < vocabulary))
})
