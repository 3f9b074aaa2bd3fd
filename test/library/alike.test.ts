import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { packEmbedding } from '../../src-main/contract/embedding.ts'
import { createFindAlike } from '../../src-main/library/alike.ts'
import { createFindKnownNames } from '../../src-main/library/known-names.ts'
import { createHubness } from '../../src-main/library/meaning/hubness.ts'
import { createMeaningIndex } from '../../src-main/library/meaning/meaning-index.ts'
import { createFindNearestPassing } from '../../src-main/library/nearest-passing.ts'
import { createSearch } from '../../src-main/library/search/search.ts'
import { addFolder, addPhoto, contentOf, markMissing, openStoreFor } from './store/sample-library.ts'

/** Of unit length, at so many degrees from what is asked for. */
const at = (degrees: number) => {
  const angle = (degrees * Math.PI) / 180
  return Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0)
}

async function setUp(t: TestContext) {
  const store = openStoreFor(t)
  const folder = addFolder(store, '/photos')
  const { searcher, likes } = createSearch(store.database)
  const index = createMeaningIndex(store.database)
  const hubness = createHubness(store.database)
  const asked: string[] = []
  const alike = createFindAlike({
    searcher,
    nearestPassing: createFindNearestPassing({ searcher, index }),
    index,
    hubness,
    findKnownNames: createFindKnownNames({
      database: store.database,
      searcher,
      taughtNames: () => [],
      version: () => '',
    }),
    resolveLikes: async (query) =>
      likes.keep(query, { version: 1, nearest: null, leftOut: Uint32Array.of(1 << 1), notes: [] }),
    async embedText(text) {
      asked.push(text)
      return { spaceId: 'space', embedding: at(0), leastCosine: 0.5, leastPictureCosine: 0.9 }
    },
  })
  const add = (name: string, caption: string, where: number | Float32Array) => {
    const vector = packEmbedding(typeof where === 'number' ? at(where) : where)
    const id = addPhoto(store, folder, name, contentOf(name))
    store.captions.setByPerson(id, caption, 1)
    store.embeddings.set([{ contentHash: contentOf(name), vector }], 'space')
    return id
  }
  const find = async (query: string, limit = 24) => {
    const { photos } = await alike(query, limit)
    return photos.map(({ id }) => id)
  }
  return { store, hubness, asked, alike, add, find }
}

test('photos that look like the words come after those that say them, the likeliest first, none beyond the bound', async (t) => {
  const { add, alike, find, asked } = await setUp(t)
  const [said, far] = [add('a.jpg', 'Kids making a mess', 1), add('b.jpg', 'Bricks', 61)]
  const [near, nearer] = [add('c.jpg', 'Two boys in mud', 30), add('d.jpg', 'Paint', 10)]
  assert.deepEqual(await find('kids making a mess'), [nearer, near])
  assert.deepEqual(asked, ['kids making a mess'])
  const { text, photos } = await alike('kids making a mess', 1)
  assert.deepEqual([text, photos.length, photos[0]!.caption], ['kids making a mess', 1, 'Paint'])
  assert.ok(Math.abs(photos[0]!.likeness - Math.cos(Math.PI / 18)) < 0.01)
  assert.ok(![said, far].includes(photos[0]!.id))
})

test('filters hold, and what is missing is not found by what it looks like either', async (t) => {
  const { store, add, find, asked } = await setUp(t)
  const [alps, gone, sea] = [
    add('Alps/a.jpg', 'A wall', 10),
    add('Alps/b.jpg', 'A wall', 20),
    add('Sea/c.jpg', 'A wall with a dog', 30),
  ]
  markMissing(store, gone)
  assert.deepEqual(await find('mess'), [alps, sea])
  assert.deepEqual(await find('folder:Alps mess'), [alps])
  assert.deepEqual(await find('mess -dog'), [alps])
  assert.deepEqual(await find('mess after:2030'), [])
  assert.deepEqual(asked, ['mess', 'mess', 'mess', 'mess'])
})

test('without plain words nothing is asked, and a photo of no or another embedding is not found', async (t) => {
  const { store, add, find, asked } = await setUp(t)
  add('a.jpg', 'A wall', 10)
  assert.deepEqual(await find('folder:Alps -dog'), [])
  assert.deepEqual(asked, [])
  store.embeddings.set([{ contentHash: contentOf('a.jpg'), vector: packEmbedding(at(10)) }], 'another')
  assert.deepEqual(await find('mess'), [])
})

test('what photos are not to look like is a filter, and where they are to look like something words are filters too', async (t) => {
  const { add, find, alike } = await setUp(t)
  add('a.jpg', 'A wall', 10)
  const second = add('b.jpg', 'A wall', 20)
  // The first is the one that is left out.
  assert.deepEqual(await find('mess -like:snow'), [second])
  assert.deepEqual(await alike('mess like:snow', 24), { text: '', photos: [] })
})

test('of photos that are about as near, one that says some of the words comes first, a rare word before a frequent one', async (t) => {
  const { add, find } = await setUp(t)
  for (let at = 0; at < 20; at++) add(`far-${at}.jpg`, 'Kids in a park', 80)
  const [none, frequent, rare] = [
    add('a.jpg', 'A wall', 20),
    add('b.jpg', 'Kids at a wall', 20.1),
    add('c.jpg', 'Mud', 22),
  ]
  assert.deepEqual(await find('kids in mud and paint'), [rare, frequent, none])
})

test('a photo that lies near every text comes after one that is nearly as near to this one alone', async (t) => {
  const { hubness, add, find } = await setUp(t)
  const own = [Math.cos((33 * Math.PI) / 180), 0, Math.sin((33 * Math.PI) / 180), 0]
  const [hub, other] = [add('hub.jpg', 'A wall', 30), add('own.jpg', 'Bricks', Float32Array.from(own))]
  for (let each = 0; each < 300; each++) add(`other-${each}.jpg`, `Text number ${each}`, 90)
  assert.deepEqual(await find('mess'), [hub, other])
  // All captions lie where the first of them does.
  await hubness.keepUp('space', async () => at(30))
  assert.deepEqual(await find('mess'), [other, hub])
})

test('photos that have a name among the words come first, and the name does not say what they look like', async (t) => {
  const { store, asked, add, find } = await setUp(t)
  const [near, ruth, far] = [
    add('a.jpg', 'A wall', 10),
    add('b.jpg', 'A wall', 40),
    add('c.jpg', 'Bricks', 80),
  ]
  for (const id of [ruth, far]) {
    store.marks.set([id], { addPeople: ['Nana Ruth'] }, 1)
  }
  assert.deepEqual(await find('nana ruth making a mess'), [ruth, near])
  assert.deepEqual(asked, ['making a mess'])
  assert.deepEqual(await find('nana ruth'), [])
})
