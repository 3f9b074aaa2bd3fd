import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { addFolder, addPhoto, openStoreFor } from '../store/sample-library.ts'

test('names that are codes are found by what they begin with, and are no words to mistype', (t) => {
  const store = openStoreFor(t)
  const { searcher } = createSearch(store.database)
  const folderId = addFolder(store, '/pictures')
  const uuid = addPhoto(store, folderId, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6.jpg')
  const camera = addPhoto(store, folderId, 'DSCN0042b.jpg')
  store.captions.setByPerson(uuid, 'a boeing747 over the sea', 1)
  const found = (query: string) => searcher.search(query).photos.map((hit) => hit.id)
  for (const query of ['f81d4fae', 'f81', 'F81D4FAE-7DEC', '"11d0 a765"', '00a0c91', 'boeing', 'boeing7']) {
    assert.deepEqual(found(query), [uuid], query)
  }
  for (const query of ['dscn', 'dsc', 'dscn0042', '0042', '"dscn0042b"']) {
    assert.deepEqual(found(query), [camera], query)
  }
  const words = store.database
    .prepare<{ word: string }>(`SELECT word FROM search_words WHERE word GLOB '*[0-9]*'`)
    .all()
  assert.deepEqual(words, [{ word: 'boeing747' }])
})
