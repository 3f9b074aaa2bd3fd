import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { emptyMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { readSources } from '../../../src-main/library/metadata/read-sources.ts'
import { findSidecars, isStemSidecar, sharesName } from '../../../src-main/library/metadata/sidecar-names.ts'
import { joinSources, readSidecar } from '../../../src-main/library/metadata/sidecars.ts'
import { darktable, lightroom, lightroomOfRaw } from './sample-sidecars.ts'
import { temporaryFolder } from './temporary-folder.ts'

const namesFor = (photo: string, entries: string[]) => findSidecars(entries, photo).map(({ name }) => name)

test('the sidecar of the very file goes before the shared one, and Takeout last', () => {
  const entries = [
    'IMG.json',
    'IMG.jpg.json',
    'img.XMP',
    'IMG.JPG.xmp',
    'IMG_01.JPG.xmp',
    'IMG2.xmp',
    'IMG.JPG',
  ]
  assert.deepEqual(namesFor('IMG.JPG', entries), ['IMG.JPG.xmp', 'img.XMP', 'IMG.jpg.json'])
  assert.deepEqual(namesFor('IMG.jpg', entries.slice(0, -1)), ['IMG.JPG.xmp', 'img.XMP', 'IMG.jpg.json'])
})

test('a sidecar in another case is read only where no photo has its very name, and none has its own', () => {
  const both = ['IMG.JPG', 'img.jpg', 'IMG.JPG.xmp']
  assert.deepEqual(namesFor('IMG.JPG', both), ['IMG.JPG.xmp'])
  assert.deepEqual(namesFor('img.jpg', both), [])
  assert.deepEqual(namesFor('img.jpg', both.slice(1)), ['IMG.JPG.xmp'])
  assert.deepEqual(namesFor('img.jpg', ['img.jpg', 'IMG.JPG.xmp', 'img.jpg.XMP']), ['img.jpg.XMP'])

  const stems = ['IMG.JPG', 'img.jpg', 'IMG.xmp']
  assert.deepEqual(namesFor('IMG.JPG', stems), ['IMG.xmp'])
  assert.deepEqual(namesFor('img.jpg', stems), [])
  assert.deepEqual(namesFor('img.jpg', stems.slice(1)), ['IMG.xmp'])
  assert.deepEqual(namesFor('img.nef', ['img.nef', 'IMG.xmp', 'img.xmp']), ['img.xmp'])
  assert.deepEqual(namesFor('IMG.JPG.png', ['IMG.JPG.png', 'IMG.JPG', 'IMG.JPG.xmp']), [], 'of the JPEG')
})

test('a shared sidecar that says which extension it is for is not read for another', async (context) => {
  const folder = temporaryFolder(context)
  for (const name of ['IMG.JPG', 'IMG.nef']) writeFileSync(join(folder, name), 'a picture')
  writeFileSync(join(folder, 'IMG.xmp'), lightroomOfRaw)
  const readFor = async (name: string) =>
    (await readSources(join(folder, name), readdirSync(folder))).sources.map((source) => source.name)
  assert.deepEqual(await readFor('IMG.nef'), ['', 'IMG.xmp'])
  assert.deepEqual(await readFor('IMG.JPG'), [''])
  writeFileSync(join(folder, 'IMG.JPG.xmp'), lightroomOfRaw)
  assert.deepEqual(await readFor('IMG.JPG'), ['', 'IMG.JPG.xmp'], 'its own by its whole name')
})

test('Takeout names are found in all their forms, and those of other photos are not', () => {
  const long = 'a_very_long_name_of_a_photo_taken_on_the_beach_2.jpg'
  const matching: [photo: string, json: string][] = [
    ['IMG.JPG', 'IMG.JPG.json'],
    ['IMG.JPG', 'IMG.JPG.supplemental-metadata.json'],
    ['IMG.JPG', 'IMG.JPG.supplemental-meta.json'],
    ['IMG(1).JPG', 'IMG.JPG(1).json'],
    ['IMG(1).JPG', 'IMG.JPG.supplemental-metadata(1).json'],
    ['IMG(1).JPG', 'IMG(1).JPG.json'],
    ['IMG-edited.JPG', 'IMG.JPG.json'],
    [long, `${long.slice(0, 46)}.json`],
    ['PXL_20230405_101112131.PORTRAIT.jpg', 'PXL_20230405_101112131.PORTRAIT.jpg.supplemen.json'],
    ['IMG_45(1).jpg', 'IMG_45.JPG(1).json'],
    ['Cake.jpg', 'Cake.supplemental-metadata.json'],
    ['Cake.jpg', 'Cake.suppl.json'],
    ['2013-12-23(1).jpg', '2013-12-23.supplemental-metadata(1).json'],
    ['X-edited(1).jpg', 'X.jpg(1).json'],
    ['X(1)-edited.jpg', 'X.jpg(1).json'],
    ['X(1)-edited.jpg', 'X(1).jpg.json'],
    ['X-edited(1).jpg', 'X.jpg.json'],
    ['X(1)-edited.jpg', 'X.jpg.supplemental-metadata.json'],
    ['X-bearbeitet.JPG', 'X.jpg.supplemental-metadata.json'],
    ['X-modifié.jpg'.normalize('NFD'), 'X.jpg.json'],
    ['X-編集済み.jpg', 'X.jpg.json'],
    ['X-ha editado.jpg', 'X.jpg.json'],
    ['X-effects.jpg', 'X.jpg.json'],
    ['X-COLLAGE.jpg', 'X.jpg.json'],
    [`${long.slice(0, 43)}-edi.jpg`, `${`${long.slice(0, 43)}.jpg`.slice(0, 46)}.json`],
    ['Café.jpg'.normalize('NFD'), 'Café.jpg.json'.normalize('NFC')],
    ['Café.jpg'.normalize('NFC'), 'Café.jpg.supplemental-metadata.json'.normalize('NFD')],
  ]
  for (const [photo, json] of matching) assert.deepEqual(namesFor(photo, [json]), [json], `${photo} ${json}`)
  const foreign: [photo: string, json: string][] = [
    ['IMG.JPG', 'IMG.JPG(1).json'],
    ['IMG(1).JPG', 'IMG.JPG.json'],
    ['IMG(1).JPG', 'IMG.JPG(2).json'],
    ['IMG.JPG', 'IMG2.JPG.json'],
    ['IMG.JPG', 'IMG.json'],
    ['IMG.JPG', 'metadata.json'],
    ['IMG-edi.JPG', 'IMG.JPG.json'],
    ['IMG-12.JPG', 'IMG.JPG.json'],
    ['X-edited.jpg', 'Y.jpg.json'],
  ]
  for (const [photo, json] of foreign) assert.deepEqual(namesFor(photo, [json]), [], `${photo} ${json}`)
})

test('a copy has the words of its original only where it has none of its own, and no photo those of another’s name', () => {
  const entries = ['X.jpg', 'X(1).jpg', 'X-edited.jpg', 'X-edited(1).jpg', 'X.jpg.json', 'X.jpg(1).json']
  assert.deepEqual(
    entries.slice(0, 4).map((photo) => namesFor(photo, entries)),
    [['X.jpg.json'], ['X.jpg(1).json'], ['X.jpg.json'], ['X.jpg(1).json']],
  )
  const ownToo = ['X.jpg', 'X-edited.jpg', 'X.jpg.json', 'X-edited.jpg.json']
  assert.deepEqual(namesFor('X-edited.jpg', ownToo), ['X-edited.jpg.json'])
  const cases = ['IMG.JPG', 'img.jpg', 'IMG.JPG.json']
  assert.deepEqual([namesFor('IMG.JPG', cases), namesFor('img.jpg', cases)], [['IMG.JPG.json'], []])
})

test('a sidecar whose name composes accents in another way is the photo’s, unless another photo has that very name', () => {
  const [composed, apart] = ['Café.jpg'.normalize('NFC'), 'Café.jpg'.normalize('NFD')]
  assert.deepEqual(namesFor(apart, [apart, `${composed}.xmp`]), [`${composed}.xmp`])
  assert.deepEqual(namesFor(composed, [composed, 'Café.xmp'.normalize('NFD')]), ['Café.xmp'.normalize('NFD')])
  const both = [composed, apart, `${composed}.xmp`]
  assert.deepEqual([namesFor(composed, both), namesFor(apart, both)], [[`${composed}.xmp`], []])
  assert.equal(sharesName(both, apart), true)
  assert.equal(isStemSidecar(`${composed}.xmp`, apart), false)
})

test('a Takeout file gives description, time in UTC, place, people and favourite', async (context) => {
  const folder = temporaryFolder(context)
  const file = join(folder, 'IMG.JPG.json')
  const takeout = {
    title: 'IMG.JPG',
    description: 'Rex &amp; the ball &lt;3, Mia&#39;s &unknown; &amp;lt;',
    photoTakenTime: { timestamp: '1500000000', formatted: 'Jul 14, 2017, 2:40:00 AM UTC' },
    geoData: { latitude: 0, longitude: 0, altitude: 0 },
    geoDataExif: { latitude: 59.9, longitude: 10.7, altitude: 3 },
    people: [{ name: 'Kari' }],
    favorited: true,
  }
  writeFileSync(file, JSON.stringify(takeout))
  assert.deepEqual(await readSidecar(file), {
    ...emptyMetadata(),
    captions: [
      { text: "Rex & the ball <3, Mia's &unknown; &lt;", language: null, field: 'takeout:description' },
    ],
    dates: [{ takenAt: '2017-07-14T02:40:00', offsetMinutes: 0, kind: 'upload' }],
    takenAt: '2017-07-14T02:40:00',
    takenOffsetMinutes: 0,
    latitude: 59.9,
    longitude: 10.7,
    people: [{ name: 'Kari', region: null }],
    isFavorite: true,
  })
  const people = [{ name: 'Kari' }, {}, { name: null }]
  writeFileSync(file, JSON.stringify({ ...takeout, people, favorited: undefined }))
  const odd = await readSidecar(file)
  assert.deepEqual([odd?.people, odd?.isFavorite], [[{ name: 'Kari', region: null }], false])
  writeFileSync(file, JSON.stringify({ title: 7, description: ['odd'], people: 'none', geoData: 'no' }))
  assert.deepEqual(await readSidecar(file), emptyMetadata())
  writeFileSync(file, '{"compilerOptions": {}}')
  assert.equal(await readSidecar(file), undefined)
  writeFileSync(file, `{"title": "a", "description": ${'['.repeat(2 ** 21)}`)
  assert.equal(await readSidecar(file), undefined)
})

test('a sidecar in UTF-16 of either order is read', async (context) => {
  const file = join(temporaryFolder(context), 'IMG.xmp')
  const little = Buffer.from(`\ufeff${lightroom}`, 'utf16le')
  for (const bytes of [little, Buffer.from(little).swap16(), Buffer.from(`\ufeff${lightroom}`)]) {
    writeFileSync(file, bytes)
    assert.equal((await readSidecar(file))?.captions[1]?.text, 'Båter og skur i skumringen')
  }
})

test('a damaged sidecar is named', async (context) => {
  const folder = temporaryFolder(context)
  for (const [name, content] of [
    ['half.xmp', lightroom.slice(0, 1000)],
    ['half.JPG.json', '{"title": "half.JPG", "descr'],
    ['binary.xmp', '\0\0\0\u0001'],
    ['empty.xmp', ''],
  ] as const) {
    writeFileSync(join(folder, name), content)
    await assert.rejects(readSidecar(join(folder, name)), (thrown: { code?: string; message: string }) => {
      assert.equal(thrown.code, 'SIDECAR_DAMAGED')
      assert.ok(thrown.message.includes(name))
      return true
    })
  }
  await assert.rejects(readSidecar(join(folder, 'gone.xmp')), { code: 'FILE_NOT_FOUND' })
})

test('a damaged sidecar keeps nothing else from being read', async (context) => {
  const folder = temporaryFolder(context)
  const photo = join(folder, 'IMG.png')
  const picture = sharp({ create: { width: 3, height: 2, channels: 3, background: '#fff' } })
  writeFileSync(
    photo,
    await picture
      .withExif({ IFD0: { Model: 'X100' } })
      .png()
      .toBuffer(),
  )
  writeFileSync(join(folder, 'IMG.png.xmp'), '<half')
  writeFileSync(join(folder, 'IMG.xmp'), darktable)
  writeFileSync(join(folder, 'IMG.png.json'), '{"unrelated": 1}')
  const { sources, joined, refused } = await readSources(photo, readdirSync(folder))
  assert.deepEqual(
    sources.map(({ kind, name }) => [kind, name]),
    [
      ['embedded', ''],
      ['sidecar', 'IMG.xmp'],
    ],
  )
  assert.deepEqual([joined.camera, joined.rating, joined.widthPx], ['X100', 3, 3])
  assert.deepEqual(
    refused.map(({ name, error }) => [name, error.code]),
    [['IMG.png.xmp', 'SIDECAR_DAMAGED']],
  )
  assert.ok(refused[0]?.error.message.includes('IMG.png.xmp'))
})

test('sources join: words from beside the photo first, the moment from Takeout last', async (context) => {
  const file = join(temporaryFolder(context), 'IMG.xmp')
  writeFileSync(file, darktable)
  const sidecar = (await readSidecar(file))!
  const embedded = {
    ...emptyMetadata(),
    title: 'inside',
    rating: 1,
    dates: [{ takenAt: '2019-07-14T18:02:55', offsetMinutes: 120, kind: 'original' as const }],
    camera: 'A',
  }
  const takeout = {
    ...emptyMetadata(),
    title: 'from Google',
    dates: [{ takenAt: '2019-07-14T16:02:55', offsetMinutes: 0, kind: 'upload' as const }],
    latitude: 1,
    longitude: 2,
  }
  const joined = joinSources([
    { kind: 'embedded', name: '', metadata: embedded },
    { kind: 'takeout', name: 'IMG.json', metadata: takeout },
    { kind: 'sidecar', name: 'IMG.xmp', metadata: sidecar },
  ])
  assert.equal(joined.title, 'from Google')
  assert.equal(joined.rating, 3)
  assert.equal(joined.takenAt, '2019-07-14T18:02:55')
  assert.equal(joined.takenOffsetMinutes, 120)
  assert.equal(joined.latitude, 1)
  assert.equal(joined.camera, 'A')
})
