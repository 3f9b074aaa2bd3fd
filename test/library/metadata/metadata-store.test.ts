import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { emptyMetadata, type PhotoMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import type { MetadataSource } from '../../../src-main/library/metadata/sidecars.ts'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf } from '../store/sample-library.ts'
import { temporaryFolder } from './temporary-folder.ts'

function setUp(context: TestContext) {
  const store = openStore(join(temporaryFolder(context), 'library.sqlite'))
  context.after(() => store.close())
  const { searcher } = createSearch(store.database)
  const photoId = addPhoto(store, addFolder(store, '/photos'), 'a.jpg')
  return { store, searcher, photoId, metadata: createMetadataStore(store.database, store.captions) }
}

function source(kind: MetadataSource['kind'], name: string, said: Partial<PhotoMetadata>): MetadataSource {
  return { kind, name, metadata: { ...emptyMetadata(), ...said } }
}

const unknown = { modelId: null, adapterId: null, contentHash: null, writtenAt: null }

function caption(text: string, field = 'xmp:dc:description') {
  return { text, language: null, field }
}

test('what sources say is kept with its source, and comes back in order of precedence', (context) => {
  const { metadata, photoId } = setUp(context)
  const people = [{ name: 'Kari', region: { left: 0.1, top: 0.2, width: 0.3, height: 0.4 } }]
  const embedded = source('embedded', '', { title: 'inside', keywords: ['boat'], rating: 2 })
  const sidecar = source('sidecar', 'a.xmp', { title: 'beside', people, isFavorite: true })
  metadata.applyAll(photoId, [embedded, sidecar], [], 1)
  assert.deepEqual(metadata.sources(photoId), [sidecar, embedded])
  const joined = metadata.joined(photoId)
  assert.equal(joined.title, 'beside')
  assert.equal(joined.rating, 2)
  assert.deepEqual(joined.people, people)
})

test('reading one source again replaces what came from it, and nothing else', (context) => {
  const { store, metadata, photoId } = setUp(context)
  metadata.apply(photoId, source('embedded', '', { captions: [caption('old words')], keywords: ['x'] }), 1)
  metadata.apply(photoId, source('sidecar', 'a.xmp', { captions: [caption('beside')] }), 1)
  metadata.apply(photoId, source('embedded', '', { captions: [caption('new words')] }), 2)
  assert.deepEqual(metadata.joined(photoId).keywords, [])
  assert.equal(store.captions.current(photoId)?.text, 'beside')
  metadata.applyAll(photoId, [source('embedded', '', { captions: [caption('new words')] })], [], 3)
  assert.equal(store.captions.current(photoId)?.text, 'new words')
  assert.deepEqual(
    metadata.sources(photoId).map(({ kind }) => kind),
    ['embedded'],
  )
})

test('an imported caption beats the model and never the person', (context) => {
  const { store, metadata, photoId } = setUp(context)
  metadata.apply(photoId, source('embedded', '', { captions: [caption('from the file')] }), 1)
  assert.equal(store.captions.current(photoId)?.source, 'imported')
  store.captions.setByPerson(photoId, 'my own', 2)
  metadata.apply(photoId, source('embedded', '', { captions: [caption('from the file again')] }), 3)
  assert.equal(store.captions.current(photoId)?.text, 'my own')
})

test('words this library exported come back as what they are, others as imported', (context) => {
  const { store, metadata, photoId } = setUp(context)
  const contentHash = store.photos.byId(photoId)!.contentHash!
  store.captions.addFromModel(
    [
      {
        photoId,
        text: 'a dog',
        score: -1,
        ...noDoubt,
        modelId: 'm',
        adapterId: null,
        precision: 'fp32',
        contentHash,
      },
    ],
    1,
  )
  const provenance = { ...unknown, source: 'model', modelId: 'm' } as const
  const ours = source('sidecar', 'a.jpg.xmp', { captions: [{ ...caption('a dog'), provenance }] })
  metadata.applyAll(photoId, [ours], [], 2)
  assert.equal(store.captions.current(photoId)?.source, 'model')
  const foreign = source('sidecar', 'a.jpg.xmp', { captions: [{ ...caption('a cat'), provenance }] })
  metadata.applyAll(photoId, [foreign], [], 3)
  assert.equal(store.captions.current(photoId)?.source, 'imported')
})

test('words exported about another picture are not taken for those of the one that has its name now', (context) => {
  const { store, metadata, photoId } = setUp(context)
  const contentHash = store.photos.byId(photoId)!.contentHash!
  const otherId = addPhoto(store, store.photos.byId(photoId)!.folderId, 'b.jpg', contentOf('b'))
  const other = contentOf('b')
  store.captions.setByPerson(otherId, 'the kite', 1)
  const imported = (text: string, from: 'person' | 'model', about: string | null) => {
    const provenance = { ...unknown, source: from, contentHash: about }
    const sidecar = source('sidecar', 'a.jpg.xmp', { captions: [{ ...caption(text), provenance }] })
    metadata.applyAll(photoId, [sidecar], [], 2)
    return store.captions.current(photoId)?.text ?? null
  }
  assert.equal(imported('the kite', 'person', other), null, 'the other photo has it')
  assert.equal(imported('the boat', 'person', other), null, 'it is about the other')
  assert.equal(store.captions.current(otherId)?.text, 'the kite', 'who has words of its own')
  assert.equal(imported('a dog', 'model', other), null, 'a model saw another picture')
  assert.equal(imported('a dog', 'model', contentHash), 'a dog', 'of another library')
  assert.equal(imported('the kite', 'person', null), 'the kite', 'it does not say')
})

test('a record brings words back as what they were, with their time, and they may be taken back', (context) => {
  const { store, metadata, photoId } = setUp(context)
  const contentHash = store.photos.byId(photoId)!.contentHash!
  const read = (text: string, said: object) => {
    const provenance = { ...unknown, source: 'person' as const, contentHash, ...said }
    const words = { ...caption(text), language: 'no', provenance }
    metadata.applyAll(photoId, [source('sidecar', 'a.jpg.xmp', { captions: [words] })], [], Date.UTC(2026, 1))
    return store.captions.current(photoId)
  }
  const at = (day: number) => new Date(Date.UTC(2024, 4, day)).toISOString()
  const model = { source: 'model', modelId: 'm', adapterId: 'a', writtenAt: at(1) } as const
  const seen = read('a dog', model)
  assert.deepEqual([seen?.source, seen?.modelId, seen?.adapterId, seen?.score], ['model', 'm', 'a', null])
  assert.deepEqual(store.queue.next('caption', 'm+a', 9), [], 'it need not be made again')
  assert.equal(store.queue.next('caption', 'better', 9)[0]?.photoId, photoId, 'a better one takes its place')
  assert.equal(read('a hound', { ...model, modelId: 'n' })?.text, 'a dog', 'one model’s words are enough')

  const first = read('Rex', { writtenAt: at(2) })
  assert.deepEqual(
    [first?.source, first?.language, first?.createdMs, first?.contentHash],
    ['person', 'no', Date.UTC(2024, 4, 2), contentHash],
  )
  assert.equal(read('Rex on the beach', { writtenAt: at(3) })?.source, 'person', 'from another machine')
  assert.equal(read('Rex as a pup', { writtenAt: at(1) })?.text, 'Rex on the beach', 'older')
  assert.equal(read('Rex?', { writtenAt: null })?.text, 'Rex on the beach', 'nobody knows when')
  store.captions.undo(photoId, 5)
  assert.equal(read('Rex on the beach', { writtenAt: at(3) })?.text, 'Rex', 'what was taken back stays so')
  assert.equal(read('Rex tomorrow', { writtenAt: '2999-01-01T00:00:00Z' })?.createdMs, Date.UTC(2026, 1))
})

test('imported words that came back from our own record are still there when it is read again', (context) => {
  const { store, metadata, photoId } = setUp(context)
  const contentHash = store.photos.byId(photoId)!.contentHash!
  const provenance = { ...unknown, source: 'imported' as const, contentHash }
  const ours = source('sidecar', 'a.jpg.xmp', { captions: [{ ...caption('from a table'), provenance }] })
  for (const nowMs of [1, 2, 3]) {
    metadata.applyAll(photoId, [ours], [], nowMs)
    assert.equal(store.captions.current(photoId)?.text, 'from a table')
  }
  // In the library that wrote it out it is known from where it was imported.
  const otherId = addPhoto(store, store.photos.byId(photoId)!.folderId, 'b.jpg', contentHash)
  const inside = (text: string) => source('embedded', '', { captions: [caption(text)] })
  metadata.applyAll(otherId, [inside('from a table')], [], 1)
  metadata.applyAll(otherId, [inside('from a table'), ours], [], 2)
  metadata.applyAll(otherId, [inside('by another program'), ours], [], 3)
  assert.equal(store.captions.current(otherId)?.text, 'by another program')
})

test('titles, keywords, people and places are searched, and are found no more when they go', (context) => {
  const { searcher, metadata, photoId } = setUp(context)
  const said = {
    title: 'Midsummer',
    keywords: ['bonfire'],
    people: [{ name: 'Kari Nordmann', region: null }],
    places: [{ kind: 'city' as const, name: 'Bergen' }],
  }
  metadata.applyAll(photoId, [source('embedded', '', said)], [], 1)
  const found = (query: string) => searcher.search(query, { limit: 10 }).photos.map(({ id }) => id)
  for (const query of ['midsummer', 'bonfires', 'nordmann', 'berg'])
    assert.deepEqual(found(query), [photoId], query)
  metadata.applyAll(photoId, [], [], 2)
  for (const query of ['midsummer', 'bonfires']) assert.deepEqual(found(query), [], query)
})

test('metadata goes with its photo', (context) => {
  const { store, metadata, photoId } = setUp(context)
  metadata.apply(photoId, source('embedded', '', { title: 'gone', keywords: ['x'] }), 1)
  store.database.prepare('DELETE FROM photos WHERE id = ?').run(photoId)
  for (const table of ['metadata_sources', 'metadata_keywords', 'search_stale']) {
    assert.deepEqual(store.database.prepare(`SELECT * FROM ${table}`).all(), [], table)
  }
})

test('a file that cannot be read keeps what it said until it can be read again, or is gone', (context) => {
  const { store, metadata, photoId } = setUp(context)
  const sidecar = source('sidecar', 'a.xmp', { captions: [caption('boats')], keywords: ['Bergen'] })
  const embedded = source('embedded', '', { title: 'inside' })
  metadata.applyAll(photoId, [embedded, sidecar], [], 1)
  const refused = (message: string) => ({
    kind: 'sidecar' as const,
    name: 'a.xmp',
    error: { code: 'SIDECAR_DAMAGED' as const, message },
  })
  assert.deepEqual(metadata.applyAll(photoId, [embedded], [refused('cut off')], 2), [refused('cut off')])
  assert.equal(store.captions.current(photoId)?.text, 'boats')
  assert.deepEqual(metadata.joined(photoId).keywords, ['Bergen'])
  assert.deepEqual(metadata.refused(9), {
    count: 1,
    first: [{ photoId, name: 'a.xmp', message: 'cut off' }],
  })
  // The same reason is no news, another one is.
  assert.deepEqual(metadata.applyAll(photoId, [embedded], [refused('cut off')], 3), [])
  assert.equal(metadata.applyAll(photoId, [embedded], [refused('too large')], 4).length, 1)

  metadata.applyAll(photoId, [embedded, { ...sidecar, metadata: emptyMetadata() }], [], 5)
  assert.equal(store.captions.current(photoId), null)
  assert.equal(metadata.refused(9).count, 0)
  // One that never could be read says nothing, but that it is there.
  metadata.applyAll(photoId, [embedded], [refused('cut off')], 6)
  assert.deepEqual(metadata.sources(photoId)[0], {
    ...source('sidecar', 'a.xmp', {}),
    refused: 'cut off',
  })
  metadata.applyAll(photoId, [embedded], [], 7)
  assert.equal(metadata.refused(9).count, 0)
})

test('words that were written into the photo from here are not imported from there, others are', (context) => {
  const { store, metadata, photoId } = setUp(context)
  const { id } = store.captions.setByPerson(photoId, 'Rex', 1)
  store.captions.markEmbedded(id, 'Rex')
  const read = (text: string) => source('embedded', '', { captions: [caption(text)] })
  metadata.applyAll(photoId, [read('Rex')], [], 2)
  assert.deepEqual(
    store.captions.history(photoId).map(({ source: by }) => by),
    ['person'],
  )
  metadata.applyAll(photoId, [read('Rex, by another program')], [], 3)
  assert.equal(store.captions.history(photoId)[0]?.source, 'imported')
})

test('who made a picture, and whose it is, is kept and found by words', (context) => {
  const { metadata, photoId, searcher } = setUp(context)
  const said = source('embedded', '', { creators: ['Kari Nordmann', 'Ola'], copyright: 'Studio Fjord' })
  metadata.applyAll(photoId, [said], [], 1)
  assert.deepEqual(metadata.sources(photoId), [said])
  const { creators, copyright } = metadata.joined(photoId)
  assert.deepEqual([creators, copyright], [['Kari Nordmann', 'Ola'], 'Studio Fjord'])
  for (const query of ['nordmann', 'ola', 'studio fjord'])
    assert.equal(searcher.search(query).total, 1, query)
  metadata.applyAll(photoId, [], [], 2)
  assert.equal(searcher.search('nordmann').total, 0)
})
