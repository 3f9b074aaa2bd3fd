import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { currentCaptions, exportCaptions } from '../../../src-main/library/metadata/export-sidecars.ts'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { readSidecar } from '../../../src-main/library/metadata/sidecars.ts'
import { repairTwiceEncoded } from '../../../src-main/library/metadata/twice-encoded.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf } from '../store/sample-library.ts'
import { lightroom } from './sample-sidecars.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** As a program does that takes UTF-8 for an encoding of one byte. */
const twice = (text: string, encoding: 'windows-1252' | 'latin1' = 'windows-1252') =>
  encoding === 'latin1'
    ? Buffer.from(text).toString('latin1')
    : new TextDecoder('windows-1252').decode(Buffer.from(text))
const repair = (text: string) => repairTwiceEncoded([text])[0]!

test('words that were encoded twice are put right, in any of the languages that are written so', () => {
  for (const text of [
    'Café',
    'Ärger in Zürich',
    'à la plage',
    'für 5 €, 20 °C',
    'Grandma’s “kite”',
    'Dvořák v Praze, Łódź',
    'Москва',
    'Αθήνα',
    'שלום',
    'مرحبا',
    '東京タワー',
    '서울 여행',
    'नमस्ते',
    'สวัสดี',
    'Nguyễn Văn',
    'a dog 🐕',
    '👩🏽‍🚀 ❤️',
    'Zürich'.normalize('NFD'),
    'the sea … at 5½',
  ]) {
    assert.equal(repair(twice(text)), text, text)
    assert.equal(repair(twice(text, 'latin1')), text, text)
  }
})

test('what may be meant as it stands stays', () => {
  for (const text of [
    '',
    'a dog',
    'Café',
    'CAFÉ®',
    'CAFÉ™ by the sea',
    'voilà\u00a0»',
    '« voilà »',
    'Spaß™',
    'IRMÃ® LTDA',
    'irmã…”',
    'la santé…”',
    'SÃO PAULO, 20 °C',
    'Ä…',
    'Å‚',
    'Ö®',
    'São Ã©',
    '東京 Ã©',
    '“Ã©”',
    'Ã',
    'ÃƒÂ',
    'naïve café',
  ]) {
    assert.equal(repair(text), text, text)
  }
})

test('what no reader would take for sense is not touched, and whatever is put right reads back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
      const made = repair(text)
      if (made !== text)
        assert.ok([twice(made), twice(made, 'latin1')].includes(text) || /[\u0080-\u009f]/.test(text))
    }),
    { numRuns: 500 },
  )
})

test('texts of one program decide for each other, where they can be read so at all', () => {
  assert.deepEqual(repairTwiceEncoded(['Å‚', twice('Zürich'), 'Ö®', 'café']), ['ł', 'Zürich', 'Ö®', 'café'])
})

test('a sidecar whose words were encoded twice says what was meant, and what Lenslore wrote stays as it is', async (context) => {
  const folder = temporaryFolder(context)
  const photos = join(folder, 'photos')
  mkdirSync(photos)
  const store = openStore(join(folder, 'library.sqlite'))
  context.after(() => store.close())
  const folderId = addFolder(store, photos)
  const [a, b] = ['a', 'b'].map((name) => {
    writeFileSync(join(photos, `${name}.jpg`), name)
    return addPhoto(store, folderId, `${name}.jpg`, contentOf(name))
  })
  const file = join(photos, 'a.jpg.xmp')
  const words = lightroom
    .replace('The old harbour', 'Der alte Hafen Zürich')
    .replace('>boats<', '>Schöne Boote<')
  writeFileSync(file, twice(words))
  const found = (await readSidecar(file))!
  assert.deepEqual(
    found.captions.map(({ text }) => text),
    ['Boats & sheds at dusk', 'Båter og skur i skumringen'],
  )
  assert.equal(found.title, 'Der alte Hafen Zürich')
  assert.ok(found.keywords.includes('Schöne Boote'))

  // An export goes over the twice encoded words as over any that the library has taken in.
  const metadata = createMetadataStore(store.database, store.captions)
  writeFileSync(file, twice(lightroom.replace('Boats &amp; sheds at dusk', 'Café')))
  const read = (await readSidecar(file))!
  assert.equal(read.captions[0]?.text, 'Café')
  metadata.applyAll(a!, [{ kind: 'sidecar', name: 'a.jpg.xmp', metadata: read }], [], 1)
  const summary = await exportCaptions(store.database, [...currentCaptions(store.database)])
  assert.deepEqual([summary.updated, summary.kept], [1, 0])
  assert.match(readFileSync(file, 'utf8'), />Café</)

  store.captions.setByPerson(b!, 'the sign says CafÃ©', 1)
  await exportCaptions(store.database, [...currentCaptions(store.database)])
  const own = (await readSidecar(join(photos, 'b.jpg.xmp')))!
  assert.equal(own.captions[0]?.text, 'the sign says CafÃ©')
})
