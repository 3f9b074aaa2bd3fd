import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import { backUp, backUpInThread, isBackupDue, listBackups } from '../../../src-main/library/store/backups.ts'
import { checkIntegrity } from '../../../src-main/library/store/check.ts'
import { openDatabase } from '../../../src-main/library/store/database.ts'
import { lockAlone } from '../../../src-main/library/store/lock.ts'
import { type RestoreStep, restoreBackup } from '../../../src-main/library/store/restore.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf } from './sample-library.ts'

const never = new AbortController().signal
let directory: string
let file: string
/** A copy of the library, for tests that begin anew with it. */
let kept: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-backups-'))
  file = databaseFileIn(directory)
  kept = `${directory}-kept`
})

afterEach(() => {
  for (const each of [directory, kept]) rmSync(each, { recursive: true, force: true })
})

function withStore<T>(work: (store: Store) => T): T {
  const store = openStore(file)
  try {
    return work(store)
  } finally {
    store.close()
  }
}

/** Overwrites what is in the database's file from a page on, and writes the log into it before. */
function damage(fromPage: number, pages: number): Buffer {
  const database = openDatabase(file)
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  const bytes = readFileSync(file)
  bytes.fill(0x5a, (fromPage - 1) * 4096, (fromPage - 1 + pages) * 4096)
  writeFileSync(file, bytes)
  return bytes
}

test('1. a backup is made beside a library that is written to, and is one state of it', async () => {
  const store = openStore(file)
  const folderId = addFolder(store, '/pictures')
  for (let n = 0; n < 2000; n++) addPhoto(store, folderId, `${n}.jpg`)
  let written = 0
  const busy = setInterval(() => store.captions.setByPerson(1, `words ${written++}`, 1), 1)
  const reached: number[] = []
  const onProgress = (doneBytes: number) => reached.push(doneBytes)
  const backup = await backUpInThread(file, 'test', { signal: never, onProgress })
  clearInterval(busy)
  store.close()
  assert.ok(written > 1)
  for (const bytes of reached) assert.ok(bytes <= statSync(backup).size)
  assert.deepEqual(listBackups(file), [backup])
  const copy = openDatabase(backup)
  assert.deepEqual(copy.prepare('PRAGMA integrity_check').all(), [{ integrity_check: 'ok' }])
  assert.equal(copy.prepare<{ n: number }>('SELECT count(*) AS n FROM photos').get()?.n, 2000)
  copy.close()
})

test('2. a backup that is stopped leaves nothing; one that a kill left is removed by a later one', async () => {
  withStore((store) => addPhoto(store, addFolder(store, '/pictures'), 'a.jpg'))
  await assert.rejects(backUpInThread(file, 'test', { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  const backup = withStore((store) => backUp(store.database, 'test'))
  const [left, young] = ['left', 'young'].map((name) => join(dirname(backup), `${name}.sqlite.part`))
  for (const part of [left!, young!]) writeFileSync(part, '')
  const ahead = join(dirname(backup), 'ahead.sqlite.part')
  writeFileSync(ahead, '')
  utimesSync(left!, 1, 1)
  utimesSync(ahead, 4e9, 4e9)
  withStore((store) => backUp(store.database, 'test'))
  assert.deepEqual([left!, ahead, young!].map(existsSync), [false, false, true])
})

test('3. damage that nobody met yet is found by the backup, and the good ones stay', async () => {
  withStore((store) => {
    const folderId = addFolder(store, '/pictures')
    for (let n = 0; n < 3000; n++) addPhoto(store, folderId, `a rather long name ${n}.jpg`)
    backUp(store.database, 'good', 0)
  })
  const good = listBackups(file)
  damage(120, 20)
  await assert.rejects(backUpInThread(file, 'test', { signal: never }), { code: 'DATABASE_DAMAGED' })
  assert.deepEqual(listBackups(file), good)
  assert.deepEqual(readdirSync(dirname(good[0]!)).length, 1)
})

const dayMs = 86_400_000

test('4. a backup is due when there is none, when it is a day old, and when it is from the future', () => {
  withStore((store) => addFolder(store, '/pictures'))
  const nowMs = Date.now()
  assert.ok(isBackupDue(file, nowMs))
  withStore((store) => backUp(store.database, 'test', nowMs))
  assert.ok(!isBackupDue(file, nowMs + 1000))
  // Of another time zone, as where two systems share a clock.
  assert.ok(!isBackupDue(file, nowMs - dayMs / 2))
  assert.ok(isBackupDue(file, nowMs + dayMs))
  assert.ok(isBackupDue(file, nowMs - dayMs))
})

test('5. restoring sets the damaged file aside as it is; where nothing of it can be read, the backup is what there is', () => {
  const id = withStore((store) => {
    const folderId = addFolder(store, '/pictures')
    const photo = addPhoto(store, folderId, 'a.jpg')
    store.captions.setByPerson(photo, 'before', 1)
    backUp(store.database, 'good')
    store.captions.setByPerson(photo, 'after', 2)
    return photo
  })
  const damaged = damage(1, 0)
  damaged.fill(0x5a, 0, 16)
  writeFileSync(file, damaged)
  assert.throws(() => openStore(file), { code: 'DATABASE_DAMAGED', message: /-good\.sqlite/ })

  const restored = restoreBackup(directory)
  assert.deepEqual(readFileSync(join(restored.setAside!, 'library.sqlite')), damaged)
  withStore((store) => {
    assert.deepEqual(checkIntegrity(store.database), [])
    assert.equal(store.captions.current(id)?.text, 'before')
  })
  assert.equal(restored.wordsBroughtBack, 0)
})

test('6. words that can still be read come back to their photos; those without one go into a table', () => {
  const ids = withStore((store) => {
    const folderId = addFolder(store, '/pictures')
    const photos = ['a', 'b'].map((name) => addPhoto(store, folderId, `${name}.jpg`, contentOf(name)))
    store.captions.setByPerson(photos[0]!, 'before', 1)
    backUp(store.database, 'good')
    store.captions.setByPerson(photos[0]!, 'after', 2)
    store.captions.setByPerson(photos[1]!, 'undone', 3)
    store.captions.undo(photos[1]!, 4)
    const newer = addPhoto(store, folderId, 'newer.jpg', contentOf('newer'))
    store.captions.setByPerson(newer, 'of a photo that the backup does not know', 5)
    // Some index is damaged, as a page lost in the middle of a file may do.
    const { rootpage } = store.database
      .prepare<{ rootpage: number }>(`SELECT rootpage FROM sqlite_schema WHERE name = 'search_words'`)
      .get()!
    return { photos, rootpage }
  })
  damage(ids.rootpage, 1)
  assert.throws(() => openStore(file), { code: 'DATABASE_DAMAGED' })
  const restored = restoreBackup(directory)
  assert.equal(restored.wordsBroughtBack, 2)
  withStore((store) => {
    assert.equal(store.captions.current(ids.photos[0]!)?.text, 'after')
    assert.equal(store.captions.current(ids.photos[1]!), null)
    assert.deepEqual(
      store.captions.history(ids.photos[1]!).map(({ text }) => text),
      ['undone'],
    )
  })
  assert.deepEqual(JSON.parse(readFileSync(restored.wordsTable!, 'utf8')), [
    {
      path: '/pictures/newer.jpg',
      sha256: contentOf('newer'),
      caption: 'of a photo that the backup does not know',
      source: 'person',
    },
  ])
})

test('7. nothing is changed where the backup is damaged too, is not there, or the library is open', () => {
  withStore((store) => {
    addFolder(store, '/pictures')
    backUp(store.database, 'good')
  })
  const before = readFileSync(file)
  const bad = join(directory, 'bad.sqlite')
  writeFileSync(bad, 'no database')
  assert.throws(() => restoreBackup(directory, { backup: bad }), {
    code: 'DATABASE_DAMAGED',
    message: /bad\.sqlite/,
  })
  assert.throws(() => restoreBackup(directory, { backup: join(directory, 'none') }), {
    code: 'FILE_NOT_FOUND',
  })
  withStore(() => assert.throws(() => restoreBackup(directory), { code: 'LIBRARY_LOCKED' }))
  assert.deepEqual(readFileSync(file), before)
  assert.ok(
    !readdirSync(directory).some((name) => name.includes('restoring') || name.startsWith('set aside')),
  )
})

test('8. a library whose database is gone altogether can be restored', () => {
  withStore((store) => {
    addFolder(store, '/pictures')
    backUp(store.database, 'good')
  })
  rmSync(file)
  mkdirSync(directory, { recursive: true })
  assert.equal(restoreBackup(directory).setAside, null)
  withStore((store) => assert.equal(store.folders.list().length, 1))

  // A log that is left alone is another database's.
  rmSync(file)
  writeFileSync(`${file}-wal`, 'a log')
  const { setAside } = restoreBackup(directory)
  assert.deepEqual(readdirSync(setAside!), ['library.sqlite-wal'])
  withStore((store) => assert.equal(store.folders.list().length, 1))
})

test('9. backups from a clock that was ahead are older than those made since, and make one due, not all', () => {
  const nowMs = Date.UTC(2026, 5, 1)
  const made = withStore((store) => {
    addFolder(store, '/pictures')
    const ahead = [1, 2, 3].map((day) => backUp(store.database, 'ahead', Date.UTC(2090, 1, day)))
    assert.ok(isBackupDue(file, nowMs))
    const right = backUp(store.database, 'right', nowMs)
    assert.deepEqual(listBackups(file), [right, ahead[2], ahead[1]])
    return right
  })
  assert.ok(!isBackupDue(file, nowMs + 60_000))
  // Neither the file's time says anything: a copy, and a drive with a clock of its own, have another.
  utimesSync(made, 4e9, 4e9)
  assert.ok(!isBackupDue(file, nowMs + 60_000))
  assert.equal(restoreBackup(directory).backup, made)
})

test('10. backups that were named by their time alone are older than all others, by that time among themselves', () => {
  const right = withStore((store) => {
    addFolder(store, '/pictures')
    const first = backUp(store.database, 'daily', 0)
    for (const year of [2024, 2025, 2090]) {
      copyFileSync(first, join(dirname(first), `${year}-03-01T10-00-00.000Z-daily.sqlite`))
    }
    return [first, backUp(store.database, 'daily', 5)]
  })
  assert.deepEqual(
    listBackups(file).map((backup) => basename(backup).slice(0, 11)),
    ['000002-1970', '000001-1970', '2090-03-01T'],
  )
  assert.deepEqual(listBackups(file).slice(0, 2), right.reverse())
})

test('11. whatever the clock says, the newest backup is the one made last, and no other is removed before older ones', () => {
  withStore((store) => {
    addFolder(store, '/pictures')
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -8e14, max: 8e14 }), { minLength: 1, maxLength: 5 }),
        (clock) => {
          const made = clock.map((nowMs) => {
            const backup = backUp(store.database, 'test', nowMs)
            assert.ok(!isBackupDue(file, nowMs))
            return backup
          })
          assert.deepEqual(listBackups(file).slice(0, made.length), made.reverse().slice(0, 3))
        },
      ),
      { numRuns: 15 },
    )
  })
})

test('12. what somebody else put beside the backups is neither the newest nor removed', () => {
  const own = withStore((store) => {
    addFolder(store, '/pictures')
    const first = backUp(store.database, 'test', 1)
    const copy = join(dirname(first), 'before the journey.sqlite')
    copyFileSync(first, copy)
    for (const nowMs of [2, 3, 4, 5]) backUp(store.database, 'test', nowMs)
    return copy
  })
  assert.ok(existsSync(own))
  assert.ok(!listBackups(file).includes(own))
  const steps: RestoreStep[] = []
  assert.equal(restoreBackup(directory, { backup: own, onStep: (step) => steps.push(step) }).backup, own)
  assert.deepEqual(steps, ['copy', 'check', 'words', 'swap'])
})

test('13. nothing is restored while any process has the library open, only to search too; a killed one has not', async (t) => {
  withStore((store) => {
    addFolder(store, '/pictures')
    backUp(store.database, 'good')
  })
  const module = new URL('../../../src-main/library/store/store.ts', import.meta.url).href
  const program = `const { openStore } = await import(${JSON.stringify(module)})
    const store = openStore(${JSON.stringify(file)})
    store.folders.list()
    console.log('open')
    setInterval(() => {}, 1000)`
  const others = [1, 2].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  t.after(() => others.map((other) => other.kill('SIGKILL')))
  await Promise.all(others.map((other) => once(other.stdout, 'data')))
  for (const other of others) {
    assert.throws(() => restoreBackup(directory), {
      code: 'LIBRARY_LOCKED',
      message: /has the library .* open/,
    })
    // Refused or not, nobody else is kept out by the try.
    withStore((store) => assert.equal(store.folders.list().length, 1))
    other.kill('SIGKILL')
    await once(other, 'exit')
  }
  assert.notEqual(restoreBackup(directory).setAside, null)
})

test('14. nobody opens a library while it is restored', () => {
  withStore((store) => addFolder(store, '/pictures'))
  const alone = lockAlone(file)
  assert.throws(() => openStore(file), { code: 'LIBRARY_LOCKED', message: /restoring/ })
  alone.release()
  withStore((store) => assert.equal(store.folders.list().length, 1))
})

test('15. killed anywhere, a restore has changed nothing or is ended by the next one, with all words', async () => {
  const photo = withStore((store) => {
    const folderId = addFolder(store, '/pictures')
    const photo = addPhoto(store, folderId, 'a.jpg')
    store.captions.setByPerson(photo, 'before', 1)
    backUp(store.database, 'good')
    const newer = addPhoto(store, folderId, 'newer.jpg', contentOf('newer'))
    store.captions.setByPerson(newer, 'of a photo that the backup does not know', 2)
    store.database.pragma('wal_checkpoint(TRUNCATE)')
    store.captions.setByPerson(photo, 'after', 3)
    // As a process that was killed leaves it: the last words are in the log alone.
    cpSync(directory, kept, { recursive: true })
    return photo
  })
  const before = openDatabase(file)
  const { rootpage } = before
    .prepare<{ rootpage: number }>(`SELECT rootpage FROM sqlite_schema WHERE name = 'unconfirmed_moves'`)
    .get()!
  before.close()
  const damaged = readFileSync(join(kept, 'library.sqlite')).fill(
    0x5a,
    (rootpage - 1) * 4096,
    rootpage * 4096,
  )
  writeFileSync(join(kept, 'library.sqlite'), damaged)
  const log = readFileSync(join(kept, 'library.sqlite-wal'))
  const program = new URL('killed-restore.ts', import.meta.url).pathname
  const stages = new Set<string>()

  for (let at = 1; ; at++) {
    rmSync(directory, { recursive: true })
    cpSync(kept, directory, { recursive: true })
    const restoring = spawn(process.execPath, [program, directory, String(at)], { stdio: 'inherit' })
    const [status, signal] = await once(restoring, 'exit')
    const isKilled = signal === 'SIGKILL'
    assert.ok(isKilled || status === 0)
    if (isKilled) {
      const isBegun = !existsSync(file) || !existsSync(`${file}-wal`)
      stages.add(`${isBegun} ${existsSync(file)}`)
      if (isBegun) assert.throws(() => openStore(file), { code: 'DATABASE_DAMAGED', message: /interrupted/ })
      else assert.deepEqual([readFileSync(file), readFileSync(`${file}-wal`)], [damaged, log])
      const restored = restoreBackup(directory)
      assert.equal(restored.wordsBroughtBack, 1)
      assert.match(readFileSync(restored.wordsTable!, 'utf8'), /of a photo that the backup does not know/)
    }
    withStore((store) => {
      assert.deepEqual(checkIntegrity(store.database), [])
      assert.equal(store.captions.current(photo)?.text, 'after', `killed before ${at}`)
    })
    const [setAside, ...more] = readdirSync(directory).filter((name) => name.startsWith('set aside'))
    assert.deepEqual(more, [])
    assert.deepEqual(readFileSync(join(directory, setAside!, 'library.sqlite')), damaged)
    assert.deepEqual(readFileSync(join(directory, setAside!, 'library.sqlite-wal')), log)
    assert.ok(!existsSync(join(directory, 'restoring')))
    if (!isKilled) break
  }
  assert.deepEqual([...stages].sort(), ['false true', 'true false', 'true true'])
})

test('16. marks that were made since the backup come back, in their edits, but for what was taken back', () => {
  const photo = withStore((store) => {
    const id = addPhoto(store, addFolder(store, '/pictures'), 'a.jpg')
    store.marks.set([id], { rating: 5 }, 1)
    return id
  })
  withStore(({ database }) => backUp(database, 'daily'))
  withStore((store) => {
    store.marks.set([photo], { rating: 3, isFavorite: true }, 2)
    store.marks.set([photo], { rating: 5, title: 'Midsummer', addKeywords: ['kite'] }, 3)
    store.marks.set([photo], { addPeople: ['Ruth'] }, 4)
    store.database.exec('UPDATE edits SET undo_step = 1 WHERE id = (SELECT max(id) FROM edits)')
  })
  restoreBackup(directory)
  withStore(({ marks, database }) => {
    const own = marks.current(photo)
    assert.deepEqual([own.rating, own.isFavorite, own.title], [5, true, 'Midsummer'])
    assert.deepEqual([[...own.keywords], [...own.people]], [[['kite', true]], []])
    assert.deepEqual(
      database.prepare('SELECT count(DISTINCT edit_id) AS edits, count(*) AS marks FROM marks').get(),
      { edits: 3, marks: 6 },
    )
  })
})
