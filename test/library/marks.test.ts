import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { MarksChange } from '../../src-main/contract/rooms/marks.ts'
import {
  cancelAfter,
  countStates,
  createLargeLibraries,
  fewestStates,
  killWhileItChanges,
  manyPhotos,
} from './large-library.ts'
import { idAt, type LibraryUnderTest, openLibrary, openLibraryFor, until } from './library-under-test.ts'
import { lightroom } from './metadata/sample-sidecars.ts'

const libraries = createLargeLibraries()
after(() => libraries.remove())

/** A library of photos by their names, of which `told.jpg` has a sidecar of Lightroom's. */
async function setUp(t: TestContext, ...names: string[]) {
  const library = openLibraryFor(t)
  const { client, photos, takeIn } = library
  for (const name of names) writeFileSync(join(photos, name), `the picture ${name}`)
  if (names.includes('told.jpg')) writeFileSync(join(photos, 'told.jpg.xmp'), lightroom)
  await client.addFolder({ path: photos })
  await takeIn()
  const ids = new Map<string, number>()
  for (const name of names) ids.set(name, await idAt(client, join(photos, name)))
  return { ...library, ...byName(client, ids), at: (name: string) => join(photos, name) }
}

function byName(client: LibraryUnderTest['client'], ids: ReadonlyMap<string, number>) {
  return {
    mark: async (change: MarksChange, ...names: string[]) =>
      (await client.setMarks({ selection: { photos: names.map((name) => ids.get(name)!) }, change })).photos,
    words: async (name: string) => (await client.photo({ photo: ids.get(name)! })).words,
    found: async (query: string) => {
      const { photos } = await client.search({ query })
      return photos.map(({ id }) => [...ids].find(([, other]) => other === id)?.[0]).sort()
    },
  }
}

test('what a person says of a photo is searched at once, counted, told of and shown with its source', async (t) => {
  const { client, mark, words, found } = await setUp(t, 'a.jpg', 'b.jpg')
  const told: number[] = []
  client.on('photosChanged', ({ photoIds }) => told.push(...photoIds))
  const change = {
    rating: 4,
    isFavorite: true,
    title: 'Midsummer',
    addKeywords: ['bonfire', 'hot dog'],
    addPeople: ['Kari Nordmann'],
  }
  assert.equal(await mark(change, 'a.jpg'), 1)
  assert.deepEqual(await words('a.jpg'), {
    title: 'Midsummer',
    keywords: ['bonfire', 'hot dog'],
    people: [{ name: 'Kari Nordmann', region: null }],
    places: [],
    creators: [],
    copyright: null,
    rating: 4,
    isFavorite: true,
    sources: [{ kind: 'person', name: '', problem: null, cut: [] }],
  })
  const queries = ['rating:4+', 'is:favourite', 'midsummer', 'keyword:"hot dog"', 'people:kari', 'bonfires']
  for (const query of queries) assert.deepEqual(await found(query), ['a.jpg'], query)
  assert.deepEqual(await found('rating:unrated'), ['b.jpg'])
  const { favorites, people, keywords } = await client.facets({ query: '' })
  assert.equal(favorites, 1)
  assert.deepEqual(people, [{ name: 'Kari Nordmann', photos: 1 }])
  assert.deepEqual(keywords, [
    { name: 'bonfire', photos: 1 },
    { name: 'hot dog', photos: 1 },
  ])
  await until(() => told.length > 0)
  assert.equal(await mark(change, 'a.jpg'), 0, 'the same again changes nothing')
  assert.equal(
    await mark({ rating: 0, isFavorite: false, title: '', removeKeywords: ['bonfire'] }, 'b.jpg'),
    0,
    'where nothing is, nothing is taken away',
  )
})

test('a person goes before files, also when these are read again, and what is left is theirs again', async (t) => {
  const { client, takeIn, mark, words, found, at } = await setUp(t, 'told.jpg')
  assert.equal((await words('told.jpg')).rating, 4)
  await mark(
    {
      rating: 0,
      title: 'Bryggen',
      removeKeywords: ['boats'],
      addKeywords: ['quay'],
      removePeople: ['Kari Nordmann'],
    },
    'told.jpg',
  )
  const said = async () => {
    const { title, rating, keywords, people } = await words('told.jpg')
    return { title, rating, people: people.length, boats: keywords.includes('boats'), last: keywords.at(-1) }
  }
  const expected = { title: 'Bryggen', rating: 0, people: 0, boats: false, last: 'quay' }
  assert.deepEqual(await said(), expected)
  writeFileSync(at('told.jpg.xmp'), `${lightroom}\n`)
  await takeIn()
  assert.deepEqual(await said(), expected)
  for (const gone of ['rating:4', 'keyword:boats', 'people:kari', '"old harbour"']) {
    assert.deepEqual(await found(gone), [], gone)
  }
  for (const there of ['rating:unrated', 'keyword:quay', 'keyword:harbour', 'bryggen']) {
    assert.deepEqual(await found(there), ['told.jpg'], there)
  }
  assert.deepEqual(
    (await words('told.jpg')).sources.map(({ kind }) => kind),
    ['person', 'sidecar'],
  )
  await mark({ title: null }, 'told.jpg')
  assert.equal((await words('told.jpg')).title, 'The old harbour')
  await mark({ title: '' }, 'told.jpg')
  assert.equal((await words('told.jpg')).title, null)
  assert.deepEqual(await found('"old harbour"'), [])
  while (await client.undoEdit({}));
  assert.equal((await words('told.jpg')).title, 'The old harbour')
  assert.deepEqual(await found('keyword:boats people:kari rating:4'), ['told.jpg'])
})

test('edits of marks and of captions are taken back and brought back in one row, also after a restart', async (t) => {
  const { client, directory, close, mark } = await setUp(t, 'a.jpg', 'b.jpg')
  const id = (await client.search({ query: 'a.jpg' })).photos[0]!.id
  await mark({ rating: 2 }, 'a.jpg', 'b.jpg')
  await client.setCaption({ photo: id, text: 'a kite' })
  await mark({ rating: 5, addKeywords: ['kite'] }, 'a.jpg')
  const state = async (library: LibraryUnderTest['client']) => {
    const { caption, words: said } = await library.photo({ photo: id })
    return [caption!.source === 'person', said.rating, said.keywords.length]
  }
  assert.deepEqual((await client.lastEdit({})).undo, { kind: 'marks', photos: 1 })
  assert.equal((await client.undoEdit({}))?.photos, 1)
  assert.deepEqual(await state(client), [true, 2, 0])
  await close()

  const again = openLibrary(directory)
  t.after(again.close)
  assert.equal((await again.client.undoEdit({}))?.photos, 1)
  assert.deepEqual(await state(again.client), [false, 2, 0])
  assert.equal((await again.client.undoEdit({}))?.photos, 2)
  assert.deepEqual(await state(again.client), [false, null, 0])
  assert.equal(await again.client.undoEdit({}), null)
  const { marks } = await again.client.photo({ photo: id })
  assert.deepEqual(
    marks.map(({ kind, value, isCurrent, isTakenBack }) => [kind, value, isCurrent, isTakenBack]),
    [
      ['keyword', 1, false, true],
      ['rating', 5, false, true],
      ['rating', 2, false, true],
    ],
  )

  const states = [
    [false, 2, 0],
    [true, 2, 0],
    [true, 5, 1],
  ]
  for (const expected of states) {
    assert.ok(await again.client.redoEdit({}))
    assert.deepEqual(await state(again.client), expected)
  }
  assert.equal(await again.client.redoEdit({}), null)
  await again.client.undoEdit({})
  await again.client.setCaption({ photo: id, text: 'another kite' })
  assert.equal(await again.client.redoEdit({}), null, 'a newer edit ends it')
  assert.deepEqual((await again.client.photo({ photo: id })).words.rating, 2)
})

test('a photo that moves keeps its marks, a copy has none, and a photo that comes back brings its own', async (t) => {
  const { client, photos, takeIn, mark, at } = await setUp(t, 'a.jpg')
  await mark({ rating: 3, addPeople: ['Ruth'] }, 'a.jpg')
  mkdirSync(at('summer'))
  renameSync(at('a.jpg'), at('summer/moved.jpg'))
  copyFileSync(at('summer/moved.jpg'), at('copy.jpg'))
  await takeIn()
  const rating = async (path: string) => (await client.photoAt({ path })).words.rating
  assert.equal(await rating(at('summer/moved.jpg')), 3)
  assert.equal(await rating(at('copy.jpg')), null)

  // Away, and back elsewhere as a new file, which was rated before anybody knew which it is.
  const gone = await idAt(client, at('summer/moved.jpg'))
  rmSync(at('summer/moved.jpg'))
  rmSync(at('copy.jpg'))
  await takeIn()
  writeFileSync(join(photos, 'other.jpg'), 'the picture a.jpg')
  await client.scan({})
  const unread = await idAt(client, at('other.jpg'))
  assert.notEqual(unread, gone)
  const change = { rating: 1, isFavorite: true }
  await client.setMarks({ selection: { photos: [unread] }, change })
  await takeIn()
  const { id, words } = await client.photoAt({ path: at('other.jpg') })
  assert.equal(id, gone)
  assert.deepEqual(
    [words.rating, words.isFavorite, words.people.map(({ name }) => name)],
    [1, true, ['Ruth']],
  )
  assert.equal((await client.undoEdit({}))?.photos, 1)
  assert.equal(await rating(at('other.jpg')), 3)
  assert.equal((await client.undoEdit({}))?.photos, 1)
  assert.equal(await rating(at('other.jpg')), null)
})

test('all photos of a search are rated in slices, as one edit, while searches are answered', async (t) => {
  const directory = join(await libraries.copy(), 'library')
  const library = openLibrary(directory)
  t.after(library.close)
  const { client } = library
  const total = async (query: string) => (await client.search({ query })).total
  const { token, total: all } = await client.timeline({ query: 'dog' })
  const selection = { query: 'dog', token, ranges: [[0, all] as [number, number]] }
  const work = client.setMarks({ selection, change: { rating: 5 } })
  assert.equal(await total('dog'), manyPhotos, 'a search is answered meanwhile')
  assert.ok((await countStates(directory, work)) >= fewestStates)
  assert.equal((await work).photos, manyPhotos)
  assert.equal(await total('rating:5'), manyPhotos)
  assert.deepEqual((await client.lastEdit({})).undo, { kind: 'marks', photos: manyPhotos })
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos)
  assert.equal(await total('rating:5'), 0)
  assert.equal((await client.redoEdit({}))?.photos, manyPhotos)
  assert.equal(await total('rating:5'), manyPhotos)
  await cancelAfter(library, 500, (signal) =>
    client.setMarks({ selection, change: { rating: 1 } }, { signal }),
  )
  await until(async () => (await total('rating:5')) === manyPhotos)
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos, 'the edit before')
  await until(async () => (await total('rating:5')) === 0)
})

test('a rating of all photos that is killed is done to its end by whoever opens the library next', async (t) => {
  const directory = join(await libraries.copy(), 'library')
  await killWhileItChanges(directory, 'rate', 5)
  const { client, close } = openLibrary(directory)
  t.after(close)
  const total = async (query: string) => (await client.search({ query })).total
  await until(async () => (await total('rating:5')) === manyPhotos)
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos)
  await until(async () => (await total('rating:5')) === 0)
})

test('marks go with their photo, and an edit of photos that are gone is none to take back', async (t) => {
  const { client, mark, at } = await setUp(t, 'a.jpg')
  await mark({ rating: 3 }, 'a.jpg')
  const [folder] = await client.folders({})
  await client.removeFolder({ folderId: folder!.id })
  assert.equal((await client.undoEdit({}))?.photos ?? 0, 0)
  await client.addFolder({ path: folder!.path })
  await client.scan({})
  assert.equal((await client.photoAt({ path: at('a.jpg') })).words.rating, null)
})
