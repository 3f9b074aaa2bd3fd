import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { questions, toIndexSql } from '../../../src-main/library/store/queue.ts'
import { createRootState } from '../../../src-main/library/store/root-state.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import {
  addFolder,
  addPhoto,
  contentOf,
  markMissing,
  plainFacts,
  prefer,
  removePhotos,
} from './sample-library.ts'

let directory: string
let store: Store
let search: Search

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-queue-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
})

afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

function addTaken(folderId: number, name: string, day: number): number {
  return addPhoto(store, folderId, name, contentOf(name), { takenAt: `2020-01-0${day}T00:00:00` })
}

function caption(photoId: number, name: string, modelId: string): void {
  const contentHash = contentOf(name)
  store.captions.addFromModel(
    [
      {
        photoId,
        text: 'a dog',
        score: 0,
        ...noDoubt,
        modelId,
        adapterId: null,
        precision: 'fp32',
        contentHash,
      },
    ],
    1,
  )
}

const ids = (items: { photoId: number }[]) => items.map((item) => item.photoId)

test('1. work is what this model has not captioned, newest first over all folders, the urgent before', () => {
  const one = addFolder(store, '/one')
  const two = addFolder(store, '/two')
  const a = addTaken(one, 'a', 1)
  const b = addTaken(two, 'b', 2)
  const c = addTaken(one, 'c', 3)
  const d = addTaken(one, 'd', 4)
  caption(c, 'c', 'old')
  caption(d, 'd', 'new')
  assert.deepEqual(ids(store.queue.next('caption', 'new', 9)), [c, b, a])
  assert.deepEqual(ids(store.queue.next('caption', 'new', 1, [c])), [b])
  prefer(store, a)
  assert.deepEqual(ids(store.queue.next('caption', 'new', 2)), [a, c])
  caption(a, 'a', 'new')
  assert.deepEqual(ids(store.queue.next('caption', 'new', 9)), [c, b])
})

test('2. no work: offline, missing, failed, or in a person’s words', () => {
  const one = addFolder(store, '/one')
  const two = addFolder(store, '/two')
  const [a, b, c] = [addTaken(one, 'a', 1), addTaken(one, 'b', 2), addTaken(one, 'c', 3)]
  addTaken(two, 'd', 4)
  createRootState(store.database).setState(two, 'gone')
  markMissing(store, a)
  store.photos.setError(b, { code: 'PICTURE_DAMAGED', message: 'It is damaged.' }, 1)
  store.captions.setByPerson(c, 'mine', 1)
  assert.deepEqual(store.queue.next('caption', 'new', 9), [])
  assert.deepEqual(store.queue.counts('new'), {
    photos: 3,
    captioned: 1,
    failed: 1,
    missing: 1,
    excluded: 0,
    waiting: 0,
    toIndex: 0,
  })
  createRootState(store.database).setState(two, null)
  assert.equal(store.queue.counts('new').waiting, 1)
})

test('3. the tallies stay equal to the rows through every change', () => {
  const one = addFolder(store, '/one')
  const [a, b] = [addTaken(one, 'a', 1), addTaken(one, 'b', 2)]
  caption(a, 'a', 'm')
  store.captions.setByPerson(a, 'mine', 1)
  store.captions.undo(a, 2)
  markMissing(store, b)
  removePhotos(store, b)
  addTaken(one, 'c', 3)
  const kept = store.database
    .prepare(`SELECT captioned_by, caption_source, is_indexed, is_missing, has_error, photos FROM photo_tallies
      WHERE photos <> 0 ORDER BY 1, 2`)
    .all()
  const counted = store.database
    .prepare(`SELECT ifnull(captioned_by, '') AS captioned_by, ifnull(caption_source, '') AS caption_source,
        indexed_ms IS NOT NULL AS is_indexed, missing_since_ms IS NOT NULL AS is_missing,
        error_code IS NOT NULL AS has_error, count(*) AS photos
      FROM photos GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2`)
    .all()
  assert.deepEqual(kept, counted)
  store.folders.leave(one)
  while (store.folders.forgetSome(one, 2) > 0) {}
  assert.equal(store.queue.counts('m').photos, 0)
  assert.equal(search.searcher.search('dog').total, 0)
})

test('4. a photo that was set aside is no work until it changes; one that could not be read is again at the next run', async () => {
  const one = addFolder(store, '/one')
  const [a, b, c] = [addTaken(one, 'a', 1), addTaken(one, 'b', 2), addTaken(one, 'c', 3)]
  store.photos.setError(a, { code: 'PICTURE_KILLS_ENGINE', message: 'It kills the engine.' }, 9)
  store.photos.setError(b, { code: 'FILE_UNREADABLE', message: 'It cannot be read.' }, 9)
  assert.deepEqual(ids(store.queue.next('caption', 'm', 9)), [c])
  await store.queue.retryUnreadable()
  assert.equal(store.photos.byId(a)?.error?.code, 'PICTURE_KILLS_ENGINE')
  assert.equal(store.photos.byId(b)?.error, null)
  assert.deepEqual(ids(store.queue.nextToIndex(9)), [b])
})

test('5. the queues read ranges of their index in its order, without sorting', () => {
  for (const [sql, values, index] of [
    [questions.caption.sql, [1, 'old', 9], 'photos_to_caption'],
    [questions.caption.sql, [1, null, 9], 'photos_to_caption'],
    [questions.thumbnail.sql, [1, null, 9], 'photos_to_thumbnail'],
    [questions.thumbnail.sql, [1, 1, 9], 'photos_to_thumbnail'],
    [toIndexSql, [1, 9], 'photos_to_index'],
  ] as const) {
    const plan = store.database
      .prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values)
      .map((row) => row.detail)
      .join('\n')
    assert.match(plan, new RegExp(`SEARCH photos USING INDEX ${index} \\(folder_id=\\?`))
    assert.doesNotMatch(plan, /TEMP B-TREE|SCAN/)
  }
})

test('6. a photo that is marked while it is read is read once more', () => {
  const one = addFolder(store, '/one')
  const id = addTaken(one, 'a', 1)
  const content = { ...plainFacts, contentHash: contentOf('a') }
  const mark = () => store.database.exec(`UPDATE photos SET indexed_ms = NULL WHERE id = ${id}`)
  mark()
  const taken = store.queue.nextToIndex(1)[0]!
  mark()
  store.photos.setContent(id, content, 9, taken.marks)
  assert.deepEqual(ids(store.queue.nextToIndex(9)), [id])
  const again = store.queue.nextToIndex(1)[0]!
  store.photos.setContent(id, content, 9, again.marks)
  assert.deepEqual(ids(store.queue.nextToIndex(9)), [])
})

test('7. what was urgent is so until it has its words, and not when it is read again for what is beside it', () => {
  const folder = addFolder(store, '/one')
  const [a, b] = [addTaken(folder, 'a', 1), addTaken(folder, 'b', 2)]
  const priorities = () =>
    store.database
      .prepare<{ priority: number }>('SELECT priority FROM photos ORDER BY id')
      .all()
      .map((row) => row.priority)
  caption(a, 'a', 'model')
  prefer(store, a, b)
  for (const [id, content] of [
    [a, 'a'],
    [b, 'b'],
  ] as const) {
    store.photos.setContent(id, { ...plainFacts, contentHash: contentOf(content) }, 5)
  }
  assert.deepEqual(priorities(), [0, 1])
})

test('8. a thumbnail is wanted for each content, whoever wrote the words, and once for all that share it', () => {
  const folder = addFolder(store, '/one')
  const [a, b] = [addTaken(folder, 'a', 1), addTaken(folder, 'b', 2)]
  const twin = addPhoto(store, folder, 'twin', contentOf('a'), { takenAt: '2020-01-03T00:00:00' })
  store.captions.setByPerson(a, 'mine', 1)
  assert.deepEqual(ids(store.queue.next('caption', 'm', 9)), [twin, b])
  assert.deepEqual(ids(store.queue.next('thumbnail', 1, 9)), [twin, b, a])
  store.queue.setThumbnailsMade([{ contentHash: contentOf('a'), thumbhash: null, miniature: null }], 1)
  assert.deepEqual(ids(store.queue.next('thumbnail', 1, 9)), [b])
  assert.deepEqual(ids(store.queue.next('thumbnail', 3, 9)), [twin, b, a], 'an older version is none')
  store.photos.setContent(a, { ...plainFacts, contentHash: contentOf('edited') }, 5)
  assert.deepEqual(new Set(ids(store.queue.next('thumbnail', 1, 9))), new Set([a, b]))
})
