import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { readMetadata } from '../../../src-main/library/metadata/read.ts'
import { lightroom } from './sample-sidecars.ts'
import { buildTiff, exifFields, type Field, mainFields, withPointers } from './sample-tiff.ts'
import { temporaryFolder } from './temporary-folder.ts'

const xmpField: Field = [700, 'bytes', Buffer.from(lightroom)]

for (const big of [false, true]) {
  for (const littleEndian of [true, false]) {
    const kind = `${big ? 'BigTIFF' : 'TIFF'}, ${littleEndian ? 'little' : 'big'}-endian`
    test(`EXIF, GPS and XMP are read from ${kind}`, async () => {
      const bytes = buildTiff([...withPointers, xmpField], { big, littleEndian, gapBytes: 100 })
      const metadata = await readMetadata('picture.tif', bytes)
      assert.deepEqual(metadata.warnings, [])
      assert.deepEqual([metadata.widthPx, metadata.heightPx, metadata.orientation], [4000, 6000, 6])
      assert.equal(metadata.camera, 'Canon EOS R6')
      assert.equal(metadata.lens, 'RF24-105mm F4 L IS USM')
      assert.deepEqual([metadata.takenAt, metadata.takenOffsetMinutes], ['2021-06-05T22:41:07', 120])
      assert.equal(metadata.latitude?.toFixed(5), '60.39000')
      assert.equal(metadata.longitude?.toFixed(5), '5.32500')
      assert.equal(metadata.title, 'The old harbour')
      assert.deepEqual(
        metadata.captions.map(({ field }) => field),
        ['xmp:dc:description', 'xmp:dc:description', 'exif:ImageDescription'],
      )
    })
  }
}

test('a BigTIFF that libtiff wrote has its size, words and orientation', async () => {
  const bytes = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#368' } })
    .withMetadata({ orientation: 6 })
    .withXmp(lightroom)
    .tiff({ bigtiff: true, tile: true })
    .toBuffer()
  assert.equal(bytes.readUInt16LE(2), 43)
  const metadata = await readMetadata('picture.tif', bytes)
  assert.deepEqual([metadata.widthPx, metadata.heightPx, metadata.orientation], [200, 300, 6])
  assert.equal(metadata.title, 'The old harbour')
})

test('sizes and pointers of 64 bits are read, and one that no file reaches is left out', async () => {
  const wide: readonly Field[] = [
    [0x100, 'long8', [6000]],
    [0x101, 'long8', [4000]],
    [0x8769, 'long8', [...exifFields]],
  ]
  const metadata = await readMetadata('picture.tif', buildTiff(wide, { big: true }))
  assert.deepEqual([metadata.widthPx, metadata.heightPx], [6000, 4000])
  assert.equal(metadata.lens, 'RF24-105mm F4 L IS USM')
  const absurd: readonly Field[] = [...mainFields.slice(1), [0x100, 'long8', [2 ** 32 + 5]]]
  const { camera, widthPx } = await readMetadata('picture.tif', buildTiff(absurd, { big: true }))
  assert.deepEqual([camera, widthPx], ['Canon EOS R6', null])
})

test('a raw file has the size of its picture, not of the copy that its first directory describes', async () => {
  const raw = (below: number): readonly Field[] => [
    [254, 'long', [1]],
    [0x100, 'short', [160]],
    [0x101, 'short', [120]],
    [0x110, 'ascii', 'NIKON D7000'],
    [
      0x14a,
      'long',
      [
        [254, 'long', [below]],
        [0x100, 'short', [4992]],
        [0x101, 'short', [3280]],
      ],
    ],
  ]
  const sizeOf = async (bytes: Buffer) => {
    const { widthPx, heightPx } = await readMetadata('DSC_0001.NEF', bytes)
    return [widthPx, heightPx]
  }
  assert.deepEqual(await sizeOf(buildTiff(raw(0), { littleEndian: false })), [4992, 3280])
  assert.deepEqual(await sizeOf(buildTiff(raw(1))), [160, 120])
})

test('directories behind the bytes at hand are read from the file', async (context) => {
  const path = join(temporaryFolder(context), 'scan.tif')
  for (const big of [false, true]) {
    const bytes = buildTiff([...withPointers, xmpField], { big, gapBytes: 100_000 })
    writeFileSync(path, bytes)
    const start = bytes.subarray(0, 65_536)
    const metadata = await readMetadata(path, start)
    assert.equal(metadata.lens, 'RF24-105mm F4 L IS USM')
    assert.equal(metadata.title, 'The old harbour')
    // Without the file there is only what is at hand.
    assert.equal((await readMetadata('gone.tif', start)).camera, null)
  }
})

test('a value too long to be about the picture is left out, and the rest is read', async () => {
  const pixels: Field = [0x10e, 'ascii', 'x'.repeat(2 ** 21)]
  const { camera, captions } = await readMetadata('picture.tif', buildTiff([...mainFields.slice(3), pixels]))
  assert.deepEqual([camera, captions], ['Canon EOS R6', []])
})

test('a value outside the file is no word of anyone', async () => {
  const bytes = buildTiff(mainFields)
  const cut = bytes.subarray(0, bytes.indexOf('Boats') + 3)
  assert.deepEqual((await readMetadata('picture.tif', cut)).captions, [])
  const jpeg = await sharp({ create: { width: 3, height: 2, channels: 3, background: '#fff' } })
    .withExif({ IFD0: { ImageDescription: 'Boats in the harbour' } })
    .jpeg()
    .toBuffer()
  const tiff = jpeg.indexOf('Exif\0\0') + 6
  const entry = jpeg.indexOf(Buffer.from([0x0e, 0x01, 2, 0]), tiff)
  assert.ok(entry > 0)
  assert.equal((await readMetadata('picture.jpg', jpeg)).captions.length, 1)
  jpeg.writeUInt32LE(0x7fffff, entry + 8)
  assert.deepEqual((await readMetadata('picture.jpg', jpeg)).captions, [])
})

test('no damage of any byte makes reading a BigTIFF fail', async () => {
  const original = buildTiff([...withPointers, xmpField], { big: true })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { maxLength: 30 }),
      fc.option(fc.nat(original.length), { freq: 3 }),
      async (changes, cut) => {
        const bytes = Buffer.from(original.subarray(0, cut ?? original.length))
        for (const [at, value] of changes) if (at < bytes.length && at > 3) bytes[at] = value
        const { widthPx, heightPx } = await readMetadata('picture.tif', bytes)
        assert.equal(widthPx === null, heightPx === null)
      },
    ),
    { numRuns: 300 },
  )
})
