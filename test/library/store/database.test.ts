import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { backUp, listBackups } from '../../../src-main/library/store/backups.ts'
import { checkIntegrity } from '../../../src-main/library/store/check.ts'
import { openDatabase } from '../../../src-main/library/store/database.ts'
import { lockForWork } from '../../../src-main/library/store/lock.ts'
import { migrate, readMigrations } from '../../../src-main/library/store/migrate.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto } from './sample-library.ts'

let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-database-'))
  file = databaseFileIn(directory)
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('1. migrations are numbered by tens, once each, and a new library has all of them without a backup', () => {
  const versions = readMigrations().map((migration) => migration.version)
  assert.ok(versions.length >= 3)
  assert.ok(versions.every((version) => version > 0 && version % 10 === 0))
  assert.equal(new Set(versions).size, versions.length)
  const store = openStore(file)
  assert.deepEqual(store.database.pragma('user_version'), [{ user_version: versions.at(-1) }])
  assert.deepEqual(checkIntegrity(store.database), [])
  assert.deepEqual(listBackups(file), [])
  store.close()
})

test('2. a person’s words survive every later migration, with a backup from before', async () => {
  const all = readMigrations()
  const early = openDatabase(file)
  migrate(
    early,
    all.filter((migration) => migration.version <= 20),
  )
  early.exec(`
    INSERT INTO folders (path, added_ms) VALUES ('/pictures', 1);
    INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms, caption_id,
      caption_source) VALUES (1, '', 'a.jpg', 1, 1, 1, 1, 1, 1, 'person');
    INSERT INTO captions (photo_id, text, source, created_ms) VALUES (1, 'Rex at the beach', 'person', 1);`)
  early.close()
  const store = openStore(file)
  const { searcher, searchIndex } = createSearch(store.database)
  await searchIndex.renewAll()
  assert.equal(store.captions.current(1)?.text, 'Rex at the beach')
  assert.equal(searcher.search('beach').total, 1)
  store.close()
  const [backup] = listBackups(file)
  assert.ok(backup?.endsWith('-v20.sqlite'))
  const restored = openDatabase(backup!)
  assert.equal(
    restored.prepare<{ text: string }>('SELECT text FROM captions').get()?.text,
    'Rex at the beach',
  )
  restored.close()
})

test('3. a migration that fails leaves the database at the version before', () => {
  const database = openDatabase(file)
  const broken = { version: 9990, name: '9990-broken.sql', sql: 'CREATE TABLE t (a); SELECT * FROM nowhere;' }
  migrate(database)
  assert.throws(() => migrate(database, [...readMigrations(), broken]))
  assert.equal(database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 't'").get(), undefined)
  assert.equal(migrate(database), null)
  database.close()
})

test('4. a file of a newer version is refused and stays as it is', () => {
  openStore(file).close()
  const database = openDatabase(file)
  database.pragma('user_version = 9990')
  database.close()
  assert.throws(() => openStore(file), { code: 'DATABASE_NEWER' })
})

test('5. damaged files are refused, name the last good backup, and are not written to', () => {
  const store = openStore(file)
  const folderId = addFolder(store, '/pictures')
  for (let n = 0; n < 500; n++) addPhoto(store, folderId, `a rather long name ${n}.jpg`)
  const backup = backUp(store.database, 'test')
  store.close()
  const sound = readFileSync(file)
  writeFileSync(file, 'this is no database, and has never been one. '.repeat(200))
  assert.throws(() => openStore(file), {
    code: 'DATABASE_DAMAGED',
    message: new RegExp(`backup is ${backup}`),
  })
  assert.ok(readFileSync(file, 'utf8').startsWith('this is no database'))
  writeFileSync(file, sound)
  truncateSync(file, Math.floor(sound.length / 2 / 4096) * 4096)
  assert.throws(() => openStore(file), { code: 'DATABASE_DAMAGED' })
})

test('6. only the newest backups are kept, and none half-made', () => {
  const store = openStore(file)
  const made = [1, 2, 3, 4, 5].map((second) => backUp(store.database, 'test', second * 1000))
  assert.deepEqual(listBackups(file), made.slice(2).reverse())
  assert.ok(readdirSync(dirname(made[0]!)).every((name) => name.endsWith('.sqlite')))
  store.close()
})

test('7. a transaction that fails leaves neither row nor entry in the index', () => {
  const store = openStore(file)
  const folderId = addFolder(store, '/pictures')
  const stop = new Error('stop')
  const half = () =>
    store.database.write(() => {
      store.captions.setByPerson(addPhoto(store, folderId, 'a.jpg'), 'Rex', 1)
      throw stop
    })
  assert.throws(half, stop)
  assert.equal(createSearch(store.database).searcher.search('').total, 0)
  assert.equal(createSearch(store.database).searcher.search('rex').total, 0)
  store.close()
})

test('8. a library has one worker at a time; a killed one leaves no lock; reading needs none', async (context) => {
  const store = openStore(file)
  const lock = lockForWork(directory)
  assert.throws(() => lockForWork(directory), { code: 'LIBRARY_LOCKED' })
  lock.release()
  const module = new URL('../../../src-main/library/store/lock.ts', import.meta.url).href
  // A lock is held until it is released or its process ends, also where nobody keeps what would release it.
  const program = `const { lockForWork } = await import(${JSON.stringify(module)})
    lockForWork(${JSON.stringify(directory)})
    await new Promise((resolve) => setTimeout(resolve, 10))
    gc()
    await new Promise((resolve) => setTimeout(resolve, 10))
    console.log('locked'); setInterval(() => {}, 1000)`
  const other = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(() => other.kill('SIGKILL'))
  await once(other.stdout, 'data')
  assert.throws(() => lockForWork(directory), { code: 'LIBRARY_LOCKED' })
  assert.equal(createSearch(store.database).searcher.search('').total, 0)
  other.kill('SIGKILL')
  await once(other, 'exit')
  lockForWork(directory).release()
  store.close()
})

test('9. the index is made anew from the tables, with the same answers', async () => {
  const store = openStore(file)
  const { searcher, searchIndex } = createSearch(store.database)
  const folderId = addFolder(store, '/pictures')
  for (const [name, text] of [
    ['a', 'a dog'],
    ['b', 'two dogs'],
    ['c', 'a cat'],
  ] as const) {
    store.captions.setByPerson(addPhoto(store, folderId, `${name}.jpg`), text, 1)
  }
  const before = searcher.search('dog')
  store.database.exec("INSERT INTO search_index (search_index) VALUES ('delete-all')")
  store.database.exec('DELETE FROM search_postings; UPDATE search_generation SET number = number + 1')
  assert.equal(searcher.search('dog').total, 0)
  await searchIndex.rebuild()
  assert.deepEqual(searcher.search('dog'), before)
  store.close()
})

test('10. a damaged database with a log beside it, as a kill leaves it, stays as it is, and so does its log', () => {
  const store = openStore(file)
  const folderId = addFolder(store, '/pictures')
  for (let n = 0; n < 500; n++) addPhoto(store, folderId, `a rather long name ${n}.jpg`)
  store.database.pragma('wal_checkpoint(TRUNCATE)')
  // In the log alone, on pages that are damaged below it too.
  for (let n = 1; n < 50; n++) store.captions.setByPerson(n, `what a person wrote ${n}`, n)
  const killed = join(directory, 'killed', 'library.sqlite')
  mkdirSync(dirname(killed))
  for (const ending of ['', '-wal']) copyFileSync(file + ending, killed + ending)
  const { rootpage } = store.database
    .prepare<{ rootpage: number }>(`SELECT rootpage FROM sqlite_schema WHERE name = 'folder_mounts'`)
    .get()!
  store.close()
  const damaged = readFileSync(killed).fill(0x5a, (rootpage - 1) * 4096, rootpage * 4096)
  writeFileSync(killed, damaged)
  const log = readFileSync(`${killed}-wal`)
  assert.ok(log.length > 4096)
  for (let n = 0; n < 2; n++) {
    assert.throws(() => openStore(killed), { code: 'DATABASE_DAMAGED' })
    assert.ok(readFileSync(killed).equals(damaged), 'the database')
    assert.ok(readFileSync(`${killed}-wal`).equals(log), 'its log')
  }
})
