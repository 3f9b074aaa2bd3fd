import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { metadataFromExif } from '../../../src-main/library/metadata/exif.ts'
import type { PhotoMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { readMetadata } from '../../../src-main/library/metadata/read.ts'
import { metadataFromXmp } from '../../../src-main/library/metadata/xmp.ts'
import { lightroom } from './sample-sidecars.ts'

const picture = () => sharp({ create: { width: 30, height: 20, channels: 3, background: '#368' } })
const packet = (properties: string) =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
      xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
      xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0"
      ${properties}</rdf:Description></rdf:RDF></x:xmpmeta>`
const described = (text: string) =>
  packet(`><dc:description><rdf:Alt><rdf:li xml:lang="x-default">${text}</rdf:li></rdf:Alt></dc:description>`)
const textsOf = ({ captions }: PhotoMetadata) => captions.map(({ text }) => text)

/** A JPEG with segments after its first marker. */
async function jpegWith(...segments: [marker: number, content: Buffer][]): Promise<Buffer> {
  const whole = await picture().jpeg().toBuffer()
  const added = segments.map(([marker, content]) => {
    const head = Buffer.from([0xff, marker, 0, 0])
    head.writeUInt16BE(content.length + 2, 2)
    return Buffer.concat([head, content])
  })
  return Buffer.concat([whole.subarray(0, 2), ...added, whole.subarray(2)])
}

const app1 = (mark: string, content: Buffer): [number, Buffer] => [
  0xe1,
  Buffer.concat([Buffer.from(`${mark}\0`, 'latin1'), content]),
]
const standard = (content: Buffer) => app1('http://ns.adobe.com/xap/1.0/', content)

function extended(guid: string, whole: Buffer, offset: number, end: number): [number, Buffer] {
  const head = Buffer.alloc(40)
  head.write(guid, 'latin1')
  head.writeUInt32BE(whole.length, 32)
  head.writeUInt32BE(offset, 36)
  return app1('http://ns.adobe.com/xmp/extension/', Buffer.concat([head, whole.subarray(offset, end)]))
}

test('extended XMP is put together from its parts in any order, and another packet’s is left', async () => {
  const [guid, other] = ['A1'.repeat(16), 'B2'.repeat(16)]
  const long = Buffer.from(described('a very long story of boats – 船'))
  const foreign = Buffer.from(described('of another picture'))
  const main = packet(
    `xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="${guid}" xmp:Rating="3">`,
  )
  const bytes = await jpegWith(
    extended(guid, long, 200, long.length),
    standard(Buffer.from(main)),
    extended(other, foreign, 0, foreign.length),
    extended(guid, long, 0, 200),
  )
  const metadata = await readMetadata('picture.jpg', bytes)
  assert.deepEqual(metadata.warnings, [])
  assert.equal(metadata.rating, 3)
  assert.deepEqual(textsOf(metadata), ['a very long story of boats – 船'])
  const halved = await readMetadata(
    'picture.jpg',
    await jpegWith(standard(Buffer.from(main)), extended(guid, long, 0, 200)),
  )
  assert.deepEqual([halved.rating, halved.captions, halved.warnings], [3, [], []])
})

test('XMP in UTF-16 of either order is read without a mark', async () => {
  const little = Buffer.from(`\n${lightroom}`, 'utf16le')
  for (const bytes of [little, Buffer.from(little).swap16()]) {
    const metadata = await readMetadata('picture.jpg', await jpegWith(standard(bytes)))
    assert.deepEqual(metadata.warnings, [])
    assert.equal(metadata.captions[1]?.text, 'Båter og skur i skumringen')
  }
})

test('a comment of a JPEG is the description where there is no other, and never a program’s mark', async () => {
  const comment = (text: string): [number, Buffer] => [0xfe, Buffer.from(text)]
  const alone = await readMetadata('picture.jpg', await jpegWith(comment('Mia am Strand\0')))
  assert.deepEqual(alone.captions, [{ text: 'Mia am Strand', language: null, field: 'jpeg:Comment' }])
  const beside = await jpegWith(standard(Buffer.from(described('a kite'))), comment('Mia am Strand'))
  assert.deepEqual(textsOf(await readMetadata('picture.jpg', beside)), ['a kite'])
  for (const mark of [
    'CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90',
    'Created with GIMP',
    'Created with GIMP on a Mac',
    'Intel(R) JPEG Library, version [1.51.12.44]',
    'Lavc58.91.100',
    'IMG_0815.JPG',
    'OLYMPUS DIGITAL CAMERA',
  ]) {
    const metadata = await readMetadata('picture.jpg', await jpegWith(comment(mark)))
    assert.deepEqual([metadata.captions, metadata.boilerplate], [[], [mark]], mark)
  }
})

test('a GIF’s packet and comment are read, over its colours and pictures', async () => {
  const gif = await picture().gif().toBuffer()
  const blocks = (text: string) =>
    Buffer.concat([
      ...(text.match(/.{1,20}/gs) ?? []).map((part) =>
        Buffer.from(`${String.fromCharCode(part.length)}${part}`),
      ),
      Buffer.from([0]),
    ])
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe]), blocks('a boat on the lake, drawn by hand')])
  const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, at) => 255 - at), 0])
  const xmp = Buffer.concat([
    Buffer.from('\u0021\u00ff\u000bXMP DataXMP', 'latin1'),
    Buffer.from(described('ein Boot – 船')),
    trailer,
  ])
  // Before the end of the file, where programs append them.
  const withAll = Buffer.concat([gif.subarray(0, -1), comment, xmp, gif.subarray(-1)])
  const metadata = await readMetadata('picture.gif', withAll)
  assert.deepEqual([metadata.warnings, textsOf(metadata)], [[], ['ein Boot – 船']])
  const commented = await readMetadata(
    'picture.gif',
    Buffer.concat([gif.subarray(0, -1), comment, gif.subarray(-1)]),
  )
  assert.deepEqual(commented.captions, [
    { text: 'a boat on the lake, drawn by hand', language: null, field: 'gif:Comment' },
  ])
  assert.deepEqual([commented.widthPx, commented.heightPx], [30, 20])
})

async function pngWith(...chunks: [type: string, content: Buffer][]): Promise<Buffer> {
  const png = await picture().png().toBuffer()
  const made = chunks.map(([type, content]) => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(content.length)
    head.write(type, 4, 'latin1')
    return Buffer.concat([head, content, Buffer.alloc(4)])
  })
  return Buffer.concat([png.subarray(0, 33), ...made, png.subarray(33)])
}

/** As ImageMagick writes them; exiftool has two words in the line of the name. */
function profile(name: string, content: Buffer, isCompressed: boolean, line = name): [string, Buffer] {
  const hex = content.toString('hex').replace(/.{72}/g, '$&\n')
  const text = Buffer.from(`\n${line}\n${String(content.length).padStart(8)}\n${hex}\n`)
  const keyword = Buffer.from(`Raw profile type ${name}\0`)
  return isCompressed
    ? ['zTXt', Buffer.concat([keyword, Buffer.from([0]), deflateSync(text)])]
    : ['tEXt', Buffer.concat([keyword, text])]
}

test('raw profiles in a PNG are what they would be in a JPEG', async () => {
  const jpeg = await picture()
    .withExif({ IFD0: { Model: 'X100' }, IFD2: { DateTimeOriginal: '2004:04:26 13:55:57' } })
    .jpeg()
    .toBuffer()
  const start = jpeg.indexOf('Exif\0\0')
  const exif = jpeg.subarray(start, start + jpeg.readUInt16BE(start - 2) - 2)
  const caption = Buffer.from('\u001c\u0002\u0078\0\u0006a boat', 'latin1')
  for (const isCompressed of [true, false]) {
    for (const name of ['exif', 'APP1']) {
      const metadata = await readMetadata(
        'picture.png',
        await pngWith(
          profile(name, exif, isCompressed),
          profile('iptc', caption, isCompressed, 'IPTC profile'),
          profile('xmp', Buffer.from(packet('xmp:Rating="4">')), isCompressed),
        ),
      )
      assert.deepEqual(metadata.warnings, [])
      assert.deepEqual(
        [metadata.camera, metadata.takenAt, metadata.rating, textsOf(metadata)],
        ['X100', '2004-04-26T13:55:57', 4, ['a boat']],
        name,
      )
    }
  }
  const damaged = await readMetadata(
    'picture.png',
    await pngWith(
      ['zTXt', Buffer.from('Raw profile type exif\0\0no deflate')],
      ['tEXt', Buffer.from('Title\0a')],
    ),
  )
  assert.equal(damaged.title, 'a')
  assert.equal(damaged.warnings.length, 1)
})

test('the texts of a PNG tell title, creator, copyright and when it was made', async () => {
  const text = (keyword: string, said: string): [string, Buffer] => [
    'tEXt',
    Buffer.from(`${keyword}\0${said}`, 'latin1'),
  ]
  const metadata = await readMetadata(
    'picture.png',
    await pngWith(
      text('Title', 'The old harbour'),
      text('Author', 'Kari Nordmann; Ola'),
      text('Copyright', '© Kari'),
      text('Creation Time', 'Mon, 26 Apr 2004 13:55:57 +0200'),
      text('Comment', 'Created with GIMP'),
      ['iTXt', Buffer.from('Description\0\0\0de\0Beschreibung\0Boote')],
    ),
  )
  assert.deepEqual(
    [metadata.title, metadata.creators, metadata.copyright, metadata.takenAt, metadata.takenOffsetMinutes],
    ['The old harbour', ['Kari Nordmann', 'Ola'], '© Kari', '2004-04-26T13:55:57', 120],
  )
  assert.deepEqual(metadata.captions, [{ text: 'Boote', language: 'de', field: 'png:Description' }])
  assert.deepEqual(metadata.boilerplate, ['Created with GIMP'])
})

const exifRead = async (exif: Record<string, Record<string, string>>, xmp?: string) => {
  const made = picture().withExif(exif)
  return await readMetadata('picture.jpg', await (xmp ? made.withXmp(xmp) : made).jpeg().toBuffer())
}

test('creator, copyright, stars and the range of the lens come from EXIF where nothing else has them', async () => {
  const metadata = await exifRead({
    IFD0: { Artist: 'Kari Nordmann; Ola', Copyright: '(c) Kari' },
    IFD2: { LensSpecification: '24/1 70/1 28/10 28/10' },
  })
  assert.deepEqual(
    [metadata.creators, metadata.copyright, metadata.lens],
    [['Kari Nordmann', 'Ola'], '(c) Kari', '24-70mm f/2.8'],
  )
  assert.equal(metadataFromExif({ Rating: { value: 4 }, RatingPercent: { value: 50 } }).rating, 4)
  for (const [percent, stars] of [
    [0, 0],
    [1, 1],
    [12, 1],
    [25, 2],
    [37, 2],
    [50, 3],
    [75, 4],
    [87, 4],
    [88, 5],
    [99, 5],
    [100, 5],
  ] as const) {
    assert.equal(metadataFromExif({ RatingPercent: { value: percent } }).rating, stars, `${percent}`)
  }
  assert.equal(metadataFromExif({ Copyright: { value: ['Kari\0the editor'] } }).copyright, 'Kari, the editor')
  const both = await exifRead(
    { IFD0: { Artist: 'somebody' } },
    packet(`xmp:Rating="2"><dc:creator><rdf:Seq><rdf:li>Kari</rdf:li></rdf:Seq></dc:creator>
      <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">all of them</rdf:li></rdf:Alt></dc:rights>`),
  )
  assert.deepEqual([both.rating, both.creators, both.copyright], [2, ['Kari'], 'all of them'])
  const lensOf = (text: string) => metadataFromXmp(packet(`aux:LensInfo="${text}">`)).lens
  assert.equal(lensOf('18/1 55/1 35/10 56/10'), '18-55mm f/3.5-5.6')
  assert.equal(lensOf('50/1 50/1 0/0 0/0'), '50mm')
  assert.equal(lensOf('0/0 0/0 0/0 0/0'), null)
  assert.equal(metadataFromXmp(packet('MicrosoftPhoto:Rating="75">')).rating, 4)
})

test('when a program saved the file comes after every older date of the picture', async () => {
  const saved = { IFD0: { DateTime: '2015:05:05 10:00:00' } }
  const taken = async (properties: string, exif: Record<string, Record<string, string>> = saved) =>
    (await exifRead(exif, packet(`${properties}>`))).takenAt
  assert.equal(await taken(''), '2015-05-05T10:00:00')
  assert.equal(await taken('xmp:CreateDate="2009-02-03T04:05:06"'), '2009-02-03T04:05:06')
  assert.equal(await taken('xmp:CreateDate="2019-02-03T04:05:06"'), '2015-05-05T10:00:00')
  assert.equal(await taken('photoshop:DateCreated="1955-06"'), '1955-06')
  const scanned = { IFD2: { DateTimeOriginal: '2018:03:03 09:00:00' } }
  assert.equal(await taken('photoshop:DateCreated="1955-06-12"', scanned), '1955-06-12')
  assert.equal(await taken('photoshop:DateCreated="2018-03-03"', scanned), '2018-03-03T09:00:00')
})

test('odd dates of cameras keep at least their day', async () => {
  for (const [name, kept] of [
    ['d_space', '2008-03-09T08:09:10'],
    ['d_24h', '2019-02-03'],
    ['d_sec60', '2016-12-31T23:59:59'],
    ['d_ampm', '2008-03-09T20:09:10'],
  ] as const) {
    const file = join(import.meta.dirname, '../../fixtures/odd-dates', `${name}.jpg`)
    assert.equal((await readMetadata(name, readFileSync(file))).takenAt, kept, name)
  }
})

test('a position takes its sign from itself, then from the field beside it, and turns no other one round', async () => {
  const at = (latitude: string, longitude: string, beside = '') => {
    const xmp = metadataFromXmp(
      packet(`exif:GPSLatitude="${latitude}" exif:GPSLongitude="${longitude}" ${beside}>`),
    )
    return [xmp.latitude, xmp.longitude]
  }
  const refs = 'exif:GPSLatitudeRef="S" exif:GPSLongitudeRef="West"'
  assert.deepEqual(at('33.85', '70.25', refs), [-33.85, -70.25])
  assert.deepEqual(at('33,51.0S', '70,15.0W'), [-33.85, -70.25])
  assert.deepEqual(at('33,51.0N', '70,15.0E', refs), [33.85, 70.25])
  assert.deepEqual(at('-33.85', '-70.25', refs), [-33.85, -70.25])
  assert.deepEqual(
    at('-33.85', '+70.25', 'exif:GPSLatitudeRef="N" exif:GPSLongitudeRef="W"'),
    [-33.85, 70.25],
  )
  assert.deepEqual(at('-33.85S', '-70.25W'), [-33.85, -70.25])
  assert.deepEqual(at('33.85', '70.25'), [33.85, 70.25])
})
