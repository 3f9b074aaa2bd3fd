import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { spanOfDate } from '../../../src-main/contract/taken-date.ts'
import { emptyMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { readExposure, readMetadata } from '../../../src-main/library/metadata/read.ts'
import { fractionOf } from '../../../src-main/library/metadata/taken-time.ts'
import { lightroom } from './sample-sidecars.ts'
import { temporaryFolder } from './temporary-folder.ts'

const exif = {
  IFD0: {
    Make: 'Canon',
    Model: 'Canon PowerShot S40',
    ImageDescription: 'a boat in the harbour',
    Orientation: '6',
  },
  IFD2: { DateTimeOriginal: '2004:04:26 13:55:57', OffsetTimeOriginal: '+02:00', LensModel: '7-21mm' },
  IFD3: {
    GPSLatitudeRef: 'S',
    GPSLatitude: '33/1 51/1 3000/100',
    GPSLongitudeRef: 'E',
    GPSLongitude: '151/1 12/1 0/1',
  },
}

function picture() {
  return sharp({ create: { width: 30, height: 20, channels: 3, background: '#368' } })
}

test('the fraction of a second is read from EXIF’s own field, and from XMP', async () => {
  const bytes = await picture()
    .withExifMerge({ IFD2: { DateTimeOriginal: '2004:04:26 13:55:57', SubSecTimeOriginal: '274' } })
    .jpeg()
    .toBuffer()
  const { takenAt, dates } = await readMetadata('picture', bytes)
  assert.deepEqual([takenAt, fractionOf(takenAt, dates)], ['2004-04-26T13:55:57', 274])
  const said = await readMetadata('picture', await picture().withXmp(lightroom).jpeg().toBuffer())
  assert.equal(fractionOf('2021-06-05T22:41:07', said.dates), 380)
  assert.equal(fractionOf('2004-04-26T13:55:58', said.dates), 0)
})

for (const format of ['jpeg', 'webp', 'png', 'avif'] as const) {
  test(`EXIF and XMP are read from ${format}`, async () => {
    const bytes = await picture()
      .withMetadata({ orientation: 6 })
      .withExifMerge(exif)
      .withXmp(lightroom)
      .toFormat(format)
      .toBuffer()
    const metadata = await readMetadata('picture', bytes)
    assert.deepEqual(metadata.warnings, [])
    assert.equal(metadata.camera, 'Canon PowerShot S40')
    assert.equal(metadata.takenAt, '2004-04-26T13:55:57')
    assert.equal(metadata.takenOffsetMinutes, 120)
    assert.equal(metadata.lens, '7-21mm')
    assert.equal(metadata.latitude?.toFixed(6), '-33.858333')
    assert.equal(metadata.longitude, 151.2)
    assert.equal(metadata.title, 'The old harbour')
    assert.deepEqual(
      metadata.captions.map(({ text, field }) => [field, text]),
      [
        ['xmp:dc:description', 'Boats & sheds at dusk'],
        ['xmp:dc:description', 'Båter og skur i skumringen'],
        ['exif:ImageDescription', 'a boat in the harbour'],
      ],
    )
    assert.equal(metadata.orientation, 6)
    assert.deepEqual([metadata.widthPx, metadata.heightPx], [20, 30])
  })
}

for (const format of ['jpeg', 'webp', 'png', 'tiff', 'avif', 'gif'] as const) {
  test(`a plain ${format} has a size and nothing else`, async () => {
    const lossless = format === 'webp' ? { lossless: true } : {}
    const metadata = await readMetadata('picture', await picture().toFormat(format, lossless).toBuffer())
    const { widthPx, heightPx, orientation, ...rest } = metadata
    const { widthPx: _w, heightPx: _h, orientation: _o, ...nothing } = emptyMetadata()
    assert.deepEqual([widthPx, heightPx], [30, 20])
    assert.ok(orientation === null || orientation === 1)
    assert.deepEqual(rest, nothing)
  })
}

test('a caption in PNG text is found, also compressed and in any script', async () => {
  const png = await picture().png().toBuffer()
  const chunk = (type: string, content: Buffer) => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(content.length)
    head.write(type, 4, 'latin1')
    // Nobody who reads text looks at the checksum.
    return Buffer.concat([head, content, Buffer.alloc(4)])
  }
  const text = Buffer.concat([
    Buffer.from('Description\0\u0001\0\0\0', 'latin1'),
    deflateSync(Buffer.from('ein Boot – 船')),
  ])
  const bytes = Buffer.concat([png.subarray(0, 33), chunk('iTXt', text), png.subarray(33)])
  const { captions } = await readMetadata('picture', bytes)
  assert.deepEqual(captions, [{ text: 'ein Boot – 船', language: null, field: 'png:Description' }])
})

test('a Fujifilm raw file is read through its JPEG, an Olympus one as TIFF', async () => {
  const jpeg = await picture().withExif(exif).jpeg().toBuffer()
  const fuji = Buffer.alloc(160 + jpeg.length)
  fuji.write('FUJIFILMCCD-RAW 0201', 'latin1')
  fuji.writeUInt32BE(160, 84)
  fuji.writeUInt32BE(jpeg.length, 88)
  jpeg.copy(fuji, 160)
  assert.equal((await readMetadata('picture.raf', fuji)).camera, 'Canon PowerShot S40')
  const olympus = await picture().withXmp(lightroom).tiff().toBuffer()
  assert.equal(olympus.toString('latin1', 0, 2), 'II')
  olympus.write('IIRO', 'latin1')
  const metadata = await readMetadata('picture.orf', olympus)
  assert.equal(metadata.title, 'The old harbour')
})

test('a fix that never came is no place', async () => {
  for (const latitude of ['0/0 0/0 0/0', '0/1 0/1 0/1', '99/1 0/1 0/1']) {
    const IFD3 = { ...exif.IFD3, GPSLatitude: latitude, GPSLongitude: '0/1 0/1 0/1' }
    const bytes = await picture()
      .withExif({ ...exif, IFD3 })
      .jpeg()
      .toBuffer()
    const metadata = await readMetadata('picture', bytes)
    assert.deepEqual([metadata.latitude, metadata.longitude], [null, null], latitude)
    assert.equal(metadata.camera, 'Canon PowerShot S40')
  }
})

test('the zone of the clock follows from the satellites before a zone that a program wrote', async () => {
  const IFD3 = { ...exif.IFD3, GPSDateStamp: '2021:06:05', GPSTimeStamp: '12/1 41/1 20/1' }
  const xmp = lightroom.replace('22:41:07.38+02:00', '22:41:07.38-05:00')
  const read = async (gps: Record<string, string>) =>
    readMetadata('picture', await picture().withExif({ IFD3: gps }).withXmp(xmp).jpeg().toBuffer())
  assert.equal((await read(IFD3)).takenOffsetMinutes, 600)
  assert.equal((await read(exif.IFD3)).takenOffsetMinutes, -300)
  // +05:00, which is no zone near Sydney.
  const foreign = await read({ ...IFD3, GPSTimeStamp: '17/1 41/1 20/1' })
  assert.equal(foreign.takenOffsetMinutes, -300)
})

test('a JPEG with junk between its segments has the size that decoders find', async () => {
  const whole = await picture().jpeg().toBuffer()
  const afterFirst = 4 + whole.readUInt16BE(4)
  const sizeOf = async (bytes: Buffer) => {
    const { widthPx, heightPx } = await readMetadata('picture.jpg', bytes)
    return [widthPx, heightPx]
  }
  const junk = Buffer.from('Jxif and more')
  const broken = Buffer.concat([whole.subarray(0, afterFirst), junk, whole.subarray(afterFirst)])
  assert.deepEqual(await sizeOf(broken), [30, 20])
  assert.deepEqual(await sizeOf(Buffer.concat([whole.subarray(0, 2), junk, whole.subarray(2)])), [30, 20])
  const frame = broken.indexOf(Buffer.from([0xff, 0xc0, 0, 17]))
  const heightless = Buffer.from(broken)
  heightless.writeUInt16BE(0, frame + 5)
  assert.deepEqual(await sizeOf(heightless), [null, null])
})

test('a picture is not turned by what XMP alone says, as no decoder does', async () => {
  const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>`
  const { widthPx, heightPx, orientation } = await readMetadata(
    'picture.jpg',
    await picture().withXmp(packet).jpeg().toBuffer(),
  )
  assert.deepEqual([widthPx, heightPx, orientation], [30, 20, 6])
})

test('damaged XMP is a warning that names the file, and the rest is read', async () => {
  const bytes = await picture().withExif(exif).withXmp(lightroom).jpeg().toBuffer()
  bytes.write('<<<<', bytes.indexOf('<dc:title>'), 'latin1')
  const metadata = await readMetadata('holiday.jpg', bytes)
  assert.equal(metadata.warnings.length, 1)
  assert.match(metadata.warnings[0]!, /^holiday\.jpg: damaged XMP: /)
  assert.deepEqual(
    metadata.captions.map(({ text }) => text),
    ['a boat in the harbour'],
  )
})

test('no damage of any byte makes reading fail', async () => {
  const whole: Buffer[] = []
  for (const format of ['jpeg', 'png', 'webp', 'tiff'] as const) {
    whole.push(await picture().withExif(exif).withXmp(lightroom).toFormat(format).toBuffer())
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...whole),
      fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { maxLength: 40 }),
      fc.option(fc.nat(6000), { freq: 3 }),
      async (original, changes, cut) => {
        const bytes = Buffer.from(original.subarray(0, cut ?? original.length))
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        const metadata = await readMetadata('picture', bytes)
        assert.ok(metadata.captions.every(({ text }) => text.isWellFormed() && text.trim() === text))
        const { takenAt, orientation } = metadata
        assert.ok(takenAt === null || spanOfDate(takenAt) !== null)
        assert.ok(orientation === null || (orientation >= 1 && orientation <= 8))
      },
    ),
    { numRuns: 150 },
  )
})

test('a file is read by its path, and one that is not there is an error', async (context) => {
  const folder = temporaryFolder(context)
  const file = join(folder, 'Bilder – 船.jpg')
  writeFileSync(file, await picture().withExif(exif).jpeg().toBuffer())
  assert.equal((await readMetadata(file)).camera, 'Canon PowerShot S40')
  await assert.rejects(readMetadata(join(folder, 'gone.jpg')), { code: 'FILE_NOT_FOUND' })
  writeFileSync(file, '')
  assert.equal((await readMetadata(file)).camera, null)
})

test('how a photo was taken is read from the beginning of a file, whatever comes behind', async (t) => {
  const file = join(temporaryFolder(t), 'photo.jpg')
  const taken = { ExposureTime: '1/250', FNumber: '28/10', ISOSpeedRatings: '200', FocalLength: '57/10' }
  const bytes = await picture().withExif({ IFD2: taken }).jpeg().toBuffer()
  writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(3_000_000)]))
  assert.deepEqual(await readExposure(file), { seconds: 0.004, aperture: 2.8, iso: 200, focalLengthMm: 5.7 })
  writeFileSync(
    file,
    await picture()
      .withExif({ IFD2: { FocalLength: '0/0', FNumber: '4/1' } })
      .jpeg()
      .toBuffer(),
  )
  assert.deepEqual(await readExposure(file), { seconds: null, aperture: 4, iso: null, focalLengthMm: null })
  writeFileSync(file, await picture().jpeg().toBuffer())
  assert.equal(await readExposure(file), null)
  await assert.rejects(readExposure(`${file}.gone`), { code: 'FILE_NOT_FOUND' })
})
