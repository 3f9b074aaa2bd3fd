import assert from 'node:assert/strict'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { idAt, type LibraryUnderTest, openLibraryFor, until } from './library-under-test.ts'

// No model, or an engine that dies again and again: the library is kept true all the same.

function openWithoutEngine(t: TestContext) {
  process.env.FRAGILE_ENGINE = 'never-opens'
  t.after(() => {
    delete process.env.FRAGILE_ENGINE
  })
  return openLibraryFor(t)
}

const isFound = async (client: LibraryUnderTest['client'], query: string) =>
  (await client.search({ query })).total === 1

test('a run without an engine takes in files and words, and says at its end what is missing', async (t) => {
  const { client, photos } = openWithoutEngine(t)
  writeFileSync(join(photos, 'a.jpg'), 'a picture')
  writeFileSync(
    join(photos, 'a.jpg.xmp'),
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>balloon</rdf:li></rdf:Bag>
      </dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`,
  )
  await client.addFolder({ path: photos })
  await client.scan({})
  await assert.rejects(client.captionAll({}), { code: 'ENGINE_DIED' })
  assert.ok(await isFound(client, 'balloon'))
  const { waiting, photos: known } = await client.status({})
  assert.deepEqual([known, waiting], [1, 1])
})

test('watching goes on without an engine: what arrives is found, what moves stays itself', async (t) => {
  const { client, photos } = openWithoutEngine(t)
  const told = new Promise<string>((resolve) => client.on('problem', ({ code }) => resolve(code)))
  await client.addFolder({ path: photos })
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal })
  assert.equal(await told, 'ENGINE_DIED')
  writeFileSync(join(photos, 'lighthouse.jpg'), 'a picture')
  await until(() => isFound(client, 'lighthouse'))
  await client.setCaption({
    photo: await idAt(client, join(photos, 'lighthouse.jpg')),
    text: 'Grandma with the red kite',
  })
  await until(
    async () => (await client.photoAt({ path: join(photos, 'lighthouse.jpg') })).contentHash !== null,
  )
  mkdirSync(join(photos, 'summer'))
  renameSync(join(photos, 'lighthouse.jpg'), join(photos, 'summer', 'b.jpg'))
  await until(() => isFound(client, 'kite folder:summer'))

  // Of one process, and beside its own watch.
  assert.equal((await client.scan({})).unchanged, 1)
  await client.rebuildSearch({})
  assert.ok(await isFound(client, 'kite'))
  await assert.rejects(client.captionAll({}), { code: 'LIBRARY_LOCKED' })
  stop.abort()
  await assert.rejects(watching, { code: 'CANCELLED' })
})
