import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyRule, toRows } from '../../../../src-main/engine/training/names/logistic-regression.ts'
import { findParting, findTokens, trainPlace } from '../../../../src-main/engine/training/names/place.ts'

const name = { startTokens: [1, 2], tokens: [3, 2] }

test('a name is found at the beginning of a caption by one spelling, inside by the other', () => {
  assert.equal(findTokens([1, 2, 9], name), 0)
  assert.equal(findTokens([9, 3, 2], name), 1)
  assert.equal(findTokens([9, 3, 9, 3, 2], name), 3)
  assert.equal(findTokens([3, 2], name), -1)
  assert.equal(findTokens([9, 1, 2], name), -1)
  assert.equal(findTokens([9, 3], name), -1)
  assert.equal(findTokens([], name), -1)
})

test('a name is told from what is said anyway by the first token that nothing else goes on with', () => {
  const spoken = [
    [5, 6, 7],
    [8, 5, 9],
  ]
  assert.equal(findParting([4, 5], spoken, false), 0)
  assert.equal(findParting([5, 8], spoken, false), 1)
  assert.equal(findParting([5, 6, 8], spoken, false), 2)
  assert.equal(findParting([6, 7], spoken, false), null)
  assert.equal(findParting([6, 7], spoken, true), 0, 'nothing begins with it')
  assert.equal(findParting([8, 6], spoken, true), 1)
})

test('a name is said from where it was said, and as often', () => {
  const row = (...values: number[]) => Float32Array.from(values)
  const begins = Array.from({ length: 10 }, (_, index) => row(1, index % 3))
  const others = Array.from({ length: 60 }, (_, index) => row(index % 6 === 0 ? 1 : 0, index % 5))
  const rule = trainPlace(begins, others, 2)
  const [there, elsewhere] = applyRule(rule, toRows([row(1, 1), row(0, 1)])).map(
    (sum) => 1 / (1 + Math.exp(-sum)),
  )
  // Ten of twenty such rows had it; a nat more than even odds is 73 %.
  assert.ok(Math.abs(there! - 0.73) < 0.15, String(there))
  assert.ok(elsewhere! < 0.12)
})

test('captions that only begin with the name say it at once, those that show no place hardly', () => {
  const atOnce = trainPlace([Float32Array.of(1, 2)], [], 2)
  assert.ok(atOnce.bias > 3)
  const nowhere = trainPlace([], [], 2)
  assert.ok(nowhere.bias < -2)
  for (const { weight } of [atOnce, nowhere]) assert.deepEqual([...weight], [0, 0])
})
