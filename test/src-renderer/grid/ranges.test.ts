import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  countPlaces,
  hasPlace,
  noPlaces,
  type Ranges,
  rangesOf,
  withoutPlaces,
  withPlaces,
} from '../../../src-renderer/grid/ranges.ts'

const change = fc.record({ start: fc.nat({ max: 60 }), length: fc.nat({ max: 20 }), isAdded: fc.boolean() })

test('ranges hold what a set of places would, sorted and apart', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const set = new Set<number>()
      let ranges: Ranges = noPlaces
      for (const { start, length, isAdded } of changes) {
        for (let place = start; place < start + length; place++) {
          if (isAdded) set.add(place)
          else set.delete(place)
        }
        ranges = isAdded
          ? withPlaces(ranges, start, start + length)
          : withoutPlaces(ranges, start, start + length)
      }
      assert.equal(countPlaces(ranges), set.size)
      for (let place = 0; place < 90; place++)
        assert.equal(hasPlace(ranges, place), set.has(place), `${place}`)
      for (const [i, [start, end]] of ranges.entries()) {
        assert.ok(start < end)
        if (i > 0) assert.ok(ranges[i - 1]![1] < start, 'what touches is one')
      }
      assert.deepEqual(rangesOf(set), ranges)
    }),
  )
})
