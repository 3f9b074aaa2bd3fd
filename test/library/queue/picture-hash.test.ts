import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import sharp from 'sharp'
import { hashPicture } from '../../../src-main/library/queue/picture-hash.ts'
import { idAt, openLibraryFor } from '../library-under-test.ts'

const raw = { create: { width: 40, height: 30, channels: 3 as const, background: '#2a6' } }
let jpeg: Buffer
let png: Buffer

before(async () => {
  jpeg = await sharp(raw).jpeg().toBuffer()
  png = await sharp(raw).png().toBuffer()
})

/** The file with a segment of its own behind the first two bytes. */
function withSegment(marker: number, content: string): Buffer {
  const header = Buffer.from([0xff, marker, 0, 0])
  header.writeUInt16BE(content.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, 2), header, Buffer.from(content, 'latin1'), jpeg.subarray(2)])
}

test('what describes a JPEG is no part of its picture; its colours and pixels are', async () => {
  const hash = await hashPicture(jpeg)
  assert.match(hash!, /^[0-9a-f]{64}$/)
  assert.equal(await hashPicture(withSegment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x/>')), hash)
  assert.equal(await hashPicture(withSegment(0xed, 'Photoshop 3.0\0')), hash)
  assert.equal(await hashPicture(withSegment(0xfe, 'a comment')), hash)
  assert.equal(await hashPicture(withSegment(0xe2, 'MPF\0')), hash)
  assert.notEqual(await hashPicture(withSegment(0xe2, 'ICC_PROFILE\0\x01\x01profile')), hash)
  assert.notEqual(await hashPicture(withSegment(0xee, 'Adobe\0d\0\0\0\0\x01')), hash)
  assert.notEqual(await hashPicture(await sharp(raw).modulate({ brightness: 1.2 }).jpeg().toBuffer()), hash)
  assert.notEqual(await hashPicture(Buffer.concat([jpeg, Buffer.from('more')])), hash)
  const filled = Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xff]), jpeg.subarray(2)])
  assert.equal(await hashPicture(filled), hash)
})

test('what describes a PNG is no part of its picture', async () => {
  const described = await sharp(raw)
    .withExif({ IFD0: { ImageDescription: 'a kite' } })
    .png()
    .toBuffer()
  assert.notDeepEqual(described, png)
  assert.equal(await hashPicture(described), await hashPicture(png))
  assert.notEqual(
    await hashPicture(await sharp(raw).png({ palette: true }).toBuffer()),
    await hashPicture(png),
  )
})

test('no picture, no hash: other formats, nothing, files that end before it', async () => {
  const webp = await sharp(raw).webp().toBuffer()
  for (const bytes of [webp, Buffer.alloc(0), jpeg.subarray(0, 100), png.subarray(0, 10)]) {
    assert.equal(await hashPicture(bytes), null)
  }
  for (let length = 0; length < jpeg.length; length += 7) await hashPicture(jpeg.subarray(0, length))
})

test('a photo that another program writes words into keeps its caption; one that is turned is another picture', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const photo = join(photos, 'a.jpg')
  writeFileSync(photo, jpeg)
  await client.addFolder({ path: photos })
  await takeIn()
  await client.setCaption({ photo: await idAt(client, photo), text: 'Grandma with the red kite' })
  await client.undoCaption({ photo: await idAt(client, photo) })

  writeFileSync(photo, withSegment(0xfe, 'rated'))
  assert.deepEqual(await takeIn(), { changed: 1, captioned: 0 })
  await client.redoCaption({ photo: await idAt(client, photo) })
  assert.equal((await client.photoAt({ path: photo })).pictureChanged, false)

  // The same pixels: only EXIF's orientation is new.
  const oneEntry = '\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0'
  writeFileSync(photo, withSegment(0xe1, `Exif\0\0II*\0\x08\0\0\0${oneEntry}`))
  await takeIn()
  const turned = await client.photoAt({ path: photo })
  assert.equal(turned.orientation, 6)
  assert.equal(turned.pictureChanged, true)
  assert.equal(turned.caption?.text, 'Grandma with the red kite')
})
