import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runOnce } from '../../../src-main/engine/captioning/search-session.ts'
import { Graph, type Value } from '../../../src-main/engine/model/graph.ts'
import {
  float32Tensor,
  readSafetensorsHeader,
  writeSafetensors,
} from '../../../src-main/engine/model/safetensors.ts'
import { FedWeights, StoredWeights, type Weights } from '../../../src-main/engine/model/weights.ts'

const shape = [7, 3]
const words = Float32Array.from({ length: 7 * 3 }, (_, index) => index)
let directory: string
let stored: StoredWeights

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-weights-'))
  const path = join(directory, 'words.safetensors')
  await writeSafetensors(
    path,
    new Map([
      ['before', float32Tensor([2], Float32Array.of(-1, -2))],
      ['wte.weight', float32Tensor(shape, words)],
    ]),
  )
  stored = new StoredWeights(await readSafetensorsHeader(path))
})
after(() => rm(directory, { recursive: true }))

/** What a matrix and its parts are when the graph runs. */
async function runParts(weights: Weights, feeds: Parameters<typeof runOnce>[1], count: number) {
  const g = new Graph('parts')
  const give = (name: string, value: Value) => g.namedOutput(name, value)
  give('whole', weights.value(g, 'wte.weight', shape))
  const parts = weights.parts(g, 'wte.weight', shape, count)
  for (const [at, part] of parts.entries()) give(`part ${at}`, part)
  const outputs = await runOnce(g, feeds)
  for (const [at, part] of parts.entries())
    assert.deepEqual(outputs[`part ${at}`]!.shape, part.shape, `the shape of part ${at}`)
  const numbers = (name: string) => [...(outputs[name]!.data as Float32Array)]
  return { whole: numbers('whole'), parts: parts.map((_, at) => numbers(`part ${at}`)) }
}

for (const [kind, open] of [
  ['stored', () => [stored, {}] as const],
  ['fed', () => [new FedWeights(), { 'wte.weight': { data: words, shape } }] as const],
] as const) {
  test(`a ${kind} matrix is cut between rows into like parts, beside the whole`, async () => {
    const [weights, feeds] = open()
    const { whole, parts } = await runParts(weights, feeds, 3)
    assert.deepEqual(whole, [...words])
    assert.deepEqual(
      parts.map(({ length }) => length),
      [6, 6, 9],
    )
    assert.deepEqual(parts.flat(), [...words])
  })

  test(`a ${kind} matrix has no more parts than rows, and one part is the whole`, async () => {
    for (const [count, made] of [
      [9, 7],
      [1, 1],
    ] as const) {
      const [weights, feeds] = open()
      const { parts } = await runParts(weights, feeds, count)
      assert.equal(parts.length, made)
      assert.deepEqual(parts.flat(), [...words])
    }
  })
}
