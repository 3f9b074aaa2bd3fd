import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutSection, headPx, Layout, photosOfPart } from '../../../src-renderer/grid/layout.ts'
import { breakRows } from '../../../src-renderer/grid/rows.ts'
import {
  isNearEnd,
  layRunway,
  longestRunwayPx,
  type Runway,
  runwayLengthPx,
} from '../../../src-renderer/grid/runway.ts'

const measure = { widthPx: 1000, targetPx: 160, captionPx: 0 }
const layoutOf = (counts: number[]) =>
  new Layout(
    counts.map((photos) => ({ months: [], photos })),
    measure,
    1.4,
  )
const ratioOf = (place: number) => [1.5, 0.667, 1.333, 2.1, 1][(place * 7) % 5]!

function readPart(layout: Layout, part: number): void {
  const [start, end] = [layout.partStarts[part]!, layout.partStarts[part + 1]!]
  const ratios = Array.from({ length: end - start }, (_, i) => ratioOf(start + i))
  layout.setRows(part, breakRows(ratios, layout.measure, layout.endsSection(part)))
}

const months = fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4000 })), {
  minLength: 1,
  maxLength: 30,
})

test('a month is cut from its oldest photo, into parts that are neither small nor large', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60_000 }), (photos) => {
      const parts = cutSection(photos)
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0),
        photos,
      )
      assert.ok(parts.slice(1).every((part) => part === photosOfPart))
      assert.ok(parts[0]! < 1.5 * photosOfPart)
      assert.ok(parts.length === 1 || parts[0]! >= photosOfPart / 2)
    }),
  )
})

test('every photo is in one part, and every height is one position and back', () => {
  fc.assert(
    fc.property(months, fc.array(fc.nat(), { maxLength: 5 }), (counts, read) => {
      const layout = layoutOf(counts)
      for (const part of read) readPart(layout, part % layout.parts)
      assert.equal(
        layout.photos,
        counts.reduce((sum, count) => sum + count, 0),
      )
      for (let share = 0; share < 1; share += 0.07) {
        const topPx = Math.floor(share * layout.totalPx)
        const position = layout.positionAt(topPx)
        assert.equal(layout.topOfPosition(position), topPx)
      }
      for (const place of [0, layout.photos >> 1, layout.photos - 1]) {
        const part = layout.partOf(place)
        assert.ok(layout.partStarts[part]! <= place && place < layout.partStarts[part + 1]!)
        assert.equal(layout.partAt(layout.topOfPlace(place)), part)
      }
    }),
  )
})

test('whatever is read above, the first visible photo is found again where its row is', () => {
  fc.assert(
    fc.property(months, fc.nat(), fc.array(fc.nat(), { maxLength: 8 }), (counts, at, read) => {
      const layout = layoutOf(counts)
      const place = at % layout.photos
      readPart(layout, layout.partOf(place))
      const position = layout.positionAt(layout.topOfPlace(place) + 3)
      for (const part of read) readPart(layout, part % layout.parts)
      const row = layout.rowOfPlace(place)!
      assert.equal(layout.topOfPosition(position), row.topPx + 3)
      assert.ok(row.firstPlace <= place && place < row.endPlace)
    }),
  )
})

test('rows follow each other without a hole or a lap, over parts and months', () => {
  const layout = layoutOf([700, 3, 1200, 1])
  for (let part = 0; part < layout.parts; part++) readPart(layout, part)
  let row = layout.rowOfPlace(0)!
  assert.equal(row.topPx, headPx + 4)
  let rows = 1
  for (let next = layout.neighbour(row, 1); next; next = layout.neighbour(row, 1)) {
    assert.equal(next.firstPlace, row.endPlace)
    const isNewMonth = layout.beginsSection(next.part) && next.row === 0
    assert.equal(next.topPx, row.topPx + row.heightPx + 4 + (isNewMonth ? 8 + headPx + 4 : 0))
    row = next
    rows++
  }
  assert.equal(row.endPlace, layout.photos)
  assert.equal(layout.rowTotal, rows + 4)
  assert.equal(layout.totalPx, row.topPx + row.heightPx + 4 + 8)
  assert.deepEqual(
    layout.rowsBetween(0, 0, 400).map(({ row }) => row),
    [0, 1, 2],
  )
})

/** What a person does with a scroller: steps of any size, and jumps. */
function scroll(layout: Layout, runway: Runway, byPx: number, viewPx: number): Runway {
  const lengthPx = runwayLengthPx(runway.basePx, layout.totalPx, viewPx)
  const scrollPx = Math.min(lengthPx - viewPx, Math.max(0, runway.scrollPx + byPx))
  const moved = { ...runway, scrollPx }
  return isNearEnd(moved, layout.totalPx, viewPx)
    ? layRunway(moved.basePx + moved.scrollPx, layout.totalPx, viewPx)
    : moved
}

test('five million photos are scrolled from end to end on a runway of bounded length, and back', () => {
  const counts = Array.from({ length: 240 }, (_, i) => (i === 7 ? 50_000 : 20_710 + i))
  const layout = layoutOf(counts)
  assert.ok(layout.photos > 5_000_000 && layout.totalPx > 16_777_216 * 5)
  const viewPx = 800
  let runway = layRunway(0, layout.totalPx, viewPx)
  const seen: number[] = []
  let lastPx = -1
  while (runway.basePx + runway.scrollPx !== lastPx) {
    lastPx = runway.basePx + runway.scrollPx
    seen.push(lastPx)
    runway = scroll(layout, runway, 20_000, viewPx)
    assert.ok(runwayLengthPx(runway.basePx, layout.totalPx, viewPx) <= longestRunwayPx)
  }
  assert.equal(lastPx, layout.totalPx - viewPx)
  for (let i = 1; i < seen.length; i++) assert.ok(seen[i]! - seen[i - 1]! <= 20_000, 'nothing is jumped over')
  while (runway.basePx + runway.scrollPx > 0) runway = scroll(layout, runway, -20_000, viewPx)
  assert.deepEqual(runway, { basePx: 0, scrollPx: 0 })
})

test('every row of a million can be brought to the top of the view', () => {
  const layout = layoutOf(Array(100).fill(10_000))
  const lastTopPx = layout.totalPx - 800
  for (let place = 0; place < layout.photos; place += 997) {
    const topPx = Math.min(lastTopPx, layout.topOfPlace(place))
    const { basePx, scrollPx } = layRunway(topPx, layout.totalPx, 800)
    assert.equal(basePx + scrollPx, topPx)
    assert.ok(scrollPx >= 0 && scrollPx <= longestRunwayPx - 800 && basePx >= 0)
  }
})

test('a begin of the library that lies below that of the runway is not scrolled into', () => {
  // Parts above turned out lower than they were guessed.
  assert.ok(isNearEnd({ basePx: -300, scrollPx: 1500 }, 1e6, 800))
  assert.ok(isNearEnd({ basePx: 300, scrollPx: 900 }, 1e6, 800))
  assert.ok(!isNearEnd({ basePx: 0, scrollPx: 0 }, 1e6, 800))
  assert.ok(!isNearEnd({ basePx: 0, scrollPx: 9000 }, 10_000, 800))
})
