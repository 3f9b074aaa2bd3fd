import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import type { PhotoDetails } from '../../contract/records.ts'
import { listBackups } from './backups.ts'
import { type CaptionStore, createCaptionStore } from './captions.ts'
import { type Database, type FileLock, openDatabase } from './database.ts'
import { createFolderStore, type FolderStore } from './folders.ts'
import { lockForUse } from './lock.ts'
import { migrate, migrationsDirectory, readMigrations } from './migrate.ts'
import { createPhotoStore, type PhotoStore } from './photos.ts'
import { createQueueStore, type QueueStore } from './queue.ts'
import { isSwapInterrupted } from './swap-database.ts'

export interface Store {
  readonly database: Database
  readonly folders: FolderStore
  readonly photos: PhotoStore
  readonly captions: CaptionStore
  readonly queue: QueueStore
  /** A photo with its captions. */
  details(photoId: number): Omit<PhotoDetails, 'thumbnailPath' | 'words'> | undefined
  close(): void
}

export interface StoreOptions {
  migrationsDirectory?: string
}

export function databaseFileIn(libraryDirectory: string): string {
  return join(libraryDirectory, 'library.sqlite')
}

/**
 * Opens the database of a library, makes it where there is none, and brings it up to date. Until it is closed, no
 * backup takes its place.
 * @throws LensloreError `DATABASE_DAMAGED` (naming the newest backup, touching nothing), `DATABASE_NEWER`,
 * `LIBRARY_LOCKED`, `FILE_UNREADABLE`, `WRITE_FAILED`, `DISK_FULL`.
 */
export function openStore(file: string, options: StoreOptions = {}): Store {
  checkWritable(dirname(file))
  const inUse = lockForUse(file)
  try {
    if (isSwapInterrupted(file)) {
      throw new LensloreError(
        'DATABASE_DAMAGED',
        `Restoring a backup of ${file} was interrupted, and has to be done again.`,
      )
    }
    const existed = existsSync(file)
    return orOfferBackup(file, () => {
      const database = openDatabase(file)
      try {
        if (existed) probe(database)
        migrate(database, readMigrations(options.migrationsDirectory ?? migrationsDirectory))
        return assemble(database, inUse)
      } catch (thrown) {
        database.close()
        throw thrown
      }
    })
  } catch (thrown) {
    inUse.release()
    throw thrown
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

function assemble(database: Database, inUse: FileLock): Store {
  const folders = createFolderStore(database)
  const photos = createPhotoStore(database)
  const captions = createCaptionStore(database)
  const queue = createQueueStore(database)

  function details(photoId: number): Omit<PhotoDetails, 'thumbnailPath' | 'words'> | undefined {
    const photo = photos.byId(photoId)
    if (!photo) return undefined
    const caption = captions.current(photoId)
    const pictureChanged =
      caption?.contentHash != null && photo.contentHash !== null && caption.contentHash !== photo.contentHash
    const twins = photo.contentHash === null ? [] : photos.withContent(photo.contentHash)
    return {
      ...photo,
      caption,
      history: captions.history(photoId),
      pictureChanged,
      duplicates: twins.filter((id) => id !== photoId),
    }
  }

  return {
    database,
    folders,
    photos,
    captions,
    queue,
    details,
    close() {
      database.close()
      inUse.release()
    },
  }
}

/**
 * A full check reads everything, which takes seconds for a big library. This finds what usually happens to
 * files (cut short, overwritten from the start, a lost page at either end) within milliseconds.
 */
function probe(database: Database): void {
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

function orOfferBackup<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof LensloreError) || thrown.code !== 'DATABASE_DAMAGED') throw thrown
    const newest = listBackups(file)[0]
    const offer = newest ? `; the last good backup is ${newest}` : ' and there is no backup'
    throw new LensloreError('DATABASE_DAMAGED', `The database ${file} is damaged${offer}.`, { cause: thrown })
  }
}
