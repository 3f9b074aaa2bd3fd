import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { createCaptionChanges } from '../../../src-main/library/store/caption-changes.ts'
import { createRecordedCaptions } from '../../../src-main/library/store/recorded-captions.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, markMissing, plainFacts } from './sample-library.ts'

let directory: string
let store: Store
let folderId: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-labels-'))
  store = openStore(databaseFileIn(directory))
  createSearch(store.database)
  folderId = addFolder(store, '/pictures')
})

afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

const add = (name: string) => addPhoto(store, folderId, name, contentOf(name))

function fromModel(photoId: number, text: string, confidence: number | null = null): void {
  const { contentHash } = store.photos.byId(photoId)!
  store.captions.addFromModel(
    [
      {
        photoId,
        text,
        score: -1,
        ...noDoubt,
        confidence,
        modelId: 'm',
        adapterId: null,
        precision: 'fp32',
        contentHash: contentHash!,
      },
    ],
    1,
  )
}

const textsOf = () => store.labels.newest(Number.MAX_SAFE_INTEGER, 9).map(({ photo, text }) => [photo, text])

test('a caption that was written or confirmed for one photo is a label; of several, replaced or imported ones are none', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(add)
  const [written, confirmed, first, second, replaced, imported, recorded] = ids as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  for (const id of ids) fromModel(id, `a thing on photo ${id}`)
  store.captions.setByPerson(written, 'Biscuit asleep', 1)
  const said = store.captions.confirm(confirmed, 2)
  assert.deepEqual([said.source, said.text], ['person', `a thing on photo ${confirmed}`])
  store.captions.setManyByPerson(
    [first, second].map((photoId) => ({ photoId, text: 'at the lake' })),
    3,
  )
  const changes = createCaptionChanges(store.database, store.captions)
  store.captions.setByPerson(replaced, 'a dog', 4)
  let planned = false
  await changes.set('replacement', (plan) => {
    if (planned) return 0
    planned = true
    const captionId = store.captions.current(replaced)!.id
    plan({ photoId: replaced, captionId, text: 'a cat', source: 'person', language: null, isCut: false })
    return 1
  })
  store.captions.setImported(imported, [{ text: 'IMG at sea', language: null, origin: 'xmp' }], 5)
  createRecordedCaptions(store.database).take(
    recorded,
    {
      text: 'from a sidecar',
      language: null,
      source: 'person',
      modelId: null,
      adapterId: null,
      contentHash: contentOf('g'),
      writtenAt: null,
    },
    6,
  )
  assert.deepEqual(store.labels.counts(), { own: 2, batch: 2, replaced: 1, imported: 1, sidecar: 1 })
  assert.deepEqual(textsOf(), [
    [confirmed, `a thing on photo ${confirmed}`],
    [written, 'Biscuit asleep'],
  ])
  assert.deepEqual(
    store.labels.labelled(['own', 'sidecar', 'imported'], 9).map(({ photoId, kind }) => [photoId, kind]),
    [
      [written, 'own'],
      [confirmed, 'own'],
      [recorded, 'sidecar'],
      [imported, 'imported'],
    ],
  )
  assert.deepEqual(
    ids.map((id) => store.labels.isLabel(id)),
    [true, true, false, false, false, false, false],
  )

  // What came otherwise is confirmed as it stands, once.
  for (const id of [first, replaced, imported, recorded, written]) store.captions.confirm(id, 7)
  assert.deepEqual(store.labels.counts(), { own: 6, batch: 1, replaced: 0, imported: 0, sidecar: 0 })
  assert.equal(store.captions.history(written).length, 2)
  store.captions.undo(first, 8)
  assert.equal(store.labels.isLabel(first), false)
  assert.equal(store.captions.current(first)!.text, 'at the lake')
  store.captions.redo(first)
  assert.equal(store.labels.isLabel(first), true)
})

test('a caption about another picture, of a photo that is missing, or taken back, is no label', () => {
  const [edited, missing, undone] = ['a', 'b', 'c'].map(add) as [number, number, number]
  for (const id of [edited, missing, undone]) store.captions.setByPerson(id, `mine ${id}`, 1)
  assert.equal(store.labels.counts().own, 3)
  store.photos.setContent(edited, { ...plainFacts, contentHash: contentOf('other') }, 2)
  markMissing(store, missing)
  store.captions.undo(undone, 2)
  assert.deepEqual(store.labels.counts().own, 0)
  assert.deepEqual(textsOf(), [])
  store.captions.confirm(edited, 3)
  assert.deepEqual(textsOf(), [[edited, `mine ${edited}`]])
})

test('nothing is confirmed where there are no words, or only the beginning of them', () => {
  const [bare, plain, cut] = ['a', 'b', 'c'].map(add) as [number, number, number]
  fromModel(plain, '')
  store.captions.setImported(cut, [{ text: 'a very long', language: null, origin: 'xmp', isCut: true }], 1)
  for (const id of [bare, plain, cut]) {
    assert.throws(() => store.captions.confirm(id, 2), { code: 'INVALID_ARGUMENT' })
  }
  assert.throws(() => store.captions.confirm(99, 2), { code: 'PHOTO_NOT_FOUND' })
})

test('a sample is spread over the photos that a model captions, the same for the same chance', () => {
  for (let n = 0; n < 300; n++) {
    const id = add(`${n}`)
    if (n % 3 === 0) store.captions.setByPerson(id, 'mine', 1)
    else fromModel(id, `a photo ${n}`, n / 300)
  }
  const chance = (start: number) => {
    let state = start
    return () => {
      state = (state * 1103515245 + 12345) % 2 ** 31
      return state / 2 ** 31
    }
  }
  const sample = store.labels.sample(20, chance(7))
  const ids = sample.map(({ photoId }) => photoId)
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((a, b) => a - b),
  )
  assert.equal(ids.length, 20)
  assert.ok(ids.some((id) => id < 100) && ids.some((id) => id > 200))
  assert.ok(sample.every(({ text, captionedBy }) => text.startsWith('a photo') && captionedBy === 'm'))
  assert.deepEqual(store.labels.sample(20, chance(7)), sample)
  assert.notDeepEqual(store.labels.sample(20, chance(8)), sample)
  assert.equal(store.labels.sample(1000, chance(7)).length, 200)
})
