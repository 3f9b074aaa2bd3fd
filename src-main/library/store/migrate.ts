import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LensloreError } from '../../contract/errors.ts'
import { unpackedPath } from '../../contract/unpacked-path.ts'
import { backUp, updateLabel } from './backups.ts'
import type { Database } from './database.ts'

/** The project's migrations, as they lie beside the sources. */
export const migrationsDirectory = unpackedPath(
  fileURLToPath(new URL('../../../migrations/', import.meta.url)),
)

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

/** What is begun now. `done` and `total` count the migrations that the database lacks. */
export interface UpdateStep {
  phase: 'backup' | 'migration'
  done: number
  total: number
}

export interface UpdateOptions {
  onStep?: (step: UpdateStep) => void
  /** Asked before every step. */
  isStopped?: () => boolean
}

/** @throws LensloreError `DATABASE_NEWER` for a file that a later version of this program wrote. */
export function isUpToDate(database: Database, migrations: readonly Migration[]): boolean {
  const newest = migrations.at(-1)?.version ?? 0
  const version = readVersion(database)
  if (version > newest) {
    throw new LensloreError(
      'DATABASE_NEWER',
      `The library ${database.file} was written by a newer version of Lenslore; please update.`,
    )
  }
  return version === newest
}

/**
 * Brings a database to the newest version, each migration in a transaction of its own; a database with
 * content is backed up first. Does nothing where it is up to date.
 * @returns the path of the backup, or null where none was needed.
 * @throws LensloreError as `isUpToDate` and `backUp`, `CANCELLED`.
 */
export function migrate(
  database: Database,
  migrations: readonly Migration[] = readMigrations(),
  { onStep, isStopped }: UpdateOptions = {},
): string | null {
  if (isUpToDate(database, migrations)) return null
  const version = readVersion(database)
  const lacking = migrations.filter((migration) => migration.version > version)
  const begin = (phase: UpdateStep['phase'], done: number) => {
    if (isStopped?.()) {
      throw new LensloreError(
        'CANCELLED',
        'The update was stopped; it goes on when the library is opened again.',
      )
    }
    onStep?.({ phase, done, total: lacking.length })
  }
  let backup: string | null = null
  if (version > 0) {
    begin('backup', 0)
    backup = backUp(database, `${updateLabel}v${version}`)
  }
  for (const [done, migration] of lacking.entries()) {
    begin('migration', done)
    applyOnce(database, migration)
  }
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

export function readVersion(database: Database): number {
  return database.prepare<{ user_version: number }>('PRAGMA user_version').get()!.user_version
}
