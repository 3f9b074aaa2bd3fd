import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countReplayed } from '../../../src-main/library/teaching/plan-training.ts'

test('a model is held to five photos for each label, within bounds, and to more where names are learned', () => {
  assert.deepEqual(
    [1, 20, 50, 99, 100, 2000].map((labels) => countReplayed(labels, false)),
    [100, 100, 250, 495, 500, 500],
  )
  for (const labels of [3, 20, 500]) assert.equal(countReplayed(labels, true), 600)
})
