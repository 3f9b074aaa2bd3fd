import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { EditName } from '../../src-main/contract/rooms/captions.ts'
import { rowsOfPlaces } from '../../src-main/library/search/places.ts'
import { openReader } from '../../src-main/library/store/database.ts'
import { databaseFileIn } from '../../src-main/library/store/store.ts'
import {
  cancelAfter,
  countStates,
  createLargeLibraries,
  fewestStates,
  killWhileItChanges,
  manyPhotos,
} from './large-library.ts'
import { type LibraryUnderTest, openLibrary, until } from './library-under-test.ts'

// Photos are named by places in a timeline, however many, and what is done to them is one edit.

const libraries = createLargeLibraries()
after(() => libraries.remove())

interface LargeLibrary extends LibraryUnderTest {
  directory: string
  count(query: string): Promise<number>
  /** All that a query finds. */
  all(query: string): Promise<{ query: string; token: string; ranges: [number, number][] }>
}

async function openLarge(t: TestContext, directory?: string): Promise<LargeLibrary> {
  const at = directory ?? join(await libraries.copy(), 'library')
  const library = openLibrary(at)
  const { client } = library
  t.after(() => library.close())
  return {
    ...library,
    directory: at,
    count: async (query) => (await client.search({ query })).total,
    async all(query) {
      const { token, total } = await client.timeline({ query })
      return { query, token, ranges: [[0, total]] }
    },
  }
}

const edit = (kind: EditName['kind'], photos: number): EditName => ({ kind, photos })

test('rows at places are those of the sorted whole, in whatever pieces they are asked for', () => {
  const rows = fc.uniqueArray(fc.nat({ max: 1e6 }), { maxLength: 300 })
  const ranges = fc.array(fc.tuple(fc.nat({ max: 320 }), fc.integer({ min: 1, max: 320 })), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(
      rows,
      ranges,
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 40 }),
      (all, runs, limit, atOnce) => {
        const asked = rowsOfPlaces(
          (visit) => {
            for (let at = 0; at < all.length; at += 3) visit(Float64Array.from(all.slice(at, at + 3)))
          },
          all.length,
          runs,
          atOnce,
        )
        const got: number[] = []
        for (let some = asked.next(limit); some.length > 0; some = asked.next(limit)) got.push(...some)
        const sorted = all.toSorted((a, b) => a - b)
        const wanted = sorted.filter((_, at) =>
          runs.some(([first, count]) => at >= first && at < first + count),
        )
        assert.deepEqual(got, wanted)
        assert.equal(asked.total, wanted.length)
      },
    ),
  )
})

test('one caption for all photos lets others go on, and is one edit', async (t) => {
  const large = await openLarge(t)
  const { client, directory } = large
  let edits = 0
  client.on('editChanged', () => edits++)
  const work = client.captionSelection({ selection: await large.all(''), text: 'a heron' })
  assert.equal(await large.count('number'), manyPhotos, 'a search is answered meanwhile')
  assert.ok((await countStates(directory, work)) >= fewestStates)
  assert.deepEqual(await work, { photos: manyPhotos })
  assert.equal(await large.count('heron by:person'), manyPhotos)
  assert.deepEqual(await client.lastEdit({}), { undo: edit('caption', manyPhotos), redo: null })
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos)
  assert.deepEqual(await client.lastEdit({}), { undo: null, redo: edit('caption', manyPhotos) })
  assert.equal(await large.count('dog by:model'), manyPhotos)
  assert.equal(edits, 2)
})

test('places are those of the newest first, of a query, and of one timeline alone', async (t) => {
  const { client, all, count } = await openLarge(t)
  const { token } = await client.timeline({ query: 'folder:d3' })
  const page = await client.timelinePage({ query: 'folder:d3', offset: 4, limit: 3 })
  const chosen = { query: 'folder:d3', token, ranges: [[4, 3]] as [number, number][] }
  await client.captionSelection({ selection: chosen, text: 'a heron' })
  const found = await client.search({ query: 'heron' })
  assert.deepEqual(
    found.photos.map(({ id }) => id).sort((a, b) => a - b),
    [...page.ids].sort((a, b) => a - b),
  )
  // Still the same photos in the same order.
  await client.captionSelection({ selection: chosen, text: 'an egret' })
  assert.equal(await count('egret'), 3)

  const dogs = await all('dog')
  await client.setCaption({ photo: 1, text: 'no longer' })
  for (const call of [
    client.captionSelection({ selection: dogs, text: 'too late' }),
    client.regenerate({ selection: dogs }),
    client.retry({ selection: dogs }),
    client.replaceInCaptions({ find: 'dog', replace: 'cat', selection: dogs, preview: true }),
  ]) {
    await assert.rejects(call, { code: 'SELECTION_STALE' })
  }
  assert.equal(await count('late'), 0)
})

test('photos named by their ids, each once, and those that are gone are nobody', async (t) => {
  const { client, count } = await openLarge(t)
  const selection = { photos: [7, 8, 7, 999_999] }
  assert.deepEqual(await client.captionSelection({ selection, text: 'a heron' }), { photos: 2 })
  assert.equal(await count('heron'), 2)
  assert.deepEqual(await client.captionSelection({ selection: { photos: [999_999] }, text: 'x' }), {
    photos: 0,
  })
})

test('words are replaced in a selection alone', async (t) => {
  const large = await openLarge(t)
  const { client } = large
  const selection = await large.all('folder:d2')
  const replacement = { find: 'dog', replace: 'hound', selection }
  const { changes } = await client.replaceInCaptions(replacement)
  assert.equal(changes, await large.count('folder:d2'))
  assert.equal(await large.count('hound'), 0)
  await client.replaceInCaptions({ ...replacement, preview: false })
  assert.equal(await large.count('hound'), changes)
  assert.deepEqual((await client.lastEdit({})).undo, edit('replacement', changes))
})

test('one caption for all that is cancelled leaves nothing', async (t) => {
  const large = await openLarge(t)
  const { client, all } = large
  const selection = await all('')
  await cancelAfter(large, 500, (signal) =>
    client.captionSelection({ selection, text: 'a heron' }, { signal }),
  )
  const reader = openReader(databaseFileIn(large.directory))
  const states = reader.prepare<{ state: string }>('SELECT state FROM caption_changes').all()
  reader.close()
  assert.deepEqual(states, [{ state: 'undoing' }], 'nobody waits until all is undone')
  await until(async () => (await large.count('heron')) === 0)
  assert.deepEqual(await client.lastEdit({}), { undo: null, redo: null })
})

test('one caption for all that is killed is done to its end by whoever opens the library next', async (t) => {
  const directory = join(await libraries.copy(), 'library')
  await killWhileItChanges(directory, 'caption')
  const large = await openLarge(t, directory)
  await until(async () => (await large.count('heron by:person')) === manyPhotos)
  await until(async () => (await large.client.lastEdit({})).undo?.photos === manyPhotos)
  assert.equal((await large.client.undoEdit({}))?.photos, manyPhotos)
})

test('the model says again what it sees, as one edit that is taken back and brought back', async (t) => {
  const large = await openLarge(t)
  const { client, directory } = large
  await client.captionSelection({ selection: await large.all(''), text: 'a heron' })
  await client.setCaption({ photo: 5, text: 'an egret' })
  const everything = await large.all('')
  const work = client.regenerate({ selection: everything })
  assert.ok((await countStates(directory, work)) >= fewestStates)
  assert.deepEqual(await work, { photos: manyPhotos })
  assert.equal(await large.count('dog by:model'), manyPhotos)
  assert.deepEqual((await client.lastEdit({})).undo, edit('regeneration', manyPhotos))
  assert.deepEqual(await client.regenerate({ selection: everything }), { photos: 0 })
  assert.deepEqual((await client.lastEdit({})).undo, edit('regeneration', manyPhotos), 'nothing was taken')

  await cancelAfter(large, 500, (signal) => client.undoEdit({}, { signal }))
  await until(async () => (await large.count('dog by:model')) === manyPhotos)
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos)
  assert.equal(await large.count('heron by:person'), manyPhotos - 1)
  assert.equal((await client.photo({ photo: 5 })).caption?.text, 'an egret')
  assert.deepEqual(await client.lastEdit({}), {
    undo: edit('caption', 1),
    redo: edit('regeneration', manyPhotos),
  })
  await cancelAfter(large, 500, (signal) => client.redoEdit({}, { signal }))
  await until(async () => (await large.count('heron')) === manyPhotos - 1)
  assert.equal((await client.redoEdit({}))?.photos, manyPhotos)
  assert.equal(await large.count('dog by:model'), manyPhotos)

  // Words that were written since go first.
  await client.setCaption({ photo: 9, text: 'a stork' })
  assert.equal((await client.undoEdit({}))?.photos, 1)
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos)
  assert.equal((await client.undoEdit({}))?.photos, 1, 'the egret')
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos, 'the heron')
  assert.equal(await client.undoEdit({}), null)
  assert.equal(await large.count('dog by:model'), manyPhotos)
})

test('a regeneration that is cancelled has taken no words, and one that is killed is done to its end', async (t) => {
  const large = await openLarge(t)
  const { client, directory } = large
  await client.captionSelection({ selection: await large.all(''), text: 'a heron' })
  const selection = await large.all('')
  await cancelAfter(large, 500, (signal) => client.regenerate({ selection }, { signal }))
  await until(async () => (await large.count('heron by:person')) === manyPhotos)
  await until(async () => (await client.lastEdit({})).undo?.kind === 'caption')
  await large.close()

  await killWhileItChanges(directory, 'regenerate')
  const again = await openLarge(t, directory)
  await until(async () => (await again.count('dog by:model')) === manyPhotos)
  await until(async () => (await again.client.lastEdit({})).undo?.kind === 'regeneration')
  assert.equal((await again.client.undoEdit({}))?.photos, manyPhotos)
  assert.equal(await again.count('heron by:person'), manyPhotos)
})
