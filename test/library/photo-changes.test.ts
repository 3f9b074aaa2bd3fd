import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LibraryEvents, maxIdsOfEvent } from '../../src-main/contract/library-calls.ts'
import { createPhotoChanges } from '../../src-main/library/photo-changes.ts'
import { openStore } from '../../src-main/library/store/store.ts'
import { openLibraryFor, until } from './library-under-test.ts'
import { addFolder, addPhoto } from './store/sample-library.ts'

test('what is gone is told, whoever listens, and no event carries more than it may', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  mkdirSync(join(photos, 'away'))
  for (let n = 0; n < 1200; n++) writeFileSync(join(photos, `${n}.jpg`), `picture ${n}`)
  const events: LibraryEvents['photosChanged'][] = []
  const [changed, removed] = [new Set<number>(), new Set<number>()]
  client.on('photosChanged', (event) => {
    events.push(event)
    for (const id of event.photoIds) changed.add(id)
  })
  client.on('photosChanged', ({ removedIds }) => {
    for (const id of removedIds) removed.add(id)
  })
  const folder = await client.addFolder({ path: photos })
  await takeIn()
  await until(() => changed.size === 1200)
  await client.removeFolder({ folderId: folder.id })
  await until(() => removed.size === 1200)
  assert.ok(events.length > 4)
  for (const { photoIds, removedIds } of events) {
    assert.ok(photoIds.length <= maxIdsOfEvent && removedIds.length <= maxIdsOfEvent)
  }
})

test('another caption is told of, wherever in the library it was settled; what is rolled back is not', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const store = openStore(join(home, 'library.sqlite'))
  t.after(() => {
    store.close()
    rmSync(home, { recursive: true })
  })
  const told: number[] = []
  const changes = createPhotoChanges(store.database, ({ photoIds }) => told.push(...photoIds))
  t.after(changes.end)
  const folderId = addFolder(store, '/photos')
  const [first, second] = ['a.jpg', 'b.jpg'].map((name) => addPhoto(store, folderId, name))
  store.captions.setManyByPerson([{ photoId: second!, text: 'Grandma with the red kite' }], Date.now())
  assert.throws(() =>
    store.database.write(() => {
      store.captions.setManyByPerson([{ photoId: first!, text: 'never' }], Date.now())
      throw new Error('rolled back')
    }),
  )
  await until(() => told.length > 0)
  assert.deepEqual(told, [second])

  changes.end()
  store.captions.setManyByPerson([{ photoId: first!, text: 'after the end' }], Date.now())
  changes.note([first!])
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.deepEqual(told, [second])
})

test('when the search index is made anew, any photo may be found by other words', async (t) => {
  const { client } = openLibraryFor(t)
  const told: boolean[] = []
  client.on('photosChanged', ({ all }) => told.push(all))
  await client.rebuildSearch({})
  await until(() => told.length > 0)
  assert.deepEqual(told, [true])
})
