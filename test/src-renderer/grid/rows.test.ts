import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  breakRows,
  gapPx,
  heightPxOf,
  highestStretch,
  type Measure,
  rowAt,
  rowCount,
  rowOf,
  spansOf,
} from '../../../src-renderer/grid/rows.ts'

const measures: fc.Arbitrary<Measure> = fc.record({
  widthPx: fc.integer({ min: 200, max: 4000 }),
  targetPx: fc.integer({ min: 96, max: 320 }),
  captionPx: fc.constantFrom(0, 42),
})
const ratios = fc.array(
  fc.oneof(fc.constantFrom(1.5, 0.667, 1.333, 0), fc.float({ min: Math.fround(0.1), max: 10, noNaN: true })),
  { minLength: 1, maxLength: 800 },
)

test('every photo stands in one row, in its order', () => {
  fc.assert(
    fc.property(ratios, measures, fc.boolean(), (photos, measure, isEnd) => {
      const rows = breakRows(photos, measure, isEnd)
      assert.equal(rows.starts[0], 0)
      assert.equal(rows.starts.at(-1), photos.length)
      for (let row = 0; row < rowCount(rows); row++) {
        assert.ok(rows.starts[row]! < rows.starts[row + 1]!, 'no row is empty')
        for (let photo = rows.starts[row]!; photo < rows.starts[row + 1]!; photo++) {
          assert.equal(rowOf(rows, photo), row)
        }
      }
    }),
  )
})

test('a full row ends at the right edge to the pixel, with the same gap everywhere', () => {
  fc.assert(
    fc.property(ratios, measures, fc.boolean(), (photos, measure, isEnd) => {
      const rows = breakRows(photos, measure, isEnd)
      for (let row = 0; row < rowCount(rows); row++) {
        const spans = spansOf(rows, row)
        const endPx = spans.at(-1)!.leftPx + spans.at(-1)!.widthPx
        const isShort =
          (isEnd && row === rowCount(rows) - 1 && rows.heights[row]! <= measure.targetPx) ||
          rows.heights[row] === highestStretch * measure.targetPx
        if (isShort) assert.ok(endPx <= measure.widthPx + 1, `${endPx} of ${measure.widthPx}`)
        else assert.equal(endPx, measure.widthPx)
        for (let i = 1; i < spans.length; i++) {
          assert.equal(spans[i]!.leftPx, spans[i - 1]!.leftPx + spans[i - 1]!.widthPx + gapPx)
        }
        assert.ok(spans.every(({ widthPx }) => widthPx > 0))
      }
    }),
  )
})

test('rows of common photos are near the wished height, and none of a month that goes on is short', () => {
  const common = fc.array(fc.constantFrom(1.5, 1.333, 0.75, 0.667, 1), { minLength: 40, maxLength: 800 })
  const wide = fc.record({
    widthPx: fc.integer({ min: 900, max: 3000 }),
    targetPx: fc.integer({ min: 136, max: 240 }),
    captionPx: fc.constant(0),
  })
  fc.assert(
    fc.property(common, wide, (photos, measure) => {
      const rows = breakRows(photos, measure, false)
      for (let row = 0; row < rowCount(rows); row++) {
        const { leftPx, widthPx } = spansOf(rows, row).at(-1)!
        assert.equal(leftPx + widthPx, measure.widthPx)
        const stretch = rows.heights[row]! / measure.targetPx
        assert.ok(stretch > 0.7 && stretch < highestStretch, `${stretch}`)
      }
    }),
  )
})

test('the last row of a month has the height of the row before, and is not stretched', () => {
  const rows = breakRows([1.5, 1.5, 1.5, 1.5, 1.5], { widthPx: 908, targetPx: 150, captionPx: 0 }, true)
  assert.deepEqual([...rows.starts], [0, 4, 5])
  assert.equal(heightPxOf(rows, 0), 149)
  assert.equal(rows.heights[1], rows.heights[0])
  assert.deepEqual(spansOf(rows, 1), [{ leftPx: 0, widthPx: 224 }])
})

test('a panorama is cropped, and one that is wider than the window still fits', () => {
  const rows = breakRows([9, 1.5], { widthPx: 300, targetPx: 200, captionPx: 0 }, true)
  assert.deepEqual(spansOf(rows, 0), [{ leftPx: 0, widthPx: 300 }])
  assert.equal(heightPxOf(rows, 0), 125)
})

test('a height is in the row that it is in, and the gap below belongs to the row', () => {
  const rows = breakRows(Array(20).fill(1.5), { widthPx: 908, targetPx: 150, captionPx: 10 }, true)
  assert.deepEqual([...rows.topsPx], [0, 163, 326, 489, 652, 815])
  assert.deepEqual(
    [0, 162, 163, 5000, -3].map((px) => rowAt(rows, px)),
    [0, 0, 1, 4, 0],
  )
})
