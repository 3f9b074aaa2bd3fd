import assert from 'node:assert/strict'
import { renameSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, test } from 'node:test'
import { setExcludes } from '../../../src-main/library/folders/excludes.ts'
import { forgetLongMissing } from '../../../src-main/library/folders/forget.ts'
import { createRootState } from '../../../src-main/library/store/root-state.ts'
import { createLibraryOnDisk, type LibraryOnDisk } from './library-on-disk.ts'

let library: LibraryOnDisk
let put: LibraryOnDisk['put']
let path: LibraryOnDisk['path']
let folderId: number
const msPerDay = 86_400_000

beforeEach(() => {
  library = createLibraryOnDisk()
  put = library.put
  path = library.path
  folderId = library.addFolder('pictures')
})

afterEach(() => library[Symbol.asyncDispose]())

const exclude = (...globs: string[]) => setExcludes(library.store.database, folderId, globs, library.now())
const forget = () => forgetLongMissing(library.store.database, library.now())
async function passDays(days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    library.addMs(msPerDay)
    await library.scan()
  }
}

test('1. what is excluded leaves the results, is not read, and is back with its words when it no longer is', async () => {
  put('pictures/a.jpg')
  put('pictures/screenshots/deep/b.png')
  await library.sync()
  put('pictures/screenshots/c.png')
  await library.scan()
  const ids = library.photos()
  library.write('pictures/screenshots/deep/b.png', 'a receipt')

  await exclude('screenshots/')
  const { missing, excluded } = await library.scan()
  assert.deepEqual([missing, excluded], [0, 2])
  const found = (query: string) => library.search.searcher.search(query).total
  assert.deepEqual([found('receipt'), found('is:missing'), found('is:excluded'), found('')], [0, 0, 2, 1])
  assert.equal(found('is:excluded receipt'), 1)
  const counts = () => {
    const { photos, missing, excluded } = library.store.queue.counts(null)
    return [photos, missing, excluded]
  }
  assert.deepEqual(counts(), [1, 0, 2])
  const id = ids['pictures/screenshots/c.png']!
  assert.equal(library.store.photos.byId(id)?.isExcluded, true)
  assert.deepEqual(library.store.queue.nextToIndex(10), [])
  const again = await library.scan()
  assert.deepEqual([again.missing, again.excluded], [0, 0])
  // What is gone besides is missing; what was missing where it is left alone by now is not.
  put('pictures/gone.jpg')
  await library.scan()
  rmSync(path('pictures/gone.jpg'))
  assert.equal((await library.scan()).missing, 1)
  assert.deepEqual([found('is:missing'), found('is:excluded'), ...counts()], [1, 2, 1, 1, 2])
  await exclude('screenshots/', 'gone.*')
  assert.deepEqual([found('is:missing'), found('is:excluded'), ...counts()], [0, 3, 1, 0, 3])
  await exclude('screenshots/')
  assert.deepEqual(counts(), [1, 1, 2])

  await exclude()
  assert.equal((await library.scan()).restored, 2)
  assert.deepEqual(counts(), [3, 1, 0])
  assert.equal(library.store.photos.byId(id)?.isExcluded, false)
  assert.deepEqual(library.photos(), { ...ids, '-pictures/gone.jpg': 4 })
  assert.equal(library.search.searcher.search('receipt').photos.length, 1)
  assert.equal(library.store.queue.nextToIndex(10).length, 1)
})

test('2. words of what is excluded are kept for as long as it is, and 30 days more', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  put('pictures/x/c.jpg')
  await library.sync()
  library.write('pictures/x/c.jpg', 'mine')
  await exclude('/x')
  rmSync(path('pictures/b.jpg'))
  await library.scan()
  await passDays(35)
  assert.equal(await forget(), 1, 'only the one that is really gone')
  renameSync(path('pictures/x'), path('away'))
  await exclude()
  await passDays(4)
  assert.equal(await forget(), 0)
  renameSync(path('away'), path('pictures/x'))
  await library.scan()
  assert.equal(library.wordsOf('pictures/x/c.jpg'), 'mine')
})

test('3. a folder of which everything is excluded is not offline', async () => {
  put('pictures/x/a.jpg')
  await library.sync()
  await exclude('x')
  const summary = await library.scan()
  assert.deepEqual([summary.excluded, summary.offlineFolders], [1, []])
})

test('4. a drive below the folder that is excluded leaves the results too, mounted or not', async () => {
  put('pictures/a.jpg')
  put('pictures/x/drive/b.jpg')
  await library.sync()
  createRootState(library.store.database).addMount(folderId, 'x/drive', 'uuid:1')
  await exclude('x')
  assert.equal((await library.scan()).excluded, 1)
})

test('5. a glob with a slash before it matches from the folder on, others at any depth', async () => {
  for (const name of ['x/a.jpg', 'y/x/b.jpg', 'y/c.GIF', 'd.gif', 'z/raw/e.nef', 'z/raw/deep/f.nef']) {
    put(`pictures/${name}`)
  }
  await exclude('/x', '*.gif', 'z/*/deep')
  await library.scan()
  assert.deepEqual(Object.keys(library.photos()), ['pictures/y/x/b.jpg', 'pictures/z/raw/e.nef'])
})

test('6. what is no glob is refused, and nothing changes', async () => {
  await exclude('x')
  for (const globs of [[''], ['x', ' '], ['/'], ['x'.repeat(501)], Array.from({ length: 201 }, () => 'x')]) {
    await assert.rejects(exclude(...globs), { code: 'INVALID_ARGUMENT' })
  }
  await assert.rejects(setExcludes(library.store.database, 77, ['x'], 1), { code: 'FOLDER_NOT_FOUND' })
  assert.deepEqual(createRootState(library.store.database).byId(folderId).excludes, ['x'])
})

test('7. what a library keeps pictures in is no folder of photos, wherever the library lies', async () => {
  put('pictures/a.jpg')
  put('pictures/kept/library.sqlite')
  put('pictures/kept/thumbnails/ab/cd/abcd.webp')
  put('pictures/kept/previews/ab.jpg')
  put('pictures/kept/b.jpg')
  put('pictures/thumbnails/c.jpg')
  assert.equal((await library.scan()).added, 3)
})
