import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openGazetteer } from '../../../src-main/library/places/gazetteer.ts'
import { gazetteerPackages } from '../../../src-main/library/places/place-store.ts'

const gazetteer = openGazetteer()
after(() => gazetteer.close())

const nameOf = (key: string | null) => (key === null ? null : gazetteer.namesOf(key).name)

function at(latitude: number, longitude: number): (string | null)[] {
  const { town, city, country } = gazetteer.find(latitude, longitude)
  return [nameOf(town), nameOf(city), nameOf(country)]
}

test('right at a border the town is one of the country whose ground it is', () => {
  assert.deepEqual(at(47.6603, 9.1751), ['Konstanz', null, 'Germany'])
  assert.deepEqual(at(47.651, 9.1752), ['Kreuzlingen', null, 'Switzerland'])
  assert.deepEqual(at(47.5596, 7.5886), ['Basel', null, 'Switzerland'])
  assert.deepEqual(at(47.59, 7.56), ['Saint-Louis', null, 'France'])
  assert.deepEqual(at(47.5949, 7.6106), ['Weil am Rhein', null, 'Germany'])
  assert.deepEqual(at(41.9022, 12.4539), ['Vatican City', null, 'Vatican City'])
  assert.deepEqual(at(41.9076, 12.4604), ['Rome', null, 'Italy'])
})

test('a part of a city is near both, and a neighbour that is as large is no part', () => {
  assert.deepEqual(at(40.65, -73.95), ['Brooklyn', 'New York City', 'United States'])
  assert.deepEqual(at(38.6916, -9.2159), ['Algés', 'Lisbon', 'Portugal'])
  assert.deepEqual(at(40.72, -74.05), ['Jersey City', null, 'United States'])
  assert.deepEqual(at(38.7117, -9.129), ['Lisbon', null, 'Portugal'])
})

test('territories are what people call them, islands and deserts have at least a country', () => {
  assert.deepEqual(at(22.2759, 114.149), ['Victoria', 'Hong Kong', 'Hong Kong'])
  assert.deepEqual(at(18.45, -66.1), ['San Juan', null, 'Puerto Rico'])
  assert.deepEqual(at(-16.5, -151.74), ['Vaitape', null, 'French Polynesia'])
  assert.deepEqual(at(-16.3, -145.6), [null, null, 'French Polynesia'])
  assert.deepEqual(at(-25.07, -130.1), ['Adamstown', null, 'Pitcairn'])
  assert.deepEqual(at(-25.5, 137), [null, null, 'Australia'])
  assert.deepEqual(at(-64.8, -63), [null, null, 'Antarctica'])
})

test('the open sea and the null island are nowhere', () => {
  for (const [latitude, longitude] of [
    [30, -40],
    [45, -5],
    [0, -150],
    [0, 0],
  ] as const) {
    assert.deepEqual(gazetteer.find(latitude, longitude), { town: null, city: null, country: null })
  }
})

test('where borders are drawn in another way, a town nearby tells the country', () => {
  assert.deepEqual(at(44.95, 34.1), ['Simferopol', null, 'Ukraine'])
  assert.deepEqual(at(35.34, 33.32), ['Kyrenia', null, 'Cyprus'])
})

test('poles and the date line are positions like others', () => {
  assert.deepEqual(at(-89, 179.9)[2], 'Antarctica')
  assert.deepEqual(at(-90, 0)[2], 'Antarctica')
  assert.deepEqual(at(90, -180), [null, null, null])
  assert.deepEqual(at(-16.79, -179.99)[2], 'Fiji')
  assert.deepEqual(at(-16.79, 179.99)[2], 'Fiji')
  assert.equal(at(-54.42, 3.36)[2], 'Bouvet Island', 'where nobody lives')
})

test('names in other languages are told apart from codes and from what machines spell out', () => {
  const munich = gazetteer.namesOf(gazetteer.find(48.137, 11.575).town!)
  assert.equal(munich.name, 'Munich')
  for (const name of ['München', 'Muenchen', 'Мюнхен', '慕尼黑'])
    assert.ok(munich.others.includes(name), name)
  assert.deepEqual(munich.codes, ['MUC'])
  const lisbon = gazetteer.namesOf(gazetteer.find(38.7117, -9.129).town!)
  assert.ok(!lisbon.others.includes('li si ben'))
  const germany = gazetteer.namesOf('DE')
  assert.deepEqual([germany.name, germany.codes], ['Germany', ['DE']])
  for (const name of ['Deutschland', 'Allemagne', 'ドイツ']) assert.ok(germany.others.includes(name), name)
  const usa = gazetteer.namesOf('US')
  assert.deepEqual([usa.name, usa.codes, usa.others.includes('USA')], ['United States', ['US'], true])
  assert.ok(!usa.others.includes('SAD'), 'in Croatian, and not what the word asks for')
})

test('whoever brings another gazetteer counts its version up, so that places are found anew', () => {
  for (const [name, version] of Object.entries(gazetteerPackages)) {
    const folder = dirname(dirname(fileURLToPath(import.meta.resolve(name))))
    const installed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
    assert.equal(installed.version, version, `${name}: count gazetteerVersion up, and say it here`)
  }
})
