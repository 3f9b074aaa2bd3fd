import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readSidecar } from '../../../src-main/library/metadata/sidecars.ts'
import { openLibraryFor } from '../library-under-test.ts'

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
  const current = async (name: string) => (await client.photo({ photo: join(photos, name) })).caption
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

  await client.setCaption({ photo: join(photos, 'a.jpg'), text: 'The kite' })
  assert.match(says('a.jpg'), />The kite</)
})

test('words that are not taken in yet stay as they are, also beside a record of a person’s', async (t) => {
  const { client, photos, says, sidecarOf, current, takeIn } = await setUp(t, { 'a.jpg': '', 'b.jpg': '' })
  const other = await setUp(t, {})
  writeFileSync(join(other.photos, 'c.jpg'), 'b.jpg')
  await other.takeIn()
  await other.client.setCaption({ photo: join(other.photos, 'c.jpg'), text: 'Grandma in Rome' })
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
  await client.setCaption({ photo: join(photos, 'a.jpg'), text: 'ships' })
  assert.equal((await client.exportCaptions({})).updated, 1)
  await client.undoCaption({ photo: join(photos, 'a.jpg') })
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
    await client.setCaption({ photo: join(photos, 'a.jpg'), text })
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
  await client.setCaption({ photo: join(photos, 'a.jpg'), text: 'a kite' })
  await client.setCaption({ photo: join(photos, 'a.jpg'), text: 'a red kite' })
  assert.match(says('a.jpg'), />a red kite</)
  assert.deepEqual(await client.undoExport({}), { restored: 1, removed: 0, left: [], isAutomatic: true })
  assert.equal(says('a.jpg'), sidecar(''))
  assert.equal(await client.undoExport({}), null)
})
