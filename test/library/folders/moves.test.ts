import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
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

/** What `mv` does between file systems: another inode (or one just freed), the same content and time. */
function moveAcrossDrives(from: string, to: string): void {
  execFileSync('cp', ['-p', path(from), path(to)])
  rmSync(path(from))
}

/** Writes words on photos, lets files change, and expects each photo with its words where its file went. */
async function expectMoves(moves: Record<string, string>, change: () => void) {
  for (const from of Object.keys(moves)) put(`pictures/${from}`)
  await library.sync()
  const ids = new Map(
    Object.keys(moves).map((from) => [from, library.write(`pictures/${from}`, `words of ${from}`)]),
  )
  change()
  const summary = await library.sync()
  for (const [from, to] of Object.entries(moves)) {
    assert.equal(library.idOf(`pictures/${to}`), ids.get(from), `${from} is now ${to}`)
    assert.equal(library.wordsOf(`pictures/${to}`), `words of ${from}`)
    assert.equal(library.store.details(library.idOf(`pictures/${to}`))?.pictureChanged, false)
  }
  const again = await library.sync()
  assert.deepEqual([again.added, again.moved, again.missing, again.changed], [0, 0, 0, 0])
  return summary
}

const rename = (from: string, to: string) => renameSync(path(`pictures/${from}`), path(`pictures/${to}`))

test('1. a photo that is renamed is the same photo', async () => {
  const summary = await expectMoves({ 'a.jpg': 'b.jpg' }, () => rename('a.jpg', 'b.jpg'))
  assert.deepEqual([summary.moved, summary.added, summary.missing], [1, 0, 0])
})

test('2. so is one that moves to another directory, up or down', async () => {
  await expectMoves({ 'a.jpg': '2020/a.jpg', 'x/y/b.jpg': 'b.jpg' }, () => {
    mkdirSync(path('pictures/2020'))
    rename('a.jpg', '2020/a.jpg')
    rename('x/y/b.jpg', 'b.jpg')
  })
})

test('3. a whole tree that is renamed keeps all its photos', async () => {
  const names = ['a.jpg', 'b/c.jpg', 'b/d/e.jpg']
  const moves = Object.fromEntries(names.map((name) => [`old name/${name}`, `new/${name}`]))
  const summary = await expectMoves(moves, () => rename('old name', 'new'))
  assert.deepEqual([summary.moved, summary.added, summary.missing], [3, 0, 0])
})

test('4. two files that swap their names take their words along', async () => {
  const summary = await expectMoves({ 'a.jpg': 'bb.jpg', 'bb.jpg': 'a.jpg' }, () => {
    rename('a.jpg', '.swap')
    rename('bb.jpg', 'a.jpg')
    rename('.swap', 'bb.jpg')
  })
  assert.deepEqual([summary.moved, summary.added, summary.missing], [2, 0, 0])
})

test('5. so do two in different directories, and three in a ring', async () => {
  await expectMoves(
    {
      'x/1.jpg': 'y/1.jpg',
      'y/1.jpg': 'x/1.jpg',
      'p.jpg': 'qq.jpg',
      'qq.jpg': 'r/rrr.jpg',
      'r/rrr.jpg': 'p.jpg',
    },
    () => {
      rename('x/1.jpg', '.swap')
      rename('y/1.jpg', 'x/1.jpg')
      rename('.swap', 'y/1.jpg')
      rename('p.jpg', '.swap')
      rename('r/rrr.jpg', 'p.jpg')
      rename('qq.jpg', 'r/rrr.jpg')
      rename('.swap', 'qq.jpg')
    },
  )
})

test('6. a swap of two files of the same size and time is seen by their inodes', async () => {
  put('pictures/a.jpg', '1')
  put('pictures/b.jpg', '2')
  for (const name of ['a.jpg', 'b.jpg']) utimesSync(path(`pictures/${name}`), 1_600_000_000, 1_600_000_000)
  await library.sync()
  const a = library.write('pictures/a.jpg', 'one')
  const b = library.write('pictures/b.jpg', 'two')
  rename('a.jpg', '.swap')
  rename('b.jpg', 'a.jpg')
  rename('.swap', 'b.jpg')
  await library.sync()
  assert.deepEqual([library.idOf('pictures/a.jpg'), library.idOf('pictures/b.jpg')], [b, a])
})

test('7. a swap across drives is seen by sizes and times', async () => {
  await expectMoves({ 'a.jpg': 'bb.jpg', 'bb.jpg': 'a.jpg' }, () => {
    moveAcrossDrives('pictures/a.jpg', 'pictures/.swap')
    moveAcrossDrives('pictures/bb.jpg', 'pictures/a.jpg')
    moveAcrossDrives('pictures/.swap', 'pictures/bb.jpg')
  })
})

test('8. a file moved over another keeps its words; those of the other are kept as missing', async () => {
  put('pictures/a.jpg')
  put('pictures/b.jpg', 'content of b')
  await library.sync()
  const a = library.write('pictures/a.jpg', 'words of a')
  const b = library.write('pictures/b.jpg', 'words of b')
  rename('b.jpg', 'a.jpg')
  await library.sync()
  assert.equal(library.idOf('pictures/a.jpg'), b)
  assert.equal(library.wordsOf('pictures/a.jpg'), 'words of b')
  assert.equal(library.store.captions.current(a)?.text, 'words of a')
  assert.notEqual(library.store.photos.byId(a)?.missingSinceMs, null)
  put('pictures/restored.jpg', 'pictures/a.jpg')
  await library.sync()
  assert.equal(library.idOf('pictures/restored.jpg'), a, 'its content is back')
})

test('9. a move to another folder of the library keeps everything, also where the first is left empty', async () => {
  library.addFolder('more')
  for (const name of ['1.jpg', '2.jpg']) put(`pictures/${name}`)
  put('more/own.jpg')
  await library.sync()
  const ids = ['1.jpg', '2.jpg'].map((name) => library.write(`pictures/${name}`, name))
  renameSync(path('pictures/1.jpg'), path('more/1.jpg'))
  renameSync(path('pictures/2.jpg'), path('more/2.jpg'))
  const summary = await library.sync()
  assert.deepEqual([summary.moved, summary.added, summary.missing], [2, 0, 0])
  assert.deepEqual(
    ['1.jpg', '2.jpg'].map((name) => library.idOf(`more/${name}`)),
    ids,
  )
})

test('10. a move across drives is seen by the content', async () => {
  await expectMoves({ 'a.jpg': 'b.jpg', 'x/c.jpg': 'c.jpg' }, () => {
    moveAcrossDrives('pictures/a.jpg', 'pictures/b.jpg')
    copyFileSync(path('pictures/x/c.jpg'), path('pictures/c.jpg'))
    rmSync(path('pictures/x/c.jpg'))
  })
})

test('11. a copy is a photo of its own, and the original keeps its words', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  copyFileSync(path('pictures/a.jpg'), path('pictures/copy.jpg'))
  await library.sync()
  assert.equal(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.wordsOf('pictures/a.jpg'), 'mine')
  assert.equal(library.wordsOf('pictures/copy.jpg'), null)
  const { contentHash } = library.store.photos.byId(id)!
  assert.equal(library.store.photos.withContent(contentHash!).length, 2, 'they know of each other')
})

test('12. a copy whose original goes soon after takes its place, and both histories stay', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  library.addMs(1000)
  copyFileSync(path('pictures/a.jpg'), path('pictures/copy.jpg'))
  await library.sync()
  library.write('pictures/copy.jpg', 'mine too')
  rmSync(path('pictures/a.jpg'))
  const summary = await library.sync()
  assert.deepEqual([summary.moved, summary.missing], [1, 0])
  assert.deepEqual(library.photos(), { 'pictures/copy.jpg': id })
  assert.equal(library.wordsOf('pictures/copy.jpg'), 'mine too')
  assert.deepEqual(
    library.store.captions.history(id).map((caption) => caption.text),
    ['mine too', 'mine'],
  )
})

test('13. one that goes long after leaves its copy alone', async () => {
  put('pictures/a.jpg')
  await library.sync()
  library.write('pictures/a.jpg', 'mine')
  library.addMs(1000)
  copyFileSync(path('pictures/a.jpg'), path('pictures/copy.jpg'))
  await library.sync()
  library.addMs(2 * 86_400_000)
  rmSync(path('pictures/a.jpg'))
  const summary = await library.sync()
  assert.deepEqual([summary.moved, summary.missing], [0, 1])
  assert.equal(library.wordsOf('pictures/copy.jpg'), null)
})

test('14. a hint that the content belies is taken back: two photos, none with the other’s words', async () => {
  put('pictures/a.jpg', 'one')
  utimesSync(path('pictures/a.jpg'), 1_600_000_000, 1_600_000_000)
  await library.sync()
  const id = library.write('pictures/a.jpg', 'words of one')
  // An inode that is given to another file at once, as drives without inodes of their own do.
  rmSync(path('pictures/a.jpg'))
  put('pictures/b.jpg', 'two')
  utimesSync(path('pictures/b.jpg'), 1_600_000_000, 1_600_000_000)
  library.store.database
    .prepare('UPDATE photos SET inode = ? WHERE id = ?')
    .run(statSync(path('pictures/b.jpg')).ino, id)
  assert.equal((await library.scan()).moved, 1, 'the hint is followed at first')
  library.index()
  assert.notEqual(library.idOf('pictures/b.jpg'), id)
  assert.equal(library.wordsOf('pictures/b.jpg'), null)
  assert.equal(library.store.captions.current(id)?.text, 'words of one')
  assert.equal(library.photos()['-pictures/a.jpg'], id)
  const again = await library.sync()
  assert.deepEqual([again.added, again.moved, again.missing, again.unchanged], [0, 0, 0, 1])
  put('pictures/back.jpg', 'one')
  await library.sync()
  assert.equal(library.idOf('pictures/back.jpg'), id)
})

test('15. of two new hard links to a file that was renamed away one is the photo', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  linkSync(path('pictures/a.jpg'), path('pictures/b.jpg'))
  mkdirSync(path('pictures/x'))
  linkSync(path('pictures/a.jpg'), path('pictures/x/c.jpg'))
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  const photos = library.photos()
  assert.deepEqual(Object.keys(photos), ['pictures/b.jpg', 'pictures/x/c.jpg'])
  assert.equal(Object.values(photos).filter((photo) => photo === id).length, 1)
})

test('16. an edited file that is also moved, with its first version under its old name', async () => {
  put('pictures/a.jpg', 'first')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'mine')
  rename('a.jpg', 'a-original.jpg')
  put('pictures/a.jpg', 'edited version')
  await library.sync()
  assert.equal(library.idOf('pictures/a-original.jpg'), id, 'the words follow the picture they describe')
  assert.equal(library.wordsOf('pictures/a.jpg'), null)
})

test('17. a name that only changes its case is a rename', async () => {
  await expectMoves({ 'IMG.JPG': 'img.jpg', 'Album/b.jpg': 'album/b.jpg' }, () => {
    rename('IMG.JPG', 'img.jpg')
    rename('Album', 'album')
  })
})

test('18. a thousand files in a new order of directories are all recognised', async () => {
  const names = Array.from({ length: 1000 }, (_, i) => i)
  for (const i of names) put(`pictures/by month/${i % 12}/${i}.jpg`)
  await library.sync()
  const ids = library.photos()
  for (const i of names) {
    mkdirSync(path(`pictures/by day/${i % 31}`), { recursive: true })
    rename(`by month/${i % 12}/${i}.jpg`, `by day/${i % 31}/renamed ${i}.jpg`)
  }
  const summary = await library.sync()
  assert.deepEqual([summary.moved, summary.added, summary.missing], [1000, 0, 0])
  for (const i of names) {
    assert.equal(
      library.idOf(`pictures/by day/${i % 31}/renamed ${i}.jpg`),
      ids[`pictures/by month/${i % 12}/${i}.jpg`],
    )
  }
})

test('19. an edited file that looks like one that was deleted, to the byte and the moment, is still itself', async () => {
  put('pictures/a.jpg', 'first version')
  put('pictures/b.jpg', 'another')
  await library.sync()
  const { 'pictures/a.jpg': a, 'pictures/b.jpg': b } = library.photos()
  library.write('pictures/a.jpg', 'mine')
  // Written whole seconds, as some drives keep them, so that the two can be made the same.
  for (const name of ['a.jpg', 'b.jpg']) utimesSync(path(`pictures/${name}`), 1_600_000_000, 1_600_000_000)
  await library.sync()
  rmSync(path('pictures/b.jpg'))
  put('pictures/a.jpg', 'ANOTHER')
  utimesSync(path('pictures/a.jpg'), 1_600_000_000, 1_600_000_000)
  await library.sync()
  await library.sync()
  assert.deepEqual(library.photos(), { '-pictures/b.jpg': b, 'pictures/a.jpg': a })
  assert.equal(library.wordsOf('pictures/a.jpg'), 'mine')
  assert.equal(library.store.details(a!)?.pictureChanged, true)
})

test('20. of two names of one file that both went, the one with words is the one that is found again', async () => {
  put('pictures/a.jpg', 'content')
  linkSync(path('pictures/a.jpg'), path('pictures/b.jpg'))
  await library.sync()
  const id = library.write('pictures/b.jpg', 'mine')
  rename('b.jpg', 'c.jpg')
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  assert.equal(library.idOf('pictures/c.jpg'), id)
  assert.equal(library.wordsOf('pictures/c.jpg'), 'mine')
})

test('21. of several names that a file had, the one that it had until now is the one that moved', async () => {
  put('pictures/a.jpg', 'content')
  linkSync(path('pictures/a.jpg'), path('pictures/b.jpg'))
  await library.sync()
  library.write('pictures/a.jpg', 'gone with its name')
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  const id = library.idOf('pictures/b.jpg')
  rename('b.jpg', 'c.jpg')
  await library.sync()
  assert.equal(library.idOf('pictures/c.jpg'), id)
})

test('22. of two names of one file whose directories went, each is found by its name', async () => {
  put('pictures/x/a.jpg', 'content')
  mkdirSync(path('pictures/y'))
  linkSync(path('pictures/x/a.jpg'), path('pictures/y/b.jpg'))
  await library.sync()
  const before = library.photos()
  rename('x', 'z')
  rename('y', 'w')
  await library.sync()
  assert.deepEqual(library.photos(), {
    'pictures/w/b.jpg': before['pictures/y/b.jpg'],
    'pictures/z/a.jpg': before['pictures/x/a.jpg'],
  })
})

test('23. a photo and its newer copy that go in one scan are both missing', async () => {
  put('pictures/a.jpg', 'content')
  put('pictures/other.jpg')
  await library.sync()
  put('pictures/b.jpg', 'content')
  await library.sync()
  rmSync(path('pictures/a.jpg'))
  rmSync(path('pictures/b.jpg'))
  assert.equal((await library.sync()).missing, 2)
  assert.deepEqual(Object.keys(library.photos()), [
    '-pictures/a.jpg',
    '-pictures/b.jpg',
    'pictures/other.jpg',
  ])
})

test('24. a photo that just lost its place is found before one of the same file that went long ago', async () => {
  put('pictures/a.jpg', 'content')
  linkSync(path('pictures/a.jpg'), path('pictures/b.jpg'))
  await library.sync()
  rmSync(path('pictures/a.jpg'))
  await library.sync()
  const id = library.idOf('pictures/b.jpg')
  library.addMs(3_600_000)
  mkdirSync(path('pictures/z'))
  // Seen gone before it is seen at its new place, as while it is watched.
  rename('b.jpg', '.held')
  await library.sync()
  rename('.held', 'z/c.jpg')
  await library.sync()
  assert.equal(library.idOf('pictures/z/c.jpg'), id)
})

test('25. so is one whose place another took in this very look, before one of the same file that went just before', async () => {
  put('pictures/a/x.jpg')
  put('pictures/c/z.jpg')
  mkdirSync(path('pictures/b/1/2/3/4'), { recursive: true })
  linkSync(path('pictures/a/x.jpg'), path('pictures/b/1/2/3/4/y.jpg'))
  await library.sync()
  const id = library.write('pictures/a/x.jpg', 'mine')
  library.write('pictures/b/1/2/3/4/y.jpg', 'of the name that went')
  rmSync(path('pictures/b/1/2/3/4/y.jpg'))
  await library.sync()
  library.addMs(10)
  rename('a/x.jpg', 'b/1/2/3/4/y.jpg')
  rename('c/z.jpg', 'a/x.jpg')
  await library.sync()
  assert.equal(library.idOf('pictures/b/1/2/3/4/y.jpg'), id)
})

/** A captioned photo whose picture is edited, seen by a scan, and not read yet. */
async function editUnread(name: string): Promise<number> {
  put(`pictures/${name}`, `the edited ${name}, longer than before`)
  const summary = await library.scan()
  assert.equal(summary.changed, 1)
  return library.idOf(`pictures/${name}`)
}

test('edited, then renamed before it was read: the words stay with the file', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'Grandma with the red kite')
  await editUnread('a.jpg')
  rename('a.jpg', 'b.jpg')
  await library.scan()
  rename('b.jpg', 'c.jpg')
  await library.sync()
  assert.deepEqual(library.photos(), { 'pictures/c.jpg': id })
  assert.equal(library.wordsOf('pictures/c.jpg'), 'Grandma with the red kite')
  assert.equal(library.store.details(id)?.pictureChanged, true)
})

test('renamed, then edited before it was read: the words stay with the file', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const id = library.write('pictures/a.jpg', 'words')
  rename('a.jpg', 'b.jpg')
  await library.scan()
  await editUnread('b.jpg')
  await library.sync()
  assert.deepEqual(library.photos(), { 'pictures/b.jpg': id })
})

test('two that were edited and then swapped take their words along', async () => {
  for (const name of ['a.jpg', 'bb.jpg']) put(`pictures/${name}`)
  await library.sync()
  const a = library.write('pictures/a.jpg', 'words of a')
  const b = library.write('pictures/bb.jpg', 'words of b')
  await editUnread('a.jpg')
  await editUnread('bb.jpg')
  rename('a.jpg', '.swap')
  rename('bb.jpg', 'a.jpg')
  rename('.swap', 'bb.jpg')
  await library.sync()
  assert.deepEqual(library.photos(), { 'pictures/a.jpg': b, 'pictures/bb.jpg': a })
})

test('edited, then put in the place of another photo: that one is missing with its own words', async () => {
  for (const name of ['a.jpg', 'b.jpg']) put(`pictures/${name}`)
  await library.sync()
  const a = library.write('pictures/a.jpg', 'words of a')
  const b = library.write('pictures/b.jpg', 'words of b')
  await editUnread('a.jpg')
  rename('a.jpg', 'b.jpg')
  await library.sync()
  assert.equal(library.idOf('pictures/b.jpg'), a)
  assert.equal(library.wordsOf('pictures/b.jpg'), 'words of a')
  assert.equal(library.store.captions.current(b)?.text, 'words of b')
  assert.notEqual(library.store.photos.byId(b)?.missingSinceMs, null)
})

test('edited, or never read, then moved to another drive: the words go along', async () => {
  put('pictures/a.jpg')
  await library.sync()
  const edited = library.write('pictures/a.jpg', 'words of a')
  await editUnread('a.jpg')
  put('pictures/new.jpg', 'a new one')
  await library.scan()
  const unread = library.write('pictures/new.jpg', 'words of the new one')
  mkdirSync(path('pictures/far'))
  for (const name of ['a.jpg', 'new.jpg']) {
    moveAcrossDrives(`pictures/${name}`, `pictures/far/${name}`)
  }
  await library.sync()
  assert.deepEqual(library.photos(), { 'pictures/far/a.jpg': edited, 'pictures/far/new.jpg': unread })
  assert.equal(library.wordsOf('pictures/far/a.jpg'), 'words of a')
  assert.equal(library.wordsOf('pictures/far/new.jpg'), 'words of the new one')
})
