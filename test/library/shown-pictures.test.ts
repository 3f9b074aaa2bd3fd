import assert from 'node:assert/strict'
import { existsSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import { forkProcess } from '../../src-main/channels/child-process.ts'
import { previewPath } from '../../src-main/contract/preview-path.ts'
import type { StartEngine } from '../../src-main/library/queue/start-engine.ts'
import { forkEngine } from '../../src-main/processes/fork.ts'
import { heicQuadrants } from '../engine/imaging/encoded-pictures.ts'
import { fragileEngine, idAt, openLibraryFor } from './library-under-test.ts'
import { contentOf } from './store/sample-library.ts'

const square = sharp({ create: { width: 60, height: 40, channels: 3, background: 'red' } })

async function setUp(t: TestContext, files: Record<string, Uint8Array | string>, startEngine?: StartEngine) {
  const library = openLibraryFor(t, startEngine)
  const { client, photos, directory } = library
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(photos, name), bytes)
  const folder = await client.addFolder({ path: photos })
  await library.takeIn()
  const previews = join(directory, 'previews')
  const idOf = (name: string) => idAt(client, join(photos, name))
  const pictureOf = async (name: string) => client.picture({ photo: await idOf(name) })
  return { ...library, previews, folderId: folder.id, idOf, pictureOf }
}

test('what every browser draws is shown by its own file, whatever its name says, and all else by an upright copy', async (t) => {
  const held = square.clone().withMetadata({ orientation: 6 })
  const { photos, previews, client, pictureOf } = await setUp(
    t,
    {
      'a.jpg': await held.clone().jpeg().toBuffer(),
      'a.png': await square.clone().webp().toBuffer(),
      'a.gif': await square.clone().gif().toBuffer(),
      'a.avif': await square.clone().avif().toBuffer(),
      'held.webp': await held.clone().webp().toBuffer(),
      'a.heic': heicQuadrants,
    },
    forkEngine,
  )
  const own = { 'a.jpg': 'jpeg', 'a.png': 'webp', 'a.gif': 'gif', 'a.avif': 'avif' }
  for (const [name, type] of Object.entries(own)) {
    const path = join(photos, name)
    const { contentHash } = await client.photoAt({ path })
    assert.deepEqual(await pictureOf(name), { path, type: `image/${type}`, contentHash })
  }
  assert.ok(!existsSync(previews))
  for (const [name, width, height] of [
    ['held.webp', 40, 60],
    ['a.heic', 96, 64],
  ] as const) {
    const { contentHash } = await client.photoAt({ path: join(photos, name) })
    const picture = await pictureOf(name)
    assert.deepEqual(picture, {
      path: previewPath(previews, contentHash!),
      type: 'image/jpeg',
      contentHash,
    })
    const shown = await sharp(picture.path).metadata()
    assert.deepEqual([shown.format, shown.width, shown.height], ['jpeg', width, height])
  }
})

test('a file that is not as it was read is no certain picture of the content', async (t) => {
  const { photos, pictureOf } = await setUp(t, { 'a.jpg': await square.clone().jpeg().toBuffer() })
  utimesSync(join(photos, 'a.jpg'), 1, 1)
  assert.equal((await pictureOf('a.jpg')).contentHash, null)
})

test('while a drive is away its photos are shown by copies that are kept, and else it is said why not', async (t) => {
  const { photos, directory, client, idOf, pictureOf } = await setUp(
    t,
    {
      'a.heic': heicQuadrants,
      'a.jpg': await square.clone().jpeg().toBuffer(),
    },
    forkEngine,
  )
  const copy = await pictureOf('a.heic')
  const photo = await idOf('a.jpg')
  assert.deepEqual(await client.photoFile({ photo }), { path: join(photos, 'a.jpg'), companions: [] })
  renameSync(photos, join(directory, 'elsewhere'))
  await client.scan({})
  assert.deepEqual(await pictureOf('a.heic'), copy)
  await assert.rejects(pictureOf('a.jpg'), { code: 'FILE_UNAVAILABLE' })
  await assert.rejects(client.photoFile({ photo }), { code: 'FILE_UNAVAILABLE' })
  await assert.rejects(client.picture({ photo: 4711 }), { code: 'PHOTO_NOT_FOUND' })
})

test('a picture that kills the engine is an error, and the engine is not asked again', async (t) => {
  let starts = 0
  const startEngine = () => {
    starts++
    return forkProcess(fragileEngine)
  }
  // Of its caption it did not die, so that nobody knows yet.
  const files = { 'bursting.tif': 'II*\0 bursting', 'a.tif': 'II*\0' }
  const { pictureOf } = await setUp(t, files, startEngine)
  starts = 0
  for (let n = 0; n < 5; n++) {
    await assert.rejects(pictureOf('bursting.tif'), { code: 'PICTURE_KILLS_ENGINE' })
  }
  assert.ok(starts > 0 && starts <= 2, `${starts} engines`)
  assert.equal((await pictureOf('a.tif')).contentHash, contentOf('II*\0'))
})

test('what is asked for twice at once is made once, and goes with the photo', async (t) => {
  const { client, previews, folderId, pictureOf } = await setUp(t, { 'a.tif': 'II*\0' })
  const [one, other] = await Promise.all([pictureOf('a.tif'), pictureOf('a.tif')])
  assert.deepEqual(one, other)
  assert.equal(readdirSync(previews).length, 1)
  await client.removeFolder({ folderId })
  assert.deepEqual(readdirSync(previews), [])
})
