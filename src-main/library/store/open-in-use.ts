import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { listBackups } from './backups.ts'
import { type Database, openDatabase, openReader } from './database.ts'
import { lockForUse } from './lock.ts'
import { isSwapInterrupted } from './swap-database.ts'

export interface DatabaseInUse {
  database: Database
  close(): void
}

/**
 * Opens the database of a library, an empty one where there is none, and looks whether it is sound. Until it is closed,
 * no backup takes its place and nobody brings it to another version.
 * @throws LensloreError `DATABASE_DAMAGED` (naming the newest backup, touching nothing), `LIBRARY_LOCKED` while somebody has it alone,
 * `FILE_UNREADABLE`, `WRITE_FAILED`, `DISK_FULL`.
 */
export function openInUse(file: string): DatabaseInUse {
  checkWritable(dirname(file))
  const inUse = lockForUse(file)
  try {
    if (isSwapInterrupted(file)) {
      throw new LensloreError(
        'DATABASE_DAMAGED',
        `Restoring a backup of ${file} was interrupted, and has to be done again.`,
      )
    }
    const database = orOfferBackup(file, () => openSound(file))
    return {
      database,
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

/** SQLite writes beside the database also to read it, and would only say that it cannot open it. */
function checkWritable(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.W_OK)
  } catch (cause) {
    throw new LensloreError(
      'WRITE_FAILED',
      `The library's folder ${directory} cannot be written to, which Lenslore needs also to search.`,
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
