import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { findPairs } from '../../../src-main/contract/file-pairs.ts'
import { tileFlags } from '../../../src-main/contract/tile-flags.ts'
import { createCompanionStore } from '../../../src-main/library/store/companions.ts'
import { createRandom } from './chaos.ts'
import { createLibraryOnDisk, type LibraryOnDisk } from './library-on-disk.ts'

let library: LibraryOnDisk
let put: LibraryOnDisk['put']

beforeEach(() => {
  library = createLibraryOnDisk()
  put = library.put
  library.addFolder('pictures')
})

afterEach(() => library[Symbol.asyncDispose]())

const rename = (from: string, to: string) =>
  renameSync(library.path(`pictures/${from}`), library.path(`pictures/${to}`))
const names = () => Object.keys(library.photos()).map((path) => path.replace('pictures/', ''))

/** Names of the files that are a part of a photo. */
function filesOf(path: string): string[] {
  const id = library.idOf(`pictures/${path}`)
  return createCompanionStore(library.store.database)
    .beside(id)
    .filter(({ isOther }) => !isOther)
    .map(({ name }) => name)
}

/** Nothing more is found, and nothing changes any more. */
async function expectSettled(): Promise<void> {
  const { added, changed, moved, missing, restored, joined, separated } = await library.sync()
  assert.deepEqual(
    { added, changed, moved, missing, restored, joined, separated },
    { added: 0, changed: 0, moved: 0, missing: 0, restored: 0, joined: 0, separated: 0 },
  )
}

test('a raw file beside its JPEG, and the video of a Live Photo, are one photo with it', async () => {
  for (const name of ['IMG_1.CR2', 'img_1.jpg', 'IMG_2.HEIC', 'IMG_2.MOV', 'IMG_3.NEF', 'clip.mov']) {
    put(`pictures/${name}`)
  }
  const summary = await library.sync()
  assert.deepEqual(names(), ['IMG_2.HEIC', 'IMG_3.NEF', 'img_1.jpg'])
  assert.deepEqual(filesOf('img_1.jpg'), ['IMG_1.CR2'])
  assert.deepEqual(filesOf('IMG_2.HEIC'), ['IMG_2.MOV'])
  assert.deepEqual([summary.added, summary.companions, summary.files], [3, 2, 4])
  assert.deepEqual(summary.skipped, [{ kind: 'video', extension: 'mov', files: 1 }])
  await expectSettled()
})

test('of two JPEGs of one stem nobody knows whose the raw file is', async () => {
  for (const name of ['a.jpg', 'a.JPEG', 'a.CR2']) put(`pictures/${name}`)
  await library.sync()
  assert.deepEqual(names(), ['a.CR2', 'a.JPEG', 'a.jpg'])
  rmSync(library.path('pictures/a.JPEG'))
  const { joined } = await library.sync()
  assert.equal(joined, 1)
  assert.deepEqual(filesOf('a.jpg'), ['a.CR2'])
  await expectSettled()
})

test('names that differ in how accents are composed are of one stem', async () => {
  put(`pictures/${'é'.normalize('NFD')}.jpg`)
  put(`pictures/${'é'.normalize('NFC')}.dng`)
  await library.sync()
  assert.equal(names().length, 1)
})

test('a pair that is renamed or moved together, alone or with its folder, stays together', async () => {
  for (const name of ['day/a.jpg', 'day/a.cr2', 'day/a.mov']) put(`pictures/${name}`)
  await library.sync()
  const id = library.write('pictures/day/a.jpg', 'a red kite')
  for (const [from, to] of [
    ['day/a', 'day/b'],
    ['day/b', 'c'],
  ]) {
    for (const extension of ['jpg', 'cr2', 'mov']) rename(`${from}.${extension}`, `${to}.${extension}`)
    const { added, separated } = await library.sync()
    assert.deepEqual([added, separated], [0, 0])
    assert.equal(library.idOf(`pictures/${to}.jpg`), id)
    assert.deepEqual(names(), [`${to}.jpg`])
    assert.equal(filesOf(`${to}.jpg`).length, 2)
    await expectSettled()
  }
  for (const extension of ['jpg', 'cr2', 'mov']) {
    mkdirSync(library.path('pictures/x/y'), { recursive: true })
    rename(`c.${extension}`, `x/y/c.${extension}`)
  }
  await library.sync()
  rename('x', 'z')
  await library.sync()
  assert.deepEqual([names(), filesOf('z/y/c.jpg')], [['z/y/c.jpg'], ['c.cr2', 'c.mov']])
  assert.equal(library.wordsOf('pictures/z/y/c.cr2'), 'a red kite', 'found by any of the names')
  await expectSettled()
  const { prepare } = library.store.database
  assert.equal(prepare<{ n: number }>('SELECT count(*) AS n FROM companions').get()!.n, 2)
})

test('a JPEG that moves away leaves its raw file as a photo with the same words', async () => {
  for (const name of ['a.jpg', 'a.cr2']) put(`pictures/${name}`)
  await library.sync()
  const id = library.write('pictures/a.jpg', 'a red kite')
  library.store.marks.set([id], { rating: 4, addKeywords: ['wind'] }, library.now())
  mkdirSync(library.path('pictures/jpg'))
  rename('a.jpg', 'jpg/a.jpg')
  const { separated, moved, added } = await library.sync()
  assert.deepEqual([separated, moved, added], [1, 1, 0])
  assert.equal(library.idOf('pictures/jpg/a.jpg'), id)
  assert.equal(library.wordsOf('pictures/a.cr2'), 'a red kite')
  const ofRaw = library.store.marks.current(library.idOf('pictures/a.cr2'))
  assert.deepEqual([ofRaw.rating, ofRaw.keywords.get('wind')], [4, true])
  assert.equal(library.store.details(library.idOf('pictures/a.cr2'))!.pictureChanged, false)
  await expectSettled()
})

test('a raw file that moves away takes a copy of the words along', async () => {
  for (const name of ['a.jpg', 'a.cr2']) put(`pictures/${name}`)
  await library.sync()
  library.write('pictures/a.jpg', 'a red kite')
  mkdirSync(library.path('pictures/raw'))
  rename('a.cr2', 'raw/other.cr2')
  const { separated, missing } = await library.sync()
  assert.deepEqual([separated, missing], [1, 0])
  assert.equal(library.wordsOf('pictures/raw/other.cr2'), 'a red kite')
  assert.deepEqual(filesOf('a.jpg'), [])
  await expectSettled()
  rename('raw/other.cr2', 'a.cr2')
  const { joined } = await library.sync()
  assert.equal(joined, 1)
  assert.deepEqual(names(), ['a.jpg'])
  assert.equal(
    library.store.captions.history(library.idOf('pictures/a.jpg')).length,
    1,
    'no copy is kept twice',
  )
  await expectSettled()
})

test('where the JPEG is deleted the raw file is the photo with its words, and joins it when it is back', async () => {
  for (const name of ['a.jpg', 'a.cr2']) put(`pictures/${name}`)
  await library.sync()
  const id = library.write('pictures/a.jpg', 'a red kite')
  rename('a.jpg', '.a.jpg')
  await library.sync()
  assert.deepEqual(names(), ['-a.jpg', 'a.cr2'].map((name) => name).sort())
  assert.equal(library.wordsOf('pictures/a.cr2'), 'a red kite')
  library.addMs(1000)
  library.write('pictures/a.cr2', 'a kite over the dunes')
  rename('.a.jpg', 'a.jpg')
  const { restored, joined } = await library.sync()
  assert.deepEqual([restored, joined], [1, 1])
  assert.deepEqual(names(), ['a.jpg'])
  assert.equal(library.idOf('pictures/a.jpg'), id)
  assert.equal(library.wordsOf('pictures/a.jpg'), 'a kite over the dunes')
  await expectSettled()
})

test('a deleted raw file or video leaves the photo as it is', async () => {
  for (const name of ['a.jpg', 'a.cr2', 'a.mov']) put(`pictures/${name}`)
  await library.sync()
  library.write('pictures/a.jpg', 'a red kite')
  for (const name of ['a.cr2', 'a.mov']) rmSync(library.path(`pictures/${name}`))
  const { missing, separated } = await library.sync()
  assert.deepEqual([missing, separated, filesOf('a.jpg'), names()], [0, 0, [], ['a.jpg']])
  await expectSettled()
})

test('a photo is read again where its other files are others, and else is not', async () => {
  for (const name of ['a.jpg', 'a.cr2', 'a.mov']) put(`pictures/${name}`)
  await library.sync()
  const work = () => library.store.queue.nextToIndex(10).map(({ name }) => name)
  await library.scan()
  assert.deepEqual(work(), [])
  for (const name of ['a.cr2', 'a.mov']) put(`pictures/${name}`, `${name}, edited`)
  await library.scan()
  assert.deepEqual(work(), ['a.jpg'])
  library.index()
  library.store.database.exec('UPDATE photos SET inode = inode + 1; UPDATE companions SET inode = inode + 1')
  await library.scan()
  assert.deepEqual(work(), [], 'nor where a drive numbers its files anew')
  assert.deepEqual(filesOf('a.jpg'), ['a.cr2', 'a.mov'])
  rename('a.cr2', 'b.cr2')
  await library.scan()
  assert.deepEqual(
    work().sort(),
    ['a.jpg', 'b.cr2'],
    'for what the raw file says of itself is no more of the photo',
  )
})

test('files that arrive one after the other are a pair in the end, whatever came first', async () => {
  put('pictures/a.cr2')
  await library.sync()
  const raw = library.write('pictures/a.cr2', 'a red kite')
  put('pictures/a.jpg')
  const { added, joined } = await library.sync()
  assert.deepEqual([added, joined], [1, 1])
  assert.notEqual(library.idOf('pictures/a.jpg'), raw)
  assert.deepEqual([names(), library.wordsOf('pictures/a.jpg')], [['a.jpg'], 'a red kite'])
  assert.equal(library.store.details(library.idOf('pictures/a.jpg'))!.pictureChanged, false)
  await expectSettled()
})

test('what an exclude leaves alone is no part of a photo, and one it leaves without its JPEG is a photo', async () => {
  for (const name of ['a.jpg', 'a.cr2']) put(`pictures/${name}`)
  await library.sync()
  library.write('pictures/a.jpg', 'a red kite')
  const { setExcludes } = await import('../../../src-main/library/folders/excludes.ts')
  const { id: folder } = library.store.folders.list()[0]!
  await setExcludes(library.store.database, folder, ['*.jpg'], library.now())
  const { separated, excluded } = await library.sync()
  assert.deepEqual([separated, excluded, library.wordsOf('pictures/a.cr2')], [1, 1, 'a red kite'])
  await setExcludes(library.store.database, folder, ['*.cr2'], library.now())
  await library.sync()
  assert.deepEqual([names(), filesOf('a.jpg')], [['-a.cr2', 'a.jpg'], []])
  await setExcludes(library.store.database, folder, [], library.now())
  await library.sync()
  assert.deepEqual([names(), filesOf('a.jpg')], [['a.jpg'], ['a.cr2']])
  await expectSettled()
})

test('a pair is found by the names of all its files, and by what it is', async () => {
  for (const name of ['IMG_1.CR2', 'IMG_1.JPG', 'IMG_2.HEIC', 'IMG_2.MOV', 'IMG_3.NEF', 'IMG_4.JPG']) {
    put(`pictures/${name}`)
  }
  await library.sync()
  const found = (query: string) =>
    library.search.searcher
      .search(query)
      .photos.map(({ path }) => path.split('/').at(-1))
      .sort()
  assert.deepEqual(found('IMG_1.CR2'), ['IMG_1.JPG'])
  assert.deepEqual(found('name:IMG_2.MOV'), ['IMG_2.HEIC'])
  assert.deepEqual(found('is:pair'), ['IMG_1.JPG', 'IMG_2.HEIC'])
  assert.deepEqual(found('has:raw'), ['IMG_1.JPG', 'IMG_3.NEF'])
  assert.deepEqual(found('has:video'), ['IMG_2.HEIC'])
  const flagsOf = (query: string) =>
    [...library.search.searcher.timelinePage(query, { limit: 1 }).flags].map(
      (flags) => flags & (tileFlags.raw | tileFlags.video),
    )
  assert.deepEqual(
    ['IMG_1', 'IMG_2', 'IMG_3'].map((name) => flagsOf(`name:${name}`)),
    [[tileFlags.raw], [tileFlags.video], [0]],
  )
  rmSync(library.path('pictures/IMG_2.MOV'))
  await library.sync()
  assert.deepEqual(found('has:video'), [])
  assert.deepEqual(found('name:IMG_2.MOV'), [])
})

test('a folder that is offline keeps its pairs', async () => {
  for (const name of ['a.jpg', 'a.cr2']) put(`pictures/${name}`)
  await library.sync()
  renameSync(library.path('pictures'), library.path('away'))
  await library.sync()
  assert.deepEqual(filesOf('a.jpg'), ['a.cr2'])
  renameSync(library.path('away'), library.path('pictures'))
  await library.sync()
  assert.deepEqual([names(), filesOf('a.jpg')], [['a.jpg'], ['a.cr2']])
})

test('whatever becomes of the files, photos are what belongs together, and no word is lost', async () => {
  const extensions = ['jpg', 'heic', 'cr2', 'dng', 'mov']
  for (const seed of [1, 16]) {
    await using chaos = createLibraryOnDisk()
    chaos.addFolder('p')
    const random = createRandom(seed)
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
    const files = new Set<string>()
    const written: string[] = []
    const done: string[] = []
    const anyStem = () => `${pick(['', 'x/', 'y/'])}${pick(['a', 'b', 'c'])}`
    const move = (from: string, to: string) => {
      if (!files.has(from) || files.has(to)) return
      mkdirSync(dirname(chaos.path(`p/${to}`)), { recursive: true })
      renameSync(chaos.path(`p/${from}`), chaos.path(`p/${to}`))
      files.delete(from)
      files.add(to)
      done.push(`${from} → ${to}`)
    }
    const operations = [
      () => {
        const file = `${anyStem()}.${pick(extensions)}`
        if (files.has(file)) return
        chaos.put(`p/${file}`, `${seed} ${done.length} ${'x'.repeat(Math.floor(random() * 60))}`)
        files.add(file)
        done.push(`made ${file}`)
      },
      () => {
        const file = pick([...files])
        if (file === undefined || files.size < 4) return
        rmSync(chaos.path(`p/${file}`))
        files.delete(file)
        done.push(`deleted ${file}`)
      },
      () => {
        const file = pick([...files])
        if (file) move(file, `${anyStem()}${file.slice(file.lastIndexOf('.'))}`)
      },
      () => {
        const [from, to] = [anyStem(), anyStem()]
        for (const extension of extensions) move(`${from}.${extension}`, `${to}.${extension}`)
      },
    ]
    for (let round = 0; round < 30; round++) {
      const before = done.length
      for (let n = 0; n < 4; n++) pick(operations)()
      await chaos.sync()
      const said = `seed ${seed}, round ${round}: ${done.slice(before).join('; ')}`
      const expected = new Map<string, string[]>()
      for (const [directory, group] of Map.groupBy(files, (file) => dirname(file))) {
        const pairs = findPairs(group.map((file) => basename(file)))
        for (const file of group) {
          if (!pairs.has(basename(file)) && !file.endsWith('.mov')) expected.set(`p/${file}`, [])
        }
        for (const [name, { leader }] of [...pairs].sort()) {
          expected.get(join('p', directory, leader))!.push(name)
        }
      }
      const present = Object.keys(chaos.photos()).filter((path) => !path.startsWith('-'))
      const store = createCompanionStore(chaos.store.database)
      const found = present.map((path) => [path, store.namesOf(chaos.idOf(path))])
      assert.deepEqual(Object.fromEntries(found), Object.fromEntries([...expected].sort()), said)
      const { added, moved, missing, joined, separated, changed } = await chaos.sync()
      assert.deepEqual([added, moved, missing, joined, separated, changed], [0, 0, 0, 0, 0, 0], said)
      const kept = new Set(
        chaos.store.database
          .prepare<{ text: string }>('SELECT text FROM captions WHERE withdrawn_ms IS NULL')
          .all()
          .map(({ text }) => text),
      )
      for (const text of written) assert.ok(kept.has(text), `${said}; lost: ${text}`)
      const photo = pick(present)
      if (photo) {
        written.push(`${round} of ${photo}`)
        chaos.write(photo, written.at(-1)!)
      }
    }
    assert.ok(done.length > 60)
  }
})
