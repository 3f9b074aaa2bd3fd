import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { LensloreError } from '../../contract/errors.ts'

export type Value = string | number | bigint | Buffer | Uint8Array | null

export interface Statement<Row = unknown> {
  run(...values: Value[]): { changes: number; lastInsertRowid: number | bigint }
  get(...values: Value[]): Row | undefined
  all(...values: Value[]): Row[]
  iterate(...values: Value[]): IterableIterator<Row>
}

export interface Database {
  readonly file: string
  /** The same SQL gives the same statement, so callers need not keep it. */
  prepare<Row = unknown>(sql: string): Statement<Row>
  exec(sql: string): void
  pragma(sql: string): unknown
  /**
   * Runs `work` in one transaction that takes the write lock at once (so that two processes wait for each
   * other instead of failing half-way). Inside another `write` it is part of that one.
   */
  write<T>(work: () => T): T
  /**
   * The same, but on the disk only with the next `write`: for a slice of long work, which a power cut may take back together
   * with all that came after it, for it is found and done again.
   */
  writeRepeatable<T>(work: () => T): T
  /** Runs `work` on one unchanging state of the database, whatever other processes write meanwhile. */
  read<T>(work: () => T): T
  /** `step` runs at the end of every outermost `write`, inside its transaction. */
  beforeCommit(step: () => void): void
  /** `step` runs after every outermost `write` that was committed. */
  afterCommit(step: () => void): void
  /**
   * No commit of this connection moves the log into the database, until the last that asked for it is done.
   * @returns what ends it.
   */
  holdCheckpoints(): () => void
  /** A copy of the whole database in `file`, which must not exist; the copy is complete or absent. */
  copyTo(file: string): void
  close(): void
}

/** How long a statement waits for another process's transaction before it gives up. */
const busyTimeoutMs = 10_000
/** Pages kept in this process's memory: with a million photos the process is to stay below 250 MB. */
const pageCacheKiB = 16 * 1024
/** Of a log that was moved into the database, for the next. */
export const logBytesKept = 16 * 2 ** 20
/** SQLite's own: with so many pages a log is moved into the database. */
const pagesOfLog = 1000
/** A reader walks along an index and comes to each page once. */
const readerCacheKiB = 4 * 1024

/**
 * Opens a file and sets it up for a library; `migrate` brings its tables.
 *
 * Transactions are WAL with `synchronous = FULL`: a commit is on the disk when it returns, so that a caption a
 * person wrote survives a power cut. (NORMAL would keep the file sound but may lose the last commits.) It
 * costs one sync a transaction, and everything in bulk is done in batches.
 * @throws LensloreError `DATABASE_DAMAGED`, `FILE_UNREADABLE`, `LIBRARY_LOCKED`, `DISK_FULL`.
 */
export function openDatabase(file: string): Database {
  return translateErrors(file, () => {
    const connection = new BetterSqlite3(file, { timeout: busyTimeoutMs })
    try {
      connection.pragma('journal_mode = WAL')
      connection.pragma('synchronous = FULL')
      connection.pragma('foreign_keys = ON')
      connection.pragma(`cache_size = -${pageCacheKiB}`)
      // Mapped pages would count as this process's memory, and a read error on a drive that goes away would
      // be a bus error instead of a code.
      connection.pragma('mmap_size = 0')
      connection.pragma(`journal_size_limit = ${logBytesKept}`)
      connection.pragma('trusted_schema = OFF')
      connection.prepare('SELECT count(*) FROM sqlite_schema').get()
    } catch (thrown) {
      connection.close()
      throw thrown
    }
    return wrap(connection, file)
  })
}

/**
 * A second connection to the database of an open library, for reading in another thread: it sees every
 * commit, keeps no writer waiting, and cannot write.
 * @param of what the file is a copy of, where it is one, and why nobody may write, which whoever tries is told.
 * @throws LensloreError as `openDatabase`.
 */
export function openReader(
  file: string,
  of: { shownFile?: string; hindrance?: LensloreError } = {},
): Database {
  const { shownFile = file, hindrance } = of
  return translateErrors(shownFile, () => {
    const connection = new BetterSqlite3(file, {
      timeout: busyTimeoutMs,
      readonly: true,
      fileMustExist: true,
    })
    connection.pragma(`cache_size = -${readerCacheKiB}`)
    connection.pragma('trusted_schema = OFF')
    return wrap(connection, shownFile, hindrance)
  })
}

/** Kept until `release`, or until the process ends in whatever way: the operating system then drops it. */
export interface FileLock {
  release(): void
}

/**
 * Takes the exclusive lock on a tiny database of its own.
 * @param patienceMs how long it waits for those who hold it or share it.
 * @returns undefined where another connection, of this process or another, still does.
 */
export function holdExclusively(file: string, patienceMs: number): FileLock | undefined {
  return hold(file, 'BEGIN EXCLUSIVE', patienceMs)
}

/**
 * Takes the lock that others may share, on the same tiny database.
 * @param patienceMs how long it waits for one who holds it exclusively.
 * @returns undefined where that one still does.
 */
export function holdShared(file: string, patienceMs: number): FileLock | undefined {
  // A transaction that has read holds the lock until it ends.
  return hold(file, 'BEGIN; SELECT count(*) FROM sqlite_schema', patienceMs)
}

/**
 * The connections whose transactions are locks: one that nothing refers to is collected as garbage and its lock with
 * it, long before it was released.
 */
const held = new Set<BetterSqlite3.Database>()

function hold(file: string, begin: string, patienceMs: number): FileLock | undefined {
  return translateErrors(file, () => {
    const connection = new BetterSqlite3(file, { timeout: patienceMs })
    try {
      connection.exec(begin)
    } catch (thrown) {
      connection.close()
      if (isSqliteError(thrown) && thrown.code.startsWith('SQLITE_BUSY')) return undefined
      if (isSqliteError(thrown) && /^SQLITE_(CANTOPEN|READONLY)/.test(thrown.code)) {
        throw new LensloreError(
          'WRITE_FAILED',
          `The library's folder ${dirname(file)} cannot be written to.`,
          {
            cause: thrown,
          },
        )
      }
      throw thrown
    }
    held.add(connection)
    return {
      release: () => {
        connection.close()
        held.delete(connection)
      },
    }
  })
}

function wrap(connection: BetterSqlite3.Database, file: string, hindrance?: LensloreError): Database {
  const statements = new Map<string, Statement>()
  const steps: (() => void)[] = []
  const stepsAfter: (() => void)[] = []

  function prepare<Row>(sql: string): Statement<Row> {
    let statement = statements.get(sql)
    if (!statement) {
      const prepared = translateErrors(file, () => connection.prepare<Value[], Row>(sql))
      statement = {
        run: (...values) => translateErrors(file, () => prepared.run(...values)),
        get: (...values) => translateErrors(file, () => prepared.get(...values)),
        all: (...values) => translateErrors(file, () => prepared.all(...values)),
        iterate: (...values) => translateErrors(file, () => prepared.iterate(...values)),
      }
      statements.set(sql, statement)
    }
    return statement as Statement<Row>
  }

  function write<T>(work: () => T): T {
    if (hindrance) throw hindrance
    if (connection.inTransaction) return work()
    const written = translateErrors(file, () =>
      connection
        .transaction(() => {
          const result = work()
          for (const step of steps) step()
          return result
        })
        .immediate(),
    ) as T
    for (const step of stepsAfter) step()
    return written
  }

  function writeRepeatable<T>(work: () => T): T {
    if (connection.inTransaction) return work()
    connection.pragma('synchronous = NORMAL')
    try {
      return write(work)
    } finally {
      connection.pragma('synchronous = FULL')
    }
  }

  let holders = 0

  function holdCheckpoints(): () => void {
    if (holders++ === 0) connection.pragma('wal_autocheckpoint = 0')
    return () => {
      if (--holders === 0 && connection.open) connection.pragma(`wal_autocheckpoint = ${pagesOfLog}`)
    }
  }

  function read<T>(work: () => T): T {
    if (connection.inTransaction) return work()
    return translateErrors(file, () => connection.transaction(work).deferred()) as T
  }

  return {
    file,
    prepare,
    write,
    writeRepeatable,
    holdCheckpoints,
    read,
    exec: (sql) => void translateErrors(file, () => connection.exec(sql)),
    pragma: (sql) => translateErrors(file, () => connection.pragma(sql)),
    beforeCommit: (step) => void steps.push(step),
    afterCommit: (step) => void stepsAfter.push(step),
    copyTo: (target) => {
      if (existsSync(target)) throw new LensloreError('WRITE_FAILED', `${target} exists already.`)
      translateErrors(file, () => connection.prepare('VACUUM INTO ?').run(target))
    },
    close: () => void connection.close(),
  }
}

function isSqliteError(thrown: unknown): thrown is Error & { code: string } {
  return thrown instanceof BetterSqlite3.SqliteError
}

/** SQLite's codes in our words; anything else passes unchanged. */
function translateErrors<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (!isSqliteError(thrown)) throw thrown
    const options = { cause: thrown }
    if (thrown.code.startsWith('SQLITE_CORRUPT') || thrown.code === 'SQLITE_NOTADB') {
      throw new LensloreError('DATABASE_DAMAGED', `The database ${file} is damaged.`, options)
    }
    if (thrown.code.startsWith('SQLITE_BUSY')) {
      throw new LensloreError('LIBRARY_LOCKED', `Another program is writing to ${file}.`, options)
    }
    if (thrown.code === 'SQLITE_FULL') {
      throw new LensloreError('DISK_FULL', `There is no space left on the disk of ${file}.`, options)
    }
    if (thrown.code.startsWith('SQLITE_CANTOPEN') || thrown.code.startsWith('SQLITE_PERM')) {
      throw new LensloreError('FILE_UNREADABLE', `The database ${file} cannot be opened.`, options)
    }
    if (thrown.code.startsWith('SQLITE_READONLY') || thrown.code.startsWith('SQLITE_IOERR')) {
      throw new LensloreError('WRITE_FAILED', `The database ${file} cannot be written.`, options)
    }
    throw thrown
  }
}
