import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { modelKey } from '../../../src-main/library/store/captions.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, removePhotos } from './sample-library.ts'

let directory: string
let store: Store
let folderId: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-captions-'))
  store = openStore(databaseFileIn(directory))
  folderId = addFolder(store, '/pictures')
})

afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

function fromModel(photoId: number, text: string, modelId = 'base', contentHash = contentOf('a')) {
  store.captions.addFromModel(
    [{ photoId, text, score: -0.5, ...noDoubt, modelId, adapterId: null, contentHash }],
    1000,
  )
}

const imported = (text: string) => ({ text, language: 'en', origin: 'xmp dc:description' })

test('1. a person beats an import beats the model, whatever comes last', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  assert.equal(store.captions.current(id)?.text, 'a dog')
  store.captions.setImported(id, [imported('Rex')], 1001)
  assert.equal(store.captions.current(id)?.text, 'Rex')
  store.captions.setByPerson(id, 'Rex at the beach', 1002)
  fromModel(id, 'a brown dog', 'better')
  store.captions.setImported(id, [imported('Rex, 2020')], 1004)
  const current = store.captions.current(id)
  assert.equal(current?.text, 'Rex at the beach')
  assert.equal(current?.source, 'person')
  assert.deepEqual(
    store.captions.history(id).map((caption) => [caption.text, caption.isCurrent]),
    [
      ['Rex, 2020', false],
      ['a brown dog', false],
      ['Rex at the beach', true],
      ['Rex', false],
      ['a dog', false],
    ],
  )
})

test('2. the same import again adds nothing; one that is gone from the file is withdrawn', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.captions.setImported(id, [imported('first'), imported('second')], 1)
  store.captions.setImported(id, [imported('first'), imported('second')], 2)
  assert.equal(store.captions.current(id)?.text, 'first')
  assert.equal(store.captions.history(id).length, 3)
  store.captions.setImported(id, [], 3)
  assert.equal(store.captions.current(id)?.text, 'a dog')
  assert.equal(store.captions.history(id).length, 3)
})

test('3. undo and redo walk through what a person wrote; new words end the redo', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.captions.setByPerson(id, 'one', 1)
  store.captions.setByPerson(id, 'two', 2)
  assert.equal(store.captions.undo(id, 3)?.text, 'one')
  assert.equal(store.captions.undo(id, 4)?.text, 'a dog')
  assert.equal(store.captions.undo(id, 5), undefined)
  assert.equal(store.captions.redo(id)?.text, 'one')
  assert.equal(store.captions.redo(id)?.text, 'two')
  assert.equal(store.captions.redo(id), undefined)
  store.captions.undo(id, 6)
  store.captions.setByPerson(id, 'three', 7)
  assert.equal(store.captions.redo(id), undefined)
  assert.equal(store.captions.current(id)?.text, 'three')
})

test('4. the same words by a person again are no new history', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  const first = store.captions.setByPerson(id, 'mine', 1)
  assert.equal(store.captions.setByPerson(id, 'mine', 2).id, first.id)
  assert.equal(store.captions.history(id).length, 1)
})

test('5. several edits are all made or none', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  const edits = [
    { photoId: id, text: 'kept?' },
    { photoId: 4711, text: 'no such photo' },
  ]
  assert.throws(() => store.captions.setManyByPerson(edits, 1), { code: 'PHOTO_NOT_FOUND' })
  assert.equal(store.captions.current(id), null)
})

test('6. a changed picture is work again; its old caption stays until then, a person’s for good', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  const key = modelKey('base', null)
  fromModel(id, 'a dog')
  assert.deepEqual(store.queue.nextToCaption(key, 9), [])
  const facts = { ...contentFacts(), contentHash: contentOf('b') }
  store.photos.setContent(id, facts, 2000)
  assert.equal(store.details(id)?.caption?.text, 'a dog')
  assert.equal(store.details(id)?.pictureChanged, true)
  assert.equal(store.queue.nextToCaption(key, 9).length, 1)

  store.captions.setByPerson(id, 'Rex', 1)
  assert.equal(store.details(id)?.pictureChanged, false)
  assert.deepEqual(store.queue.nextToCaption(key, 9), [])
  store.photos.setContent(id, { ...facts, contentHash: contentOf('c') }, 3000)
  assert.equal(store.details(id)?.pictureChanged, true)
  assert.equal(store.details(id)?.caption?.text, 'Rex')
})

test('7. a picture changed back to one that was captioned is no work', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.photos.setContent(id, { ...contentFacts(), contentHash: contentOf('b') }, 2000)
  store.photos.setContent(id, { ...contentFacts(), contentHash: contentOf('a') }, 3000)
  assert.deepEqual(store.queue.nextToCaption('base', 9), [])
})

test('8. a caption of newer bytes than the library knows sends the file to be read, not in circles', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a cat', 'base', contentOf('new'))
  assert.deepEqual(store.queue.nextToCaption('base', 9), [])
  assert.deepEqual(
    store.queue.nextToIndex(9).map((item) => item.photoId),
    [id],
  )
  store.photos.setContent(id, { ...contentFacts(), contentHash: contentOf('new') }, 4000)
  assert.deepEqual(store.queue.nextToCaption('base', 9), [])
  assert.equal(store.details(id)?.pictureChanged, false)
})

test('9. an exact duplicate takes over the caption without the engine', () => {
  const first = addPhoto(store, folderId, 'a.jpg')
  const second = addPhoto(store, folderId, 'copy.jpg')
  const other = addPhoto(store, folderId, 'b.jpg', contentOf('b'))
  fromModel(first, 'a dog')
  assert.deepEqual(store.captions.copyFromDuplicates([second, other], 'base', 5), [second])
  assert.equal(store.captions.current(second)?.text, 'a dog')
  assert.equal(store.captions.current(other), null)
  assert.deepEqual(
    store.queue.nextToCaption('base', 9).map((item) => item.photoId),
    [other],
  )
})

test('10. removing a photo removes its words; a caption for a photo that is gone is dropped', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  removePhotos(store, id)
  fromModel(id, 'a dog')
  const row = store.database.prepare<{ n: number }>('SELECT count(*) AS n FROM captions').get()
  assert.equal(row?.n, 0)
})

test('11. an edit of several photos is taken back and brought back as one', () => {
  const [a, b] = [addPhoto(store, folderId, 'a.jpg'), addPhoto(store, folderId, 'b.jpg')]
  const words = () => [a, b].map((id) => store.captions.current(id)?.text)
  store.captions.setByPerson(a, 'first', 1)
  const both = [a, b].map((photoId) => ({ photoId, text: 'both' }))
  store.captions.setManyByPerson(both, 2)
  assert.deepEqual(store.captions.undoEdit(3), [a, b])
  assert.deepEqual(words(), ['first', undefined])
  assert.deepEqual(store.captions.undoEdit(4), [a])
  assert.equal(store.captions.undoEdit(5), undefined)
  assert.deepEqual(store.captions.redoEdit(), [a])
  assert.deepEqual(store.captions.redoEdit(), [a, b])
  assert.deepEqual(words(), ['both', 'both'])
  assert.equal(store.captions.redoEdit(), undefined)
})

test('12. what was taken back by itself stays so; a newer edit leaves nothing to bring back', () => {
  const [a, b] = [addPhoto(store, folderId, 'a.jpg'), addPhoto(store, folderId, 'b.jpg')]
  store.captions.inOneEdit(() => {
    store.captions.setByPerson(a, 'a', 1)
    store.captions.setByPerson(b, 'b', 1)
  })
  store.captions.undo(a, 2)
  assert.deepEqual(store.captions.undoEdit(3), [b])
  store.captions.setByPerson(a, 'newer', 4)
  assert.equal(store.captions.redoEdit(), undefined)
  assert.equal(store.captions.current(b), null)
  assert.equal(store.captions.current(a)?.text, 'newer')
})

test('13. a file written anew with the same picture keeps its captions current and is no work', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.captions.setByPerson(id, 'Rex', 1)
  const file = { name: 'a.jpg', sizeBytes: 5, modifiedMs: 6, device: 7, inode: 8 }
  store.photos.rewritten(id, contentOf('a'), { ...file, contentHash: contentOf('with words') })
  const details = store.details(id)
  assert.equal(details?.contentHash, contentOf('with words'))
  assert.equal(details?.pictureChanged, false)
  store.captions.undo(id, 2)
  assert.equal(store.details(id)?.pictureChanged, false)
  assert.deepEqual(store.queue.nextToCaption('base', 9), [])
  assert.deepEqual(store.queue.nextToIndex(9), [])
})

function contentFacts() {
  return {
    pictureHash: null,
    widthPx: null,
    heightPx: null,
    orientation: null,
    takenAt: null,
    takenOffsetMinutes: null,
    camera: null,
    lens: null,
    latitude: null,
    longitude: null,
  }
}
