import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hitWindow } from '../../../src-renderer/search/hit-window.ts'

test('of a long list only what is in sight and a little beyond is drawn, and every hit is at some scroll', () => {
  const seen = new Set<number>()
  const { tallPx } = hitWindow({ widthPx: 1300, heightPx: 700, scrollPx: 0 }, 10_000)
  for (let scrollPx = 0; scrollPx <= tallPx - 700; scrollPx += 350) {
    const shown = hitWindow({ widthPx: 1300, heightPx: 700, scrollPx }, 10_000)
    assert.ok(shown.end - shown.start <= 60)
    for (let index = shown.start; index < shown.end; index++) seen.add(index)
  }
  assert.equal(seen.size, 10_000)
})

test('columns fit the width, one at the least', () => {
  assert.equal(hitWindow({ widthPx: 1300, heightPx: 700, scrollPx: 0 }, 5).columns, 3)
  assert.equal(hitWindow({ widthPx: 100, heightPx: 700, scrollPx: 0 }, 5).columns, 1)
  assert.equal(hitWindow({ widthPx: 0, heightPx: 0, scrollPx: 0 }, 0).end, 0)
})
