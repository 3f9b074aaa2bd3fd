import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import { openDatabase } from '../../src-main/library/store/database.ts'
import { migrate, readMigrations } from '../../src-main/library/store/migrate.ts'
import { databaseFileIn } from '../../src-main/library/store/store.ts'
import { openLibrary, openLibraryFor, until } from './library-under-test.ts'

/** The version before companions were known. */
const oldVersion = 440

/** A picture that says when it was taken, which is content enough for a file of any name. */
function takenAt(time: string, shade = 0): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background: { r: shade, g: 90, b: 20 } } })
    .withExif({ IFD2: { DateTimeOriginal: time } })
    .jpeg()
    .toBuffer()
}

test('two photos of one name that were taken at two times are two photos, until their dates are one', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  writeFileSync(join(photos, 'IMG_1.CR2'), await takenAt('2019:05:01 10:00:00'))
  writeFileSync(join(photos, 'IMG_1.JPG'), await takenAt('2021:08:01 10:00:00', 200))
  writeFileSync(join(photos, 'IMG_2.CR2'), await takenAt('2021:08:01 10:00:00'))
  writeFileSync(join(photos, 'IMG_2.JPG'), await takenAt('2021:08:01 10:00:02', 200))
  await client.addFolder({ path: photos })
  await takeIn()
  const found = async (query: string) =>
    (await client.search({ query })).photos.map(({ path }) => path.slice(photos.length + 1)).sort()
  const all = ['IMG_1.CR2', 'IMG_1.JPG', 'IMG_2.JPG']
  assert.deepEqual(await found(''), all)
  assert.deepEqual(await found('is:pair'), ['IMG_2.JPG'])
  await takeIn()
  assert.deepEqual(await found(''), all, 'and stay so')
  const status = await client.status({})
  assert.deepEqual([status.photos, status.companions], [3, { raw: 1, video: 0 }])

  await client.setCaption({
    photo: (await client.photoAt({ path: join(photos, 'IMG_1.CR2') })).id,
    text: 'a red kite',
  })
  writeFileSync(join(photos, 'IMG_1.JPG'), await takenAt('2019:05:01 10:00:01', 100))
  await takeIn()
  assert.deepEqual(await found(''), ['IMG_1.JPG', 'IMG_2.JPG'])
  const { caption, companions } = await client.photoAt({ path: join(photos, 'IMG_1.CR2') })
  assert.equal(caption?.text, 'a red kite')
  assert.deepEqual(
    companions.map(({ path, kind }) => [path, kind]),
    [[join(photos, 'IMG_1.CR2'), 'raw']],
  )
  writeFileSync(join(photos, 'IMG_2.JPG'), await takenAt('2022:01:01 10:00:00'))
  const two = await client.photoAt({ path: join(photos, 'IMG_2.CR2') })
  await client.setCaption({ photo: two.id, text: 'of both files' })
  await takeIn()
  const parted = await client.photoAt({ path: join(photos, 'IMG_2.CR2') })
  assert.notEqual(parted.id, two.id)
  assert.equal(parted.caption?.text, 'of both files', 'they were one photo when it was said')
  const { id } = await client.photoAt({ path: join(photos, 'IMG_1.JPG') })
  assert.deepEqual(await client.photoFile({ photo: id }), {
    path: join(photos, 'IMG_1.JPG'),
    companions: [join(photos, 'IMG_1.CR2')],
  })
})

test('while it watches, files become pairs as they arrive and stay so as they move', async (t) => {
  const { client, photos } = openLibraryFor(t)
  mkdirSync(join(photos, 'card'))
  await client.addFolder({ path: photos })
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal })
  await until(async () => (await client.folders({}))[0]!.watchMode === 'watching')
  const pathsOf = async (query: string) =>
    (await client.search({ query })).photos.map(({ path }) => path.slice(photos.length + 1)).sort()
  const becomes = (query: string, paths: string[]) =>
    until(async () => JSON.stringify(await pathsOf(query)) === JSON.stringify(paths))

  writeFileSync(join(photos, 'card/IMG_1.CR2'), 'the raw file')
  await becomes('', ['card/IMG_1.CR2'])
  writeFileSync(join(photos, 'card/IMG_1.JPG'), 'the picture')
  await becomes('is:pair', ['card/IMG_1.JPG'])
  writeFileSync(join(photos, 'card/IMG_1.MOV'), 'the video')
  await becomes('has:video', ['card/IMG_1.JPG'])
  await becomes('', ['card/IMG_1.JPG'])
  const { id } = await client.photoAt({ path: join(photos, 'card/IMG_1.JPG') })
  await client.setCaption({ photo: id, text: 'a red kite' })

  renameSync(join(photos, 'card'), join(photos, 'summer'))
  await becomes('is:pair folder:summer kite', ['summer/IMG_1.JPG'])
  assert.equal((await client.photoAt({ path: join(photos, 'summer/IMG_1.CR2') })).id, id)

  mkdirSync(join(photos, 'raw'))
  renameSync(join(photos, 'summer/IMG_1.CR2'), join(photos, 'raw/IMG_1.CR2'))
  await becomes('kite', ['raw/IMG_1.CR2', 'summer/IMG_1.JPG'])
  rmSync(join(photos, 'summer/IMG_1.MOV'))
  await becomes('is:pair', [])
  assert.deepEqual(await pathsOf('is:missing'), [])
  stop.abort()
  await assert.rejects(watching, { code: 'CANCELLED' })
})

interface OldPhoto {
  name: string
  caption?: [source: 'person' | 'imported' | 'model', text: string]
}

/** A library as the version before left it, of files that are there. */
function makeOldLibrary(t: TestContext, old: readonly OldPhoto[]) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const [photos, directory] = [join(home, 'photos'), join(home, 'library')]
  for (const each of [photos, directory]) mkdirSync(each)
  const database = openDatabase(databaseFileIn(directory))
  migrate(
    database,
    readMigrations().filter(({ version }) => version <= oldVersion),
  )
  database.prepare('INSERT INTO folders (id, path, added_ms) VALUES (1, ?, 0)').run(photos)
  for (const [at, { name, caption }] of old.entries()) {
    const path = join(photos, name)
    writeFileSync(path, name)
    const { size, mtimeMs, dev, ino } = statSync(path)
    const hash = Buffer.alloc(32, at)
    database
      .prepare(
        `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms,
           content_hash, indexed_ms) VALUES (?, 1, '', ?, ?, ?, ?, ?, ?, ?, 1)`,
      )
      .run(at + 1, name, size, mtimeMs, dev, ino, mtimeMs, hash)
    if (!caption) continue
    const [source, text] = caption
    const { lastInsertRowid } = database
      .prepare(
        'INSERT INTO captions (photo_id, text, source, content_hash, created_ms) VALUES (?, ?, ?, ?, ?)',
      )
      .run(at + 1, text, source, hash, at)
    database
      .prepare('UPDATE photos SET caption_id = ?, caption_source = ? WHERE id = ?')
      .run(lastInsertRowid, source, at + 1)
  }
  database.exec(`INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current)
    VALUES (1, 'keyword', 'wind', 1, 5, 1)`)
  database.close()
  const { client, close } = openLibrary(directory)
  t.after(async () => {
    await close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  return { client, photos }
}

test('a library from before joins the files of its pairs, and loses no word', async (t) => {
  const { client, photos } = makeOldLibrary(t, [
    { name: 'a.CR2', caption: ['person', 'mine of the raw file'] },
    { name: 'a.JPG', caption: ['model', 'what a model saw'] },
    { name: 'b.JPG', caption: ['person', 'mine of the picture'] },
    { name: 'b.CR2', caption: ['person', 'mine of the raw file, and newer'] },
    { name: 'c.HEIC', caption: ['person', 'mine of c'] },
    { name: 'c.DNG', caption: ['imported', 'what a file says'] },
  ])
  const { joined, added, missing } = await client.scan({})
  assert.deepEqual([joined, added, missing], [3, 0, 0])
  assert.equal((await client.status({})).photos, 3)
  const details = (name: string) => client.photoAt({ path: join(photos, name) })
  const texts = async (name: string) => {
    const { caption, history } = await details(name)
    return [caption?.text, history.map(({ text }) => text).sort()]
  }
  assert.deepEqual(await texts('a.JPG'), [
    'mine of the raw file',
    ['mine of the raw file', 'what a model saw'],
  ])
  assert.deepEqual(await texts('b.JPG'), [
    'mine of the raw file, and newer',
    ['mine of the picture', 'mine of the raw file, and newer'],
  ])
  assert.deepEqual(await texts('c.HEIC'), ['mine of c', ['mine of c', 'what a file says']])
  const { words, id, pictureChanged } = await details('a.JPG')
  assert.deepEqual([words.keywords, id, pictureChanged], [['wind'], 2, false])
  assert.equal((await client.search({ query: 'name:b.CR2' })).photos[0]?.path, join(photos, 'b.JPG'))
  await client.captionAll({})
  const again = await client.scan({})
  assert.deepEqual([again.joined, again.changed, again.unchanged, again.companions], [0, 0, 3, 3])
  assert.equal((await details('a.JPG')).caption?.text, 'mine of the raw file', 'also after it was read again')
})

const xmp = (caption: string, rest = '') => `<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" ${rest}>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">${caption}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>`

test('sidecars of all files of a photo are read, in one order, and noticed; one is written', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  for (const name of ['IMG.JPG', 'IMG.CR2']) writeFileSync(join(photos, name), name)
  const put = (name: string, text: string) => writeFileSync(join(photos, name), text)
  await client.addFolder({ path: photos })
  put('IMG.CR2.xmp', xmp('of the raw file', 'xmp:Rating="2"'))
  await takeIn()
  const details = () => client.photoAt({ path: join(photos, 'IMG.JPG') })
  const said = async () => {
    const { caption, words } = await details()
    return [caption?.text, words.rating]
  }
  assert.deepEqual(await said(), ['of the raw file', 2])
  put('IMG.xmp', xmp('of Adobe', 'photoshop:SidecarForExtension="CR2" xmp:Rating="3"'))
  assert.equal((await takeIn()).changed, 1)
  assert.deepEqual(await said(), ['of Adobe', 3])
  assert.equal((await client.search({ query: 'rating:3' })).total, 1)
  put('IMG.CR2.xmp', xmp('of the raw file, since'))
  assert.equal((await takeIn()).changed, 1)
  assert.deepEqual(await said(), ['of Adobe', 3])
  rmSync(join(photos, 'IMG.xmp'))
  assert.equal((await takeIn()).changed, 1)
  assert.deepEqual(await said(), ['of the raw file, since', null])
  put('IMG.JPG.xmp', xmp('of the picture'))
  assert.equal((await takeIn()).changed, 1)
  assert.deepEqual(await said(), ['of the picture', null])
  assert.deepEqual(
    (await details()).words.sources.map(({ name }) => name),
    ['IMG.JPG.xmp', 'IMG.CR2.xmp'],
  )
  assert.equal((await takeIn()).changed, 0)
  assert.equal((await client.status({})).straySidecars.files, 0)

  rmSync(join(photos, 'IMG.JPG.xmp'))
  await takeIn()
  await client.setCaption({ photo: (await details()).id, text: 'a red kite' })
  const { created, updated } = await client.exportCaptions({})
  assert.deepEqual([created, updated], [0, 1])
  assert.match(readFileSync(join(photos, 'IMG.CR2.xmp'), 'utf8'), /a red kite/)
  assert.deepEqual(readdirSync(photos).sort(), ['IMG.CR2', 'IMG.CR2.xmp', 'IMG.JPG'])
  assert.equal((await takeIn()).changed, 0)

  rmSync(join(photos, 'IMG.CR2'))
  await takeIn()
  assert.deepEqual((await details()).words.sources, [], 'what is of a file that is gone is not read')
})

test('what was written beside a raw file when that was a photo is a person’s of the pair, in a new library too', async (t) => {
  const before = openLibraryFor(t)
  const raw = join(before.photos, 'IMG.CR2')
  writeFileSync(raw, 'the raw file')
  await before.client.addFolder({ path: before.photos })
  await before.takeIn()
  const { id } = await before.client.photoAt({ path: raw })
  await before.client.setCaption({ photo: id, text: 'a red kite' })
  await before.client.setMarks({ selection: { photos: [id] }, change: { rating: 4 } })
  await before.client.exportCaptions({})

  const after = openLibraryFor(t)
  for (const name of ['IMG.CR2', 'IMG.CR2.xmp']) {
    cpSync(join(before.photos, name), join(after.photos, name))
  }
  writeFileSync(join(after.photos, 'IMG.JPG'), 'the picture')
  await after.client.addFolder({ path: after.photos })
  await after.takeIn()
  const { caption, words, pictureChanged } = await after.client.photoAt({
    path: join(after.photos, 'IMG.JPG'),
  })
  assert.deepEqual(
    [caption?.text, caption?.source, words.rating, pictureChanged],
    ['a red kite', 'person', 4, false],
  )
})
