import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, markMissing } from '../store/sample-library.ts'

function openSample(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const store = openStore(join(home, 'library.sqlite'))
  t.after(() => {
    store.close()
    rmSync(home, { recursive: true })
  })
  const { searcher, searchIndex } = createSearch(store.database)
  const folderId = addFolder(store, '/photos')
  const add = (name: string, takenAt: string | null, facts = {}) =>
    addPhoto(store, folderId, name, undefined, { takenAt, ...facts })
  return { store, searcher, searchIndex, add }
}

test('months tell how many photos there are of each, for all and for a query’s hits', (t) => {
  const { store, searcher, add } = openSample(t)
  add('dog 1.jpg', '2020-07-01T00:00:00')
  add('cat 1.jpg', '2020-07-31T23:59:59')
  add('dog 2.jpg', '2020-08-01T00:00:00')
  add('dog 3.jpg', '1955-06-01T12:00:00')
  markMissing(store, add('dog 4.jpg', '2020-08-02T00:00:00'))
  assert.deepEqual(searcher.timeline(''), {
    months: ['2020-08', '2020-07', '1955-06'],
    photos: [1, 2, 1],
    total: 4,
    isExact: true,
  })
  assert.deepEqual(searcher.timeline('dog').photos, [1, 1, 1])
  assert.deepEqual(searcher.timeline('"dog 2"').months, ['2020-08'])
  assert.deepEqual(searcher.timeline('nothing'), { months: [], photos: [], total: 0, isExact: true })
})

test('pages at any place are the photos of that place, newest first, whatever the size', (t) => {
  const { store, searcher, searchIndex, add } = openSample(t)
  // Many of one second, as where a folder was copied without its times, and some of every day around.
  store.database.write(() => {
    for (let n = 0; n < 3000; n++) add(`same ${n}.jpg`, '2021-03-04T05:06:07')
    for (let n = 0; n < 200; n++) {
      add(`day ${n}.jpg`, new Date(Date.UTC(2020, 11, 1) + n * 86_400_000).toISOString().slice(0, 19))
    }
  })
  searchIndex.renewAll()
  const times = store.database
    .prepare<{ id: number; sort_ms: number }>('SELECT id, sort_ms FROM photos ORDER BY sort_ms DESC')
    .all()
  const all = searcher.timelinePage('', { limit: 10_000 })
  assert.deepEqual(
    all.sortMs,
    times.map((row) => row.sort_ms),
  )
  assert.equal(new Set(all.ids).size, 3200)
  for (const [offset, limit] of [
    [0, 7],
    [150, 1000],
    [2999, 300],
    [3199, 5],
    [3200, 5],
    [90_000, 5],
  ] as const) {
    const page = searcher.timelinePage('', { offset, limit })
    assert.deepEqual(page.ids, all.ids.slice(offset, offset + limit), `${limit} from ${offset}`)
    assert.equal(page.offset, offset)
  }
})

test('a page from a moment on begins with the first photo that is older', (t) => {
  const { searcher, add } = openSample(t)
  const [old, middle, young] = ['2019-01-01', '2020-01-01', '2021-01-01'].map((day) =>
    add(`${day}.jpg`, `${day}T12:00:00`),
  )
  const from = (beforeMs: number) => searcher.timelinePage('', { beforeMs, limit: 10 })
  assert.deepEqual(from(Date.UTC(2020, 5, 1)), {
    offset: 1,
    ids: [middle, old],
    sortMs: [Date.UTC(2020, 0, 1, 12), Date.UTC(2019, 0, 1, 12)],
    widthPx: [4000, 4000],
    heightPx: [3000, 3000],
    captionSource: [null, null],
    isMissing: [false, false],
  })
  assert.deepEqual(from(Date.UTC(2030, 0)).ids, [young, middle, old])
  assert.deepEqual(from(Date.UTC(2020, 0, 1, 12)).ids, [old])
  assert.deepEqual(from(0).ids, [])
})

test('sizes are of the upright picture', (t) => {
  const { searcher, add } = openSample(t)
  add('turned.jpg', null, { orientation: 6 })
  const { widthPx, heightPx } = searcher.timelinePage('', { limit: 1 })
  assert.deepEqual([widthPx, heightPx], [[3000], [4000]])
})
