import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { countBits } from '../../../src-main/library/search/bits.ts'
import { flag } from '../../../src-main/library/search/match.ts'
import { createPostingsReader, type PostingsReader } from '../../../src-main/library/search/postings.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { createSearcher } from '../../../src-main/library/search/searcher.ts'
import { type Database, openReader } from '../../../src-main/library/store/database.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, removePhotos } from '../store/sample-library.ts'

let directory: string
let store: Store
let search: Search
let other: Database

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-aging-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
  other = openReader(databaseFileIn(directory))
})

afterEach(() => {
  other.close()
  store.close()
  rmSync(directory, { recursive: true })
})

async function fill(count: number): Promise<number[]> {
  const folderId = addFolder(store, '/pictures')
  const ids = store.database.write(() =>
    Array.from({ length: count }, (_, n) => addPhoto(store, folderId, `IMG_${n}.jpg`, contentOf(`${n}`))),
  )
  await search.searchIndex.renewAll()
  return ids
}

function recaption(photoIds: readonly number[], text: (id: number) => string): void {
  store.captions.addFromModel(
    photoIds.map((photoId) => ({
      photoId,
      text: text(photoId),
      score: -1,
      ...noDoubt,
      modelId: 'm',
      adapterId: null,
      precision: 'fp32',
      contentHash: store.photos.byId(photoId)!.contentHash!,
    })),
    1,
  )
}

function numberOf(sql: string): number {
  return store.database.prepare<{ n: number | null }>(sql).get()!.n ?? 0
}

const documents = () => numberOf('SELECT sum(length(rows)) / 8 AS n FROM search_rows')
const leftOver = () =>
  numberOf(`SELECT count(*) AS n FROM search_postings
    WHERE block NOT IN (SELECT block FROM search_blocks WHERE NOT is_let_go)`)

function placesOf(reader: PostingsReader): number {
  reader.refresh()
  return reader.bitsOf(flag.everyPhoto).length * 32
}

/** Always another order, and each photo once. */
function shuffled(ids: readonly number[], seed: number): number[] {
  return ids.toSorted((a, b) => ((a * seed * 7919) % 10_007) - ((b * seed * 7919) % 10_007) || a - b)
}

test('however often a library is captioned again, and in what order, its documents are less than 1.5 a photo', async () => {
  const ids = await fill(1000)
  const reader = createPostingsReader(other)
  const searcherElsewhere = createSearcher(other)
  const first = placesOf(reader)
  let rowsAfterFirst = 0
  for (let round = 1; round <= 5; round++) {
    const inOrder = round % 2 === 0 ? ids : shuffled(ids, round)
    for (let at = 0; at < inOrder.length; at += 16) {
      recaption(inOrder.slice(at, at + 16), (id) => `a dog number${id} of round${round}`)
      assert.ok(documents() <= 1.5 * ids.length, `${documents()} documents in round ${round}`)
      if (at % 160 !== 0) continue
      const done = at + 16
      assert.equal(searcherElsewhere.search(`round${round}`, { limit: 1 }).total, done)
      assert.equal(searcherElsewhere.search('').total, ids.length)
      // A word that no photo has would be taken for a slip.
      if (round === 1) continue
      const before = searcherElsewhere.search(`round${round - 1}`, { limit: 1 }).total
      assert.equal(before, ids.length - done)
    }
    for (const id of [ids[3]!, ids[700]!]) {
      assert.deepEqual(
        searcherElsewhere.search(`"number${id}"`).photos.map((hit) => hit.id),
        [id],
      )
    }
    const rows = numberOf('SELECT count(*) AS n FROM search_postings')
    if (round === 1) rowsAfterFirst = rows
    assert.ok(rows < 2 * rowsAfterFirst, `${rows} rows of sets`)
  }
  // A piece of each block that is not full has no documents, and no more than those.
  assert.ok(placesOf(reader) < 1.5 * ids.length + 16 * 1024)
  assert.ok(placesOf(reader) < 5 * first)
})

test('an idle moment finishes what edits began: blocks are let go whole, in the file and in memory', async () => {
  const ids = await fill(3000)
  const reader = createPostingsReader(other)
  const before = placesOf(reader)
  removePhotos(store, ...ids.slice(0, 2700))
  await search.searchIndex.tidy()
  assert.ok(documents() <= 1.5 * 300, `${documents()}`)
  assert.equal(leftOver(), 0)
  assert.ok(placesOf(reader) < before)
  assert.equal(countBits(reader.bitsOf(flag.everyPhoto)), 300)
  assert.equal(createSearcher(other).search('').total, 300)
})

test('words that no photo has any more are forgotten, and complete and correct nothing', async () => {
  const ids = await fill(400)
  recaption(ids, (id) => `a zeppelin${'abcdefghij'[id % 10]} over a lake`)
  await search.searchIndex.renewAll()
  // Documents that are dead but not let go yet keep their words.
  for (let round = 0; round < 4; round++) {
    recaption(ids, () => 'a kite over a lake')
    await search.searchIndex.renewAll()
  }
  await search.searchIndex.tidy()
  const words = store.database.prepare<{ word: string }>('SELECT word FROM search_words ORDER BY word').all()
  assert.deepEqual(
    words.map(({ word }) => word),
    ['a', 'img', 'jpg', 'kite', 'lake', 'over', 'pictures'],
  )
  assert.equal(search.searcher.search('zepelin').corrected, null)
  assert.equal(search.searcher.search('kiet').corrected, 'kite')
})

test('a stop ends it between two commits, and the next call goes on', async () => {
  const ids = await fill(2000)
  store.database.prepare('INSERT OR IGNORE INTO search_stale SELECT id FROM photos').run()
  const stop = new AbortController()
  const renewing = search.searchIndex.renewAll({ signal: stop.signal, onProgress: () => stop.abort() })
  await assert.rejects(renewing, { name: 'AbortError' })
  const left = search.searchIndex.stale()
  assert.ok(left > 0 && left < ids.length, `${left} left`)
  const onProgress = () =>
    assert.ok(documents() <= 1.5 * ids.length, `${documents()} documents while all are renewed`)
  assert.equal(await search.searchIndex.renewAll({ onProgress }), left)
  assert.equal(search.searcher.search('').total, ids.length)
})

test('edits while the index is made anew lose nothing of it', async () => {
  const ids = await fill(1500)
  const rebuilding = search.searchIndex.rebuild()
  const renewing = search.searchIndex.renewAll()
  for (const id of ids.slice(0, 300)) {
    store.captions.setByPerson(id, `kite ${id}`, 1)
    await new Promise(setImmediate)
  }
  await Promise.all([rebuilding, renewing])
  await search.searchIndex.renewAll()
  assert.equal(search.searcher.search('').total, ids.length)
  assert.equal(search.searcher.search('kite').total, 300)
  assert.equal(numberOf('SELECT count(*) AS n FROM search_index'), ids.length)
})

test('a folder that gets another path, or an index that is emptied again, while it is made anew is indexed whole', async () => {
  const ids = await fill(1500)
  const other = addFolder(store, '/elsewhere')
  addPhoto(store, other, 'IMG_0.jpg')
  await search.searchIndex.renewAll()
  let isMoved = false
  await search.searchIndex.rebuild({
    onProgress(done) {
      if (isMoved || done < 200) return
      isMoved = true
      store.database.prepare(`UPDATE folders SET path = '/harbour' WHERE path = '/pictures'`).run()
    },
  })
  assert.equal(search.searcher.search('folder:harbour').total, ids.length)
  const stop = new AbortController()
  let again: Promise<void> | undefined
  await search.searchIndex.rebuild({
    onProgress(done) {
      if (done < 200 || again) return
      again = search.searchIndex.rebuild({ signal: stop.signal, onProgress: () => stop.abort() })
      again.catch(() => {})
    },
  })
  await assert.rejects(again!, { name: 'AbortError' })
  await search.searchIndex.renewAll()
  assert.equal(search.searcher.search('').total, ids.length + 1)
  assert.equal(numberOf('SELECT count(*) AS n FROM search_index'), ids.length + 1)
})

test('a process that is killed while it captions and compacts leaves an index that is right, and goes on', async (context) => {
  const ids = await fill(600)
  const module = (path: string) =>
    JSON.stringify(new URL(`../../../src-main/library/${path}`, import.meta.url).href)
  const program = `
    const { openStore } = await import(${module('store/store.ts')})
    const { createSearch } = await import(${module('search/search.ts')})
    const store = openStore(${JSON.stringify(databaseFileIn(directory))})
    createSearch(store.database)
    for (let n = 0; ; n++) {
      const id = 1 + (n * 7919) % 600
      store.captions.setByPerson(id, 'a kite number' + n % 50, n)
      if (n === 0) console.log('begun')
    }`
  for (const afterMs of [50, 200, 400]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    context.after(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { searcher } = createSearch(other)
    assert.equal(searcher.search('').total, ids.length)
    assert.ok(documents() <= 1.5 * ids.length)
    for (const word of ['kite', 'number7', 'img']) {
      const byIndex = other
        .prepare<{ n: number }>('SELECT count(*) AS n FROM search_index WHERE search_index MATCH ?')
        .get(`"${word}" OR ":${word}"`)!.n
      assert.equal(searcher.search(`"${word}"`).total, byIndex, word)
    }
  }
})
