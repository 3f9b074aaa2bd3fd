import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cosineOfPacked, packEmbedding } from '../../../src-main/contract/embedding.ts'
import { createMeaningIndex, type Near } from '../../../src-main/library/meaning/meaning-index.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'

const width = 48
const space = 'one'
/** Enough for an index. */
const many = 4500

/** The same in every run. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
}

/** Of unit length, and more apart in some directions than in others, as embeddings are. */
function direction(chance: () => number): Float32Array {
  const vector = Float32Array.from(
    { length: width },
    (_, at) => (chance() + chance() + chance()) / (1 + at / 4),
  )
  vector[3]! += 0.8
  const length = Math.hypot(...vector)
  return vector.map((x) => x / length)
}

interface MadeLibrary {
  directory: string
  store: Store
  vectors: Map<number, Int8Array>
  put(id: number, vector: Float32Array, number?: number): void
}

function makeLibrary(t: TestContext, photos: number): MadeLibrary {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const store = openStore(databaseFileIn(directory))
  t.after(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  const { database } = store
  const folderId = store.folders.insert(join(directory, 'pictures'), 1).id
  database.exec("INSERT INTO spaces VALUES (1, 'one'), (2, 'two')")
  const vectors = new Map<number, Int8Array>()
  const insert = database.prepare(
    `INSERT OR IGNORE INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms)
     VALUES (?, ?, '', ?, 1, 1, 1, ?, 1)`,
  )
  const put = (id: number, vector: Float32Array, number = 1) => {
    const packed = packEmbedding(vector)
    insert.run(id, folderId, `${id}.jpg`, id)
    database.prepare('UPDATE photos SET embedded_in = ? WHERE id = ?').run(number, id)
    database.prepare('INSERT OR REPLACE INTO embeddings VALUES (?, ?)').run(id, new Uint8Array(packed.buffer))
    if (number === 1) vectors.set(id, packed)
    else vectors.delete(id)
  }
  const chance = createChance(1)
  database.write(() => {
    // With room between, as where photos were removed.
    for (let at = 1; at <= photos; at++) put(3 * at, direction(chance))
  })
  return { directory, store, vectors, put }
}

function exactly(vectors: ReadonlyMap<number, Int8Array>, query: Float32Array, k: number): Near[] {
  return [...vectors]
    .map(([photoId, vector]) => ({ photoId, cosine: cosineOfPacked(vector, query) }))
    .sort((a, b) => b.cosine - a.cosine || a.photoId - b.photoId)
    .slice(0, k)
}

const idsOf = (near: readonly Near[]) => near.map(({ photoId }) => photoId)

function amongOf(ids: readonly number[]): Uint32Array {
  const bits = new Uint32Array(Math.ceil((Math.max(...ids) + 1) / 32))
  for (const id of ids) bits[id >>> 5]! |= 1 << id
  return bits
}

test('a few photos are compared one by one, and no index is made of them', async (t) => {
  const { store, vectors, put } = makeLibrary(t, 300)
  put(1000, direction(createChance(5)))
  put(999, direction(createChance(5)))
  const index = createMeaningIndex(store.database)
  await index.keepUp(space)
  const query = direction(createChance(5))
  assert.deepEqual(await index.nearest(query, space, 12), exactly(vectors, query, 12))
  assert.deepEqual(idsOf(await index.nearest(query, space, 2)), [999, 1000], 'of equals the lower id')
  assert.equal(store.database.prepare('SELECT 1 FROM embedding_bases').get(), undefined)
})

test('of many the nearest are found by their codes, with exact cosines', async (t) => {
  const { store, vectors } = makeLibrary(t, many)
  const index = createMeaningIndex(store.database)
  await index.keepUp(space)
  // Looked for where no code says it, nothing would be found.
  const bits = (sql: string) => store.database.prepare<{ n: number }>(sql).get()!.n
  assert.equal(bits('SELECT count(*) AS n FROM embedding_stale'), 0)
  assert.ok(bits('SELECT count(*) AS n FROM embedding_codes') > 20)
  const chance = createChance(2)
  for (let asked = 0; asked < 20; asked++) {
    const query = direction(chance)
    assert.deepEqual(await index.nearest(query, space, 20), exactly(vectors, query, 20))
  }
})

test('a filter holds, whether it leaves few photos or most of them', async (t) => {
  const { store, vectors } = makeLibrary(t, many)
  const index = createMeaningIndex(store.database)
  await index.keepUp(space)
  const query = direction(createChance(3))
  // Most, so few of each block that they are looked up, and so few that their vectors are.
  for (const isLeft of [
    (at: number) => at % 4 > 0,
    (at: number) => at % 3 === 0,
    (at: number) => at % 700 === 0,
  ]) {
    const ids = [...vectors.keys()].filter((_, at) => isLeft(at))
    const left = new Map(ids.map((id) => [id, vectors.get(id)!]))
    assert.deepEqual(await index.nearest(query, space, 15, { among: amongOf(ids) }), exactly(left, query, 15))
  }
})

test('what comes, changes and goes is known to the next question, also of a process that knew the codes of before', async (t) => {
  const { directory, store, vectors, put } = makeLibrary(t, many)
  const index = createMeaningIndex(store.database)
  await index.keepUp(space)
  const other = openStore(databaseFileIn(directory))
  t.after(() => other.close())
  const reader = createMeaningIndex(other.database)
  const query = direction(createChance(4))
  const [first, second, third] = idsOf(await reader.nearest(query, space, 3)) as [number, number, number]

  put(50_000, query)
  put(
    first,
    query.map((x) => -x),
  )
  put(third, query, 2)
  store.database.prepare('DELETE FROM photos WHERE id = ?').run(second)
  vectors.delete(second)
  await index.keepUp(space)
  for (const each of [index, reader]) {
    const near = await each.nearest(query, space, 20)
    assert.equal(near[0]!.photoId, 50_000)
    assert.deepEqual(near, exactly(vectors, query, 20))
  }

  // Nobody kept up after that one.
  put(60_000, query)
  assert.deepEqual(idsOf(await reader.nearest(query, space, 2)), [50_000, 60_000])
})

test('a block of which no photo is left takes nothing', async (t) => {
  const { store, vectors } = makeLibrary(t, many)
  const index = createMeaningIndex(store.database)
  await index.keepUp(space)
  const query = direction(createChance(8))
  await index.nearest(query, space, 20)
  store.database.exec('DELETE FROM photos WHERE id BETWEEN 1024 AND 1535')
  for (const id of vectors.keys()) if (id >= 1024 && id <= 1535) vectors.delete(id)
  await index.keepUp(space)
  const codes = store.database.prepare<{ block: number }>('SELECT block FROM embedding_codes WHERE codes = ?')
  assert.deepEqual(codes.all(new Uint8Array()), [{ block: 2 }])
  assert.deepEqual(await index.nearest(query, space, 20), exactly(vectors, query, 20))
})

test('an index that is half made answers from all vectors, and is finished by the next call', async (t) => {
  const { store, vectors } = makeLibrary(t, many)
  const index = createMeaningIndex(store.database)
  const stop = new AbortController()
  await assert.rejects(index.keepUp(space, { signal: stop.signal, onProgress: () => stop.abort() }), {
    name: 'AbortError',
  })
  const upTo = store.database
    .prepare<{ up: number }>('SELECT up_to_photo AS up FROM embedding_bases')
    .get()!.up
  assert.ok(upTo > 0 && upTo < 3 * many)
  const query = direction(createChance(6))
  assert.deepEqual(await index.nearest(query, space, 20), exactly(vectors, query, 20))
  await index.keepUp(space)
  assert.equal(
    store.database.prepare<{ up: number }>('SELECT up_to_photo AS up FROM embedding_bases').get()!.up,
    null,
  )
  assert.deepEqual(await index.nearest(query, space, 20), exactly(vectors, query, 20))
})

test('another space has an index of its own once it has enough photos', async (t) => {
  const { store, vectors, put } = makeLibrary(t, many)
  const index = createMeaningIndex(store.database)
  await index.keepUp(space)
  const chance = createChance(7)
  const query = direction(chance)
  const others = new Map<number, Int8Array>()
  store.database.write(() => {
    for (const id of [...vectors.keys()].slice(100)) {
      const vector = direction(chance)
      put(id, vector, 2)
      others.set(id, packEmbedding(vector))
    }
  })
  await index.keepUp('two')
  assert.deepEqual(await index.nearest(query, 'two', 20), exactly(others, query, 20))
  assert.deepEqual(await index.nearest(query, space, 20), exactly(vectors, query, 20))
  const bases = store.database.prepare<{ n: number }>(
    'SELECT count(DISTINCT basis) AS n FROM embedding_codes',
  )
  assert.equal(bases.get()!.n, 1)
})

test('a query that is none is refused, and a space that nobody knows is empty', async (t) => {
  const { store } = makeLibrary(t, 10)
  const index = createMeaningIndex(store.database)
  await assert.rejects(index.nearest(new Float32Array(width), space, 5), RangeError)
  await assert.rejects(index.nearest(new Float32Array(8).fill(1), space, 5), RangeError)
  assert.deepEqual(await index.nearest(new Float32Array(width).fill(1), 'nowhere', 5), [])
})

test('all within a cosine are told, by the codes as nearly as by the vectors', async (t) => {
  const { store, vectors } = makeLibrary(t, many)
  const index = createMeaningIndex(store.database)
  const query = direction(createChance(7))
  const isIn = (found: Uint32Array, id: number) => (((found[id >>> 5] ?? 0) >>> id) & 1) === 1
  const by = (found: Uint32Array) => [...vectors.keys()].filter((id) => isIn(found, id))
  const bound = exactly(vectors, query, many / 3).at(-1)!.cosine

  const exact = idsOf(exactly(vectors, query, many / 3)).toSorted((a, b) => a - b)
  assert.deepEqual(by(await index.within(query, space, bound)), exact)

  await index.keepUp(space)
  const cosines = new Map(exactly(vectors, query, many).map(({ photoId, cosine }) => [photoId, cosine]))
  const found = new Set(by(await index.within(query, space, bound)))
  const wrong = [...cosines].filter(([id, cosine]) => found.has(id) !== cosine >= bound)
  assert.ok(found.size > many / 4 && wrong.length > 0, 'it was told by the codes')
  assert.ok(wrong.every(([, cosine]) => Math.abs(cosine - bound) < 0.05))
  assert.deepEqual(await index.within(query, 'another', bound), new Uint32Array())
})

test('vectors of photos are of unit length, and of the space that was asked for', (t) => {
  const { store, put } = makeLibrary(t, 2)
  put(6, direction(createChance(3)), 2)
  const found = createMeaningIndex(store.database).vectorsOf([3, 6, 9], space)
  assert.deepEqual([...found.keys()], [3])
  assert.ok(Math.abs(Math.hypot(...found.get(3)!) - 1) < 1e-6)
})
