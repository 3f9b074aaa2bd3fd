import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barsOf, isWithin, monthsOfBar } from '../../../src-renderer/search/histogram.ts'

test('months stand side by side from the oldest to the newest, also where there is no photo', () => {
  const bars = barsOf({ months: ['2020-03', '2019-12'], photos: [5, 7] })
  assert.deepEqual(bars, [
    { first: '2019-12', last: '2019-12', photos: 7 },
    { first: '2020-01', last: '2020-01', photos: 0 },
    { first: '2020-02', last: '2020-02', photos: 0 },
    { first: '2020-03', last: '2020-03', photos: 5 },
  ])
  assert.deepEqual(barsOf({ months: [], photos: [] }), [])
})

test('many years are bars of whole years, none is lost, and bars begin where calendars do', () => {
  const months = Array.from(
    { length: 40 * 12 },
    (_, at) => `${2024 - Math.floor(at / 12)}-${String(12 - (at % 12)).padStart(2, '0')}`,
  )
  const bars = barsOf({ months, photos: months.map(() => 2) })
  assert.equal(bars.length, 40)
  assert.deepEqual(bars[0], { first: '1985-01', last: '1985-12', photos: 24 })
  assert.equal(monthsOfBar(bars[0]!), 12)
  assert.equal(
    bars.reduce((sum, bar) => sum + bar.photos, 0),
    960,
  )
  assert.ok(barsOf({ months: ['2026-01', '0001-01'], photos: [1, 1] }).length <= 110)
})

test('a bar is within bounds that it touches', () => {
  const bar = { first: '2019-01', last: '2019-06', photos: 1 }
  assert.ok(isWithin(bar, { fromMs: null, beforeMs: null }))
  assert.ok(isWithin(bar, { fromMs: Date.UTC(2019, 5, 30), beforeMs: null }))
  assert.ok(!isWithin(bar, { fromMs: Date.UTC(2019, 6, 1), beforeMs: null }))
  assert.ok(!isWithin(bar, { fromMs: null, beforeMs: Date.UTC(2019, 0, 1) }))
})
