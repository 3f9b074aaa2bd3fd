import assert from 'node:assert/strict'
import { cpSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { lookPlace } from '../../src-main/contract/look-place.ts'
import { seenOf } from '../../src-main/library/model-questions.ts'
import { forkEngine } from '../../src-main/processes/fork.ts'
import { idAt, openLibraryFor } from './library-under-test.ts'

test('a person asks the embedded model what else it might have said, and where it looks at their own words', async (t) => {
  const { client, photos } = openLibraryFor(t, forkEngine)
  const path = join(photos, 'sea.png')
  const wave = Buffer.alloc(96 * 64 * 3, 0).map((_, at) => 128 + 100 * Math.sin(at / 97))
  await sharp(wave, { raw: { width: 96, height: 64, channels: 3 } })
    .png()
    .toFile(path)
  await client.addFolder({ path: photos })
  await client.scan({})
  await client.captionAll({})
  const photo = await idAt(client, path)

  const { caption, history } = await client.photo({ photo })
  const readings = await client.readings({ photo })
  assert.equal(readings[0]!.text, caption!.text)
  assert.equal(new Set(readings.map(({ text }) => text)).size, readings.length)
  assert.ok(readings.length > 1)

  const own = 'Grandma’s boat on the sea'
  const asked = await client.attention({ photo, text: own })
  assert.deepEqual(
    asked.words.map(({ start, end }) => own.slice(start, end)),
    own.split(' '),
  )
  assert.deepEqual((await client.photo({ photo })).history, history, 'nothing is kept')
  await client.setCaption({ photo, text: own })
  assert.deepEqual(await client.attention({ photo }), asked, 'the words that are shown')

  // A drive that is away: its thumbnail is seen in its place.
  renameSync(photos, `${photos}-away`)
  await client.scan({}).catch(() => {})
  const away = await client.attention({ photo })
  assert.deepEqual(
    away.words.map(({ start }) => start),
    asked.words.map(({ start }) => start),
  )
  cpSync(`${photos}-away`, photos, { recursive: true })

  await assert.rejects(client.attention({ photo: photo + 1 }), { code: 'PHOTO_NOT_FOUND' })
})

test('of a picture that is cropped to a square the model sees its middle', () => {
  const clip = {
    resize: { kind: 'shortest-edge', px: 224 },
    crop: { widthPx: 224, heightPx: 224 },
    resample: 'cubic',
  } as const
  assert.deepEqual(seenOf(clip, 4480, 2240), { left: 0.25, top: 0, width: 0.5, height: 1 })
  assert.deepEqual(seenOf(clip, 2240, 4480), { left: 0, top: 0.25, width: 1, height: 0.5 })
  assert.deepEqual(seenOf({ ...clip, crop: null }, 100, 50), { left: 0, top: 0, width: 1, height: 1 })
})

test('a look has a place that can be said', () => {
  const at = (place: number) =>
    Float32Array.from({ length: 49 }, (_, index) => (index === place ? 0.5 : 0.001))
  const size = { rows: 7, columns: 7 }
  assert.equal(lookPlace(size, at(0)), 'upper left')
  assert.equal(lookPlace(size, at(24)), 'middle')
  assert.equal(lookPlace(size, at(48)), 'lower right')
  assert.equal(lookPlace(size, at(6)), 'upper right')
})
