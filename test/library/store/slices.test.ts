import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type Database, openDatabase } from '../../../src-main/library/store/database.ts'
import { inSlices } from '../../../src-main/library/store/slices.ts'

let directory: string
let database: Database

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-slices-'))
  database = openDatabase(join(directory, 'library.sqlite'))
  database.exec('CREATE TABLE numbers (n INTEGER PRIMARY KEY)')
})

afterEach(() => {
  database.close()
  rmSync(directory, { recursive: true })
})

const insert = (n: number) => database.prepare('INSERT INTO numbers VALUES (?)').run(n)
const count = () => database.prepare<{ n: number }>('SELECT count(*) AS n FROM numbers').get()!.n

/** Inserts numbers until there are so many. */
function upTo(most: number) {
  return (limit: number) => {
    const first = count()
    const some = Math.min(limit, most - first)
    for (let n = 0; n < some; n++) insert(first + n)
    return some
  }
}

test('a slice gets as much as fits into its time, and is committed before the next', async () => {
  const limits: number[] = []
  const step = upTo(10_000)
  const told: number[] = []
  const other = openDatabase(database.file)
  const seen: number[] = []
  const done = await inSlices(
    database,
    (limit) => {
      limits.push(limit)
      seen.push(other.prepare<{ n: number }>('SELECT count(*) AS n FROM numbers').get()!.n)
      return step(limit)
    },
    { onProgress: (so) => told.push(so) },
  )
  other.close()
  assert.equal(done, 10_000)
  assert.equal(count(), 10_000)
  assert.ok(limits.every((limit, at) => at === 0 || limit <= limits[at - 1]! * 2))
  assert.ok(limits.at(-1)! > limits[0]!, 'short slices become longer')
  assert.deepEqual(seen, [0, ...told], 'each slice finds what the one before committed')
})

test('a slice that takes too long is followed by a shorter one', async () => {
  const limits: number[] = []
  await inSlices(database, (limit) => {
    limits.push(limit)
    if (limits.length > 6) return 0
    const until = performance.now() + 60
    while (performance.now() < until);
    return limit
  })
  assert.ok(limits.at(-1)! < limits[0]! / 8, limits.join(' '))
})

test('a signal ends it between two slices, and what fails is rolled back alone', async () => {
  const stop = new AbortController()
  const step = upTo(10_000)
  await assert.rejects(
    inSlices(database, step, {
      signal: stop.signal,
      onProgress: (done) => {
        if (done > 100) stop.abort()
      },
    }),
    { name: 'AbortError' },
  )
  const stopped = count()
  assert.ok(stopped > 100 && stopped < 10_000)
  let slices = 0
  await assert.rejects(
    inSlices(database, (limit) => {
      const some = step(limit)
      if (++slices === 3) throw new Error('no more')
      return some
    }),
    /no more/,
  )
  const failed = count()
  assert.ok(failed > stopped)
  assert.equal(await inSlices(database, step), 10_000 - failed)
})

test('the log of long work stays short, and is moved into the database by no slice', async () => {
  const { file } = database
  database.exec('CREATE TABLE pieces (id INTEGER PRIMARY KEY, bytes BLOB)')
  const piece = Buffer.alloc(2 ** 20)
  let left = 150
  let longest = 0
  await inSlices(database, () => {
    longest = Math.max(longest, statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0)
    assert.deepEqual(database.pragma('wal_autocheckpoint'), [{ wal_autocheckpoint: 0 }])
    if (left === 0) return 0
    database.prepare('INSERT INTO pieces (bytes) VALUES (?)').run(piece)
    return left--
  })
  assert.ok(longest < 60 * 2 ** 20, `${longest} bytes`)
  assert.ok(statSync(file).size > 140 * 2 ** 20, 'all but the last is in the database')
  assert.deepEqual(database.pragma('wal_autocheckpoint'), [{ wal_autocheckpoint: 1000 }])
})
