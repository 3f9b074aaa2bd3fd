import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { addFolder, addPhoto, contentOf, openStoreFor, plainFacts } from './sample-library.ts'

const seenOf = (content: string) => ({
  contentHash: contentOf(content),
  widthPx: 300,
  heightPx: 400,
  isCutOff: true,
  isPreview: false,
})

test('a photo is as large as it was decoded, whatever is read of it again, until its picture is another', (t) => {
  const store = openStoreFor(t)
  const { searcher } = createSearch(store.database)
  const folderId = addFolder(store, '/pictures')
  const id = addPhoto(store, folderId, 'a.heic', contentOf('a'), { pictureHash: contentOf('picture') })
  const state = (photo: number) => {
    const { widthPx, heightPx, isCutOff } = store.photos.known(photo)
    return [widthPx, heightPx, isCutOff]
  }
  const found = (query: string) => searcher.search(query, { limit: 10 }).photos.map((hit) => hit.id)
  assert.deepEqual(state(id), [4000, 3000, false])
  assert.deepEqual(found('is:cut'), [])

  store.photos.setSeen([seenOf('a')])
  assert.deepEqual(state(id), [300, 400, true])
  assert.deepEqual(found('is:cut'), [id])
  assert.deepEqual(found('-is:cut'), [])

  const read = (content: string, picture: string | null) =>
    store.photos.setContent(
      id,
      {
        ...plainFacts,
        contentHash: contentOf(content),
        pictureHash: picture === null ? null : contentOf(picture),
      },
      2,
    )
  read('a', 'picture')
  assert.deepEqual(state(id), [300, 400, true], 'read again')
  assert.deepEqual(
    state(addPhoto(store, folderId, 'copy.heic', contentOf('a'))),
    [300, 400, true],
    'a copy that comes later',
  )
  read('a, with a rating', 'picture')
  assert.deepEqual(state(id), [300, 400, true], 'of other bytes, with the same picture')
  read('another', 'another picture')
  assert.deepEqual(state(id), [4000, 3000, false])
})

test('a raw file is as large as it says, and as its preview where it says nothing', (t) => {
  const store = openStoreFor(t)
  const folderId = addFolder(store, '/pictures')
  const says = addPhoto(store, folderId, 'says.nef', contentOf('says'))
  const silent = addPhoto(store, folderId, 'silent.x3f', contentOf('silent'), {
    widthPx: null,
    heightPx: null,
  })
  store.photos.setSeen(['says', 'silent'].map((content) => ({ ...seenOf(content), isPreview: true })))
  assert.equal(store.photos.known(says).widthPx, 4000)
  assert.equal(store.photos.known(silent).widthPx, 300)
})
