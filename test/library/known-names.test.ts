import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFindKnownNames } from '../../src-main/library/known-names.ts'
import { createSearch } from '../../src-main/library/search/search.ts'
import { addFolder, addPhoto, markMissing, openStoreFor } from './store/sample-library.ts'

test('words of a text are names where people are tagged so, the longest first, and in part', (t) => {
  const store = openStoreFor(t)
  const folder = addFolder(store, '/photos')
  const { searcher } = createSearch(store.database)
  const find = createFindKnownNames({
    database: store.database,
    searcher,
    taughtNames: () => [{ text: 'Sandy Point', isPerson: false }],
    version: store.labels.version,
  })
  const names = (text: string) =>
    find(text).map(({ name, kind, start, end }) => [name, kind, text.slice(start, end)])
  const add = (name: string, caption: string, addPeople: string[] = []) => {
    const id = addPhoto(store, folder, name, name)
    store.captions.setByPerson(id, caption, 1)
    store.marks.set([id], { addPeople }, 1)
    return id
  }
  const first = add('a.jpg', 'A porch', ['Nana Ruth', 'Summer Smith', 'Seán O’Brien', '王小明'])
  for (const name of ['b.jpg', 'c.jpg', 'd.jpg', 'e.jpg']) add(name, 'A summer evening')

  assert.deepEqual(names('nana ruth at sandy point'), [
    ['Nana Ruth', 'person', 'nana ruth'],
    ['Sandy Point', 'other', 'sandy point'],
  ])
  assert.deepEqual(names('RUTH’s garden'), [['Nana Ruth', 'person', 'RUTH’s']])
  assert.deepEqual(names('sean o’brien laughing'), [['Seán O’Brien', 'person', 'sean o’brien']])
  assert.deepEqual(names('王小明 beach'), [['王小明', 'person', '王小明']])
  // Captions have it more often than there are photos of her.
  assert.deepEqual(names('summer evening'), [])
  assert.deepEqual(names('summer smith'), [['Summer Smith', 'person', 'summer smith']])
  assert.deepEqual(names('point of a sandy "end'), [])

  markMissing(store, first)
  assert.deepEqual(names('nana ruth'), [])
})

test('names that were taught are asked for again after an edit, and after it was taken back, and not else', async (t) => {
  const store = openStoreFor(t)
  const photo = addPhoto(store, addFolder(store, '/photos'), 'a.jpg')
  const { searcher } = createSearch(store.database)
  let asked = 0
  const find = createFindKnownNames({
    database: store.database,
    searcher,
    taughtNames() {
      asked++
      return store.labels.newest(9, 9).map(({ text }) => ({ text, isPerson: false }))
    },
    version: store.labels.version,
  })
  const names = () => find('biscuit and a ball').map(({ name }) => name)
  assert.deepEqual([names(), names(), asked], [[], [], 1])
  store.captions.setManyByPerson([{ photoId: photo, text: 'Biscuit' }], 1)
  assert.deepEqual([names(), names(), asked], [['Biscuit'], ['Biscuit'], 2])
  store.captions.undo(photo, 2)
  assert.deepEqual([names(), asked], [[], 3])
  store.captions.redo(photo)
  assert.deepEqual([names(), asked], [['Biscuit'], 4])
})
