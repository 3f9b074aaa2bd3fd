import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LensloreError } from '../../contract/errors.ts'
import { backUp } from './backups.ts'
import type { Database } from './database.ts'

/** The project's migrations, as they lie beside the sources. */
export const migrationsDirectory = fileURLToPath(new URL('../../../migrations/', import.meta.url))

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

export function readVersion(database: Database): number {
  return database.prepare<{ user_version: number }>('PRAGMA user_version').get()!.user_version
}
