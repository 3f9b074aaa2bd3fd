import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import {
  addBlock,
  appendToBlock,
  countBits,
  documentsPerBlock,
  emptyBits,
  removeFromBlock,
} from '../../../src-main/library/search/bits.ts'
import { anyOf, toExpression, words } from '../../../src-main/library/search/match.ts'
import { createPostingsReader, createPostingsWriter } from '../../../src-main/library/search/postings.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { type Database, openReader } from '../../../src-main/library/store/database.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, markMissing, removePhotos } from '../store/sample-library.ts'

let directory: string
let store: Store
let search: Search

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-postings-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
})

afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

const everyRow = { fromRow: 0, beforeRow: Number.MAX_SAFE_INTEGER }

/** Rows of documents that have the token, through FTS5's eyes and through the postings'. */
function rowsByBoth(database: Database, stem: string): { index: number[]; postings: number[] } {
  const expression = toExpression(anyOf([words([stem], 'caption'), words([stem], 'others')]))
  const index = database
    .prepare<{ rowid: number }>('SELECT rowid FROM search_index WHERE search_index MATCH ? ORDER BY rowid')
    .all(expression)
  const reader = createPostingsReader(database)
  reader.refresh()
  const living = reader.bitsOf('is=photo')
  const bits = emptyBits(documentsPerBlock)
  for (const token of [stem, `:${stem}`]) {
    for (const [at, word] of reader.bitsOf(token).entries()) bits[at]! |= word & living[at]!
  }
  return { index: index.map((row) => row.rowid), postings: reader.firstRows(bits, everyRow, 1000) }
}

test('whatever is added, edited, hidden and removed, the postings say what FTS5 says', async () => {
  const folderId = addFolder(store, '/pictures')
  const vocabulary = ['dog', 'cat', 'snow', 'car'] as const
  const step = fc.record({
    deed: fc.constantFrom('add', 'edit', 'miss', 'remove', 'rebuild'),
    which: fc.nat(1000),
    text: fc.array(fc.constantFrom(...vocabulary), { maxLength: 4 }).map((parts) => parts.join(' ')),
  })
  let named = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const ids = store.database.prepare<{ id: number }>('SELECT id FROM photos').all()
      removePhotos(store, ...ids.map((row) => row.id))
      const photos: number[] = []
      for (const { deed, which, text } of steps) {
        const at = which % Math.max(photos.length, 1)
        const id = photos[at]
        if (deed === 'rebuild' && which % 5 === 0) await search.searchIndex.rebuild()
        else if (id === undefined || deed === 'add' || deed === 'rebuild') {
          photos.push(addPhoto(store, folderId, `${text}${named++}.jpg`))
        } else if (deed === 'edit') store.captions.setByPerson(id, text || 'car', 1)
        else if (deed === 'miss') markMissing(store, id)
        else removePhotos(store, ...photos.splice(at, 1))
      }
      for (const word of vocabulary) {
        const { index, postings } = rowsByBoth(store.database, word)
        assert.deepEqual(postings, index)
      }
    }),
    { numRuns: 40 },
  )
})

test('a reader that was open before sees documents come, go and be numbered anew', async () => {
  const folderId = addFolder(store, '/pictures')
  const other = openReader(databaseFileIn(directory))
  const reader = createPostingsReader(other)
  const living = () => {
    reader.refresh()
    return countBits(reader.bitsOf('is=photo'))
  }
  assert.equal(living(), 0)
  const first = addPhoto(store, folderId, 'a.jpg')
  assert.equal(living(), 1)
  addPhoto(store, folderId, 'b.jpg')
  assert.equal(living(), 2)
  removePhotos(store, first)
  assert.equal(living(), 1)
  await search.searchIndex.rebuild()
  assert.equal(living(), 1)
  other.close()
})

test('documents of several blocks and pieces come back in the order of their rows, within bounds', () => {
  const writer = createPostingsWriter(store.database)
  const total = documentsPerBlock + 5000
  // So many documents for photos that there are not make blocks of the smallest size: the library is told of some.
  const folderId = addFolder(store, '/pictures')
  store.database
    .prepare(`INSERT INTO photo_tallies VALUES (?, '', '', 1, 0, 0, ?)`)
    .run(folderId, documentsPerBlock * 8)
  // Rows run against the documents, so that order is never an accident.
  const rows = Array.from({ length: total }, (_, document) => (total - document) * 10)
  const chosen = Array.from({ length: Math.ceil(total / 7) }, (_, at) => at * 7)
  assert.deepEqual(
    [...writer.append(rows.slice(0, 1500)), ...writer.append(rows.slice(1500))],
    rows.map((_, document) => document),
  )
  writer.add(new Map([['seventh', chosen]]))
  const reader = createPostingsReader(store.database)
  reader.refresh()
  const bits = reader.bitsOf('seventh')
  assert.equal(countBits(bits), chosen.length)
  const expected = chosen.map((document) => rows[document]!).sort((a, b) => a - b)
  assert.deepEqual(reader.firstRows(bits, everyRow, 50), expected.slice(0, 50))
  const range = { fromRow: expected[300]!, beforeRow: expected[9000]! }
  assert.deepEqual(reader.firstRows(bits, range, 50), expected.slice(300, 350))
  const bounded = bits.slice()
  reader.restrict(bounded, range)
  assert.equal(countBits(bounded), 8700)
  assert.deepEqual([...reader.bitsOfBegun('sev')], [...bits])
})

test('a block is the same set as a list and as bits, whatever is appended and removed', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 9 }), (sizes, every) => {
      let stored: Uint8Array | undefined
      let next = 0
      const expected = new Set<number>()
      for (const size of sizes) {
        const added = Array.from({ length: size }, () => next++).filter((n) => n < documentsPerBlock)
        stored = appendToBlock(stored, added)
        for (const number of added) expected.add(number)
        const removed = added.filter((number) => number % every === 0)
        stored = removeFromBlock(stored, removed)
        for (const number of removed) expected.delete(number)
      }
      const bits = emptyBits(documentsPerBlock)
      addBlock(bits, 0, stored!)
      assert.equal(countBits(bits), expected.size)
      for (const number of expected) assert.ok((bits[number >>> 5]! >>> (number & 31)) & 1)
    }),
    { numRuns: 30 },
  )
})

test('thousands of photos of one second each find a row, also with ids that a plain hash makes small', async () => {
  const folderId = addFolder(store, '/copied')
  let inverse = 0x9e3779b1
  for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(0x9e3779b1, inverse))
  const count = 3000
  store.database.write(() => {
    for (let n = 0; n < count; n++) {
      store.database
        .prepare(
          `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms)
           VALUES (?, ?, '', ?, 1, 0, 0, 0, 0)`,
        )
        .run(Math.imul(inverse, n + 1) >>> 0, folderId, `${n}.jpg`)
    }
  })
  await search.searchIndex.renewAll()
  assert.equal(search.searcher.search('').total, count)
})

test('of many photos of one second some get other names, while others get other seconds', async () => {
  const folderId = addFolder(store, '/edited')
  store.database.write(() => {
    for (let n = 0; n < 200; n++) addPhoto(store, folderId, `${n}.jpg`, contentOf(`${n}`))
    store.database.prepare('UPDATE photos SET sort_ms = 5000').run()
  })
  await search.searchIndex.renewAll()
  // Fewer than wait for `renewAll`: those of the first rows.
  const first = store.database
    .prepare<{ id: number }>('SELECT id FROM photos ORDER BY search_id LIMIT 48')
    .all()
    .map(({ id }) => id)
  store.database.write(() => {
    for (const [at, id] of first.entries()) {
      if (at < 40) store.database.prepare('UPDATE photos SET sort_ms = 90000 WHERE id = ?').run(id)
      else store.database.prepare(`UPDATE photos SET name = 'z' || name WHERE id = ?`).run(id)
    }
  })
  assert.equal(search.searchIndex.stale(), 0)
  assert.equal(search.searcher.search('').total, 200)
})
