import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { readMetadata } from '../../../src-main/library/metadata/read.ts'
import { readSidecar } from '../../../src-main/library/metadata/sidecars.ts'

const corpus = fileURLToPath(new URL('../../../../shared/corpus/', import.meta.url))
const absent = !existsSync(corpus) && 'the corpus of real files is not beside the project'
const read = (path: string) => readMetadata(`${corpus}${path}`)

test('real files with words, faces and places', { skip: absent }, async () => {
  const portrait = await read('sidecars/portrait-orientation-6.jpg')
  assert.deepEqual(
    portrait.people.map(({ name }) => name),
    ['Marie Curie', 'Pierre Curie'],
  )
  assert.ok(portrait.people.every(({ region }) => region && region.width > 0 && region.left > 0))
  assert.deepEqual([portrait.widthPx, portrait.heightPx], [840, 700])

  const springs = await read('sidecars/thompson-springs.jpg')
  assert.match(springs.captions[0]?.text ?? '', /^Early winter scene .* state of Utah\.$/)
  assert.equal(springs.captions.length, 1)
  assert.deepEqual(
    springs.places.map(({ name }) => name),
    ['Thompson Springs', 'Utah', 'United States'],
  )
  assert.equal(springs.latitude?.toFixed(3), '39.115')
  // IPTC says -04:00, which was the zone of a computer; the clock was 15:15 when the satellites had 21:15.
  assert.deepEqual([springs.takenAt, springs.takenOffsetMinutes], ['2022-01-10T15:15:44', -360])

  assert.equal((await read('sidecars/mongolels.jpg')).captions[0]?.text, 'Mongol Els')
  assert.equal((await read('sidecars/empty_gps.jpg')).latitude, null)
  assert.equal((await readSidecar(`${corpus}sidecars/2010.xmp`))?.takenAt, '2010-09-27T14:35:33')
})

test('cameras of all makers have a name and no caption of their own', { skip: absent }, async () => {
  const named = new Map<string, string | null>()
  for (const name of readdirSync(`${corpus}camera`)) {
    const metadata = await read(`camera/${name}`)
    named.set(name, metadata.camera)
    const words = metadata.captions.map(({ text }) => text)
    assert.ok(!words.some((text) => /digital camera|dsc/i.test(text)), `${name}: ${words}`)
  }
  assert.equal(named.get('Canon_PowerShot_S40_(2).jpg'), 'Canon PowerShot S40')
  assert.equal(named.get('Olympus_PEN_E-P3.jpg'), 'OLYMPUS E-P3')
  assert.equal(named.get('Nikon_E775.jpg'), 'NIKON E775')
})

test('a damaged file still answers', { skip: absent }, async () => {
  for (const name of readdirSync(`${corpus}broken`)) {
    const metadata = await read(`broken/${name}`)
    assert.ok(Array.isArray(metadata.warnings), name)
  }
})

test('a damaged JPEG has the size that a decoder reads from its header', { skip: absent }, async () => {
  let compared = 0
  for (const name of readdirSync(`${corpus}broken`)) {
    const header = await sharp(readFileSync(`${corpus}broken/${name}`), { failOn: 'none' })
      .metadata()
      .catch(() => undefined)
    if (!header) continue
    const { widthPx, heightPx } = await read(`broken/${name}`)
    assert.deepEqual([widthPx, heightPx], [header.autoOrient.width, header.autoOrient.height], name)
    compared++
  }
  assert.ok(compared > 20)
})
