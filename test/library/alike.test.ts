import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { packEmbedding } from '../../src-main/contract/embedding.ts'
import { createFindAlike } from '../../src-main/library/alike.ts'
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
  const { searcher } = createSearch(store.database)
  const index = createMeaningIndex(store.database)
  const asked: string[] = []
  const alike = createFindAlike({
    searcher,
    nearestPassing: createFindNearestPassing({ searcher, index }),
    index,
    hubness: createHubness(store.database),
    async embedText(text) {
      asked.push(text)
      return { spaceId: 'space', embedding: at(0), leastCosine: 0.5 }
    },
  })
  const add = (name: string, caption: string, degrees: number) => {
    const id = addPhoto(store, folder, name, contentOf(name))
    store.captions.setByPerson(id, caption, 1)
    store.embeddings.set([{ contentHash: contentOf(name), vector: packEmbedding(at(degrees)) }], 'space')
    return id
  }
  const find = async (query: string, limit = 24) => {
    const { photos } = await alike(query, limit)
    return photos.map(({ id }) => id)
  }
  return { store, asked, alike, add, find }
}

test('photos that look like the words come after those that say them, the likeliest first, none beyond the bound', async (t) => {
  const { add, alike, find, asked } = await setUp(t)
  const [said, far] = [add('a.jpg', 'Kids making a mess', 1), add('b.jpg', 'A wall', 61)]
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
