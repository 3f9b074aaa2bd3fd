import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { forgetLongMissing } from '../../../src-main/library/folders/forget.ts'
import { volumeOf } from '../../../src-main/library/folders/volume.ts'
import { addAbove, joinAll } from './add-above.ts'
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

const folder = () => library.store.folders.byId(folderId)!

test('1. a folder that is gone is offline, keeps its photos, and heals when it is back', async () => {
  put('pictures/a.jpg')
  put('pictures/x/b.jpg')
  await library.sync()
  const before = library.photos()
  library.write('pictures/a.jpg', 'mine')
  renameSync(path('pictures'), path('away'))
  const summary = await library.sync()
  assert.deepEqual(summary.offlineFolders, [path('pictures')])
  assert.deepEqual([summary.missing, summary.files], [0, 0])
  assert.equal(folder().state, 'offline')
  assert.deepEqual(library.photos(), before)
  renameSync(path('away'), path('pictures'))
  const back = await library.sync()
  assert.deepEqual([back.unchanged, back.added, back.offlineFolders], [2, 0, []])
  assert.equal(folder().state, 'online')
})

test('2. one that is empty where it was full is offline too; with one file left it is not', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  rmSync(path('pictures'), { recursive: true })
  mkdirSync(path('pictures'))
  put('pictures/.hidden')
  assert.deepEqual((await library.sync()).offlineFolders, [path('pictures')])
  assert.deepEqual(Object.keys(library.photos()), ['pictures/a.jpg', 'pictures/b.jpg'])
  put('pictures/c.jpg')
  const summary = await library.sync()
  assert.deepEqual([summary.offlineFolders, summary.missing, summary.added], [[], 2, 1])
})

test('3. one that was never full may be empty', async () => {
  assert.deepEqual((await library.sync()).offlineFolders, [])
  assert.equal(folder().state, 'online')
})

test('4. a file where the folder was cannot be read as one', async () => {
  put('pictures/a.jpg')
  await library.sync()
  rmSync(path('pictures'), { recursive: true })
  writeFileSync(path('pictures'), '')
  assert.deepEqual((await library.sync()).offlineFolders, [path('pictures')])
  assert.deepEqual(Object.keys(library.photos()), ['pictures/a.jpg'])
})

test('5. a copy of a photo whose folder is away is a photo of its own', async () => {
  put('pictures/a.jpg')
  library.addFolder('backup')
  put('backup/b.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  execFileSync('cp', ['-p', path('pictures/a.jpg'), path('backup/a.jpg')])
  renameSync(path('pictures'), path('away'))
  await library.sync()
  assert.notEqual(library.idOf('backup/a.jpg'), id)
  renameSync(path('away'), path('pictures'))
  await library.sync()
  assert.equal(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.wordsOf('pictures/a.jpg'), 'mine')
})

test('6. a drive below a folder that is pulled takes no photo along, and heals', async (t) => {
  mkdirSync(path('pictures/drive'), { recursive: true })
  using drive = mountMemory(path('pictures/drive'))
  if (!drive) return t.skip('mounting is not allowed here')
  put('pictures/a.jpg')
  put('pictures/drive/b.jpg')
  put('pictures/drive/deep/c.jpg')
  await library.sync()
  const before = library.photos()
  library.write('pictures/drive/b.jpg', 'mine')
  drive.hide()
  const away = await library.sync()
  assert.deepEqual([away.missing, away.offlineFolders], [0, [path('pictures/drive')]])
  assert.deepEqual(library.photos(), before)
  rmSync(path('pictures/drive'), { recursive: true })
  assert.equal((await library.sync()).missing, 0, 'also where the mount point itself is gone')
  mkdirSync(path('pictures/drive'))
  drive.show()
  const back = await library.sync()
  assert.deepEqual([back.missing, back.added, back.offlineFolders], [0, 0, []])
  assert.deepEqual(library.photos(), before)
})

test('6b. a drive that joined the folder above it takes no photo along when it is pulled, before any scan, too', async (t) => {
  mkdirSync(path('all/deep/drive'), { recursive: true })
  using drive = mountMemory(path('all/deep/drive'), path('kept'))
  if (!drive) return t.skip('mounting is not allowed here')
  library.addFolder('all/deep/drive/photos')
  put('all/deep/drive/photos/b.jpg')
  await library.sync()
  const before = library.photos()
  addAbove(library, 'all')
  joinAll(library)
  drive.hide()
  const away = await library.sync()
  assert.deepEqual([away.missing, away.offlineFolders], [0, [path('all/deep/drive')]])
  drive.show()
  const back = await library.sync()
  assert.deepEqual([back.missing, back.added, back.unchanged], [0, 0, 1])
  assert.deepEqual(library.photos(), before)
})

test('7. a drive that is a folder itself leaves an empty directory when it is pulled', async (t) => {
  using drive = mountMemory(path('pictures'))
  if (!drive) return t.skip('mounting is not allowed here')
  put('pictures/a.jpg')
  await library.sync()
  drive.hide()
  await library.sync()
  const row = library.store.database
    .prepare<{ offline_reason: string }>('SELECT offline_reason FROM folders WHERE id = ?')
    .get(folderId)
  assert.equal(row?.offline_reason, 'gone')
  drive.show()
  const back = await library.sync()
  assert.deepEqual([back.unchanged + back.restored, back.offlineFolders], [1, []])
})

test('8. a drive is followed to another mount path by the id of its volume', async (t) => {
  const image = path('drive.img')
  using drive = mountImage(image, path('first'))
  if (!drive) return t.skip('loop mounts are not allowed here')
  if (volumeOf(path('first')).volumeId === null) return t.skip('the system tells no ids of volumes')
  const id = library.addFolder('first/DCIM')
  put('first/DCIM/100/a.jpg')
  await library.sync()
  library.write('first/DCIM/100/a.jpg', 'mine')
  drive.moveTo(path('second'))
  const summary = await library.sync()
  assert.deepEqual([summary.added, summary.missing, summary.offlineFolders], [0, 0, []])
  assert.equal(library.store.folders.byId(id)?.path, path('second/DCIM'))
  assert.equal(library.wordsOf('second/DCIM/100/a.jpg'), 'mine')
})

test('9. what is missing for 30 days, on several days, is forgotten; nothing else is', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  const forget = () => forgetLongMissing(library.store.database, library.now())
  assert.equal(await forget(), 0)
  library.addMs(40 * msPerDay)
  await library.sync()
  assert.equal(await forget(), 0, 'one day on which the clock says so is not enough')
  for (let day = 0; day < 2; day++) {
    library.addMs(msPerDay)
    await library.sync()
  }
  assert.equal(await forget(), 1)
  assert.deepEqual(Object.keys(library.photos()), ['pictures/b.jpg'])
})

test('10. a clock that was ahead for a while forgets nothing when it is right again', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  library.addMs(400 * msPerDay)
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  library.addMs(-400 * msPerDay)
  for (let day = 0; day < 29; day++) {
    library.addMs(msPerDay)
    await library.sync()
  }
  assert.equal(await forgetLongMissing(library.store.database, library.now()), 0)
})

test('11. nothing is forgotten of a folder that is away', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  for (let day = 0; day < 3; day++) {
    library.addMs(20 * msPerDay)
    await library.sync()
  }
  renameSync(path('pictures'), path('away'))
  await library.sync()
  assert.equal(await forgetLongMissing(library.store.database, library.now()), 0)
  assert.equal(readdirSync(path('away')).length, 1)
})

interface Mounted extends Disposable {
  hide(): void
  show(): void
}

/** A file system of its own at a directory, which can be taken away and come back with its content. */
function mountMemory(at: string, kept = `${at}.kept`): Mounted | undefined {
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'ignore' })
  const unmount = (where: string) => execFileSync('umount', [where], { stdio: 'ignore' })
  try {
    mkdirSync(kept)
    mount('-t', 'tmpfs', 'tmpfs', kept)
    mount('--bind', kept, at)
  } catch {
    return undefined
  }
  let isShown = true
  return {
    hide() {
      unmount(at)
      isShown = false
    },
    show() {
      mount('--bind', kept, at)
      isShown = true
    },
    [Symbol.dispose]() {
      if (isShown) unmount(at)
      unmount(kept)
    },
  }
}

/** A file with a file system in it, as a drive. */
function mountImage(image: string, at: string): ({ moveTo(other: string): void } & Disposable) | undefined {
  const quietly = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'ignore' })
  let mountedAt = at
  const link = `/dev/disk/by-uuid/lenslore-test-${process.pid}`
  /** What udev does, which a container has none of. */
  function linkUuid(): void {
    rmSync(link, { force: true })
    mkdirSync('/dev/disk/by-uuid', { recursive: true })
    symlinkSync(execFileSync('findmnt', ['-no', 'SOURCE', mountedAt], { encoding: 'utf8' }).trim(), link)
  }
  try {
    mkdirSync(at)
    quietly('truncate', '-s', '8M', image)
    quietly('mkfs.ext4', '-q', image)
    quietly('mount', '-o', 'loop', image, at)
    if (volumeOf(at).volumeId === null) linkUuid()
  } catch {
    return undefined
  }
  return {
    moveTo(other) {
      quietly('umount', mountedAt)
      rmSync(mountedAt, { recursive: true })
      mkdirSync(other)
      quietly('mount', '-o', 'loop', image, other)
      mountedAt = other
      if (existsSync(dirname(link)) && volumeOf(other).volumeId === null) linkUuid()
    },
    [Symbol.dispose]() {
      quietly('umount', mountedAt)
      rmSync(link, { force: true })
    },
  }
}
