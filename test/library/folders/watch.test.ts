import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setExcludes } from '../../../src-main/library/folders/excludes.ts'
import { type LibraryWatcher, watchLibrary } from '../../../src-main/library/folders/library-watcher.ts'
import { createLibraryOnDisk, type LibraryOnDisk } from './library-on-disk.ts'

let library: LibraryOnDisk
let put: LibraryOnDisk['put']
let path: LibraryOnDisk['path']
let watcher: LibraryWatcher
let looks: number

beforeEach(() => {
  library = createLibraryOnDisk()
  put = library.put
  path = library.path
  library.addFolder('pictures')
  looks = 0
})

afterEach(async () => {
  await watcher?.close()
  await library[Symbol.asyncDispose]()
})

async function watch(): Promise<void> {
  await library.sync()
  await watchOnly()
}

async function watchOnly(): Promise<void> {
  watcher = watchLibrary({
    database: library.store.database,
    reconciler: library.reconciler,
    onScanned: () => looks++,
    onError: (thrown) => assert.fail(thrown as Error),
  })
  await watcher.ready
}

/** Waits until the library has exactly these photos, however slow the machine is. */
async function until(expected: readonly string[]): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    if (JSON.stringify(Object.keys(library.photos())) === JSON.stringify(expected)) return
  }
  assert.deepEqual(Object.keys(library.photos()), expected)
}

test('1. new, renamed and removed files and trees are seen while the library is open', async () => {
  put('pictures/a.jpg')
  await watch()
  const id = library.write('pictures/a.jpg', 'mine')
  put('pictures/b.jpg')
  put('pictures/new/deep/c.jpg')
  put('pictures/.hidden/d.jpg')
  await until(['pictures/a.jpg', 'pictures/b.jpg', 'pictures/new/deep/c.jpg'])
  renameSync(path('pictures/a.jpg'), path('pictures/new/deep/z.jpg'))
  rmSync(path('pictures/b.jpg'))
  await until(['-pictures/b.jpg', 'pictures/new/deep/c.jpg', 'pictures/new/deep/z.jpg'])
  assert.equal(library.idOf('pictures/new/deep/z.jpg'), id)
  renameSync(path('pictures/new'), path('pictures/old'))
  await until(['-pictures/b.jpg', 'pictures/old/deep/c.jpg', 'pictures/old/deep/z.jpg'])
  assert.equal(library.wordsOf('pictures/old/deep/z.jpg'), 'mine')
  put('pictures/old/deep/e.jpg')
  await until([
    '-pictures/b.jpg',
    'pictures/old/deep/c.jpg',
    'pictures/old/deep/e.jpg',
    'pictures/old/deep/z.jpg',
  ])
})

test('2. a thousand files at once are a few looks, and none is missed', async () => {
  await watch()
  const names = Array.from({ length: 1000 }, (_, i) => `pictures/${i % 10}/${i}.jpg`).sort()
  for (const name of names) put(name)
  await until(names)
  assert.ok(looks <= 30, `${looks} looks`)
})

test('3. a file that is still written to is waited for', async (t) => {
  await watch()
  const file = path('pictures/slow.jpg')
  writeFileSync(file, 'begin')
  let writtenMs = performance.now()
  for (let i = 0; i < 20; i++) {
    await sleep(100)
    // A machine that stood still meanwhile has seen a file that nobody wrote to.
    const isGrowing = performance.now() - writtenMs < 500
    if (isGrowing) assert.deepEqual(Object.keys(library.photos()), [], 'not while it grows')
    else t.diagnostic('this machine is too busy to tell')
    appendFileSync(file, 'more')
    writtenMs = performance.now()
  }
  await until(['pictures/slow.jpg'])
  assert.equal(library.store.photos.byId(library.idOf('pictures/slow.jpg'))?.sizeBytes, 85)
})

test('4. a change in place makes the photo work again, before the back-fill', async () => {
  put('pictures/a.jpg')
  await watch()
  const id = library.idOf('pictures/a.jpg')
  put('pictures/a.jpg', 'edited')
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    if (library.store.queue.nextToIndex(1).length > 0) break
  }
  const [item] = library.store.queue.nextToIndex(1)
  assert.deepEqual([item?.photoId, item?.priority], [id, 1])
})

test('5. a folder that goes away and comes back is watched again', async () => {
  put('pictures/a.jpg')
  await watch()
  renameSync(path('pictures'), path('away'))
  const state = () => library.store.folders.list()[0]!.state
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && state() !== 'offline'; await sleep(50));
  assert.equal(state(), 'offline')
  assert.deepEqual(Object.keys(library.photos()), ['pictures/a.jpg'])
  mkdirSync(path('away/x'))
  put('away/x/b.jpg')
  renameSync(path('away'), path('pictures'))
  await until(['pictures/a.jpg', 'pictures/x/b.jpg'])
  put('pictures/x/c.jpg')
  await until(['pictures/a.jpg', 'pictures/x/b.jpg', 'pictures/x/c.jpg'])
})

test('6. folders and excludes that are new while the library is open are looked at and watched', async () => {
  put('pictures/a.jpg')
  put('pictures/x/b.jpg')
  await watch()
  library.addFolder('other')
  put('other/c.jpg')
  const { id } = library.store.folders.byPath(path('pictures'))!
  await setExcludes(library.store.database, id, ['x'], library.now())
  watcher.refresh()
  await until(['-pictures/x/b.jpg', 'other/c.jpg', 'pictures/a.jpg'])
  put('other/d.jpg')
  put('pictures/x/e.jpg')
  put('pictures/f.jpg')
  await until(['-pictures/x/b.jpg', 'other/c.jpg', 'other/d.jpg', 'pictures/a.jpg', 'pictures/f.jpg'])
})

test('7. another directory that takes the place of a folder at once is watched too', async () => {
  put('pictures/a.jpg')
  put('pictures/x/b.jpg')
  await watch()
  cpSync(path('pictures'), path('restored'), { recursive: true, preserveTimestamps: true })
  renameSync(path('pictures'), path('away'))
  renameSync(path('restored'), path('pictures'))
  const expected = ['pictures/a.jpg', 'pictures/x/b.jpg']
  for (const name of ['c', 'd']) {
    // Long after all that looks at the folder by itself.
    await sleep(7000)
    put(`pictures/x/${name}.jpg`)
    expected.push(`pictures/x/${name}.jpg`)
    await until(expected)
  }
})

test("8. directories that take each other's place at once are watched under their new names", async () => {
  put('pictures/x/a.jpg')
  put('pictures/y/b.jpg')
  await watch()
  renameSync(path('pictures/x'), path('pictures/.swap'))
  renameSync(path('pictures/y'), path('pictures/x'))
  renameSync(path('pictures/.swap'), path('pictures/y'))
  await until(['pictures/x/b.jpg', 'pictures/y/a.jpg'])
  put('pictures/x/c.jpg')
  await until(['pictures/x/b.jpg', 'pictures/x/c.jpg', 'pictures/y/a.jpg'])
  put('pictures/y/d.jpg')
  await until(['pictures/x/b.jpg', 'pictures/x/c.jpg', 'pictures/y/a.jpg', 'pictures/y/d.jpg'])
})

test('9. a directory that another one takes the place of at once is watched', async () => {
  put('pictures/x/a.jpg')
  put('other/a.jpg')
  put('other/b.jpg')
  await watch()
  renameSync(path('pictures/x'), path('gone'))
  renameSync(path('other'), path('pictures/x'))
  await until(['pictures/x/a.jpg', 'pictures/x/b.jpg'])
  await sleep(2000)
  put('pictures/x/c.jpg')
  await until(['pictures/x/a.jpg', 'pictures/x/b.jpg', 'pictures/x/c.jpg'])
})

for (const [number, other] of [
  [10, 'pictures'],
  [11, 'archive'],
] as const) {
  test(`${number}. a photo that moved away from its name into ${other} keeps its words, however busy it is there`, async () => {
    library.addFolder('archive')
    put('pictures/old/a.jpg')
    put(`${other}/busy/b.jpg`)
    await watch()
    const id = library.write('pictures/old/a.jpg', 'mine')
    const busy = setInterval(() => put(`${other}/busy/c.jpg`, `${performance.now()}`), 100)
    try {
      renameSync(path('pictures/old/a.jpg'), path(`${other}/busy/a.jpg`))
      put('pictures/old/a.jpg', 'another picture')
      // Copied from a camera: nothing says that it is still written to.
      utimesSync(path('pictures/old/a.jpg'), 1_600_000_000, 1_600_000_000)
      for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
        if (library.photos()['pictures/old/a.jpg'] !== id) break
      }
    } finally {
      clearInterval(busy)
    }
    await until(
      [`${other}/busy/a.jpg`, `${other}/busy/b.jpg`, `${other}/busy/c.jpg`, 'pictures/old/a.jpg'].sort(),
    )
    assert.equal(library.idOf(`${other}/busy/a.jpg`), id)
    assert.notEqual(library.idOf('pictures/old/a.jpg'), id)
  })
}

test('10. what moves while all is looked through, from where is still to be looked at, is seen to have moved', async () => {
  const deep = `pictures/${'z/'.repeat(12)}kite.jpg`
  for (const name of ['pictures/a/first.jpg', deep]) put(name)
  await watch()
  const id = library.write(deep, 'the kite')
  put('new.jpg')
  let isMoved = false
  const { moved, added, changed } = await watcher.scan({
    onProgress: (files) => {
      if (files === 0 || isMoved) return
      isMoved = true
      renameSync(path(deep), path('pictures/a/kite.jpg'))
      renameSync(path('new.jpg'), path(deep))
    },
  })
  assert.deepEqual([moved, added, changed], [1, 1, 0])
  assert.equal(library.idOf('pictures/a/kite.jpg'), id)
})

test('11. a folder that is away just while it is to be looked through is looked through when it is back', async () => {
  put('pictures/a.jpg')
  await library.sync()
  put('pictures/b.jpg')
  await watchOnly()
  renameSync(path('pictures'), path('away'))
  const { offlineFolders } = await watcher.scan({})
  assert.deepEqual(offlineFolders, [path('pictures')])
  renameSync(path('away'), path('pictures'))
  await until(['pictures/a.jpg', 'pictures/b.jpg'])
})

test('12. a folder that goes away while it is looked through is looked through again when it is back', async () => {
  for (const name of ['a', 'b', 'c/d/e/f/g/h']) put(`pictures/${name}.jpg`)
  await library.sync()
  put('pictures/c/d/e/f/g/new.jpg')
  rmSync(path('pictures/b.jpg'))
  await watchOnly()
  let isAway = false
  const { offlineFolders, missing } = await watcher.scan({
    onProgress: () => {
      if (!isAway) renameSync(path('pictures'), path('away'))
      isAway = true
    },
  })
  assert.deepEqual([offlineFolders, missing], [[path('pictures')], 0])
  renameSync(path('away'), path('pictures'))
  await until(['-pictures/b.jpg', 'pictures/a.jpg', 'pictures/c/d/e/f/g/h.jpg', 'pictures/c/d/e/f/g/new.jpg'])
})

test('13. how a folder is watched is kept as soon as it can be, and a failure of that ends nothing', async () => {
  await library.sync()
  const { database } = library.store
  database.exec(`CREATE TEMP TRIGGER refuse BEFORE UPDATE OF watch_mode ON main.folders
    BEGIN SELECT RAISE(ABORT, 'not now'); END`)
  const failures: unknown[] = []
  watcher = watchLibrary({
    database,
    reconciler: library.reconciler,
    onError: (thrown) => failures.push(thrown),
  })
  await watcher.ready
  assert.match(String(failures[0]), /not now/)
  const modeOf = () =>
    database.prepare<{ watch_mode: string | null }>('SELECT watch_mode FROM folders').get()!.watch_mode
  assert.equal(modeOf(), null)
  database.exec('DROP TRIGGER refuse')
  for (const deadline = Date.now() + 30_000; modeOf() === null && Date.now() < deadline; ) await sleep(50)
  assert.equal(modeOf(), 'watching')
})

test('14. a raw file that leaves its picture is told of, also where nothing else has changed', async () => {
  for (const name of ['pictures/a.jpg', 'pictures/a.cr2']) {
    put(name)
    utimesSync(path(name), 1, 1)
  }
  await watch()
  renameSync(path('pictures/a.cr2'), path('pictures/b.cr2'))
  await until(['pictures/a.jpg', 'pictures/b.cr2'])
  for (const deadline = Date.now() + 30_000; looks === 0 && Date.now() < deadline; ) await sleep(50)
  assert.equal(looks, 1)
})
