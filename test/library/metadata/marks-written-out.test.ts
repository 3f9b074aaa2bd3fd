import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { spliceMarks } from '../../../src-main/library/metadata/marks-splice.ts'
import { metadataFromXmp } from '../../../src-main/library/metadata/xmp.ts'
import { readXmp } from '../../../src-main/library/metadata/xmp-tree.ts'
import type { WrittenMark } from '../../../src-main/library/store/marks.ts'
import { idAt, openLibrary, openLibraryFor, writtenOut } from '../library-under-test.ts'
import { digiKam, lightroom } from './sample-sidecars.ts'

const writtenAt = '2026-05-04T03:02:01.000Z'
const mark = (kind: WrittenMark['kind'], value: string | number, name = ''): WrittenMark => ({
  kind,
  name,
  value,
  writtenAt,
})
const marks = [
  mark('rating', -1),
  mark('favorite', 1),
  mark('title', 'Bryggen & <quay>'),
  mark('keyword', 1, 'quay'),
  mark('keyword', 0, 'boats'),
  mark('person', 1, 'Ruth'),
]
const empty = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>`
const flat = empty.replace(
  '></rdf:RDF>',
  '><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject>boats, harbour</dc:subject></rdf:Description></rdf:RDF>',
)
const attribute = empty.replace(
  '></rdf:RDF>',
  '><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:subject="boats; harbour" dc:title="Old"/></rdf:RDF>',
)
const samples = { lightroom, digiKam, empty, flat, attribute }

/** What is read, with keywords in any order. */
function readFrom(text: string) {
  const { marks: ours, ...read } = metadataFromXmp(text)
  return { ours, read: { ...read, keywords: read.keywords.toSorted() } }
}

/** What other programs read. */
function plainly(text: string) {
  const xmp = readXmp(text)
  const items = (prefix: 'dc' | 'Iptc4xmpExt', local: string) =>
    xmp.get(prefix, local)?.items.map((item) => item.text) ?? []
  return {
    rating: xmp.get('xmp', 'Rating')?.text,
    title: xmp.get('dc', 'title')?.items[0]?.text ?? xmp.get('dc', 'title')?.text,
    keywords: items('dc', 'subject'),
    people: items('Iptc4xmpExt', 'PersonInImage'),
  }
}

for (const [name, sample] of Object.entries(samples)) {
  test(`marks go into a sidecar where others read them, and come out as they were: ${name}`, () => {
    const said = { marks, contentHash: 'ab'.repeat(32) }
    const text = spliceMarks(sample, said)
    const { rating, title, keywords, people } = plainly(text)
    assert.deepEqual([rating, title], ['-1', 'Bryggen & <quay>'])
    assert.ok(keywords.includes('quay') && !keywords.includes('boats'))
    assert.ok(people.includes('Ruth'))
    assert.equal(spliceMarks(text, said), text, 'the same again changes nothing')

    const { ours, read } = readFrom(text)
    assert.deepEqual(read, readFrom(sample).read, 'what others wrote is still told from it')
    assert.equal(ours?.contentHash, 'ab'.repeat(32))
    assert.deepEqual(
      ours?.said.map(({ before, ...each }) => each),
      marks,
    )

    const again = spliceMarks(text, { ...said, marks: marks.slice(0, 1) })
    assert.deepEqual(plainly(again).people, plainly(sample).people)
    const back = spliceMarks(text, { ...said, marks: [] })
    assert.deepEqual(readFrom(back), readFrom(sample))
    assert.doesNotMatch(back, /lenslore:/)
  })
}

test('what another program wrote over a mark since is not put back', () => {
  const said = { marks: [mark('rating', 5)], contentHash: null }
  const theirs = spliceMarks(lightroom, said).replace('xmp:Rating="5"', 'xmp:Rating="2"')
  assert.equal(metadataFromXmp(theirs).rating, 2)
  assert.equal(metadataFromXmp(theirs).marks, undefined)
  assert.equal(plainly(spliceMarks(theirs, { marks: [], contentHash: null })).rating, '2')
})

async function setUp(t: TestContext) {
  const library = openLibraryFor(t)
  const { client, photos, takeIn } = library
  const at = (name: string) => join(photos, name)
  writeFileSync(at('told.jpg'), 'the picture told')
  writeFileSync(at('new.jpg'), 'the picture new')
  writeFileSync(at('told.jpg.xmp'), lightroom)
  await client.addFolder({ path: photos })
  await takeIn()
  const selection = { photos: [await idAt(client, at('told.jpg')), await idAt(client, at('new.jpg'))] }
  const change = {
    rating: 1,
    isFavorite: true,
    title: 'Bryggen',
    addKeywords: ['quay'],
    removeKeywords: ['boats'],
    addPeople: ['Ruth'],
  }
  return {
    ...library,
    at,
    selection,
    change,
    text: (name: string) => readFileSync(at(`${name}.xmp`), 'utf8'),
  }
}

test('marks are exported with captions, byte for byte undone, and a library made anew has them as the person’s', async (t) => {
  const { client, photos, directory, at, selection, change, text } = await setUp(t)
  await client.setMarks({ selection, change })
  assert.deepEqual((({ create, update }) => [create, update])(await client.planExport({})), [1, 1])
  await client.exportCaptions({})
  for (const name of ['told.jpg', 'new.jpg']) {
    const { rating, title, people } = plainly(text(name))
    assert.deepEqual([rating, title, people], ['1', 'Bryggen', ['Ruth']], name)
  }
  assert.equal((await client.exportCaptions({})).updated, 0)
  assert.deepEqual((await client.scan({})).changed, 0)

  const anew = openLibrary(`${directory}-anew`)
  t.after(anew.close)
  await anew.client.addFolder({ path: photos })
  await anew.client.scan({})
  await anew.client.captionAll({})
  for (const name of ['told.jpg', 'new.jpg']) {
    const [before, after] = [
      await client.photoAt({ path: at(name) }),
      await anew.client.photoAt({ path: at(name) }),
    ]
    const said = ({ marks: all }: typeof before) => all.map(({ isTakenBack, ...each }) => each).toReversed()
    assert.deepEqual(said(after), said(before), name)
    assert.deepEqual({ ...after.words, sources: [] }, { ...before.words, sources: [] }, name)
  }

  await client.undoExport({})
  assert.equal(text('told.jpg'), lightroom)
  assert.ok(!existsSync(at('new.jpg.xmp')))
})

test('marks are always written out where captions are, and taken back there too', async (t) => {
  const { client, selection, change, text } = await setUp(t)
  const [folder] = await client.folders({})
  await client.setExportsAlways({ folderId: folder!.id, always: true })
  await client.setMarks({ selection, change })
  await writtenOut(client)
  assert.equal(plainly(text('new.jpg')).rating, '1')
  assert.equal(plainly(text('told.jpg')).rating, '1')
  await client.undoEdit({})
  await writtenOut(client)
  assert.equal(plainly(text('new.jpg')).rating, undefined)
  assert.equal(plainly(text('told.jpg')).rating, '4')
  assert.deepEqual(plainly(text('told.jpg')).keywords.sort(), plainly(lightroom).keywords)
})
