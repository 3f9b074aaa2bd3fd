import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { idAt, openLibraryFor } from './library-under-test.ts'

// Photos that the model is to see again, with real files: whose words were taken, and those that failed.

function describe(path: string, text: string): void {
  writeFileSync(
    `${path}.xmp`,
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>
        <rdf:li xml:lang="x-default">${text}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>`,
  )
}

test('words of a file that the model spoke over stay away until the file says something else', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const path = join(photos, 'a.jpg')
  writeFileSync(path, 'a picture')
  describe(path, 'our harbour')
  await client.addFolder({ path: photos })
  await takeIn()
  const photo = await idAt(client, path)
  const caption = async () => (await client.photo({ photo })).caption
  assert.deepEqual([(await caption())?.source, (await caption())?.text], ['imported', 'our harbour'])

  assert.deepEqual(await client.regenerate({ selection: { photos: [photo] } }), { photos: 1 })
  assert.deepEqual([(await caption())?.source, (await caption())?.text], ['model', `a photo of ${path}`])
  // Read once more, with the same words in other bytes.
  describe(path, 'our harbour')
  writeFileSync(`${path}.xmp`, '\n', { flag: 'a' })
  await takeIn()
  assert.equal((await caption())?.source, 'model')
  await client.undoEdit({})
  assert.equal((await caption())?.text, 'our harbour')
  await client.redoEdit({})
  assert.equal((await caption())?.source, 'model')

  describe(path, 'our old harbour')
  await takeIn()
  assert.equal((await caption())?.text, 'our old harbour')
  await client.undoEdit({})
  assert.equal((await caption())?.text, 'our old harbour', 'what the file no longer says is gone for good')
})

test('a photo in a person’s words alone is captioned once it is regenerated', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  for (const name of ['a', 'b', 'c']) writeFileSync(join(photos, `${name}.jpg`), `picture ${name}`)
  await client.addFolder({ path: photos })
  await client.scan({})
  const photo = await idAt(client, join(photos, 'a.jpg'))
  await client.setCaption({ photo, text: 'mine' })
  await takeIn()
  assert.equal((await client.photo({ photo })).history.length, 1)
  assert.deepEqual(await client.regenerate({ selection: { photos: [photo] } }), { photos: 1 })
  const { caption, history } = await client.photo({ photo })
  assert.deepEqual([caption, history.length], [null, 1])
  assert.equal((await client.status({})).waiting, 1)
  await takeIn()
  assert.equal((await client.photo({ photo })).caption?.source, 'model')
  await client.undoEdit({})
  assert.equal((await client.photo({ photo })).caption?.text, 'mine')
})

test('photos that failed are tried again, all of them or those of a selection', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  mkdirSync(join(photos, 'damaged'))
  const paths = ['one', 'two', 'three'].map((name) => join(photos, 'damaged', `${name}.jpg`))
  for (const path of paths) writeFileSync(path, path)
  writeFileSync(join(photos, 'good.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  await takeIn()
  const failed = async () => (await client.status({})).failed
  assert.equal(await failed(), 3)

  const photo = await idAt(client, paths[0]!)
  const good = await idAt(client, join(photos, 'good.jpg'))
  assert.deepEqual(await client.retry({ selection: { photos: [photo, good] } }), { photos: 1 })
  assert.deepEqual([await failed(), (await client.status({})).waiting], [2, 1])
  assert.equal((await client.search({ query: 'is:failed' })).total, 2)
  assert.deepEqual(await client.retry({}), { photos: 2 })
  assert.equal(await failed(), 0)
  await takeIn()
  assert.equal(await failed(), 3, 'nobody mended them')
  const { token, total } = await client.timeline({ query: 'is:failed' })
  const selection = { query: 'is:failed', token, ranges: [[0, total]] as [number, number][] }
  assert.deepEqual(await client.regenerate({ selection }), { photos: 3 })
  assert.equal((await client.lastEdit({})).undo, null, 'no words were taken')
})
