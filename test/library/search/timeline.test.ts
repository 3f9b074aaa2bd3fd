import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ratingShift, tileFlags } from '../../../src-main/contract/tile-flags.ts'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { emptyMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { rowOfEnd } from '../../../src-main/library/search/rows.ts'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { type EachRows, orderRows, surveyRows } from '../../../src-main/library/search/timeline.ts'
import { createRandom } from '../folders/chaos.ts'
import {
  addFolder,
  addPhoto,
  contentOf,
  markMissing,
  openStoreFor,
  removePhotos,
} from '../store/sample-library.ts'

function openSample(t: TestContext) {
  const store = openStoreFor(t)
  const { searcher, searchIndex } = createSearch(store.database)
  const folderId = addFolder(store, '/photos')
  const add = (name: string, takenAt: string | null, facts = {}) =>
    addPhoto(store, folderId, name, contentOf(name), { takenAt, ...facts })
  return { store, searcher, searchIndex, folderId, add }
}

test('months tell how many photos there are of each, for all and for a query’s hits', (t) => {
  const { store, searcher, add } = openSample(t)
  add('dog 1.jpg', '2020-07-01T00:00:00')
  add('cat 1.jpg', '2020-07-31T23:59:59')
  add('dog 2.jpg', '2020-08-01T00:00:00')
  add('dog 3.jpg', '1955-06-01T12:00:00')
  markMissing(store, add('dog 4.jpg', '2020-08-02T00:00:00'))
  const { token: _token, ...all } = searcher.timeline('')
  assert.deepEqual(all, {
    months: ['2020-08', '2020-07', '1955-06'],
    photos: [1, 2, 1],
    total: 4,
    isExact: true,
  })
  assert.deepEqual(searcher.timeline('dog').photos, [1, 1, 1])
  assert.deepEqual(searcher.timeline('"dog 2"').months, ['2020-08'])
  const { months, total } = searcher.timeline('nothing')
  assert.deepEqual([months, total], [[], 0])
})

test('months tell how many of their photos have a caption, an unsure one, and cannot be reached', async (t) => {
  const { store, searcher, searchIndex, add } = openSample(t)
  // More than a piece of the index holds, so that pieces lie within months and across their ends.
  const ids = store.database.write(() =>
    Array.from({ length: 3000 }, (_, n) =>
      add(`dog ${n}.jpg`, new Date(Date.UTC(2020, 5, 1) + n * 3_600_000).toISOString().slice(0, 19)),
    ),
  )
  await searchIndex.renewAll()
  const monthOf = (n: number) => new Date(Date.UTC(2020, 5, 1) + n * 3_600_000).toISOString().slice(0, 7)
  const captioned = ids.filter((_, n) => n % 3 === 0)
  store.database.write(() => {
    for (const [at, photoId] of captioned.entries()) {
      const doubt = { confidence: 0.2, isUnsure: at % 5 === 0, doubtfulWords: [] }
      const said = {
        photoId,
        text: 'a dog',
        score: -1,
        ...doubt,
        modelId: 'm',
        adapterId: null,
        precision: 'fp32',
      } as const
      store.captions.addFromModel([{ ...said, contentHash: contentOf(`dog ${at * 3}.jpg`) }], 1)
    }
  })
  await searchIndex.renewAll()
  const months = ['2020-08', '2020-06', '2019-01', '2020-07']
  const expected = (isCounted: (n: number) => boolean) =>
    months.map((month) => ids.filter((_, n) => monthOf(n) === month && isCounted(n)).length)
  assert.deepEqual(searcher.months('', months), {
    captioned: expected((n) => n % 3 === 0),
    unsure: expected((n) => n % 15 === 0),
    offline: [0, 0, 0, 0],
  })
  store.database.exec(`UPDATE folders SET state = 'offline'`)
  assert.deepEqual(
    searcher.months('has:caption', months).offline,
    expected((n) => n % 3 === 0),
  )
  assert.deepEqual(searcher.months('"dog 3"', ['2020-06']), { captioned: [1], unsure: [0], offline: [1] })
  assert.deepEqual(searcher.months('', []), { captioned: [], unsure: [], offline: [] })
})

test('pages at any place are the photos of that place, newest first, whatever the size', async (t) => {
  const { store, searcher, searchIndex, add } = openSample(t)
  // Many of one second, as where a folder was copied without its times, and some of every day around.
  store.database.write(() => {
    for (let n = 0; n < 3000; n++) add(`same ${n}.jpg`, '2021-03-04T05:06:07')
    for (let n = 0; n < 200; n++) {
      add(`day ${n}.jpg`, new Date(Date.UTC(2020, 11, 1) + n * 86_400_000).toISOString().slice(0, 19))
    }
  })
  await searchIndex.renewAll()
  const times = store.database
    .prepare<{ id: number; sort_ms: number }>('SELECT id, sort_ms FROM photos ORDER BY sort_ms DESC')
    .all()
  const all = searcher.timelinePage('', { limit: 10_000 })
  assert.deepEqual(
    [...all.sortMs],
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

test('of a day with very many photos a page is sorted no less, and each knows its place', () => {
  // At both ends of a day, so that a page lies across the stretch between, and one photo of the days around.
  const [start, end] = [rowOfEnd(Date.UTC(2021, 2, 5)), rowOfEnd(Date.UTC(2021, 2, 4))]
  const inOrder = [start - 1]
  for (let n = 0; n < 40_000; n++) inOrder.push(start + n * 3)
  for (let n = 0; n < 40_000; n++) inOrder.push(end - 40_000 + n)
  inOrder.push(end)
  const shuffled = inOrder.map((_, at) => inOrder[(at * 7919) % inOrder.length]!)
  const eachRows: EachRows = (visit) => {
    for (let at = 0; at < shuffled.length; at += 1000) visit(Float64Array.from(shuffled.slice(at, at + 1000)))
  }
  const survey = surveyRows(eachRows)
  const { days, total } = survey
  const order = orderRows(eachRows, survey)
  assert.deepEqual(
    days.map(([, photos]) => photos),
    [1, 80_000, 1],
  )
  assert.equal(total, inOrder.length)
  for (const offset of [0, 1, 39_500, 40_000, 79_500, 80_001, 80_002]) {
    const expected = inOrder.slice(offset, offset + 1000)
    assert.deepEqual(order.rowsAt(offset, 1000), expected, `from ${offset}`)
    if (expected.length > 0) assert.equal(order.countBefore(expected[0]!), offset)
  }
  assert.deepEqual([start - 1, end, start + 1, 0].map(order.has), [true, true, false, false])
  assert.deepEqual([0, end + 1, Number.MAX_SAFE_INTEGER].map(order.countBefore), [0, total, total])
})

test('a page from a moment on begins with the first photo that is older', (t) => {
  const { searcher, add } = openSample(t)
  const [old, middle, young] = ['2019-01-01', '2020-01-01', '2021-01-01'].map((day) =>
    add(`${day}.jpg`, `${day}T12:00:00`),
  )
  const from = (beforeMs: number) => searcher.timelinePage('', { beforeMs, limit: 10 })
  const page = from(Date.UTC(2020, 5, 1))
  assert.equal(page.offset, 1)
  assert.deepEqual([...page.ids], [middle, old])
  assert.deepEqual([...page.sortMs], [Date.UTC(2020, 0, 1, 12), Date.UTC(2019, 0, 1, 12)])
  assert.deepEqual([...from(Date.UTC(2030, 0)).ids], [young, middle, old])
  assert.deepEqual([...from(Date.UTC(2020, 0, 1, 12)).ids], [old])
  assert.deepEqual([...from(0).ids], [])
})

test('columns tell the upright ratio, the content and what is to be seen of a photo before its words', (t) => {
  const { store, searcher, folderId, add } = openSample(t)
  const turned = add('turned.jpg', '2021-01-03T00:00:00', { orientation: 6, widthPx: 3000, heightPx: 4000 })
  const plain = add('plain.jpg', '2021-01-02T00:00:00')
  const unsized = add('unsized.jpg', '2021-01-01T00:00:00', { widthPx: null, heightPx: null })
  store.captions.setByPerson(turned, 'a kite', 1)
  store.captions.addFromModel(
    [
      {
        photoId: plain,
        text: 'a kite',
        modelId: 'm',
        adapterId: null,
        precision: 'fp32',
        contentHash: contentOf('plain.jpg'),
        score: -1,
        confidence: 0.2,
        isUnsure: true,
        doubtfulWords: [],
      },
    ],
    1,
  )
  store.photos.setError(unsized, { code: 'PICTURE_DAMAGED', message: 'It is broken.' }, 1)
  createMetadataStore(store.database, store.captions).applyAll(
    turned,
    [{ kind: 'embedded', name: '', metadata: { ...emptyMetadata(), rating: 4, isFavorite: true } }],
    [],
    1,
  )
  const page = searcher.timelinePage('', { limit: 10 })
  assert.deepEqual([...page.ids], [turned, plain, unsized])
  assert.deepEqual([...page.ratios], [0.75, Math.fround(4 / 3), 0])
  assert.deepEqual(
    Buffer.from(page.hashes).toString('hex'),
    ['turned', 'plain', 'unsized'].map((name) => contentOf(`${name}.jpg`).slice(0, 16)).join(''),
  )
  const { byPerson, byModel, unsure, favorite, failed, missing, offline } = tileFlags
  const unrated = 1 << ratingShift
  assert.deepEqual(
    [...page.flags],
    [byPerson | favorite | (5 << ratingShift), byModel | unsure | unrated, failed | unrated],
  )
  markMissing(store, plain)
  store.database.write(() =>
    store.database.prepare("UPDATE folders SET state = 'offline' WHERE id = ?").run(folderId),
  )
  assert.deepEqual(
    [...searcher.timelinePage('is:missing', { limit: 1 }).flags],
    [byModel | unsure | missing | offline | unrated],
  )
})

test('the token is another one when another photo is found, one less, or in another order, and else the same', (t) => {
  const { store, searcher, add } = openSample(t)
  const first = add('dog 1.jpg', '2020-07-01T00:00:00')
  const second = add('cat 1.jpg', '2020-07-02T00:00:00')
  const tokens = () => [searcher.timeline('').token, searcher.timeline('dog').token]
  const seen = [tokens()]
  const changes = (change: () => void, expected: [boolean, boolean], what: string) => {
    const before = seen.at(-1)!
    change()
    const after = tokens()
    seen.push(after)
    assert.deepEqual(
      after.map((token, at) => token !== before[at]),
      expected,
      what,
    )
    assert.equal(searcher.timelinePage('dog', { limit: 1 }).token, after[1])
  }
  changes(() => store.captions.setByPerson(second, 'a tree', 1), [false, false], 'another caption')
  changes(() => store.captions.setByPerson(second, 'a dog', 2), [false, true], 'a hit more')
  changes(() => store.captions.setByPerson(second, 'a cat', 3), [false, true], 'a hit less')
  assert.deepEqual(seen.at(-1), seen[0], 'as it was')
  changes(() => void add('dog 2.jpg', '2020-07-01T12:00:00'), [true, true], 'a new photo')
  changes(() => void add('bird.jpg', '2020-07-01T13:00:00'), [true, false], 'a new photo that is no hit')
  changes(
    () =>
      store.database.write(() =>
        store.database.prepare('UPDATE photos SET sort_ms = ? WHERE id = ?').run(Date.UTC(2020, 6, 3), first),
      ),
    [true, true],
    'another order',
  )
  changes(() => removePhotos(store, second), [true, false], 'a photo less')
})

test('a searcher that followed every change tells the same as one that just came', (t) => {
  const { store, searcher, add } = openSample(t)
  const random = createRandom(7)
  const day = () => new Date(Date.UTC(2020, 0, 1) + Math.floor(random() * 900) * 86_400_000).toISOString()
  const there: number[] = []
  const come = () => there.push(add(`dog ${there.length} ${random()}.jpg`, day().slice(0, 19)))
  const steps = [
    come,
    come,
    come,
    () => removePhotos(store, ...there.splice(Math.floor(random() * there.length), 1)),
    () => store.captions.setByPerson(there[Math.floor(random() * there.length)]!, `a dog ${random()}`, 1),
    () => markMissing(store, there.splice(Math.floor(random() * there.length), 1)[0]!),
  ]
  for (let n = 0; n < 80; n++) {
    const step = there.length < 5 ? come : steps[Math.floor(random() * steps.length)]!
    store.database.write(step)
    for (const query of ['', 'dog']) {
      assert.deepEqual(searcher.timeline(query), createSearch(store.database).searcher.timeline(query))
    }
  }
  assert.ok(searcher.timeline('').total > 5)
})

test('the place of a photo is where the pages have it', (t) => {
  const { store, searcher, add } = openSample(t)
  const ids = ['dog 1', 'cat 1', 'dog 2'].map((name, at) => add(`${name}.jpg`, `2020-07-0${at + 1}T00:00:00`))
  const places = (query: string) => ids.map((id) => searcher.placeOf(query, id))
  assert.deepEqual(places(''), [2, 1, 0])
  assert.deepEqual(places('dog'), [1, null, 0])
  markMissing(store, ids[2]!)
  assert.deepEqual(places('dog'), [0, null, null])
  assert.equal(searcher.placeOf('', 4711), null)
})
