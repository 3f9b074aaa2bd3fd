import assert from 'node:assert/strict'
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, test } from 'node:test'
import { createLibraryOnDisk, type LibraryOnDisk } from './library-on-disk.ts'

let library: LibraryOnDisk
let put: LibraryOnDisk['put']
let path: LibraryOnDisk['path']

beforeEach(() => {
  library = createLibraryOnDisk()
  put = library.put
  path = library.path
  library.addFolder('pictures')
})

afterEach(() => library[Symbol.asyncDispose]())

test('1. what is new is taken in, and a second scan finds nothing', async () => {
  for (const name of ['a.jpg', 'b.HEIC', '2020/c.png', '2020/summer/d.nef', 'notes.txt'])
    put(`pictures/${name}`)
  const skipped = [{ kind: 'document' as const, extension: 'txt', files: 1 }]
  const first = await library.sync()
  assert.deepEqual({ ...first, elapsedMs: 0 }, counts({ files: 4, added: 4, skipped }))
  assert.deepEqual(Object.keys(library.photos()), [
    'pictures/2020/c.png',
    'pictures/2020/summer/d.nef',
    'pictures/a.jpg',
    'pictures/b.HEIC',
  ])
  const second = await library.scan()
  assert.deepEqual({ ...second, elapsedMs: 0 }, counts({ files: 4, unchanged: 4, skipped }))
})

test('1b. what is no picture is counted by kind; what is hidden, left alone or beside a picture is not', async () => {
  for (const name of [
    'a.jpg',
    'a.jpg.xmp',
    'm.MP4',
    'x/n.mp4',
    'x/o.mov',
    'p.svg',
    'x/q.bin',
    'r',
    '.hidden.mp4',
    'y/s.mp4',
  ]) {
    put(`pictures/${name}`)
  }
  symlinkSync(path('pictures/x'), path('pictures/linked'))
  const { id } = library.store.folders.list()[0]!
  library.store.database.prepare('UPDATE folders SET excludes = ? WHERE id = ?').run('["y/"]', id)
  const { skipped } = await library.scan()
  assert.deepEqual(
    skipped.toSorted((a, b) => (a.extension < b.extension ? -1 : 1)),
    [
      { kind: 'other', extension: '', files: 1 },
      { kind: 'other', extension: 'bin', files: 1 },
      { kind: 'video', extension: 'mov', files: 1 },
      { kind: 'video', extension: 'mp4', files: 2 },
      { kind: 'picture', extension: 'svg', files: 1 },
    ],
  )
})

test('2. hidden files, other libraries, trash, caches and what the person excludes are left alone', async () => {
  const leftAlone = [
    '.hidden.jpg',
    '._a.jpg',
    '.Trash-1000/files/a.jpg',
    '$RECYCLE.BIN/a.jpg',
    '#recycle/a.jpg',
    '@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg',
    '.thumbnails/large/a.png',
    'Mine.photoslibrary/originals/0/a.heic',
    'Catalog Previews.lrdata/a.jpg',
  ]
  for (const name of leftAlone) put(`pictures/${name}`)
  put('pictures/a.jpg')
  put('pictures/screenshots/b.png')
  put('pictures/2020/b_small.JPG')
  const { id } = library.store.folders.list()[0]!
  library.store.database
    .prepare('UPDATE folders SET excludes = ? WHERE id = ?')
    .run(JSON.stringify(['screenshots/', '*_small.jpg']), id)
  await library.scan()
  assert.deepEqual(Object.keys(library.photos()), ['pictures/a.jpg'])
})

test('3. a link to a directory is not followed, a loop ends, a link to a file is that file', async () => {
  put('pictures/2020/a.jpg')
  put('elsewhere/b.jpg')
  symlinkSync(path('pictures'), path('pictures/2020/loop'))
  symlinkSync(path('elsewhere'), path('pictures/outside'))
  symlinkSync('self.jpg', path('pictures/self.jpg'))
  symlinkSync(path('nowhere.jpg'), path('pictures/broken.jpg'))
  symlinkSync(path('elsewhere/b.jpg'), path('pictures/linked.jpg'))
  await library.scan()
  assert.deepEqual(Object.keys(library.photos()), ['pictures/2020/a.jpg', 'pictures/linked.jpg'])
})

test('4. names that are no UTF-8, in any script, in both forms of é, and as long as they may be', async () => {
  const names = [
    '日本語.jpg',
    'Ünïcödé 🐕.jpg',
    'caf\u00e9.jpg',
    'cafe\u0301.jpg',
    `${'x'.repeat(251)}.jpg`,
    '\uef41.jpg',
  ]
  for (const name of names) put(`pictures/${name}`)
  mkdirSync(path('pictures/dir'))
  writeFileSync(
    Buffer.concat([Buffer.from(path('pictures/dir/')), Buffer.from([0xff, 0xe9]), Buffer.from('.jpg')]),
    'x',
  )
  mkdirSync(Buffer.concat([Buffer.from(path('pictures/')), Buffer.from([0xe4])]))
  writeFileSync(
    Buffer.concat([Buffer.from(path('pictures/')), Buffer.from([0xe4]), Buffer.from('/in.jpg')]),
    'y',
  )
  const first = await library.sync()
  assert.equal(first.added, names.length + 2)
  assert.equal(Object.keys(library.photos()).filter((name) => name.includes('\uefff\uefe9.jpg')).length, 1)
  const second = await library.scan()
  assert.deepEqual([second.unchanged, second.missing, second.added], [names.length + 2, 0, 0])
})

test('5. a file edited in place is the same photo with its words, and is read again', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  put('pictures/a.jpg', 'other content')
  const summary = await library.sync()
  assert.deepEqual([summary.changed, summary.added, summary.missing], [1, 0, 0])
  assert.equal(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.wordsOf('pictures/a.jpg'), 'mine')
  assert.equal(library.store.details(id)?.pictureChanged, true)
})

test('6. so is one that is saved through a new file that is renamed over it', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  const inode = statSync(path('pictures/a.jpg')).ino
  put('pictures/.a.jpg.tmp', 'other content')
  renameSync(path('pictures/.a.jpg.tmp'), path('pictures/a.jpg'))
  assert.notEqual(statSync(path('pictures/a.jpg')).ino, inode)
  const summary = await library.sync()
  assert.deepEqual([summary.changed, summary.added, summary.missing], [1, 0, 0])
  assert.equal(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.store.details(id)?.pictureChanged, true)
})

test('7. one that keeps its bytes but gets a new inode and time is not missed, and nothing changed', async () => {
  put('pictures/a.jpg', 'same')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  copyFileSync(path('pictures/a.jpg'), path('pictures/copy'))
  renameSync(path('pictures/copy'), path('pictures/a.jpg'))
  await library.sync()
  assert.equal(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.store.details(id)?.pictureChanged, false)
})

test('8. a file that is gone is missing with its words, and restored when it is back as it was', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  renameSync(path('pictures/a.jpg'), path('away'))
  assert.equal((await library.sync()).missing, 1)
  assert.deepEqual(Object.keys(library.photos()), ['-pictures/a.jpg', 'pictures/b.jpg'])
  assert.equal(library.wordsOf('pictures/a.jpg'), 'mine')
  assert.equal((await library.sync()).missing, 0)
  renameSync(path('away'), path('pictures/a.jpg'))
  const summary = await library.sync()
  assert.deepEqual([summary.restored, summary.added], [1, 0])
  assert.equal(library.idOf('pictures/a.jpg'), id)
})

test('9. another picture under the name of one that went missing is another photo', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  put('pictures/a.jpg', 'a new picture that the camera gave the same name')
  await library.sync()
  assert.notEqual(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.wordsOf('pictures/a.jpg'), null)
  assert.equal(library.store.captions.current(id)?.text, 'mine')
  assert.notEqual(library.store.photos.byId(id)?.missingSinceMs, null)
})

test('10. five thousand files in one directory, some of which change', async () => {
  for (let i = 0; i < 5000; i++) put(`pictures/many/${i}.jpg`, 'x')
  assert.equal((await library.sync()).added, 5000)
  for (let i = 0; i < 5000; i += 100) put(`pictures/many/${i}.jpg`, 'changed')
  for (let i = 1; i < 5000; i += 100) rmSync(path(`pictures/many/${i}.jpg`))
  const summary = await library.sync()
  assert.deepEqual([summary.changed, summary.missing, summary.unchanged], [50, 50, 4900])
})

test('11. a directory that gives way to a file takes its photos along as missing; one that was never read takes none', async () => {
  put('pictures/2020/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  rmSync(path('pictures/2020'), { recursive: true })
  put('pictures/2020')
  assert.equal((await library.scan()).missing, 1)
})

test('12. a directory that cannot be read is not an empty one', async (t) => {
  put('pictures/2020/a.jpg')
  put('pictures/b.jpg')
  await library.sync()
  // A name that grows past what a path may have is unreadable for everyone, root included.
  const name = 'x'.repeat(250)
  const { database } = library.store
  const deep = Array.from({ length: 17 }, () => name).join('/')
  database.prepare(`UPDATE photos SET directory = ? WHERE name = 'a.jpg'`).run(deep)
  rmSync(path('pictures/2020'), { recursive: true })
  const summary = await library.reconciler.rescan(new Map([[library.store.folders.list()[0]!.id, [deep]]]))
  assert.equal(summary.missing, 0)
  t.diagnostic('the path is longer than the system takes')
})

test('13. hard links are photos of their own, and none takes the other’s place', async () => {
  put('pictures/a.jpg')
  linkSync(path('pictures/a.jpg'), path('pictures/b.jpg'))
  await library.sync()
  const ids = library.photos()
  assert.equal(Object.keys(ids).length, 2)
  library.write('pictures/a.jpg', 'mine')
  linkSync(path('pictures/a.jpg'), path('pictures/c.jpg'))
  await library.sync()
  assert.deepEqual({ ...library.photos(), 'pictures/c.jpg': 0 }, { ...ids, 'pictures/c.jpg': 0 })
  assert.equal(library.wordsOf('pictures/c.jpg'), null)
})

test('14. a time that the file system only rounds otherwise is a change of nothing but the time', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  utimesSync(path('pictures/a.jpg'), 1_600_000_000, 1_600_000_000)
  assert.equal((await library.sync()).changed, 1)
  assert.equal(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.store.details(id)?.pictureChanged, false)
})

function counts(given: object) {
  return {
    files: 0,
    added: 0,
    changed: 0,
    moved: 0,
    joined: 0,
    separated: 0,
    missing: 0,
    excluded: 0,
    restored: 0,
    unchanged: 0,
    companions: 0,
    offlineFolders: [],
    unreadable: [],
    skipped: [],
    straySidecars: 0,
    elapsedMs: 0,
    ...given,
  }
}
