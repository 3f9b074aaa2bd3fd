import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutToSize, planPass } from '../../../src-main/engine/training/batches.ts'
import { createRandom } from '../../../src-main/engine/training/random.ts'

const random = createRandom(7)
const lengths = Array.from({ length: 1000 }, () => 4 + Math.floor(30 * random()))

function padding(batches: readonly (readonly number[])[]): number {
  const padded = batches.map((batch) => {
    const longest = Math.max(...batch.map((index) => lengths[index]!))
    return batch.reduce((sum, index) => sum + longest - lengths[index]!, 0)
  })
  return padded.reduce((sum, each) => sum + each, 0)
}

test('a pass has every text once, in batches of like length and no order', () => {
  const batches = planPass(lengths, 16, 3, 0)
  assert.deepEqual(
    batches.flat().sort((a, b) => a - b),
    [...lengths.keys()],
  )
  assert.deepEqual(new Set(batches.map(({ length }) => length)), new Set([15, 16]))
  assert.equal(batches.length, 63)
  const inOrder = Array.from({ length: 62 }, (_, at) => [...lengths.keys()].slice(at * 16, at * 16 + 16))
  assert.ok(padding(batches) < padding(inOrder) / 5)
  const means = batches.map((batch) => batch.reduce((sum, index) => sum + lengths[index]!, 0))
  assert.ok(
    means.some((mean, at) => at > 0 && mean < means[at - 1]!),
    'the short ones do not come first',
  )
})

test('batches are of one size where that can be, for a text that is left over would count as a whole one', () => {
  const sizes = (count: number, size: number) =>
    planPass(lengths.slice(0, count), size, 1, 0).map((batch) => batch.length)
  assert.deepEqual(sizes(20, 16), [10, 10])
  assert.deepEqual(sizes(17, 16).sort(), [8, 9])
  assert.deepEqual(sizes(3, 16), [3])
})

test('its order is that of its seed and number', () => {
  assert.deepEqual(planPass(lengths, 16, 3, 5), planPass(lengths, 16, 3, 5))
  assert.notDeepEqual(planPass(lengths, 16, 3, 5), planPass(lengths, 16, 3, 6))
  assert.notDeepEqual(planPass(lengths, 16, 3, 5), planPass(lengths, 16, 4, 5))
})

test('a batch is cut where its padded tokens would be too many, and a text alone is never left out', () => {
  const texts = [3, 3, 4, 9, 2, 2].map((length) => ({ tokens: Array(length).fill(0) }))
  const lengthsOf = (most: number) =>
    cutToSize(texts, most).map((run) => run.map(({ tokens }) => tokens.length))
  assert.deepEqual(lengthsOf(1000), [[3, 3, 4, 9, 2, 2]])
  assert.deepEqual(lengthsOf(12), [[3, 3, 4], [9], [2, 2]])
  assert.deepEqual(lengthsOf(1), [[3], [3], [4], [9], [2], [2]])
})
