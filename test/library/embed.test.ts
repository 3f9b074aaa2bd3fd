import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import { thumbnailPath } from '../../src-main/contract/thumbnail-path.ts'
import { exifToolVersion } from '../../src-main/library/metadata/export-embedded.ts'
import { idAt, openLibraryFor } from './library-under-test.ts'

function setUp(t: TestContext) {
  const library = openLibraryFor(t)
  /** The engine of these tests makes none. */
  const putThumbnail = (contentHash: string) => {
    const file = thumbnailPath(join(library.directory, 'thumbnails'), contentHash)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'thumbnail')
    return file
  }
  return { ...library, putThumbnail }
}

test('a caption that is written into its photo is about the same picture, and is not imported from there', async (t) => {
  if (!(await exifToolVersion().catch(() => null))) return t.skip('exiftool is not installed')
  const { client, photos, takeIn, putThumbnail } = setUp(t)
  const photo = join(photos, 'a.jpg')
  await sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } })
    .jpeg()
    .toFile(photo)
  await client.addFolder({ path: photos })
  await takeIn()
  const before = await client.photoAt({ path: photo })
  putThumbnail(before.contentHash!)
  for (const text of [null, 'Grandma with the red kite']) {
    if (text) await client.setCaption({ photo: await idAt(client, photo), text })
    const sizeBytes = statSync(photo).size
    await client.embedCaption({ photo: await idAt(client, photo) })
    assert.notEqual(statSync(photo).size, sizeBytes)
    assert.deepEqual(await takeIn(), { changed: 0, captioned: 0 })
    const after = await client.photoAt({ path: photo })
    assert.notEqual(after.contentHash, before.contentHash)
    assert.equal(after.pictureChanged, false)
    assert.equal(after.caption?.text, text ?? before.caption?.text)
    assert.equal(after.caption?.source, text ? 'person' : 'model')
    assert.ok(after.thumbnailPath)
  }
  // Read again for whatever reason, nothing is imported.
  writeFileSync(`${photo}.xmp`, '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
  await takeIn()
  const { history } = await client.photoAt({ path: photo })
  assert.deepEqual(
    history.map(({ source }) => source),
    ['person', 'model'],
  )
})

test('nothing is written into a file that the library has not read as it is', async (t) => {
  const { client, photos, takeIn } = setUp(t)
  const photo = join(photos, 'a.jpg')
  writeFileSync(photo, 'picture')
  await client.addFolder({ path: photos })
  await takeIn()
  writeFileSync(photo, 'another picture')
  await assert.rejects(client.embedCaption({ photo: await idAt(client, photo) }), { code: 'FILE_CHANGED' })
  rmSync(photo)
  await assert.rejects(client.embedCaption({ photo: await idAt(client, photo) }), { code: 'FILE_NOT_FOUND' })
})

test('nothing is written into a photo that is write-protected', async (t) => {
  const { client, photos, takeIn } = setUp(t)
  const photo = join(photos, 'a.jpg')
  writeFileSync(photo, 'picture')
  chmodSync(photo, 0o444)
  await client.addFolder({ path: photos })
  await takeIn()
  await assert.rejects(client.embedCaption({ photo: await idAt(client, photo) }), {
    code: 'WRITE_FAILED',
    message: /write-protected/,
  })
})

test('thumbnails go with the last photo of their content', async (t) => {
  const { client, photos, takeIn, putThumbnail } = setUp(t)
  const other = join(photos, '..', 'other')
  mkdirSync(other)
  for (const file of [join(photos, 'a.jpg'), join(other, 'copy.jpg')]) writeFileSync(file, 'picture')
  writeFileSync(join(photos, 'b.jpg'), 'another picture')
  const folder = await client.addFolder({ path: photos })
  const second = await client.addFolder({ path: join(photos, '..', 'other') })
  await takeIn()
  const [shared, own] = await Promise.all(
    ['a.jpg', 'b.jpg'].map(async (name) =>
      putThumbnail((await client.photoAt({ path: join(photos, name) })).contentHash!),
    ),
  )
  await client.removeFolder({ folderId: folder.id })
  assert.deepEqual([existsSync(shared!), existsSync(own!)], [true, false])
  await client.removeFolder({ folderId: second.id })
  assert.equal(existsSync(shared!), false)
})
