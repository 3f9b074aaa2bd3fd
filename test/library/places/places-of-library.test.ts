import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { openLibraryFor } from '../library-under-test.ts'

const gps = (latitude: string, longitude: string, [north, east]: readonly [string, string]) => ({
  GPSLatitudeRef: north,
  GPSLatitude: latitude,
  GPSLongitudeRef: east,
  GPSLongitude: longitude,
})

function picture(IFD3: Record<string, string>): Promise<Buffer> {
  return sharp({ create: { width: 30, height: 20, channels: 3, background: '#368' } })
    .withExif({ IFD3 })
    .jpeg()
    .toBuffer()
}

test('a run finds places of what it read; nothing that is written out has them', async (t) => {
  const { client, photos, directory, takeIn } = openLibraryFor(t)
  const [there, nowhere] = ['there.jpg', 'nowhere.jpg'].map((name) => join(photos, name))
  writeFileSync(there!, await picture(gps('38/1 42/1 42/1', '9/1 7/1 44/1', ['N', 'W'])))
  writeFileSync(nowhere!, await picture(gps('0/1 0/1 0/1', '0/1 0/1 0/1', ['N', 'E'])))
  await client.addFolder({ path: photos })
  await takeIn()
  const photo = await client.photoAt({ path: there! })
  assert.deepEqual(photo.place, { town: 'Lisbon', city: null, country: 'Portugal', countryCode: 'PT' })
  assert.deepEqual(photo.words.places, [], 'nobody stated it')
  assert.equal((await client.photoAt({ path: nowhere! })).place, null)
  assert.equal((await client.search({ query: 'place:portugal' })).total, 1)

  await client.setCaption({ photo: photo.id, text: 'a tram' })
  await client.exportCaptions({})
  const table = join(directory, 'table.csv')
  await client.exportTable({ path: table, format: 'csv' })
  for (const file of [`${there}.xmp`, table]) {
    const text = readFileSync(file, 'utf8')
    assert.match(text, /a tram/)
    assert.doesNotMatch(text, /Lisbon|Portugal/)
  }

  // The picture is replaced by one without a position.
  writeFileSync(there!, await picture({}))
  await takeIn()
  assert.equal((await client.photoAt({ path: there! })).place, null)
  assert.equal((await client.search({ query: 'portugal' })).total, 0)
})
