import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readSidecar } from '../../../src-main/library/metadata/sidecars.ts'
import { idAt, openLibrary, openLibraryFor, writtenOut } from '../library-under-test.ts'

/** Photos and sidecars as other programs leave them, in a library that knows their folder. */
async function setUp(t: TestContext, descriptions: Record<string, string>) {
  const library = openLibraryFor(t)
  const { client, photos } = library
  const sidecarOf = (name: string) => join(photos, `${name}.xmp`)
  const put = (name: string, description: string) => {
    writeFileSync(join(photos, name), name)
    writeFileSync(sidecarOf(name), sidecar(description))
  }
  for (const [name, description] of Object.entries(descriptions)) put(name, description)
  const { id: folderId } = await client.addFolder({ path: photos })
  await library.takeIn()
  const found = async (query: string) => {
    const page = await client.search({ query })
    return page.photos.map(({ path }) => path.slice(photos.length + 1))
  }
  const current = async (name: string) => (await client.photoAt({ path: join(photos, name) })).caption
  const says = (name: string) => readFileSync(sidecarOf(name), 'utf8')
  return { ...library, folderId, put, found, current, says, sidecarOf }
}

function sidecar(description: string): string {
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">${description && `<dc:description><rdf:Alt><rdf:li xml:lang="x-default">${description}</rdf:li></rdf:Alt></dc:description>`}</rdf:Description></rdf:RDF></x:xmpmeta>`
}

test('what only looks like a camera’s words is a caption, is found, and stays through every export', async (t) => {
  const descriptions = {
    'i1.jpg': 'Grandpa with his new digital camera',
    'i2.jpg': 'Created with glue and paper by Mia',
    'i3.jpg': 'BMW320',
    'i5.jpg': '19890714',
    'i6.jpg': 'Edited with Opa',
    'i7.jpg': '!!!',
  }
  const { client, current, found, says, folderId, takeIn } = await setUp(t, descriptions)
  await client.setExportsAlways({ folderId, always: true })
  await client.exportCaptions({})
  await takeIn()
  for (const [name, description] of Object.entries(descriptions)) {
    const caption = await current(name)
    assert.deepEqual([caption?.text, caption?.source], [description, 'imported'])
    assert.equal(says(name), sidecar(description))
    if (name !== 'i7.jpg') assert.deepEqual(await found(`"${description}"`), [name])
  }
})

test('a camera’s own words are no caption, are found, and are left where they are by exports of a model’s', async (t) => {
  const { client, photos, current, found, says, folderId, takeIn } = await setUp(t, {
    'a.jpg': 'OLYMPUS DIGITAL CAMERA',
    'b.jpg': '',
  })
  assert.equal((await current('a.jpg'))?.source, 'model')
  assert.deepEqual(await found('olympus'), ['a.jpg'])
  const plan = await client.planExport({})
  assert.deepEqual([plan.update, plan.kept], [1, 1])
  const kept = plan.first.find(({ action }) => action === 'kept')
  assert.equal(kept?.before, 'OLYMPUS DIGITAL CAMERA')
  const { updated, kept: left } = await client.exportCaptions({})
  assert.deepEqual([updated, left], [1, 1])
  await client.setExportsAlways({ folderId, always: true })
  await takeIn()
  assert.equal(says('a.jpg'), sidecar('OLYMPUS DIGITAL CAMERA'))

  await client.setCaption({ photo: await idAt(client, join(photos, 'a.jpg')), text: 'The kite' })
  await writtenOut(client)
  assert.match(says('a.jpg'), />The kite</)
})

test('words that are not taken in yet stay as they are, also beside a record of a person’s', async (t) => {
  const { client, photos, says, sidecarOf, current, takeIn } = await setUp(t, { 'a.jpg': '', 'b.jpg': '' })
  const other = await setUp(t, {})
  writeFileSync(join(other.photos, 'c.jpg'), 'b.jpg')
  await other.takeIn()
  await other.client.setCaption({
    photo: await idAt(other.client, join(other.photos, 'c.jpg')),
    text: 'Grandma in Rome',
  })
  await other.client.exportCaptions({})

  writeFileSync(sidecarOf('a.jpg'), sidecar('boats'))
  writeFileSync(sidecarOf('b.jpg'), other.says('c.jpg'))
  const { updated, kept } = await client.exportCaptions({})
  assert.deepEqual([updated, kept], [0, 2])
  assert.equal(says('a.jpg'), sidecar('boats'))
  assert.equal(says('b.jpg'), other.says('c.jpg'))
  await takeIn()
  assert.equal((await current('a.jpg'))?.text, 'boats')
  assert.equal((await current('b.jpg'))?.text, 'Grandma in Rome')

  await client.exportCaptions({})
  await client.setCaption({ photo: await idAt(client, join(photos, 'a.jpg')), text: 'ships' })
  assert.equal((await client.exportCaptions({})).updated, 1)
  await client.undoCaption({ photo: await idAt(client, join(photos, 'a.jpg')) })
  assert.equal((await client.exportCaptions({})).updated, 1, 'what was written from here is replaced')
  assert.match(says('a.jpg'), />boats</)
})

test('a model’s words that were written out give way to its next, and sentences of others beside them do not', async (t) => {
  const { client, says, sidecarOf } = await setUp(t, { 'a.jpg': '' })
  const other = await setUp(t, {})
  writeFileSync(join(other.photos, 'a.jpg'), 'a.jpg')
  await other.takeIn()
  await other.client.exportCaptions({})
  writeFileSync(sidecarOf('a.jpg'), other.says('a.jpg'))
  assert.equal((await client.exportCaptions({})).updated, 1, 'another library’s model wrote it')

  writeFileSync(
    sidecarOf('a.jpg'),
    sidecar('x').replace('<rdf:li xml:lang="x-default">x', '<rdf:li xml:lang="de">Omas Boot'),
  )
  assert.equal((await client.exportCaptions({})).kept, 1)
  assert.match(says('a.jpg'), /Omas Boot/)
})

test('a record of ours that matches its text is read, whatever the words', async (t) => {
  for (const text of ['SAMSUNG', '19890714', '***']) {
    const { client, photos, sidecarOf } = await setUp(t, { 'a.jpg': 'OLYMPUS DIGITAL CAMERA' })
    await client.setCaption({ photo: await idAt(client, join(photos, 'a.jpg')), text })
    await client.exportCaptions({})
    const [caption] = (await readSidecar(sidecarOf('a.jpg')))!.captions
    assert.deepEqual([caption?.text, caption?.provenance?.source], [text, 'person'])
    const { current } = await setUp(t, {}).then(async (other) => {
      writeFileSync(join(other.photos, 'a.jpg'), 'a.jpg')
      writeFileSync(other.sidecarOf('a.jpg'), readFileSync(sidecarOf('a.jpg')))
      await other.takeIn()
      return other
    })
    assert.equal((await current('a.jpg'))?.text, text)
  }
})

test('what was written out because it always is can be taken back too, a stretch of work at once', async (t) => {
  const { client, photos, says, folderId, put, takeIn } = await setUp(t, {})
  await client.setExportsAlways({ folderId, always: true })
  put('a.jpg', '')
  await takeIn()
  await client.setCaption({ photo: await idAt(client, join(photos, 'a.jpg')), text: 'a kite' })
  await client.setCaption({ photo: await idAt(client, join(photos, 'a.jpg')), text: 'a red kite' })
  await writtenOut(client)
  assert.match(says('a.jpg'), />a red kite</)
  assert.deepEqual(await client.undoExport({}), { restored: 1, removed: 0, left: [], isAutomatic: true })
  assert.equal(says('a.jpg'), sidecar(''))
  assert.equal(await client.undoExport({}), null)
})

/** Eleven thousand characters of which each word is another. */
const long = Array.from({ length: 2000 }, (_, i) => `w${String(i).padStart(4, '0')}`)
  .join(' ')
  .slice(0, 11_000)

test('a description that is too long is marked, said, searched as far as it goes, and never written back', async (t) => {
  const { client, photos, current, found, says, folderId, takeIn } = await setUp(t, { 'a.jpg': long })
  const photo = join(photos, 'a.jpg')
  const caption = await current('a.jpg')
  assert.deepEqual([caption?.isCut, caption?.text], [true, long.slice(0, 10_000)])
  const { sources } = (await client.photoAt({ path: photo })).words
  assert.deepEqual(
    sources.map(({ name, cut }) => [name, cut]),
    [['a.jpg.xmp', ['captions']]],
  )
  const { cutWords } = await client.status({})
  assert.deepEqual([cutWords.count, cutWords.first[0]?.name], [1, 'a.jpg.xmp'])
  assert.deepEqual(await found('w1500'), ['a.jpg'])

  assert.equal((await client.exportCaptions({})).unchanged, 1, 'the sidecar says it, and more')
  await client.setExportsAlways({ folderId, always: true })
  assert.deepEqual(await client.replaceInCaptions({ find: 'w0001', replace: 'x', preview: false }), [])
  await takeIn()
  await assert.rejects(client.embedCaption({ photo: await idAt(client, photo) }), {
    code: 'CAPTION_CUT',
    message: /a\.jpg/,
  })
  assert.equal(says('a.jpg'), sidecar(long))

  await client.setCaption({ photo: await idAt(client, photo), text: 'my own' })
  await writtenOut(client)
  assert.match(says('a.jpg'), />my own</, 'what a person writes goes in its place')
  await client.undoExport({})
  assert.equal(says('a.jpg'), sidecar(long))
})

test('the beginning of a text that is elsewhere makes no sidecar and changes none', async (t) => {
  const library = await setUp(t, {})
  const { client, photos, sidecarOf, current, put, says, takeIn, folderId, directory, close } = library
  put('b.jpg', 'boats')
  put('c.jpg', '')
  writeFileSync(join(photos, 'a.jpg'), 'a.jpg')
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) {
    const takeout = { title: name, description: long, photoTakenTime: { timestamp: '1500000000' } }
    writeFileSync(join(photos, `${name}.json`), JSON.stringify(takeout))
  }
  await takeIn()
  assert.equal((await current('a.jpg'))?.isCut, true)
  const plan = await client.planExport({})
  assert.deepEqual([plan.refused, plan.unchanged], [2, 1])
  const { refused } = await client.exportCaptions({})
  assert.deepEqual(
    refused.map(({ photoPath, error }) => [photoPath, error.code]),
    ['a.jpg', 'c.jpg'].map((name) => [join(photos, name), 'CAPTION_CUT']),
  )
  assert.ok(!existsSync(sidecarOf('a.jpg')))
  assert.equal(says('b.jpg'), sidecar('boats'))
  assert.equal(says('c.jpg'), sidecar(''))

  const told: string[] = []
  client.on('problem', ({ message }) => told.push(message))
  await client.setExportsAlways({ folderId, always: true })
  assert.equal(told.filter((message) => message.includes('only its beginning is known')).length, 2)
  assert.equal((await client.status({})).waitingExports, 0)
  await close()
  const later = openLibrary(directory)
  t.after(later.close)
  later.client.on('problem', ({ message }) => told.push(message))
  await later.client.captionAll({})
  assert.equal(told.length, 2, 'it is told once, and not at every run')
})

test('of titles and lists that are too long it is said which', async (t) => {
  const { client, photos, sidecarOf, found, takeIn } = await setUp(t, {})
  const name = (i: number) => `name${i} ${'x'.repeat(490)}`
  const items = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, i) => `<rdf:li>${prefix}${i}</rdf:li>`).join('')
  const said = [
    `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">${'title '.repeat(100)}</rdf:li></rdf:Alt></dc:title>`,
    `<dc:subject><rdf:Bag>${items(1200, 'tag')}</rdf:Bag></dc:subject>`,
    `<e:PersonInImage xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Bag><rdf:li>${name(1)} the last</rdf:li></rdf:Bag></e:PersonInImage>`,
  ]
  writeFileSync(join(photos, 'a.jpg'), 'a.jpg')
  writeFileSync(
    sidecarOf('a.jpg'),
    sidecar('boats').replace('</rdf:Description>', `${said.join('')}</rdf:Description>`),
  )
  await takeIn()
  const { words } = await client.photoAt({ path: join(photos, 'a.jpg') })
  assert.deepEqual(words.sources[0]?.cut, ['title', 'keywords', 'people'])
  assert.deepEqual([words.title?.length, words.keywords.length], [500, 1000])
  for (const query of ['title', 'tag7', 'name1', 'boats']) assert.deepEqual(await found(query), ['a.jpg'])
  assert.deepEqual((await client.status({})).cutWords.first[0]?.fields, ['title', 'keywords', 'people'])

  writeFileSync(sidecarOf('a.jpg'), sidecar('boats'))
  await takeIn()
  assert.equal((await client.status({})).cutWords.count, 0)
})
