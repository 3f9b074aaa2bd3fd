import assert from 'node:assert/strict'
import { test } from 'node:test'
import { XmlError } from '../../../src-main/library/metadata/xml.ts'
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
