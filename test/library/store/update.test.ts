import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { prepareLibrary, type UpdateProgress } from '../../../src-main/library/library.ts'
import { backUp, listBackups } from '../../../src-main/library/store/backups.ts'
import { openDatabase } from '../../../src-main/library/store/database.ts'
import { lockAlone, lockForUse } from '../../../src-main/library/store/lock.ts'
import { readMigrations, readVersion } from '../../../src-main/library/store/migrate.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'
import { updateAlone } from '../../../src-main/library/store/update.ts'
import { makeOldLibrary, oldVersion } from './old-library.ts'

const versions = readMigrations().map(({ version }) => version)
const newest = versions.at(-1)!
const lacking = versions.filter((version) => version > oldVersion)
const program = fileURLToPath(new URL('updating-process.ts', import.meta.url))
let home: string
let directory: string
let file: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lenslore-update-'))
  directory = join(home, 'library')
  file = databaseFileIn(directory)
  mkdirSync(directory)
})

afterEach(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))

function readState(database = file): { version: number; photos: number; words: number; isSound: boolean } {
  const connection = openDatabase(database)
  try {
    const count = (sql: string) => connection.prepare<{ n: number }>(sql).get()!.n
    return {
      version: readVersion(connection),
      photos: count('SELECT count(*) AS n FROM photos'),
      words:
        count(`SELECT count(*) AS n FROM captions JOIN photos ON photos.id = photo_id AND caption_id = captions.id
        WHERE source = 'person' AND text = 'what a person wrote about photo ' || photo_id`),
      isSound: connection.prepare<{ quick_check: string }>('PRAGMA quick_check').get()!.quick_check === 'ok',
    }
  } finally {
    connection.close()
  }
}

function startUpdating(t: TestContext): ChildProcess & { said(): UpdateProgress[] } {
  const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const said = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as UpdateProgress)
  return Object.assign(child, { said })
}

test('1. an old library is backed up, then updated step by step, and each step is told; a new one needs nothing', async () => {
  makeOldLibrary(file, 100)
  const told: UpdateProgress[] = []
  await prepareLibrary(directory, { onProgress: (progress) => told.push(progress) })
  assert.deepEqual(told, [
    { phase: 'backup', done: 0, total: lacking.length },
    ...lacking.map((_, done) => ({ phase: 'migration', done, total: lacking.length })),
  ])
  assert.deepEqual(readState(), { version: newest, photos: 100, words: 50, isSound: true })
  const [backup, ...more] = listBackups(file)
  assert.deepEqual(more, [])
  assert.match(backup!, /-before-update-v20\.sqlite$/)
  assert.deepEqual(readState(backup), { version: oldVersion, photos: 100, words: 50, isSound: true })

  await prepareLibrary(directory, { onProgress: (progress) => told.push(progress) })
  await prepareLibrary(join(home, 'not there'), { onProgress: (progress) => told.push(progress) })
  assert.equal(told.length, lacking.length + 1)
  assert.ok(!existsSync(join(home, 'not there')))
})

test('2. killed at any moment, an update leaves all rows and one of the versions, and the next goes on', async (t) => {
  makeOldLibrary(file, 40_000)
  const kept = join(home, 'kept')
  cpSync(directory, kept, { recursive: true })
  const seen = new Set<number>()
  for (let n = 1; n <= 9; n++) {
    // Three kills on the way, then the rest: the next one finds what the last one left.
    if (n % 3 === 1) {
      rmSync(directory, { recursive: true })
      cpSync(kept, directory, { recursive: true })
    }
    const updating = startUpdating(t)
    const ended = once(updating, 'exit')
    // Some time after it began a step, of those that are left.
    const step = Math.floor(Math.random() * (lacking.length + 1))
    while (updating.said().length <= step && updating.exitCode === null) await sleep(1)
    await sleep(50 * Math.random())
    updating.kill('SIGKILL')
    await ended
    const { version, ...state } = readState()
    assert.deepEqual(state, { photos: 40_000, words: 20_000, isSound: true })
    assert.ok(version >= oldVersion && versions.includes(version))
    seen.add(version)
    for (const backup of listBackups(file)) assert.equal(readState(backup).words, 20_000)
    if (version > oldVersion) assert.ok(listBackups(file).length > 0, 'backed up before anything is changed')
    if (n % 3 === 0) {
      await prepareLibrary(directory)
      const store = openStore(file)
      assert.equal(store.captions.current(2)?.text, 'what a person wrote about photo 2')
      assert.deepEqual(store.check(), [])
      store.close()
      assert.ok(readdirSync(join(directory, 'backups', 'library')).every((name) => name.endsWith('.sqlite')))
    }
  }
  t.diagnostic(`killed at versions ${[...seen].sort((a, b) => a - b).join(', ')}`)
})

test('3. of several processes one updates, the others wait and find it done; who cannot wait is told', async (t) => {
  makeOldLibrary(file, 40_000)
  const others = [startUpdating(t), startUpdating(t), startUpdating(t)]
  const ended = Promise.all(others.map((other) => once(other, 'exit')))
  while (!others.some((other) => other.said().some(({ phase }) => phase === 'migration'))) await sleep(1)
  const held = lockForUseNow()
  held?.release()
  const statuses = (await ended).map(([status]) => status)
  assert.deepEqual(statuses, [0, 0, 0])
  assert.equal(readState().version, newest)
  assert.equal(listBackups(file).length, 1)
  assert.equal(others.filter((other) => other.said().some(({ phase }) => phase === 'backup')).length, 1)

  function lockForUseNow() {
    try {
      return lockForUse(file)
    } catch (thrown) {
      assert.match(
        (thrown as Error).message,
        /restoring or updating the library .*; try again when that is done/,
      )
      return undefined
    }
  }
})

test('4. a library that another process has open is not changed beneath it', async () => {
  makeOldLibrary(file, 10)
  const other = lockForUse(file)
  for (const open of [() => prepareLibrary(directory), async () => openStore(file)]) {
    await assert.rejects(open, { code: 'LIBRARY_LOCKED', message: /has the library .* open; close it first/ })
  }
  assert.equal(readState().version, oldVersion)
  assert.deepEqual(listBackups(file), [])
  other.release()
  await prepareLibrary(directory)
  assert.equal(readState().version, newest)
})

test('5. who waits for another one can be stopped, and so can an update, between its steps', async () => {
  makeOldLibrary(file, 10)
  const alone = lockAlone(file)
  const tired = new AbortController()
  const onProgress = ({ phase }: UpdateProgress) => phase === 'waiting' && tired.abort()
  await assert.rejects(prepareLibrary(directory, { onProgress, signal: tired.signal }), { code: 'CANCELLED' })
  alone.release()

  await assert.rejects(prepareLibrary(directory, { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  assert.equal(readState().version, oldVersion)
  assert.deepEqual(listBackups(file), [])

  let asked = 0
  assert.throws(() => updateAlone(file, readMigrations(), { isStopped: () => ++asked > 4 }), {
    code: 'CANCELLED',
  })
  assert.deepEqual(readState(), { version: lacking[2], photos: 10, words: 5, isSound: true })
  await prepareLibrary(directory)
  assert.deepEqual(readState(), { version: newest, photos: 10, words: 5, isSound: true })
})

test('6. with no space for the backup nothing is changed, and nothing is left of it', (t) => {
  const small = join(home, 'small')
  mkdirSync(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', small], { stdio: 'ignore' })
  } catch {
    return t.skip('only who may mount has a disk that is full')
  }
  try {
    makeOldLibrary(file, 15_000)
    const onSmall = databaseFileIn(small)
    cpSync(file, onSmall)
    const before = readFileSync(onSmall)
    assert.throws(() => openStore(onSmall), { code: 'DISK_FULL' })
    assert.deepEqual(readFileSync(onSmall), before)
    assert.deepEqual(readdirSync(join(small, 'backups', 'library')), [])
    return assert.equal(readState(onSmall).words, 7500)
  } finally {
    execFileSync('umount', [small])
  }
})

test('7. backups from before updates are kept apart from the daily ones', () => {
  const store = openStore(file)
  const made = [
    'daily',
    'before-update-v20',
    'daily',
    'daily',
    'before-update-v150',
    'daily',
    'daily',
    'before-update-v190',
  ].map((label) => backUp(store.database, label))
  store.close()
  assert.deepEqual(
    listBackups(file),
    [7, 6, 5, 4, 3].map((at) => made[at]),
  )
  assert.equal(dirname(made[0]!), join(directory, 'backups', 'library'))
})
