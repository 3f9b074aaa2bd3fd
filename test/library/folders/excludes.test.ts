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

  exclude('screenshots/')
  assert.equal((await library.scan()).missing, 2)
  assert.deepEqual(library.search.searcher.search('receipt').photos, [])
  assert.deepEqual(library.store.queue.nextToIndex(10), [])
  assert.deepEqual((await library.scan()).missing, 0)

  exclude()
  assert.equal((await library.scan()).restored, 2)
  assert.deepEqual(library.photos(), ids)
  assert.equal(library.search.searcher.search('receipt').photos.length, 1)
  assert.equal(library.store.queue.nextToIndex(10).length, 1)
})

test('2. words of what is excluded are kept for as long as it is, and 30 days more', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  put('pictures/x/c.jpg')
  await library.sync()
  library.write('pictures/x/c.jpg', 'mine')
  exclude('/x')
  rmSync(path('pictures/b.jpg'))
  await library.scan()
  await passDays(35)
  assert.equal(forget(), 1, 'only the one that is really gone')
  renameSync(path('pictures/x'), path('away'))
  exclude()
  await passDays(4)
  assert.equal(forget(), 0)
  renameSync(path('away'), path('pictures/x'))
  await library.scan()
  assert.equal(library.wordsOf('pictures/x/c.jpg'), 'mine')
})

test('3. a folder of which everything is excluded is not offline', async () => {
  put('pictures/x/a.jpg')
  await library.sync()
  exclude('x')
  const summary = await library.scan()
  assert.deepEqual([summary.missing, summary.offlineFolders], [1, []])
})

test('4. a drive below the folder that is excluded leaves the results too, mounted or not', async () => {
  put('pictures/a.jpg')
  put('pictures/x/drive/b.jpg')
  await library.sync()
  createRootState(library.store.database).addMount(folderId, 'x/drive', 'uuid:1')
  exclude('x')
  assert.equal((await library.scan()).missing, 1)
})

test('5. a glob with a slash before it matches from the folder on, others at any depth', async () => {
  for (const name of ['x/a.jpg', 'y/x/b.jpg', 'y/c.GIF', 'd.gif', 'z/raw/e.nef', 'z/raw/deep/f.nef']) {
    put(`pictures/${name}`)
  }
  exclude('/x', '*.gif', 'z/*/deep')
  await library.scan()
  assert.deepEqual(Object.keys(library.photos()), ['pictures/y/x/b.jpg', 'pictures/z/raw/e.nef'])
})

test('6. what is no glob is refused, and nothing changes', () => {
  exclude('x')
  for (const globs of [[''], ['x', ' '], ['/'], ['x'.repeat(501)], Array.from({ length: 201 }, () => 'x')]) {
    assert.throws(() => exclude(...globs), { code: 'INVALID_ARGUMENT' })
  }
  assert.throws(() => setExcludes(library.store.database, 77, ['x'], 1), { code: 'FOLDER_NOT_FOUND' })
  assert.deepEqual(createRootState(library.store.database).byId(folderId).excludes, ['x'])
})
