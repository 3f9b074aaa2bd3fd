import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { listBackups } from './backups.ts'
import { type Database, openDatabase, openReader } from './database.ts'
import { lockForUse } from './lock.ts'
import { isSwapInterrupted } from './swap-database.ts'

export interface DatabaseInUse {
  database: Database
  /** Why it can be read alone: its disk is full, or may not be written to. */
  hindrance: LensloreError | null
  close(): void
}

/**
 * Opens the database of a library, an empty one where there is none, and looks whether it is sound. Until it is closed,
 * no backup takes its place and nobody brings it to another version. Where it cannot be written, what is there is read.
 * @throws LensloreError `DATABASE_DAMAGED` (naming the newest backup, touching nothing), `LIBRARY_LOCKED` while somebody has it alone,
 * `FILE_UNREADABLE`, `WRITE_FAILED`, `DISK_FULL`.
 */
export function openInUse(file: string): DatabaseInUse {
  try {
    checkWritable(dirname(file))
    return openForWriting(file)
  } catch (thrown) {
    const hindrance = existsSync(file) ? hindranceOf(file, thrown) : undefined
    if (!hindrance) throw thrown
    return openForReading(file, hindrance)
  }
}

function openForWriting(file: string): DatabaseInUse {
  const inUse = lockForUse(file)
  try {
    checkIsWhole(file)
    const database = orOfferBackup(file, () => openSound(file))
    return {
      database,
      hindrance: null,
      close() {
        database.close()
        inUse.release()
      },
    }
  } catch (thrown) {
    inUse.release()
    throw thrown
  }
}

function checkIsWhole(file: string): void {
  if (!isSwapInterrupted(file)) return
  throw new LensloreError(
    'DATABASE_DAMAGED',
    `Restoring a backup of ${file} was interrupted, and has to be done again.`,
  )
}

/** Damage that `work` meets is told with the backup that there is. */
export function orOfferBackup<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof LensloreError) || thrown.code !== 'DATABASE_DAMAGED') throw thrown
    const newest = listBackups(file)[0]
    const offer = newest ? `; the last good backup is ${newest}` : ' and there is no backup'
    throw new LensloreError('DATABASE_DAMAGED', `The database ${file} is damaged${offer}.`, { cause: thrown })
  }
}

/** What SQLite makes beside a database to open it is smaller. */
const roomToOpen = 2 ** 16

/** Why a library that could not be opened can be read all the same; undefined where that is not why. */
function hindranceOf(file: string, thrown: unknown): LensloreError | undefined {
  if (!(thrown instanceof LensloreError)) return undefined
  if (thrown.code !== 'WRITE_FAILED' && thrown.code !== 'DISK_FULL') return undefined
  const directory = dirname(file)
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize < roomToOpen
    ? new LensloreError(
        'DISK_FULL',
        `The disk of the library's folder ${directory} is full: the library can be looked at and searched, and not changed.`,
        { cause: thrown },
      )
    : thrown
}

/**
 * SQLite reads a database that has a log only where it may write beside it, or somebody who may has it open. Where neither is
 * so, nobody changes it: then it is read from a copy.
 */
function openForReading(file: string, hindrance: LensloreError): DatabaseInUse {
  checkIsWhole(file)
  try {
    const database = probe(openReader(file, { hindrance }))
    return { database, hindrance, close: () => database.close() }
  } catch {
    return openCopyForReading(file, hindrance)
  }
}

function openCopyForReading(file: string, hindrance: LensloreError): DatabaseInUse {
  let directory: string | undefined
  const remove = () => {
    if (directory) rmSync(directory, { recursive: true, force: true })
  }
  try {
    directory = mkdtempSync(join(tmpdir(), 'lenslore-'))
    const copy = join(directory, 'library.sqlite')
    copyFileSync(file, copy)
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`)
    const database = orOfferBackup(file, () => probe(openReader(copy, { shownFile: file, hindrance })))
    // Whoever has a file open goes on reading, and a process that is killed leaves nothing.
    if (process.platform !== 'win32') remove()
    return {
      database,
      hindrance,
      close() {
        database.close()
        remove()
      },
    }
  } catch (cause) {
    remove()
    if (cause instanceof LensloreError) throw cause
    throw new LensloreError(
      'WRITE_FAILED',
      `There is no room in ${tmpdir()} for a copy of ${file}, which cannot be read where it is.`,
      { cause },
    )
  }
}

/** SQLite writes beside the database also to read it, and would only say that it cannot open it. */
function checkWritable(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.W_OK)
  } catch (cause) {
    throw new LensloreError(
      'WRITE_FAILED',
      `The library's folder ${directory} cannot be written to: a library that is there can be looked at and searched, and not changed.`,
      { cause },
    )
  }
}

function openSound(file: string): Database {
  // Whoever closes a database that may be written takes over what a killed process left in its log. A damaged one is
  // to stay as it is, for that log has newer words.
  if (existsSync(`${file}-wal`)) probe(openReader(file)).close()
  return probe(openDatabase(file))
}

/**
 * A full check reads everything, which takes seconds for a big library. This finds what usually happens to
 * files (cut short, overwritten from the start, a lost page at either end) within milliseconds.
 * @returns the database; it is closed where it is damaged.
 */
function probe(database: Database): Database {
  try {
    readEnds(database)
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

function readEnds(database: Database): void {
  const tables = database
    .prepare<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'`,
    )
    .all()
  for (const { name } of tables) {
    const table = `"${name.replaceAll('"', '""')}"`
    database.prepare(`SELECT * FROM ${table} LIMIT 1`).get()
    if (name === 'photos' || name === 'captions') {
      database.prepare(`SELECT * FROM ${table} ORDER BY id DESC LIMIT 1`).get()
    }
  }
}
