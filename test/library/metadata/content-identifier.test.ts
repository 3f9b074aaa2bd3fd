import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { pictureIdentifier, videoIdentifier } from '../../../src-main/library/metadata/content-identifier.ts'
import { openLibraryFor } from '../library-under-test.ts'
import { temporaryFolder } from './temporary-folder.ts'

const uuid = '9E3C7B0A-1111-4222-8333-ABCDEF012345'
const other = '00000000-1111-4222-8333-ABCDEF012345'

/** A maker note as exiftool describes Apple's, with one entry before the identifier's. */
function makerNote(identifier: string): Buffer {
  const note = Buffer.alloc(14 + 2 + 2 * 12 + 4)
  note.write('Apple iOS\0\0\x01MM', 'latin1')
  note.writeUInt16BE(2, 14)
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    note.writeUInt16BE(tag, at)
    note.writeUInt16BE(type, at + 2)
    note.writeUInt32BE(count, at + 4)
    note.writeUInt32BE(value, at + 8)
  }
  entry(16, 1, 9, 1, 10)
  entry(28, 0x11, 2, identifier.length + 1, note.length)
  return Buffer.concat([note, Buffer.from(`${identifier}\0`, 'latin1')])
}

/** A JPEG with a maker note in a segment that nobody draws. */
async function livePicture(identifier: string): Promise<Buffer> {
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#368' } })
    .jpeg()
    .toBuffer()
  const note = makerNote(identifier)
  const head = Buffer.from([0xff, 0xfe, 0, 0])
  head.writeUInt16BE(note.length + 2, 2)
  return Buffer.concat([picture.subarray(0, 2), head, note, picture.subarray(2)])
}

function box(type: string, ...contents: Buffer[]): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + contents.reduce((sum, { length }) => sum + length, 0))
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, ...contents])
}

/** @param isMp4 with a version before the boxes of `meta` */
function liveVideo(identifier: string, isMp4 = false): Buffer {
  const key = (name: string) => box('mdta', Buffer.from(name))
  const keys = [key('com.apple.quicktime.make'), key('com.apple.quicktime.content.identifier')]
  const meta = box(
    'meta',
    ...(isMp4 ? [Buffer.alloc(4)] : []),
    box('hdlr', Buffer.alloc(24)),
    box('keys', Buffer.from([0, 0, 0, 0, 0, 0, 0, keys.length]), ...keys),
    box('ilst', box('\0\0\0\x02', box('data', Buffer.alloc(8), Buffer.from(identifier)))),
  )
  return Buffer.concat([
    box('ftyp', Buffer.from('qt  ')),
    box('mdat', Buffer.alloc(5000)),
    box('moov', box('mvhd', Buffer.alloc(100)), meta),
  ])
}

test('both files of a Live Photo say of which they are', async (t) => {
  const folder = temporaryFolder(t)
  assert.equal(pictureIdentifier(await livePicture(uuid)), uuid)
  assert.equal(pictureIdentifier(Buffer.from('no picture of a phone')), null)
  for (const isMp4 of [false, true]) {
    writeFileSync(join(folder, 'video'), liveVideo(uuid.toLowerCase(), isMp4))
    assert.equal(await videoIdentifier(join(folder, 'video')), uuid)
  }
  assert.equal(await videoIdentifier(join(folder, 'none')), null)
})

test('damaged ones say nothing', async (t) => {
  const file = join(temporaryFolder(t), 'video')
  const [note, video] = [makerNote(uuid), liveVideo(uuid)]
  const damaged = (bytes: Buffer, at: number, value: number) => {
    const copy = Buffer.from(bytes)
    copy[at % copy.length] = value
    return copy
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(255), async (at, value) => {
      pictureIdentifier(damaged(note, at, value).subarray(0, at % 7 === 0 ? at % note.length : undefined))
      writeFileSync(file, damaged(video, at, value))
      await videoIdentifier(file)
    }),
  )
})

test('a video of another Live Photo is no part of one for its name alone, and is passed over', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  writeFileSync(join(photos, 'IMG_1.JPG'), await livePicture(uuid))
  writeFileSync(join(photos, 'IMG_1.MOV'), liveVideo(uuid))
  writeFileSync(join(photos, 'IMG_2.JPG'), await livePicture(uuid))
  writeFileSync(join(photos, 'IMG_2.MOV'), liveVideo(other))
  await client.addFolder({ path: photos })
  await takeIn()
  const live = async () =>
    (await client.search({ query: 'has:video' })).photos.map(({ path }) => path.slice(photos.length + 1))
  assert.deepEqual(await live(), ['IMG_1.JPG'])
  const { skipped, companions, added } = await client.scan({})
  assert.deepEqual([skipped, companions, added], [[{ kind: 'video', extension: 'mov', files: 1 }], 1, 0])
  assert.equal((await client.status({})).photos, 2)
  writeFileSync(join(photos, 'IMG_2.MOV'), liveVideo(uuid))
  await takeIn()
  assert.deepEqual((await live()).sort(), ['IMG_1.JPG', 'IMG_2.JPG'])
})
