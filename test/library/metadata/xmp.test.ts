import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyMetadata, joinMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { parseXml, XmlError } from '../../../src-main/library/metadata/xml.ts'
import { metadataFromXmp } from '../../../src-main/library/metadata/xmp.ts'
import { asAttribute, darktable, digiKam, lightroom, withoutDefault } from './sample-sidecars.ts'

test('a Lightroom sidecar gives words, place, time, lens and the tag hierarchy', () => {
  const metadata = metadataFromXmp(lightroom)
  assert.equal(metadata.title, 'The old harbour')
  assert.deepEqual(metadata.captions, [
    { text: 'Boats & sheds at dusk', language: null, field: 'xmp:dc:description' },
    { text: 'Båter og skur i skumringen', language: 'nb', field: 'xmp:dc:description' },
  ])
  assert.deepEqual(metadata.keywords, ['boats', 'harbour', 'places', 'People', 'Kari Nordmann'])
  assert.deepEqual(metadata.people, [{ name: 'Kari Nordmann', region: null }])
  assert.deepEqual(metadata.places, [
    { kind: 'city', name: 'Bergen' },
    { kind: 'country', name: 'Norway' },
  ])
  assert.equal(metadata.rating, 4)
  assert.equal(metadata.takenAt, '2021-06-05T22:41:07')
  assert.equal(metadata.takenOffsetMinutes, 120)
  assert.equal(metadata.latitude, 60.39)
  assert.equal(metadata.longitude, 5.325)
  assert.equal(metadata.lens, 'EF24-105mm f/4L IS USM')
})

test('a digiKam sidecar gives faces of both vocabularies, and no focus point as a person', () => {
  const metadata = metadataFromXmp(digiKam)
  assert.deepEqual(metadata.people, [
    { name: 'Ada', region: { left: 0.4, top: 0.2, width: 0.2, height: 0.1 } },
    { name: 'Grace', region: { left: 0.1, top: 0.2, width: 0.3, height: 0.4 } },
  ])
  assert.deepEqual(metadata.keywords, ['Animals', 'Dogs', 'Rex'])
  assert.equal(metadata.rating, -1)
  assert.deepEqual(metadata.captions, [
    { text: 'Kept only for the face', language: null, field: 'xmp:acdsee:notes' },
  ])
})

test('a darktable sidecar gives its rating and time, and its history is no caption', () => {
  const metadata = metadataFromXmp(darktable)
  assert.equal(metadata.rating, 3)
  assert.equal(metadata.takenAt, '2019-07-14T18:02:55')
  assert.equal(metadata.takenOffsetMinutes, null)
  assert.deepEqual(metadata.captions, [])
})

test('a caption is found as an attribute under any prefix, and without a default language', () => {
  assert.equal(metadataFromXmp(asAttribute).captions[0]?.text, "It's old")
  assert.deepEqual(metadataFromXmp(withoutDefault).captions, [
    { text: 'Ein Hund', language: 'de', field: 'xmp:dc:description' },
  ])
})

test('the default sentence takes the language of its copy', () => {
  const copied = lightroom.replace('Båter og skur i skumringen', 'Boats &amp; sheds at dusk')
  assert.deepEqual(metadataFromXmp(copied).captions, [
    { text: 'Boats & sheds at dusk', language: 'nb', field: 'xmp:dc:description' },
  ])
})

test('a customary prefix needs no declaration', () => {
  const undeclared = lightroom.replace('    xmlns:dc="http://purl.org/dc/elements/1.1/"\n', '')
  assert.equal(metadataFromXmp(undeclared).title, 'The old harbour')
})

/** An RDF document around a description. */
const around = (inner: string) =>
  `${withoutDefault.slice(0, withoutDefault.indexOf('<rdf:Description'))}${inner}</rdf:RDF>`

test('lists in lists are read once each, however deep', () => {
  // Read twice at each depth this would take until the sun is cold.
  const deep = '<dc:subject><rdf:Bag><rdf:li>'.repeat(40) + '</rdf:li></rdf:Bag></dc:subject>'.repeat(40)
  assert.deepEqual(metadataFromXmp(around(`<rdf:Description>${deep}</rdf:Description>`)).keywords, [])
})

test('of endless lists the beginning is read', () => {
  const list = (count: number, item: (index: number) => string) =>
    around(
      `<rdf:Description><dc:description><rdf:Alt>${Array.from({ length: count }, (_, index) => item(index)).join('')}</rdf:Alt></dc:description></rdf:Description>`,
    )
  const captions = metadataFromXmp(
    list(60_000, (at) => `<rdf:li xml:lang="x-${at}">Words ${at}</rdf:li>`),
  ).captions
  assert.equal(captions.length, 10_000)
  assert.deepEqual([captions[0]?.text, captions.at(-1)?.text], ['Words 0', 'Words 9999'])
  const tags = Array.from({ length: 200_000 }, (_, index) => index).join(',')
  const flat = around(`<rdf:Description dc:subject="${tags}"/>`)
  assert.equal(metadataFromXmp(flat).keywords.length, 10_000)
})

test('lists of any length join', () => {
  const places = Array.from({ length: 300_000 }, (_, index) => ({ kind: 'city' as const, name: `${index}` }))
  const captions = Array.from({ length: 50_000 }, (_, index) => ({
    text: `Words ${index}`,
    language: null,
    field: 'xmp:dc:description',
  }))
  const joined = joinMetadata([
    { ...emptyMetadata(), places, captions },
    { ...emptyMetadata(), places },
  ])
  assert.deepEqual([joined.places.length, joined.captions.length], [300_000, 50_000])
})

test('long values stand where the text has them, across the pieces it is parsed in', () => {
  const value = 'Ærø 🐕 '.repeat(40_000)
  const text = `<a b="${value}" c="d">${value}<e f='g'/></a>`
  const root = parseXml(text)
  const [first, second] = root.attributes
  assert.equal(first?.value, value)
  assert.equal(text.slice(first.start, first.end), value)
  assert.equal(text.slice(second?.start, second?.end), 'd')
  assert.equal(text.slice(root.contentStart, root.children[0]?.start), value)
  assert.equal(text.slice(root.children[0]?.start, root.children[0]?.end), "<e f='g'/>")
})

test('attributes and namespaces that would take minutes are refused', () => {
  const attributes = (count: number) => Array.from({ length: count }, (_, index) => `a${index}=""`).join(' ')
  const described = (inner: string) => around(`<rdf:Description ${inner}/>`)
  assert.throws(() => metadataFromXmp(described(attributes(500_000))), /more than 2000 attributes/)
  assert.throws(() => metadataFromXmp(described(attributes(2500))), /more than 2000 attributes/)
  assert.doesNotThrow(() => metadataFromXmp(described(attributes(1900))))
  const each = `<a ${attributes(1900)}/>`.repeat(120)
  assert.throws(() => metadataFromXmp(around(`<rdf:Description>${each}</rdf:Description>`)), /in all/)
  const bound = Array.from({ length: 190 }, (_, index) => `xmlns:n${index}="u"`).join(' ')
  const below = `<rdf:Description ${bound}>${'<a/>'.repeat(50_000)}</rdf:Description>`
  assert.throws(() => metadataFromXmp(around(below)), /below many namespaces/)
})

test('what is not well-formed, no XMP, or hostile is an error', () => {
  const deep = '<a>'.repeat(500) + '</a>'.repeat(500)
  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
  const many = `<a>${'<b/>'.repeat(100_001)}</a>`
  const prefixes = Array.from({ length: 201 }, (_, index) => `xmlns:n${index}="u"`).join(' ')
  const namespaces = lightroom.replace('<x:xmpmeta', `<x:xmpmeta ${prefixes}`)
  for (const text of [
    '',
    'no markup',
    many,
    namespaces,
    lightroom.slice(0, 900),
    '<a/>',
    '<a></b>',
    deep,
    bomb,
  ]) {
    assert.throws(() => metadataFromXmp(text), XmlError, text.slice(0, 40))
  }
})
