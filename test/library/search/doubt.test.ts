import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type CaptionDoubt, noDoubt } from '../../../src-main/contract/records.ts'
import { currentCaptions, exportCaptions } from '../../../src-main/library/metadata/export-sidecars.ts'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { readSidecar } from '../../../src-main/library/metadata/sidecars.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { modelKey } from '../../../src-main/library/store/captions.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf } from '../store/sample-library.ts'

let directory: string
let store: Store
let search: Search
let folderId: number

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-doubt-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
  folderId = addFolder(store, '/pictures')
})
after(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

const unsure: CaptionDoubt = { confidence: 0.2, isUnsure: true, doubtfulWords: [[2, 6]] }
const sure: CaptionDoubt = { confidence: 0.8, isUnsure: false, doubtfulWords: [] }

/** Later ones are newer. */
function add(name: string, text: string, doubt: CaptionDoubt): number {
  const id = addPhoto(store, folderId, name, contentOf(name))
  const caption = { photoId: id, text, score: -1, modelId: 'm', adapterId: null, precision: 'fp32' } as const
  store.captions.addFromModel([{ ...caption, ...doubt, contentHash: contentOf(name) }], 1)
  return id
}

const found = (query: string) => search.searcher.search(query).photos.map((hit) => hit.id)

test('what a model doubts is kept with its caption, searched, and comes after what it is sure of', () => {
  const old = add('a.jpg', 'a kite over the green hill', sure)
  const doubted = add('b.jpg', 'a kite over a green hill', unsure)
  const apart = add('c.jpg', 'a green kite, and far behind it a hill', sure)
  const apartDoubted = add('d.jpg', 'a hill that is green', unsure)
  const elsewhere = add('green hill.jpg', 'a dog', unsure)

  const caption = store.captions.current(doubted)!
  assert.deepEqual([caption.confidence, caption.isUnsure, caption.doubtfulWords], [0.2, true, [[2, 6]]])
  assert.deepEqual(found('is:unsure').sort(), [doubted, apartDoubted, elsewhere].sort())
  assert.deepEqual(found('kite -is:unsure'), [apart, old])
  assert.deepEqual(found('kite'), [apart, old, doubted])
  // Side by side in the caption first, then both words in it, then elsewhere; in each the sure ones first.
  assert.deepEqual(found('green hill'), [old, doubted, apart, apartDoubted, elsewhere])
  assert.deepEqual(
    found('"green hill"').slice(0, 2),
    [old, doubted],
    'words in a row, which another index answers',
  )
  const hits = search.searcher.search('kite').photos
  assert.deepEqual(
    hits.map((hit) => hit.isUnsure),
    [false, false, true],
  )
})

test('pages go on where the one before ended, also between sure and unsure', () => {
  for (const query of ['green hill', 'kite', '"green hill"']) {
    const whole = found(query)
    const paged: number[] = []
    let cursor: string | null = null
    do {
      const page = search.searcher.search(query, { limit: 1, cursor })
      paged.push(...page.photos.map((hit) => hit.id))
      cursor = page.cursor
    } while (cursor)
    assert.deepEqual(paged, whole, query)
  }
})

test('a person’s words are not doubted, and those of the model are again once they are taken back', () => {
  const id = add('e.jpg', 'a red balloon', unsure)
  assert.deepEqual(found('balloon is:unsure'), [id])
  store.captions.setByPerson(id, 'my red balloon', 2)
  assert.deepEqual(found('balloon is:unsure'), [])
  assert.deepEqual(
    { ...store.captions.current(id)!, ...noDoubt },
    store.captions.current(id),
    'what a person wrote has no doubt',
  )
  store.captions.undo(id, 3)
  assert.deepEqual(found('balloon is:unsure'), [id])
})

test('nothing to see is an answer: no work is left, nothing is exported, and it has no caption to be found by', () => {
  const id = add('black.jpg', '', noDoubt)
  assert.equal(store.captions.current(id)!.text, '')
  const waiting = store.queue.next('caption', modelKey('m', null), 100).map((item) => item.photoId)
  assert.ok(!waiting.includes(id))
  assert.ok(found('-has:caption').includes(id))
  assert.ok(!found('has:caption').includes(id))
  const exported = [...currentCaptions(store.database)].map(({ photoPath }) => photoPath)
  assert.ok(!exported.includes('/pictures/black.jpg'))
  assert.equal(search.searcher.search('black.jpg').photos[0]!.caption, '')
})

test('a copy of a picture gets the doubt with the caption', () => {
  add('f.jpg', 'a boat', unsure)
  const copy = addPhoto(store, folderId, 'copy of f.jpg', contentOf('f.jpg'))
  assert.deepEqual(store.captions.copyFromDuplicates([copy], modelKey('m', null), 2), [copy])
  const { confidence, isUnsure, doubtfulWords } = store.captions.current(copy)!
  assert.deepEqual({ confidence, isUnsure, doubtfulWords }, unsure)
})

test('what a model doubts comes back with its caption from our own sidecar, in the other library too', async (t) => {
  const photos = mkdtempSync(join(tmpdir(), 'lenslore-doubt-'))
  const [here, there] = ['here', 'there'].map((name) => openStore(join(photos, `${name}.sqlite`)))
  t.after(() => {
    here!.close()
    there!.close()
    rmSync(photos, { recursive: true })
  })
  const names = ['unsure.jpg', 'sure.jpg', 'uncalibrated.jpg']
  const doubts = [unsure, sure, noDoubt]
  const foldersOf = (library: Store) => addFolder(library, photos)
  const [folderHere, folderThere] = [foldersOf(here!), foldersOf(there!)]
  for (const [at, name] of names.entries()) {
    writeFileSync(join(photos, name), name)
    const photoId = addPhoto(here!, folderHere, name, contentOf(name))
    const caption = {
      photoId,
      text: 'a kite over a green hill',
      score: -1,
      modelId: 'm',
      adapterId: null,
      precision: 'fp32',
    } as const
    here!.captions.addFromModel([{ ...caption, ...doubts[at]!, contentHash: contentOf(name) }], 1)
  }
  await exportCaptions(here!.database, currentCaptions(here!.database))

  const metadata = createMetadataStore(there!.database, there!.captions)
  const readBeside = async (name: string) => {
    const photoId = addPhoto(there!, folderThere, name, contentOf(name))
    const sidecar = await readSidecar(join(photos, `${name}.xmp`))
    metadata.apply(photoId, { kind: 'sidecar', name: `${name}.xmp`, metadata: sidecar! }, 2)
    const { source, confidence, isUnsure, doubtfulWords } = there!.captions.current(photoId)!
    assert.equal(source, 'model')
    return { confidence, isUnsure, doubtfulWords }
  }
  for (const [at, name] of names.entries()) assert.deepEqual(await readBeside(name), doubts[at])
  const { searcher, searchIndex } = createSearch(there!.database)
  await searchIndex.renewAll()
  const isUnsure = searcher.search('is:unsure').photos.map(({ path }) => path)
  assert.deepEqual(isUnsure, [join(photos, 'unsure.jpg')])
})
