import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import {
  type CaptionChanges,
  type ChangeOptions,
  createCaptionChanges,
} from '../../../src-main/library/store/caption-changes.ts'
import { modelKey, settleCurrentCaption } from '../../../src-main/library/store/captions.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, plainFacts, removePhotos } from './sample-library.ts'

let directory: string
let store: Store
let search: Search
let folderId: number
let changes: CaptionChanges

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-captions-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
  folderId = addFolder(store, '/pictures')
  changes = createCaptionChanges(store.database, store.captions)
})

afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

function fromModel(photoId: number, text: string, modelId = 'base', contentHash = contentOf('a')) {
  store.captions.addFromModel(
    [{ photoId, text, score: -0.5, ...noDoubt, modelId, adapterId: null, precision: 'fp32', contentHash }],
    1000,
  )
}

/** @returns the photos; undefined where there was nothing to take back. */
const undoEdit = (nowMs: number) => photosOf((options) => changes.undoEdit(nowMs, options))
const redoEdit = () => photosOf((options) => changes.redoEdit(options))

async function photosOf(
  change: (options: ChangeOptions) => Promise<number | undefined>,
): Promise<number[] | undefined> {
  const photoIds: number[] = []
  const changed = await change({ onPhotosChanged: (some) => photoIds.push(...some) })
  assert.equal(changed ?? 0, photoIds.length)
  return changed === undefined ? undefined : photoIds
}

const imported = (text: string) => ({ text, language: 'en', origin: 'xmp dc:description' })

test('1. a person beats an import beats the model, whatever comes last', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  assert.equal(store.captions.current(id)?.text, 'a dog')
  store.captions.setImported(id, [imported('Rex')], 1001)
  assert.equal(store.captions.current(id)?.text, 'Rex')
  store.captions.setByPerson(id, 'Rex at the beach', 1002)
  fromModel(id, 'a brown dog', 'better')
  store.captions.setImported(id, [imported('Rex, 2020')], 1004)
  const current = store.captions.current(id)
  assert.equal(current?.text, 'Rex at the beach')
  assert.equal(current?.source, 'person')
  assert.deepEqual(
    store.captions.history(id).map((caption) => [caption.text, caption.isCurrent]),
    [
      ['Rex, 2020', false],
      ['a brown dog', false],
      ['Rex at the beach', true],
      ['Rex', false],
      ['a dog', false],
    ],
  )
})

test('2. the same import again adds nothing; one that is gone from the file is withdrawn', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.captions.setImported(id, [imported('first'), imported('second')], 1)
  store.captions.setImported(id, [imported('first'), imported('second')], 2)
  assert.equal(store.captions.current(id)?.text, 'first')
  assert.equal(store.captions.history(id).length, 3)
  store.captions.setImported(id, [], 3)
  assert.equal(store.captions.current(id)?.text, 'a dog')
  assert.equal(store.captions.history(id).length, 3)
})

test('3. undo and redo walk through what a person wrote; new words end the redo', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.captions.setByPerson(id, 'one', 1)
  store.captions.setByPerson(id, 'two', 2)
  assert.equal(store.captions.undo(id, 3)?.text, 'one')
  assert.equal(store.captions.undo(id, 4)?.text, 'a dog')
  assert.equal(store.captions.undo(id, 5), undefined)
  assert.equal(store.captions.redo(id)?.text, 'one')
  assert.equal(store.captions.redo(id)?.text, 'two')
  assert.equal(store.captions.redo(id), undefined)
  store.captions.undo(id, 6)
  store.captions.setByPerson(id, 'three', 7)
  assert.equal(store.captions.redo(id), undefined)
  assert.equal(store.captions.current(id)?.text, 'three')
})

test('4. the same words by a person again are no new history', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  const first = store.captions.setByPerson(id, 'mine', 1)
  assert.equal(store.captions.setByPerson(id, 'mine', 2).id, first.id)
  assert.equal(store.captions.history(id).length, 1)
})

test('5. several edits are all made or none', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  const edits = [
    { photoId: id, text: 'kept?' },
    { photoId: 4711, text: 'no such photo' },
  ]
  assert.throws(() => store.captions.setManyByPerson(edits, 1), { code: 'PHOTO_NOT_FOUND' })
  assert.equal(store.captions.current(id), null)
})

test('6. a changed picture is work again; its old caption stays until then, a person’s for good', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  const key = modelKey('base', null)
  fromModel(id, 'a dog')
  assert.deepEqual(store.queue.next('caption', key, 9), [])
  const facts = { ...contentFacts(), contentHash: contentOf('b') }
  store.photos.setContent(id, facts, 2000)
  assert.equal(store.details(id)?.caption?.text, 'a dog')
  assert.equal(store.details(id)?.pictureChanged, true)
  assert.equal(store.queue.next('caption', key, 9).length, 1)

  store.captions.setByPerson(id, 'Rex', 1)
  assert.equal(store.details(id)?.pictureChanged, false)
  assert.deepEqual(store.queue.next('caption', key, 9), [])
  store.photos.setContent(id, { ...facts, contentHash: contentOf('c') }, 3000)
  assert.equal(store.details(id)?.pictureChanged, true)
  assert.equal(store.details(id)?.caption?.text, 'Rex')
})

test('7. a picture changed back to one that was captioned is no work', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.photos.setContent(id, { ...contentFacts(), contentHash: contentOf('b') }, 2000)
  store.photos.setContent(id, { ...contentFacts(), contentHash: contentOf('a') }, 3000)
  assert.deepEqual(store.queue.next('caption', 'base', 9), [])
})

test('8. a caption of newer bytes than the library knows sends the file to be read, not in circles', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a cat', 'base', contentOf('new'))
  assert.deepEqual(store.queue.next('caption', 'base', 9), [])
  assert.deepEqual(
    store.queue.nextToIndex(9).map((item) => item.photoId),
    [id],
  )
  store.photos.setContent(id, { ...contentFacts(), contentHash: contentOf('new') }, 4000)
  assert.deepEqual(store.queue.next('caption', 'base', 9), [])
  assert.equal(store.details(id)?.pictureChanged, false)
})

test('9. an exact duplicate takes over the caption without the engine', () => {
  const first = addPhoto(store, folderId, 'a.jpg')
  const second = addPhoto(store, folderId, 'copy.jpg')
  const other = addPhoto(store, folderId, 'b.jpg', contentOf('b'))
  fromModel(first, 'a dog')
  assert.deepEqual(store.captions.copyFromDuplicates([second, other], 'base', 5), [second])
  const copy = store.captions.current(second)
  assert.deepEqual([copy?.text, copy?.precision], ['a dog', 'fp32'])
  assert.equal(store.captions.current(other), null)
  assert.deepEqual(
    store.queue.next('caption', 'base', 9).map((item) => item.photoId),
    [other],
  )
})

test('10. removing a photo removes its words; a caption for a photo that is gone is dropped', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  removePhotos(store, id)
  fromModel(id, 'a dog')
  const row = store.database.prepare<{ n: number }>('SELECT count(*) AS n FROM captions').get()
  assert.equal(row?.n, 0)
})

test('11. an edit of several photos is taken back and brought back as one', async () => {
  const [a, b] = [addPhoto(store, folderId, 'a.jpg'), addPhoto(store, folderId, 'b.jpg')]
  const words = () => [a, b].map((id) => store.captions.current(id)?.text)
  store.captions.setByPerson(a, 'first', 1)
  const both = [a, b].map((photoId) => ({ photoId, text: 'both' }))
  store.captions.setManyByPerson(both, 2)
  assert.deepEqual(await undoEdit(3), [a, b])
  assert.deepEqual(words(), ['first', undefined])
  assert.deepEqual(await undoEdit(4), [a])
  assert.equal(await undoEdit(5), undefined)
  assert.deepEqual(await redoEdit(), [a])
  assert.deepEqual(await redoEdit(), [a, b])
  assert.deepEqual(words(), ['both', 'both'])
  assert.equal(await redoEdit(), undefined)
})

test('12. what was taken back by itself stays so; a newer edit leaves nothing to bring back', async () => {
  const [a, b] = [addPhoto(store, folderId, 'a.jpg'), addPhoto(store, folderId, 'b.jpg')]
  store.captions.inOneEdit(() => {
    store.captions.setByPerson(a, 'a', 1)
    store.captions.setByPerson(b, 'b', 1)
  })
  store.captions.undo(a, 2)
  assert.deepEqual(await undoEdit(3), [b])
  store.captions.setByPerson(a, 'newer', 4)
  assert.equal(await redoEdit(), undefined)
  assert.equal(store.captions.current(b), null)
  assert.equal(store.captions.current(a)?.text, 'newer')
})

test('13. a file written anew with the same picture keeps its captions current and is no work', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog')
  store.captions.setByPerson(id, 'Rex', 1)
  const file = { name: 'a.jpg', sizeBytes: 5, modifiedMs: 6, device: 7, inode: 8 }
  store.photos.rewritten(id, contentOf('a'), { ...file, contentHash: contentOf('with words') })
  const details = store.details(id)
  assert.equal(details?.contentHash, contentOf('with words'))
  assert.equal(details?.pictureChanged, false)
  store.captions.undo(id, 2)
  assert.equal(store.details(id)?.pictureChanged, false)
  assert.deepEqual(store.queue.next('caption', 'base', 9), [])
  assert.deepEqual(store.queue.nextToIndex(9), [])
})

test('14. redo brings what was taken back last, not what was written first', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  store.captions.setByPerson(id, 'A', 1)
  store.captions.undo(id, 2)
  store.captions.setByPerson(id, 'B', 3)
  store.captions.undo(id, 4)
  assert.equal(store.captions.redo(id)?.text, 'B')
  assert.equal(store.captions.redo(id), undefined)
  assert.equal(store.captions.current(id)?.text, 'B')
})

test('15. the last edit likewise, on whichever photos it was', async () => {
  const [a, b] = [addPhoto(store, folderId, 'a.jpg'), addPhoto(store, folderId, 'b.jpg')]
  const words = () => [a, b].map((id) => store.captions.current(id)?.text)
  store.captions.setByPerson(a, 'A', 1)
  await undoEdit(2)
  store.captions.setByPerson(b, 'B', 3)
  await undoEdit(4)
  assert.deepEqual(await redoEdit(), [b])
  assert.equal(await redoEdit(), undefined)
  assert.deepEqual(words(), [undefined, 'B'])
  // Words on another photo leave what was taken back of this one.
  assert.equal(store.captions.redo(a)?.text, 'A')
})

test('16. what was taken back by itself is the last thing taken back, also below an edit that stands', async () => {
  const [a, b] = [addPhoto(store, folderId, 'a.jpg'), addPhoto(store, folderId, 'b.jpg')]
  store.captions.setByPerson(a, 'A', 1)
  store.captions.setByPerson(b, 'B', 2)
  store.captions.undo(a, 3)
  assert.deepEqual(await redoEdit(), [a])
  assert.deepEqual(await undoEdit(4), [b])
})

test('17. a clock that jumps changes nothing of the order', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  store.captions.setByPerson(id, 'A', 9)
  store.captions.setByPerson(id, 'B', 5)
  store.captions.undo(id, 9)
  store.captions.undo(id, 3)
  assert.equal(store.captions.redo(id)?.text, 'A')
  assert.equal(store.captions.redo(id)?.text, 'B')
})

test('18. a file found to be another photo brings its history along, and redo leaves what is current', () => {
  const [a, b] = [addPhoto(store, folderId, 'a.jpg'), addPhoto(store, folderId, 'b.jpg')]
  store.captions.setByPerson(a, 'A', 1)
  store.captions.setByPerson(b, 'B', 2)
  store.captions.setByPerson(b, 'C', 2)
  store.captions.undo(b, 3)
  store.captions.undo(a, 3)
  store.database.write(() => {
    store.database.prepare('UPDATE captions SET photo_id = ? WHERE photo_id = ?').run(b, a)
    settleCurrentCaption(store.database, b)
  })
  assert.equal(store.captions.redo(b)?.text, 'C')
  assert.equal(store.captions.redo(b), undefined)
  assert.equal(store.captions.undo(b, 4)?.text, 'B')
  assert.equal(store.captions.redo(b)?.text, 'C')
})

test('19. any mixture of undo and redo, of photos and of edits, is that of plain stacks', async () => {
  const photo = fc.nat(2)
  const text = fc.constantFrom('one', 'two', 'three', 'four')
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ deed: fc.constant('set' as const), photo, text }) },
    fc.record({
      deed: fc.constant('setMany' as const),
      photos: fc.uniqueArray(photo, { minLength: 2 }),
      text,
    }),
    { weight: 2, arbitrary: fc.record({ deed: fc.constantFrom('undo' as const, 'redo' as const), photo }) },
    { weight: 3, arbitrary: fc.record({ deed: fc.constantFrom('undoEdit' as const, 'redoEdit' as const) }) },
  )
  let named = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
      store.database.write(() => store.database.exec('DELETE FROM photos'))
      const ids = [0, 1, 2].map(() => addPhoto(store, folderId, `${named++}.jpg`))
      const stacks = createStacks(ids.length)
      const sorted = (found: number[] | undefined) => found?.map((id) => ids.indexOf(id)).sort()
      for (const [nowMs, each] of steps.entries()) {
        switch (each.deed) {
          case 'set':
            store.captions.setByPerson(ids[each.photo]!, each.text, nowMs)
            stacks.set([each.photo], each.text)
            break
          case 'setMany':
            store.captions.setManyByPerson(
              each.photos.map((at) => ({ photoId: ids[at]!, text: each.text })),
              nowMs,
            )
            stacks.set(each.photos, each.text)
            break
          case 'undo':
            assert.equal(store.captions.undo(ids[each.photo]!, nowMs)?.text, stacks.undo(each.photo))
            break
          case 'redo':
            assert.equal(store.captions.redo(ids[each.photo]!)?.text, stacks.redo(each.photo))
            break
          case 'undoEdit':
            assert.deepEqual(sorted(await undoEdit(nowMs)), stacks.undoEdit())
            break
          case 'redoEdit':
            assert.deepEqual(sorted(await redoEdit()), stacks.redoEdit())
        }
        assert.deepEqual(
          ids.map((id) => store.captions.current(id)?.text),
          ids.map((_, at) => stacks.current(at)),
        )
      }
    }),
    { numRuns: 100 },
  )
})

interface Words {
  photo: number
  text: string
}

/** What an editor would do that has a stack for each photo, and one of what was taken back in one go. */
function createStacks(photos: number) {
  const standing = Array.from({ length: photos }, (): Words[] => [])
  const undone = Array.from({ length: photos }, (): Words[] => [])
  const edits: Words[][] = []
  let steps: Words[][] = []
  const current = (photo: number) => standing[photo]!.at(-1)?.text
  const photosOf = (words: Words[]) => words.map((each) => each.photo).sort()

  function takeBack(words: Words[]) {
    for (const each of words) {
      standing[each.photo] = standing[each.photo]!.filter((other) => other !== each)
      undone[each.photo]!.push(each)
    }
    steps.push(words)
  }

  function bringBack(words: Words[]) {
    for (const each of words) {
      undone[each.photo] = undone[each.photo]!.filter((other) => other !== each)
      standing[each.photo]!.push(each)
    }
    steps = steps
      .map((step) => step.filter((each) => !words.includes(each)))
      .filter((step) => step.length > 0)
  }

  return {
    current,
    set(at: number[], text: string) {
      const edit = at.filter((photo) => current(photo) !== text).map((photo) => ({ photo, text }))
      if (edit.length === 0) return
      for (const each of edit) {
        standing[each.photo]!.push(each)
        undone[each.photo] = []
      }
      edits.push(edit)
      steps = []
    },
    undo(photo: number) {
      const last = standing[photo]!.at(-1)
      if (last) takeBack([last])
      return last && current(photo)
    },
    redo(photo: number) {
      const last = undone[photo]!.at(-1)
      if (last) bringBack([last])
      return last && current(photo)
    },
    undoEdit() {
      const stands = (each: Words) => standing[each.photo]!.includes(each)
      const last = edits.findLast((edit) => edit.some(stands))?.filter(stands)
      if (last) takeBack(last)
      return last && photosOf(last)
    },
    redoEdit() {
      const last = steps.at(-1)
      if (last) bringBack(last)
      return last && photosOf(last)
    },
  }
}

function contentFacts() {
  return {
    pictureHash: null,
    widthPx: null,
    heightPx: null,
    orientation: null,
    takenAt: null,
    takenOffsetMinutes: null,
    camera: null,
    lens: null,
    latitude: null,
    longitude: null,
  }
}

test('of models, the captions of the one in use are current; those of one before are taken up without work', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog', 'first')
  fromModel(id, 'a brown dog', 'second')
  assert.equal(store.captions.current(id)?.text, 'a brown dog')
  assert.deepEqual(
    store.queue.next('caption', modelKey('first', null), 10).map((item) => item.photoId),
    [id],
  )
  assert.deepEqual(store.captions.takeUpAgain([id], modelKey('first', null)), [id])
  assert.equal(store.captions.current(id)?.text, 'a dog')
  assert.deepEqual(store.queue.next('caption', modelKey('first', null), 10), [])
  assert.equal(search.searcher.search('brown').total, 0)
  assert.deepEqual(store.captions.takeUpAgain([id], modelKey('third', null)), [])

  store.captions.setByPerson(id, 'mine', 1001)
  store.captions.takeUpAgain([id], modelKey('second', null))
  assert.equal(store.captions.current(id)?.text, 'mine')
  store.captions.undo(id, 1002)
  assert.equal(store.captions.current(id)?.text, 'a brown dog')
})

test('a caption about another content is not taken up', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  fromModel(id, 'a dog', 'first', contentOf('as it was'))
  store.photos.setContent(id, { ...plainFacts, contentHash: contentOf('a') }, 2)
  fromModel(id, 'a cat', 'second')
  assert.deepEqual(store.captions.takeUpAgain([id], modelKey('first', null)), [])
  assert.equal(store.captions.current(id)?.text, 'a cat')
})

test('of one picture the captions of the last four models are kept, of people’s all', () => {
  const id = addPhoto(store, folderId, 'a.jpg')
  store.captions.setByPerson(id, 'mine', 1)
  for (let model = 0; model < 7; model++) {
    fromModel(id, `first words of ${model}`, `model ${model}`)
    fromModel(id, `words of ${model}`, `model ${model}`)
  }
  assert.deepEqual(
    store.captions.history(id).map(({ text }) => text),
    ['words of 6', 'words of 5', 'words of 4', 'words of 3', 'mine'],
  )
})
