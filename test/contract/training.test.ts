import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryFolder, memoryPath } from '../../src-main/contract/memory-path.ts'
import { trainingPlan } from '../../src-main/contract/training.ts'

const contentHash = 'ab'.repeat(32)
const example = {
  contentHash,
  path: '/p.jpg',
  kind: 'label',
  captions: [{ text: 'a' }],
  group: 0,
  fold: null,
}
const plan = {
  version: 1,
  modelDirectory: '/m',
  start: 'model',
  heldOut: 'none',
  folds: 0,
  memoryDirectory: '/k',
  memoryLimitBytes: 0,
  examples: [example],
}

test('a plan may leave out what is usual', () => {
  const { settings, provider, threads, examples } = trainingPlan.parse(plan)
  assert.deepEqual([provider, threads], ['cpu', null])
  assert.equal(examples[0]!.captions[0]!.weight, 1)
  assert.ok(settings.rate > 0 && settings.passes > 0 && settings.replayTo === 'distribution')
  assert.equal(trainingPlan.parse({ ...plan, settings: { seed: 4 } }).settings.seed, 4)
})

test('a plan that names no content, no caption or a wrong weight is refused', () => {
  const refused = (changed: object) =>
    assert.equal(trainingPlan.safeParse({ ...plan, examples: [{ ...example, ...changed }] }).success, false)
  refused({ contentHash: 'ABC' })
  refused({ contentHash: '../../x' })
  refused({ captions: [{ text: '' }] })
  refused({ captions: [{ text: 'a', weight: 0 }] })
  refused({ group: -1 })
  assert.equal(trainingPlan.safeParse({ ...plan, settings: { rate: 2 } }).success, false)
})

test('every model has a folder of its own for memories, whatever its id', () => {
  const ids = ['a', 'A/b', 'A_b', '..', '.', 'ä', 'con:1', 'a b', '😀']
  const folders = ids.map((id) => memoryFolder('/k', id))
  assert.equal(new Set(folders).size, ids.length)
  for (const folder of folders) assert.match(folder, /^\/k\/[\w-]+$/)
  assert.equal(memoryPath('/k', 'lenslore-v1', contentHash), `/k/lenslore-v1/ab/${contentHash}.f16`)
})
