import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { packEmbedding } from '../../src-main/contract/embedding.ts'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { createLikes, mostNearest } from '../../src-main/library/likes.ts'
import { createMeaningIndex } from '../../src-main/library/meaning/meaning-index.ts'
import { createFindNearestPassing } from '../../src-main/library/nearest-passing.ts'
import { createSearch } from '../../src-main/library/search/search.ts'
import { createOutsidePictureStore } from '../../src-main/library/store/outside-pictures.ts'
import { addFolder, addPhoto, contentOf, openStoreFor } from './store/sample-library.ts'

const model = { spaceId: 'space', leastCosine: 0.5, leastPictureCosine: 0.9 }
const wordless = () => Promise.reject(new LensloreError('MODEL_INCOMPLETE', 'No text encoder.'))

/** Of unit length, in a plane. */
const at = (degrees: number) => {
  const angle = (degrees * Math.PI) / 180
  return Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0)
}

/** Words that are degrees are a direction. */
async function setUp(t: TestContext, { hasTexts = true, fewPassing = 20_000 } = {}) {
  const store = openStoreFor(t)
  const folder = addFolder(store, '/photos')
  const { searcher, searchIndex, likes: found } = createSearch(store.database)
  const index = createMeaningIndex(store.database)
  const outside = createOutsidePictureStore(store.database)
  const asked: string[] = []
  const likes = createLikes({
    database: store.database,
    searcher,
    index,
    nearestPassing: createFindNearestPassing({ searcher, index, fewPassing }),
    likes: found,
    outside,
    arePhotos: (ids) => store.photos.byIds(ids).length > 0,
    async embedText(text) {
      asked.push(text)
      return { ...model, embedding: at(Number.parseFloat(text)) }
    },
    space: () => (hasTexts ? Promise.resolve(model) : wordless()),
  })
  const add = (name: string, caption: string, degrees: number | null) => {
    const id = addPhoto(store, folder, name, contentOf(name))
    store.captions.setByPerson(id, caption, 1)
    const embed = (vector: Float32Array) =>
      store.embeddings.set([{ contentHash: contentOf(name), vector: packEmbedding(vector) }], 'space')
    if (degrees !== null) embed(at(degrees))
    return id
  }
  const search = async (query: string, options = {}) => {
    await likes.resolve(query)
    return searcher.search(query, options)
  }
  const find = async (query: string) => (await search(query)).photos.map(({ id }) => id)
  const notes = async (query: string) => (await search(query)).notes
  return { store, outside, searcher, searchIndex, likes, asked, add, search, find, notes }
}

test('what photos are to look like orders them, the nearest first, none beyond the bound, and all else filters', async (t) => {
  const { add, find, search, asked } = await setUp(t)
  const [far, near, dog] = [add('a.jpg', 'A wall', 70), add('b.jpg', 'A wall', 20), add('c.jpg', 'A dog', 40)]
  const nearer = add('Alps/d.jpg', 'A dog', -10)
  assert.deepEqual(await find('like:0'), [nearer, near, dog])
  assert.deepEqual(await find('like:"0" dog'), [nearer, dog])
  assert.deepEqual(await find('like:0 -folder:Alps'), [near, dog])
  assert.deepEqual(await find('folder:Alps like:90°'), [])
  assert.deepEqual(await find('like:90° wall'), [far])
  assert.deepEqual([...new Set(asked)], ['0', '90°'])

  const { photos, total, totalIsExact } = await search('like:0 dog')
  assert.deepEqual([total, totalIsExact], [2, true])
  assert.ok(Math.abs(photos[0]!.cosine! - Math.cos(Math.PI / 18)) < 0.01)
  assert.deepEqual(photos[0]!.marks, [[2, 5]])
})

test('pages go on where the one before ended', async (t) => {
  const { add, search } = await setUp(t)
  const ids = [30, 20, 10].map((degrees) => add(`${degrees}.jpg`, 'A wall', degrees)).reverse()
  const first = await search('like:0', { limit: 2 })
  const { photos, cursor } = await search('like:0', { limit: 2, cursor: first.cursor })
  assert.deepEqual(
    [...first.photos, ...photos].map(({ id }) => id),
    ids,
  )
  assert.equal(cursor, null)
})

test('a photo is an example by its id, some together are one direction, and pictures have a bound of their own', async (t) => {
  const { add, find } = await setUp(t)
  const [east, north, between] = [add('a.jpg', 'A', 0), add('b.jpg', 'B', 90), add('c.jpg', 'C', 40)]
  add('d.jpg', 'D', 200)
  const near = add('e.jpg', 'E', 20)
  assert.deepEqual(await find(`like:${east}`), [east, near])
  assert.deepEqual(await find(`like:${east},${north}`), [between, near])
  // In quotes it is words.
  assert.deepEqual(await find('like:"90"'), [north, between])
})

test('several are summed, and none is found that looks like what it is not to look like', async (t) => {
  const { add, find } = await setUp(t)
  const [east, north] = [add('a.jpg', 'A', 0), add('b.jpg', 'B', 90)]
  const [low, high] = [add('c.jpg', 'C', 40), add('d.jpg', 'D', 55)]
  assert.deepEqual(await find('like:0 like:90°'), [low, high, east, north])
  // By cosines with 0 less those with 90.
  assert.deepEqual(await find(`like:0 -like:${north}`), [east, low, high])
  assert.deepEqual(await find('like:0 -like:90°'), [east])
  // Each is plausibly like the other, and what looks more like the second is left out.
  const [near, other] = [add('e.jpg', 'E', 180), add('f.jpg', 'F', 200)]
  assert.deepEqual(await find(`like:${near} -like:${other}`), [near])
  assert.deepEqual(await find('like:0 -like:0'), [])
})

test('alone, what photos are not to look like leaves those out that do; words rank and filters hold as ever', async (t) => {
  const { add, find, searcher, likes } = await setUp(t)
  const [east, north] = [add('a.jpg', 'A dog', 0), add('b.jpg', 'A red dog', 90)]
  const unseen = add('c.jpg', 'A dog on a red rug', null)
  assert.deepEqual(new Set(await find('-like:0')), new Set([north, unseen]))
  assert.deepEqual(await find('"red dog" -like:0'), [north])
  assert.deepEqual(await find('"a dog" -like:0'), [unseen])
  assert.deepEqual(await find('dog -like:0 -like:90°'), [unseen])
  assert.deepEqual(await find(`-like:${east} dog before:1960`), [])
  await likes.resolve('"a dog" -like:0')
  assert.equal(searcher.timeline('"a dog" -like:0').total, 1)
  assert.equal(searcher.facets('"a dog" -like:0').photos, 1)
})

test('timeline, facets, places, selections and suggestions are of the same photos', async (t) => {
  const { add, searcher, likes } = await setUp(t)
  const [near, far] = [add('a.jpg', 'A dog', 10), add('b.jpg', 'A dog', 100)]
  const query = 'like:0 dog'
  await likes.resolve(query)
  const { total, token } = searcher.timeline(query)
  assert.equal(total, 1)
  assert.deepEqual([...searcher.timelinePage(query, { limit: 9 }).ids], [near])
  assert.deepEqual([searcher.placeOf(query, near), searcher.placeOf(query, far)], [0, null])
  assert.equal(searcher.facets(query).photos, 1)
  assert.equal(searcher.rowsAtPlaces(query, token, [[0, 1]]).total, 1)
  await likes.resolve('like:0 ')
  await likes.resolve('like:0 do')
  assert.deepEqual(
    searcher.suggest('like:0 do', 5).map(({ text, photos }) => [text, photos]),
    [['dog', 1]],
  )
})

test('what becomes of the library shows at the next call', async (t) => {
  const { store, add, find, searcher, likes, asked } = await setUp(t)
  const first = add('a.jpg', 'A dog', 10)
  assert.deepEqual(await find('like:0 dog'), [first])
  assert.equal(searcher.facets('like:0 dog').photos, 1)
  const second = add('b.jpg', 'A dog', 5)
  assert.deepEqual(await find('like:0 dog'), [second, first])
  assert.equal(searcher.facets('like:0 dog').photos, 2)
  store.captions.setByPerson(first, 'A cat', 2)
  await likes.resolve('like:0 dog')
  assert.equal(searcher.timeline('like:0 dog').total, 1)
  assert.deepEqual(asked, ['0'])
})

test('of many that pass a filter the nearest are found, however far from the query most of them are', async (t) => {
  const { store, add, search, find, searchIndex } = await setUp(t, { fewPassing: 2 })
  // The nearest of all do not pass.
  store.database.write(() => {
    for (let n = 0; n < 5 * mostNearest + 10; n++) add(`near/${n}.jpg`, 'A cat', n / 1000)
  })
  await searchIndex.renewAll()
  const dogs = Array.from({ length: 4 }, (_, n) => add(`far/${n}.jpg`, 'A dog', 40 - n))
  const { photos, notes } = await search('like:0', { limit: 1000 })
  assert.deepEqual([photos.length, notes], [mostNearest, [{ kind: 'nearest', shown: mostNearest }]])
  assert.deepEqual(await find('like:0 -cat'), dogs.toReversed())
})

test('what cannot be compared is left out, and said', async (t) => {
  const { add, notes, find } = await setUp(t)
  const [unseen, seen] = [add('a.jpg', 'A dog', null), add('b.jpg', 'A cat', 0)]
  const note = (text: string, why: string, leftOut = 1) => ({ kind: 'like', text, why, leftOut })
  assert.deepEqual(await notes('like:999'), [note('like:999', 'unknown')])
  assert.deepEqual(await find('like:999'), [])
  assert.deepEqual(await find('-like:999'), [])
  assert.deepEqual(await find('like:999 dog'), [unseen])
  assert.deepEqual(await notes(`like:${unseen}`), [note(`like:${unseen}`, 'unseen')])
  assert.deepEqual(await notes(`like:${unseen},${seen}`), [note(`like:${unseen},${seen}`, 'unseen')])
  assert.deepEqual(await find(`like:${unseen},${seen}`), [seen])
  assert.deepEqual(await notes('like:picture-0123456789abcdef'), [
    note('like:picture-0123456789abcdef', 'forgotten'),
  ])
  assert.deepEqual(await notes('dog OR like:0 cat'), [{ kind: 'or', text: 'like:0' }])
  assert.deepEqual(await find('dog OR like:0 cat'), [])
  assert.deepEqual(await notes('like:0 !!!'), [])
  assert.deepEqual(await find('like:0 !!!'), [seen])
})

test('a model without a text encoder says so', async (t) => {
  const { add, notes, find } = await setUp(t, { hasTexts: false })
  const id = add('a.jpg', 'A dog', 0)
  assert.deepEqual(await notes('like:0'), [{ kind: 'like', text: 'like:0', why: 'wordless', leftOut: 1 }])
  assert.deepEqual(await find('like:0 dog'), [id])
})

test('a word that is found nowhere is put right beside it', async (t) => {
  const { add, search } = await setUp(t)
  const id = add('a.jpg', 'A kangaroo', 10)
  const { corrected, photos } = await search('like:0 kangeroo')
  assert.deepEqual([corrected, photos.map((photo) => photo.id)], ['like:0 kangaroo', [id]])
})

test('a picture from outside is an example for as long as it is remembered, beside photos too', async (t) => {
  const { add, find, notes, outside } = await setUp(t)
  const [east, north] = [add('a.jpg', 'A', 10), add('b.jpg', 'B', 80)]
  const name = '0123456789abcdef'
  outside.remember(name, 'space', packEmbedding(at(0)))
  assert.deepEqual(await find(`like:picture-${name}`), [east])
  outside.remember(name, 'space', packEmbedding(at(90)))
  assert.deepEqual(await find(`like:picture-${name}`), [north])
  assert.deepEqual(await find(`like:picture-${name} -like:${north}`), [])
  assert.deepEqual(await find(`like:${east},picture-${name}`), [])
  outside.remember(name, 'another', packEmbedding(at(90)))
  const [note] = await notes(`like:picture-${name}`)
  assert.ok(note?.kind === 'like' && note.why === 'forgotten')
})

test('filters may have words in a row, that many photos have or hardly any', async (t) => {
  const { store, add, find, search, searchIndex } = await setUp(t, { fewPassing: 2 })
  store.database.write(() => {
    for (let n = 0; n < 5 * mostNearest + 10; n++) add(`near/${n}.jpg`, 'A cat', n / 1000)
  })
  const red = [40, 30].map((degrees) => add(`far/${degrees}.jpg`, 'A red cat', degrees))
  await searchIndex.renewAll()
  assert.deepEqual(await find('like:0 "red cat"'), red.toReversed())
  const { photos } = await search('like:0 -"red cat" -folder:"near/x"', { limit: 1000 })
  assert.equal(photos.length, mostNearest)
})
