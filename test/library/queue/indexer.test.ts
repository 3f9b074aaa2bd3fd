import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { test } from 'node:test'
import { settleIdentity } from '../../../src-main/library/folders/identity.ts'
import { indexAll } from '../../../src-main/library/queue/indexer.ts'
import { createLibraryOnDisk, type LibraryOnDisk } from '../folders/library-on-disk.ts'

function index({ store, now }: LibraryOnDisk): Promise<void> {
  const facts = { widthPx: null, heightPx: null, orientation: null, camera: null, lens: null }
  const occasion = { takenAt: null, takenOffsetMinutes: null, latitude: null, longitude: null }
  return indexAll({
    photos: store.photos,
    queue: store.queue,
    readContent: () => Promise.resolve(undefined),
    apply(item, { contentHash }) {
      const id = settleIdentity(store.database, item.photoId, contentHash, now())
      store.photos.setContent(
        id,
        { contentHash, pictureHash: contentHash, ...facts, ...occasion },
        now(),
        store.photos.marks(id),
      )
    },
    write: (work) => store.database.write(work),
    onPhotosChanged: () => {},
    onUnavailable: () => {},
    signal: new AbortController().signal,
  })
}

test('a file that took the place of the scanned one is left to the next scan, and nobody is taken for another', async () => {
  await using library = createLibraryOnDisk()
  library.addFolder('pictures')
  library.put('pictures/a.jpg', 'a')
  await library.scan()
  await index(library)
  const id = library.write('pictures/a.jpg', 'mine')
  renameSync(library.path('pictures/a.jpg'), library.path('pictures/moved.jpg'))
  library.put('pictures/new.jpg', 'a new one')
  await library.scan()
  // Between the scan and the reading.
  renameSync(library.path('pictures/moved.jpg'), library.path('pictures/held'))
  renameSync(library.path('pictures/new.jpg'), library.path('pictures/moved.jpg'))
  renameSync(library.path('pictures/held'), library.path('pictures/new.jpg'))
  await index(library)
  assert.equal(library.store.queue.nextToIndex(10).length, 2)
  await library.scan()
  await index(library)
  assert.equal(library.store.queue.nextToIndex(10).length, 0)
  assert.deepEqual(Object.keys(library.photos()), ['pictures/moved.jpg', 'pictures/new.jpg'])
  assert.equal(library.idOf('pictures/new.jpg'), id)
  assert.equal(library.wordsOf('pictures/new.jpg'), 'mine')
})
