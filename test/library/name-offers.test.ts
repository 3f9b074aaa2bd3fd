import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { packEmbedding } from '../../src-main/contract/embedding.ts'
import { createRandom } from '../../src-main/engine/training/random.ts'
import { createMeaningIndex } from '../../src-main/library/meaning/meaning-index.ts'
import { countPlausible } from '../../src-main/library/meaning/resemblance.ts'
import { createNameOfferer } from '../../src-main/library/name-offers.ts'
import { createSearch } from '../../src-main/library/search/search.ts'
import { addFolder, addPhoto, contentOf, markMissing, openStoreFor } from './store/sample-library.ts'

const width = 24

/** A library of 400 photos that lie anywhere, and of 20 that have one thing in common. */
function setUp(t: TestContext) {
  const store = openStoreFor(t)
  const folder = addFolder(store, '/photos')
  const { searcher } = createSearch(store.database)
  const index = createMeaningIndex(store.database)
  const random = createRandom(7)
  const some = () => random() + random() + random() - 1.5
  const add = (name: string, common: number, content = name) => {
    const id = addPhoto(store, folder, name, contentOf(content))
    const vector = Float32Array.from({ length: width }, (_, at) => some() + (at === 0 ? common : 0))
    store.embeddings.set([{ contentHash: contentOf(content), vector: packEmbedding(vector) }], 'space')
    return id
  }
  store.database.write(() => {
    for (let at = 0; at < 400; at++) add(`${at}.jpg`, 0)
  })
  const dogs = Array.from({ length: 20 }, (_, at) => add(`dog-${at}.jpg`, 6))
  const offerer = createNameOfferer({
    store,
    searcher,
    index,
    space: async () => ({ spaceId: 'space', leastCosine: 0, leastPictureCosine: 0 }),
    foundNames: () => [],
  })
  const name = (photoIds: readonly number[], text = 'Biscuit on the porch') => {
    for (const photoId of photoIds) store.captions.setManyByPerson([{ photoId, text }], 1)
  }
  const offered = async (limit = 100) => (await offerer.offers('Biscuit', limit)).photos
  return { store, searcher, offerer, add, dogs, name, offered }
}

const sorted = (ids: Iterable<number>) => [...ids].sort((a, b) => a - b)

test('photos that resemble three named ones are offered for the name, and no others', async (t) => {
  const { dogs, name, offered, offerer, store } = setUp(t)
  name(dogs.slice(0, 2))
  assert.deepEqual(await offered(), [])
  name([dogs[2]!])
  assert.deepEqual(sorted(await offered()), dogs.slice(3))
  const page = await offerer.offers('Biscuit', 5)
  assert.deepEqual([page.named, page.total, page.photos.length, page.isPerson], [3, 17, 5, false])

  // Whoever says it, and wherever.
  store.captions.setByPerson(dogs[3]!, 'biscuit, asleep', 1)
  store.marks.set([dogs[4]!], { addKeywords: ['Biscuit'] }, 1)
  markMissing(store, dogs[5]!)
  assert.deepEqual(sorted(await offered()), dogs.slice(6))
  assert.equal((await offerer.offers('Biscuit', 5)).named, 4)
  assert.equal((await offerer.offers('Nobody', 5)).total, 0)
})

test('for photos that have nothing in common nothing is offered', async (t) => {
  const { store, name, offered, offerer } = setUp(t)
  const ids = store.database.prepare<{ id: number }>('SELECT id FROM photos ORDER BY id LIMIT 400').all()
  name([3, 77, 150, 222, 301, 390].map((at) => ids[at]!.id))
  assert.deepEqual(await offered(), [])
  assert.equal((await offerer.offers('Biscuit', 1)).named, 6)
})

test('a photo that was refused is not offered again, nor are its copies, until that is taken back', async (t) => {
  const { store, add, dogs, name, offered } = setUp(t)
  name(dogs.slice(0, 5))
  const copy = add('copy.jpg', 6, 'dog-7.jpg')
  const all = sorted([...dogs.slice(5), copy])
  assert.deepEqual(sorted(await offered()), all)
  assert.equal(store.refusals.refuse('Biscuit', [dogs[7]!], 5), 1)
  assert.equal(store.refusals.refuse('Biscuit', [dogs[7]!], 6), 0)
  const after = await offered()
  assert.ok(![dogs[7]!, copy].some((id) => after.includes(id)))
  assert.deepEqual(sorted(store.refusals.photosOf('Biscuit', 9)), sorted([dogs[7]!, copy]))
  assert.deepEqual(store.refusals.photosOf('Rosinante', 9), [])
  // Of very many refused ones not all are compared with, and none is offered.
  assert.deepEqual(store.refusals.among('Biscuit', dogs), new Set([dogs[7]]))
  assert.equal(store.refusals.allow('Biscuit', [copy]), 1)
  assert.deepEqual(sorted(await offered()), all)
})

test('what looks more like a refused photo than like any named one is not offered', async (t) => {
  const { store, dogs, name, offered, searcher } = setUp(t)
  name(dogs.slice(0, 3))
  const before = await offered()
  store.refusals.refuse('Biscuit', dogs.slice(10), 5)
  const after = await offered()
  assert.ok(after.length < before.length - 10, `${after.length} of ${before.length}`)
  assert.ok(after.every((id) => before.includes(id)))
  // Named themselves, they are near a named one.
  assert.equal(searcher.findsOf('', after).size, after.length)
})

test('people that a person tagged are names, and so is what labels call so, the most photos first', async (t) => {
  const { store, dogs, offerer } = setUp(t)
  store.marks.set(dogs.slice(0, 3), { addPeople: ['Nana Ruth'] }, 1)
  store.marks.set(dogs.slice(0, 2), { addPeople: ['Otto'] }, 1)
  store.marks.set(dogs.slice(0, 9), { addKeywords: ['porch'] }, 1)
  assert.deepEqual(offerer.names(), [{ text: 'Nana Ruth', photos: 3, isPerson: true }])
  const { photos, isPerson } = await offerer.offers('Nana Ruth', 100)
  assert.deepEqual([sorted(photos), isPerson], [dogs.slice(3), true])
})

test('more are offered the less of them are so by chance', () => {
  // In 1,000 photos six lie three deviations or farther, and 1.4 four.
  assert.equal(countPlausible([3, 3, 3], 1000), 0)
  assert.equal(countPlausible(Array(20).fill(3), 1000), 20)
  assert.equal(countPlausible([4, 4, 4, 4, 4], 1000), 5)
  assert.equal(countPlausible([4, 4, 4, 4], 1000), 0)
  assert.equal(countPlausible([6, 6, 2], 1000), 2)
  assert.equal(countPlausible([], 1000), 0)
  // In 2,000 six lie four or farther.
  assert.equal(countPlausible(Array(20).fill(4), 2000), 0)
  assert.equal(countPlausible(Array(21).fill(4), 2000), 21)
})
