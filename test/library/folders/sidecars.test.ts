import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchLibrary } from '../../../src-main/library/folders/library-watcher.ts'
import { exportCaptions, undoLastExport } from '../../../src-main/library/metadata/export-sidecars.ts'
import { darktable, lightroom } from '../metadata/sample-sidecars.ts'
import { createLibraryOnDisk, type LibraryOnDisk } from './library-on-disk.ts'

let library: LibraryOnDisk
let put: LibraryOnDisk['put']
let path: LibraryOnDisk['path']
let folderId: number

beforeEach(() => {
  library = createLibraryOnDisk()
  put = library.put
  path = library.path
  folderId = library.addFolder('pictures')
})

afterEach(() => library[Symbol.asyncDispose]())

/** Paths of the photos that are to be read again, below the folder. */
const work = () =>
  library.store.queue
    .nextToIndex(10_000)
    .map(({ directory, name }) => (directory === '' ? name : `${directory}/${name}`))
    .sort()
const remembered = () =>
  library.store.database
    .prepare<{ file: string }>(
      `SELECT ltrim(directory || '/' || name, '/') AS file FROM sidecars ORDER BY file`,
    )
    .all()
    .map((row) => row.file)

async function workAfterScan(): Promise<string[]> {
  await library.scan()
  const paths = work()
  library.index()
  return paths
}

test('1. a sidecar that is new, changed or gone makes the photos it describes work again, and no others', async () => {
  for (const name of ['IMG.JPG', 'IMG.PNG', 'other.jpg', 'below/IMG.JPG']) put(`pictures/${name}`)
  await library.sync()

  put('pictures/IMG.JPG.xmp', lightroom)
  assert.deepEqual(await workAfterScan(), ['IMG.JPG'])
  put('pictures/img.XMP', darktable)
  assert.deepEqual(await workAfterScan(), ['IMG.JPG', 'IMG.PNG'])
  put('pictures/other.jpg.supplemental-metadata.json', '{}')
  assert.deepEqual(await workAfterScan(), ['other.jpg'])
  assert.deepEqual(await workAfterScan(), [])

  put('pictures/IMG.JPG.xmp', `${lightroom} `)
  assert.deepEqual(await workAfterScan(), ['IMG.JPG'])
  utimesSync(path('pictures/img.XMP'), 1_600_000_000, 1_600_000_000)
  assert.deepEqual(await workAfterScan(), ['IMG.JPG', 'IMG.PNG'])
  rmSync(path('pictures/other.jpg.supplemental-metadata.json'))
  assert.deepEqual(await workAfterScan(), ['other.jpg'])
  assert.deepEqual(await workAfterScan(), [])
  assert.deepEqual(remembered(), ['IMG.JPG.xmp', 'img.XMP'])
})

test('2. a first scan with sidecars reads every photo once, and counts are of photos', async () => {
  put('pictures/a.jpg')
  put('pictures/a.jpg.xmp', lightroom)
  const first = await library.sync()
  assert.deepEqual([first.added, first.changed, first.unchanged], [1, 0, 0])
  assert.deepEqual(await workAfterScan(), [])
  put('pictures/a.jpg.xmp', darktable)
  const second = await library.sync()
  assert.deepEqual([second.files, second.changed, second.unchanged], [1, 1, 0])
  put('pictures/a.jpg.xmp', lightroom)
  put('pictures/a.jpg', 'edited together with its sidecar')
  const third = await library.sync()
  assert.deepEqual([third.files, third.changed, third.unchanged], [1, 1, 0])
})

test('3. files that end like sidecars and describe no picture are not remembered', async () => {
  put('pictures/a.jpg')
  const names = ['package.json', 'a.json', 'A_01.jpg.xmp', 'b.jpg.json', '.a.jpg.xmp', '.lenslore-0a1b2c.tmp']
  for (const name of names) put(`pictures/${name}`)
  put('pictures/no pictures/a.jpg.xmp')
  await library.sync()
  assert.deepEqual(remembered(), [])
  symlinkSync('nowhere', path('pictures/a.jpg.xmp'))
  assert.deepEqual(await workAfterScan(), [])
})

test('4. a failed photo is read again for its sidecar and stays failed', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.idOf('pictures/a.jpg')
  library.store.photos.setError(id, { code: 'PICTURE_KILLS_ENGINE', message: 'It ends the engine.' }, 1)
  put('pictures/a.jpg.xmp', lightroom)
  assert.deepEqual(await workAfterScan(), ['a.jpg'])
  assert.equal(library.store.photos.byId(id)?.error?.code, 'PICTURE_KILLS_ENGINE')
  put('pictures/a.jpg', 'repaired')
  await library.sync()
  assert.equal(library.store.photos.byId(id)?.error, null)
})

test('5. what changes beside a photo while it is missing is read when it is back', async () => {
  put('pictures/a.jpg')
  put('pictures/a.jpg.xmp', lightroom)
  put('pictures/b.jpg')
  await library.sync()
  renameSync(path('pictures/a.jpg'), path('away'))
  put('pictures/a.jpg.xmp', darktable)
  assert.deepEqual(await workAfterScan(), [])
  renameSync(path('away'), path('pictures/a.jpg'))
  assert.deepEqual(await workAfterScan(), ['a.jpg'])
})

test('6. a folder that goes away and comes back as it was is not read again, and with another sidecar it is', async () => {
  put('pictures/x/a.jpg')
  put('pictures/x/a.jpg.xmp', lightroom)
  await library.sync()
  renameSync(path('pictures'), path('away'))
  assert.deepEqual(await workAfterScan(), [])
  mkdirSync(path('pictures/x'), { recursive: true })
  assert.deepEqual(remembered(), ['x/a.jpg.xmp'])
  rmSync(path('pictures'), { recursive: true })
  renameSync(path('away'), path('pictures'))
  assert.deepEqual(await workAfterScan(), [])
  renameSync(path('pictures'), path('away'))
  await library.scan()
  put('away/x/a.jpg.xmp', darktable)
  renameSync(path('away'), path('pictures'))
  assert.deepEqual(await workAfterScan(), ['x/a.jpg'])
})

test('7. a directory that moves with its photos leaves nothing behind', async () => {
  put('pictures/2020/a.jpg')
  put('pictures/2020/a.jpg.xmp', lightroom)
  await library.sync()
  renameSync(path('pictures/2020'), path('pictures/2021'))
  assert.deepEqual(await workAfterScan(), ['2021/a.jpg'])
  assert.deepEqual(remembered(), ['2021/a.jpg.xmp'])
  assert.deepEqual(await workAfterScan(), [])
})

test('8. a photo that a copy took the place of is read again, for what stands beside it there', async () => {
  put('pictures/a.jpg', 'the picture')
  await library.sync()
  put('pictures/to/a.jpg', 'the picture')
  put('pictures/to/a.jpg.xmp', lightroom)
  await library.sync()
  rmSync(path('pictures/a.jpg'))
  assert.deepEqual(await workAfterScan(), ['to/a.jpg'])
})

test('9. captions written out and taken back by the library make no work; other programs’ changes do', async () => {
  const request = (name: string, text: string) => ({
    photoPath: path(`pictures/${name}`),
    caption: {
      text,
      language: null,
      source: 'person' as const,
      modelId: null,
      adapterId: null,
      contentHash: null,
      writtenAt: null,
    },
    isCut: false,
    isKnown: () => true,
  })
  const { database } = library.store
  for (const name of ['new.jpg', 'known.jpg', 'stale.jpg']) put(`pictures/${name}`)
  put('pictures/known.jpg.xmp', lightroom)
  put('pictures/stale.jpg.xmp', lightroom)
  await library.sync()
  put('pictures/stale.jpg.xmp', darktable)

  const names = ['new.jpg', 'known.jpg', 'stale.jpg']
  const summary = await exportCaptions(
    database,
    names.map((name) => request(name, 'mine')),
  )
  assert.deepEqual([summary.created, summary.updated], [1, 2])
  assert.deepEqual(await workAfterScan(), ['stale.jpg'], 'only what another program changed before')
  assert.deepEqual(await workAfterScan(), [])

  const undone = await undoLastExport(database)
  assert.deepEqual([undone?.removed, undone?.restored], [1, 2])
  assert.deepEqual(await workAfterScan(), ['known.jpg', 'stale.jpg'], 'restored sidecars are read again')
  assert.deepEqual(remembered(), ['known.jpg.xmp', 'stale.jpg.xmp'])
})

test('10. a sidecar is noticed while the folder is watched, before the back-fill', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const watcher = watchLibrary({
    database: library.store.database,
    reconciler: library.reconciler,
    onError: (thrown) => assert.fail(thrown as Error),
  })
  try {
    await watcher.ready
    put('pictures/a.jpg.xmp', lightroom)
    for (const deadline = Date.now() + 30_000; Date.now() < deadline && work().length === 0; await sleep(50));
    const [item] = library.store.queue.nextToIndex(1)
    assert.deepEqual([item?.name, item?.priority], ['a.jpg', 1])
  } finally {
    await watcher.close()
  }
})

test('11. hundreds of files that end like sidecars beside hundreds of pictures', async () => {
  const many = 500
  for (let i = 0; i < many; i++) {
    writeFileSync(path(`pictures/${i}.jpg`), `${i}`)
    writeFileSync(path(`pictures/${i}.json`), '{}')
  }
  put('pictures/17.jpg.json', '{}')
  await library.sync()
  assert.deepEqual(remembered(), ['17.jpg.json'])
  put('pictures/18.jpg.xmp', lightroom)
  assert.deepEqual(await workAfterScan(), ['18.jpg'])
  assert.equal(library.store.folders.byId(folderId)?.state, 'online')
})

test('12. whose a sidecar is changes with the photos beside it: who loses it and who gets it is read again', async (t) => {
  put('pictures/IMG.JPG.xmp', lightroom)
  put('pictures/IMG.xmp', darktable)
  put('pictures/img.jpg')
  put('pictures/other.jpg')
  await library.sync()
  const id = library.idOf('pictures/img.jpg')
  assert.equal(library.sidecarsReadOf(id).length, 2)
  put('pictures/IMG.JPG', 'another picture')
  if (readdirSync(path('pictures')).length < 5) return t.skip('a file system that does not tell case')
  assert.deepEqual(await workAfterScan(), ['IMG.JPG', 'img.jpg'])
  assert.deepEqual(library.sidecarsReadOf(id), [])
  put('pictures/IMG.JPG.xmp', `${lightroom} `)
  assert.deepEqual(await workAfterScan(), ['IMG.JPG'])
  rmSync(path('pictures/IMG.JPG'))
  assert.deepEqual(await workAfterScan(), ['img.jpg'])
  assert.equal(library.sidecarsReadOf(id).length, 2)
  assert.deepEqual(await workAfterScan(), [])
})
