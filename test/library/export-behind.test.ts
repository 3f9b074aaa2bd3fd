import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { idAt, openLibrary, openLibraryFor, until, writtenOut } from './library-under-test.ts'

const waitingPhotos = 400

test('an edit does not wait for the export queue, nor does closing, but its own sidecar is written', async (t) => {
  const { client, photos, directory, takeIn, close } = openLibraryFor(t)
  for (let n = 0; n < waitingPhotos; n++) writeFileSync(join(photos, `${n}.jpg`), `picture ${n}`)
  const { id: folderId } = await client.addFolder({ path: photos })
  await takeIn()
  await close()

  // Another process switched it on, and went before anything was written.
  const { client: second, close: closeSecond } = openLibrary(directory)
  const stop = new AbortController()
  stop.abort()
  await assert.rejects(second.setExportsAlways({ folderId, always: true }, { signal: stop.signal }))
  await until(async () => (await second.status({})).waitingExports === waitingPhotos)
  const path = join(photos, `${waitingPhotos - 1}.jpg`)
  await second.setCaption({ photo: await idAt(second, path), text: 'Grandma with the red kite' })
  assert.ok((await second.status({})).waitingExports > waitingPhotos / 2, 'the answer came before the others')
  await closeSecond()
  assert.match(readFileSync(`${path}.xmp`, 'utf8'), /Grandma with the red kite/)

  const { client: third, close: closeThird } = openLibrary(directory)
  await third.captionAll({})
  assert.equal((await third.status({})).waitingExports, 0)
  assert.ok(existsSync(join(photos, '0.jpg.xmp')))
  await closeThird()
})

test('what goes wrong with a sidecar is told, and the caption is there all the same', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const path = join(photos, 'a.jpg')
  writeFileSync(path, 'a picture')
  mkdirSync(`${path}.xmp`)
  const { id: folderId } = await client.addFolder({ path: photos })
  await takeIn()
  const told = new Promise<string>((resolve) => client.on('problem', ({ message }) => resolve(message)))
  await client.setExportsAlways({ folderId, always: true })
  const caption = await client.setCaption({ photo: await idAt(client, path), text: 'mine' })
  assert.equal(caption.text, 'mine')
  assert.match(await told, /a\.jpg\.xmp/)
  assert.equal((await client.photoAt({ path: path })).caption?.text, 'mine')
})

test('words beside a file that was not read yet are written out with the content that they are about', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const { id: folderId } = await client.addFolder({ path: photos })
  await client.setExportsAlways({ folderId, always: true })
  const path = join(photos, 'a.jpg')
  writeFileSync(path, 'a picture')
  await client.scan({})
  await client.setCaption({ photo: await idAt(client, path), text: 'Grandma with the red kite' })
  assert.equal((await client.photoAt({ path })).contentHash, null, 'it is to be read yet')
  assert.ok(!existsSync(`${path}.xmp`))

  await takeIn()
  await writtenOut(client)
  const content = hash('sha256', 'a picture')
  assert.equal((await client.photoAt({ path })).caption?.contentHash, content)
  assert.match(readFileSync(`${path}.xmp`, 'utf8'), new RegExp(`Content>${content}<`))

  // The record lies beside another photo, which has words of a file's: they stay what they are.
  const other = join(photos, 'b.jpg')
  writeFileSync(other, 'another picture')
  writeFileSync(`${other}.xmp`, readFileSync(`${path}.xmp`))
  await takeIn()
  assert.notEqual((await client.photoAt({ path: other })).caption?.text, 'Grandma with the red kite')
})

test('an export that is asked for reads a file that was not read yet, for its record names what the words are about', async (t) => {
  const { client, photos } = openLibraryFor(t)
  await client.addFolder({ path: photos })
  const path = join(photos, 'a.jpg')
  writeFileSync(path, 'a picture')
  await client.scan({})
  await client.setCaption({ photo: await idAt(client, path), text: 'Grandma with the red kite' })
  assert.equal((await client.photoAt({ path })).contentHash, null, 'it is to be read yet')

  await client.exportCaptions({})
  assert.match(readFileSync(`${path}.xmp`, 'utf8'), new RegExp(`Content>${hash('sha256', 'a picture')}<`))
})
