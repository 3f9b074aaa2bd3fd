import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LensloreError } from '../../contract/errors.ts'
import type { Database } from './database.ts'

/** The project's migrations, as they lie beside the sources. */
export const migrationsDirectory = fileURLToPath(new URL('../../../migrations/', import.meta.url))
/** Backups kept beside a database, newest first; older ones are removed after a new one is complete. */
const backupsKept = 3

export interface Migration {
  version: number
  name: string
  sql: string
}

/**
 * The migrations of a directory in order: files named `0010-what.sql`, where the number is the
 * `user_version` they lead to.
 */
export function readMigrations(directory = migrationsDirectory): Migration[] {
  return readdirSync(directory)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .sort()
    .map((name) => ({
      version: Number(name.slice(0, 4)),
      name,
      sql: readFileSync(join(directory, name), 'utf8'),
    }))
}

/**
 * Brings a database to the newest version, each migration in a transaction of its own; a database with
 * content is backed up first. Does nothing where it is up to date.
 * @returns the path of the backup, or null where none was needed.
 * @throws LensloreError `DATABASE_NEWER` for a file that a later version of this program wrote.
 */
export function migrate(database: Database, migrations = readMigrations()): string | null {
  const newest = migrations.at(-1)?.version ?? 0
  const version = readVersion(database)
  if (version > newest) {
    throw new LensloreError(
      'DATABASE_NEWER',
      `The library ${database.file} was written by a newer version of Lenslore; please update.`,
    )
  }
  if (version === newest) return null
  const backup = version > 0 ? backUp(database, `v${version}`) : null
  for (const migration of migrations) applyOnce(database, migration)
  return backup
}

/** Two processes may open a library at once: the version is read again under the write lock. */
function applyOnce(database: Database, migration: Migration): void {
  database.write(() => {
    if (readVersion(database) >= migration.version) return
    database.exec(migration.sql)
    database.pragma(`user_version = ${migration.version}`)
  })
}

/**
 * Copies the database into `backups/` beside it, under a name that appears only when the copy is complete.
 * @param label ends the name: why the backup was made.
 * @returns the backup's path.
 */
export function backUp(database: Database, label: string, nowMs = Date.now()): string {
  const directory = backupDirectory(database.file)
  mkdirSync(directory, { recursive: true })
  const time = new Date(nowMs).toISOString().replaceAll(':', '-')
  const file = join(directory, `${time}-${label}.sqlite`)
  const unfinished = `${file}.part`
  rmSync(unfinished, { force: true })
  database.copyTo(unfinished)
  flush(unfinished)
  renameSync(unfinished, file)
  for (const old of listBackups(database.file).slice(backupsKept)) rmSync(old, { force: true })
  return file
}

/** SQLite does not sync what VACUUM INTO writes. */
function flush(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Complete backups of a database, newest first. */
export function listBackups(databaseFile: string): string[] {
  const directory = backupDirectory(databaseFile)
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.sqlite'))
      .sort()
      .reverse()
      .map((name) => join(directory, name))
  } catch {
    return []
  }
}

function backupDirectory(databaseFile: string): string {
  return join(dirname(databaseFile), 'backups', basename(databaseFile, '.sqlite'))
}

function readVersion(database: Database): number {
  return database.prepare<{ user_version: number }>('PRAGMA user_version').get()!.user_version
}
