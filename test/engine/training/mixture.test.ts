import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areMixed } from '../../../src-main/engine/training/mixture.ts'
import { createRandom } from '../../../src-main/engine/training/random.ts'
import { meanOfRows } from '../../../src-main/engine/training/visual-memory.ts'

const width = 24
const random = createRandom(3)
/** A direction of its own, and beside it so much of another one. */
const picture = (kind: Float32Array | null) =>
  Float32Array.from({ length: width }, (_, index) => random() - 0.5 + 0.8 * (kind?.[index] ?? 0))
const kinds = [0, 1, 2, 3].map(() => picture(null))
const mixed = (count: number) => Array.from({ length: count }, (_, index) => picture(kinds[index % 4]!))
const others = mixed(100)

test('pictures of all kinds are mixed, pictures of one kind are not', () => {
  for (const seed of [1, 2, 3]) {
    assert.ok(areMixed(mixed(20), others, seed))
    const ofOne = Array.from({ length: 20 }, () => picture(kinds[1]!))
    assert.ok(!areMixed(ofOne, others, seed))
  }
})

test('where all pictures are of one kind, those of it are as mixed as any', () => {
  const all = Array.from({ length: 100 }, () => picture(kinds[1]!))
  assert.ok(areMixed(all.slice(0, 20), all.slice(20), 1))
})

test('the mean of a memory is over its rows', () => {
  assert.deepEqual(meanOfRows(Float32Array.of(1, 2, 3, 4, 5, 9), 2), Float32Array.of(3, 5))
})

test('of few pictures, those of one kind are hardly ever taken for mixed, and mixed ones nearly always', () => {
  const countMixed = (make: () => Float32Array[]) =>
    Array.from({ length: 40 }, (_, seed) => areMixed(make(), others, seed)).filter(Boolean).length
  assert.ok(countMixed(() => mixed(5)) >= 32)
  assert.ok(countMixed(() => Array.from({ length: 5 }, () => picture(kinds[1]!))) <= 6)
})
