import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type CaptionToWrite,
  captionInSidecar,
  displacedWords,
  newSidecar,
  spliceCaption,
  writableCaption,
} from '../../../src-main/library/metadata/caption-splice.ts'
import { escapeXml, XmlError } from '../../../src-main/library/metadata/xml.ts'
import { metadataFromXmp } from '../../../src-main/library/metadata/xmp.ts'
import { asAttribute, lightroom, sampleSidecars, withoutDefault } from './sample-sidecars.ts'

const dog: CaptionToWrite = {
  text: 'a dog runs through snow',
  language: null,
  source: 'model',
  modelId: 'base-v0',
  adapterId: null,
  contentHash: 'c0'.repeat(32),
  writtenAt: '2024-05-06T07:08:09.000Z',
}

/** Strings of any UTF-16 units, among them all that XML and its readers stumble over. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '<',
        '>',
        '&',
        '"',
        "'",
        ']]>',
        '\r\n',
        '\n',
        '\t',
        '\0',
        '\u0007',
        '\ufffe',
        '\u0085',
        '\u2028',
        '🐕',
        '\ud83d',
        '&#10;',
        '<!--',
        ' ',
      ),
    )
    .map((parts) => parts.join('')),
)

test('only the sentence and our own record change: all else stays character for character', () => {
  const result = spliceCaption(lightroom, dog)
  const withoutBlock = result.replace(
    / {2}<rdf:Description rdf:about="">\n {3}<lenslore:.*\n {2}<\/rdf:Description>\n/,
    '',
  )
  assert.equal(withoutBlock, lightroom.replace('Boats &amp; sheds at dusk', 'a dog runs through snow'))
  assert.notEqual(withoutBlock, result)
})

test('an attribute is replaced inside its quotes, and Windows line ends go on', () => {
  const result = spliceCaption(asAttribute, { ...dog, text: 'it\'s "new"' })
  assert.ok(result.startsWith(asAttribute.slice(0, asAttribute.indexOf('It&apos;s'))))
  assert.match(result, /d:description = 'it&apos;s &quot;new&quot;' d:format='image\/jpeg'\/>\r\n/)
  assert.equal(/[^\r]\n/.test(result), false)
})

test('a caption with a language fills that language too, and leaves the others', () => {
  const result = spliceCaption(withoutDefault, { ...dog, text: 'Un chien', language: 'fr' })
  assert.deepEqual(
    metadataFromXmp(result).captions.map(({ text, language }) => [text, language]),
    [
      ['Un chien', 'fr'],
      ['Ein Hund', 'de'],
    ],
  )
  assert.match(result, /<dc:description>not this one<\/dc:description>/)
})

test('a second export replaces the record instead of adding one', () => {
  const twice = spliceCaption(spliceCaption(lightroom, dog), { ...dog, text: 'two dogs', source: 'person' })
  assert.equal(twice.match(/<lenslore:CaptionRecord/g)?.length, 1)
  assert.deepEqual(metadataFromXmp(twice).captions[0]?.provenance, {
    source: 'person',
    modelId: 'base-v0',
    adapterId: null,
    contentHash: dog.contentHash,
    writtenAt: '2024-05-06T07:08:09.000Z',
  })
})

test('what a model doubts stands in our record, and what cannot be is not believed', () => {
  const doubt = {
    confidence: 0.25,
    isUnsure: true,
    doubtfulWords: [
      [2, 5],
      [19, 23],
    ] as [number, number][],
  }
  const text = newSidecar({ ...dog, doubt })
  const doubtIn = (sidecar: string) => metadataFromXmp(sidecar).captions[0]?.provenance?.doubt
  assert.deepEqual(doubtIn(text), doubt)
  assert.deepEqual(doubtIn(spliceCaption(text, { ...dog, doubt: { ...doubt, isUnsure: false } })), {
    ...doubt,
    isUnsure: false,
  })
  assert.equal(doubtIn(spliceCaption(text, dog)), undefined)
  for (const [said, wrong] of [
    ['>0.25<', '>1.5<'],
    ['>0.25<', '>likely<'],
    ['2-5 19-23', '2-5 19-24'],
    ['2-5 19-23', '2-5 4-9'],
    ['2-5 19-23', '5-2'],
  ] as const) {
    assert.ok(text.includes(said))
    assert.equal(doubtIn(text.replace(said, wrong)), undefined, wrong)
  }
  assert.equal(doubtIn(text.replace('>model<', '>person<')), undefined)
})

test('words that another program changed after our export carry no provenance', () => {
  const edited = newSidecar(dog).replace('>a dog runs through snow</rdf:li>', '>my dog Rex</rdf:li>')
  assert.deepEqual(metadataFromXmp(edited).captions, [
    { text: 'my dog Rex', language: null, field: 'xmp:dc:description' },
  ])
})

for (const [name, sidecar] of Object.entries(sampleSidecars)) {
  test(`any text comes back from a ${name} sidecar, and the rest is the same whatever the text`, () => {
    fc.assert(
      fc.property(anyText, fc.option(fc.constantFrom('en', 'de', 'pt-BR')), (text, language) => {
        const caption = { ...dog, text, language }
        const result = spliceCaption(sidecar, caption)
        assert.equal(captionInSidecar(result), writableCaption(text))
        const pattern = spliceCaption(sidecar, { ...caption, text: 'THE-CAPTION' })
        assert.equal(
          result,
          pattern.replaceAll('THE-CAPTION', () => escapeXml(writableCaption(text))),
        )
      }),
      { numRuns: 60 },
    )
  })
}

for (const name of ['digiKam', 'darktable'] as const) {
  test(`a ${name} sidecar without a caption gets one block more, before the end of its list`, () => {
    const original = sampleSidecars[name]
    const result = spliceCaption(original, dog)
    const end = original.indexOf(' </rdf:RDF>')
    assert.ok(result.startsWith(original.slice(0, end)))
    assert.ok(result.endsWith(original.slice(end)))
    const block = result.slice(end, result.length - (original.length - end))
    assert.match(block, /^ {2}<rdf:Description rdf:about="">\n(?: {3}.*\n)+ {2}<\/rdf:Description>\n$/)
  })
}

test('a new sidecar is XMP that says the caption and where it comes from', () => {
  const caption = metadataFromXmp(newSidecar({ ...dog, language: 'en' })).captions
  assert.deepEqual(caption, [
    {
      text: dog.text,
      language: 'en',
      field: 'xmp:dc:description',
      provenance: {
        source: 'model',
        modelId: 'base-v0',
        adapterId: null,
        contentHash: 'c0'.repeat(32),
        writtenAt: dog.writtenAt,
      },
    },
  ])
})

test('what is not well-formed is refused', () => {
  const twice = lightroom.replace('xmp:Rating="4"', 'xmp:Rating="4" xmp:Rating="5"')
  const undeclared = lightroom.replace('    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"\n', '')
  for (const text of [
    '',
    lightroom.slice(0, -20),
    lightroom + lightroom,
    twice,
    undeclared,
    '<a/>',
    lightroom.replace('dusk', '\u0001'),
  ]) {
    assert.throws(() => spliceCaption(text, dog), XmlError)
  }
})

test('what an edit puts other words in the place of is told, but for what a model wrote from here', () => {
  const displaced = (text: string, caption = dog) =>
    displacedWords(text, spliceCaption(text, caption)).map((words) => words.text)
  const shell = (inner: string) =>
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">${inner}</rdf:Description></rdf:RDF></x:xmpmeta>`
  const list = (kind: string, ...items: string[]) =>
    shell(`<dc:description><rdf:${kind}>${items.join('')}</rdf:${kind}></dc:description>`)
  assert.deepEqual(displaced(shell('')), [])
  assert.deepEqual(displaced(shell('<dc:description> </dc:description>')), [])
  assert.deepEqual(displaced(shell('<dc:description>boats</dc:description>')), ['boats'])
  assert.deepEqual(displaced(list('Seq', '<rdf:li>boats</rdf:li>', '<rdf:li>sheds</rdf:li>')), [
    'boats',
    'sheds',
  ])
  const german = '<rdf:li xml:lang="de">Boote</rdf:li>'
  assert.deepEqual(displaced(list('Alt', german)), ['Boote'], 'it is what is read, though it stays')
  const both = list('Alt', '<rdf:li xml:lang="x-default">boats</rdf:li>', german)
  assert.deepEqual(displaced(both, { ...dog, language: 'fr' }), ['boats'])
  assert.deepEqual(displaced(both, { ...dog, language: 'de' }), ['boats', 'Boote'])

  const next = { ...dog, text: 'a cat' }
  assert.deepEqual(displaced(newSidecar(dog), next), [])
  const byPerson = newSidecar({ ...dog, source: 'person' })
  assert.deepEqual(displacedWords(byPerson, spliceCaption(byPerson, next))[0], {
    text: dog.text,
    contentHash: dog.contentHash,
  })
  const edited = newSidecar(dog).replaceAll('>a dog runs through snow</rdf:li>', '>Rex</rdf:li>')
  assert.deepEqual(displaced(edited, next), ['Rex'])
})
