import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sectionsOf } from '../../../src-renderer/grid/sections.ts'
import { formatMonths } from '../../../src-renderer/text/text.ts'

test('months with few photos share a head within their year, and others have their own', () => {
  const sections = sectionsOf({
    months: ['2020-02', '2020-01', '2019-11', '2019-07', '2019-06', '2019-02', '2019-01'],
    photos: [1, 3, 2, 1, 40, 3, 1],
  })
  assert.deepEqual(sections, [
    { months: ['2020-02', '2020-01'], photos: 4 },
    { months: ['2019-11', '2019-07'], photos: 3 },
    { months: ['2019-06'], photos: 40 },
    { months: ['2019-02', '2019-01'], photos: 4 },
  ])
  assert.deepEqual(
    sections.map(({ months }) => formatMonths(months)),
    [
      'January\u2009–\u2009February 2020',
      'July\u2009–\u2009November 2019',
      'June 2019',
      'January\u2009–\u2009February 2019',
    ],
  )
})

test('every month is in one section, in order, and a section holds what its months hold', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 60 }), (photos) => {
      const months = photos.map((_, at) => new Date(Date.UTC(2026, -at)).toISOString().slice(0, 7))
      const sections = sectionsOf({ months, photos })
      assert.deepEqual(
        sections.flatMap((section) => section.months),
        months,
      )
      for (const section of sections) {
        const counts = section.months.map((month) => photos[months.indexOf(month)]!)
        assert.equal(
          section.photos,
          counts.reduce((sum, count) => sum + count, 0),
        )
        assert.equal(new Set(section.months.map((month) => month.slice(0, 4))).size, 1)
        assert.ok(counts.length === 1 || counts.every((count) => count <= 3))
      }
    }),
  )
})
