import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplePlaces } from '../../../src-renderer/grid/sample-places.ts'

test('places are taken evenly from all runs, and all where there are no more', () => {
  assert.deepEqual(
    samplePlaces(
      [
        [2, 4],
        [10, 12],
      ],
      9,
    ),
    [2, 3, 10, 11],
  )
  assert.deepEqual(samplePlaces([[0, 1_000_000]], 4), [0, 250_000, 500_000, 750_000])
  assert.deepEqual(
    samplePlaces(
      [
        [5, 6],
        [100, 109],
      ],
      5,
    ),
    [5, 101, 103, 105, 107],
  )
  assert.deepEqual(samplePlaces([], 5), [])
})
