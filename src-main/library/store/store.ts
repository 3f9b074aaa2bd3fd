import { join } from 'node:path'
import type { PhotoDetails } from '../../contract/records.ts'
import { type CaptionStore, createCaptionStore } from './captions.ts'
import type { Database } from './database.ts'
import { createFolderStore, type FolderStore } from './folders.ts'
import { isUpToDate, readMigrations } from './migrate.ts'
import { type DatabaseInUse, openInUse } from './open-in-use.ts'
import { createPhotoStore, type PhotoStore } from './photos.ts'
import { createQueueStore, type QueueStore } from './queue.ts'
import { updateAlone } from './update.ts'

export interface Store {
  readonly database: Database
  readonly folders: FolderStore
  readonly photos: PhotoStore
  readonly captions: CaptionStore
  readonly queue: QueueStore
  /** A photo with its captions. */
  details(photoId: number): Omit<PhotoDetails, 'thumbnailPath' | 'words'> | undefined
  /** Reads the whole file and says what is wrong in SQLite's words; an empty list is a sound database. */
  check(): string[]
  close(): void
}

export interface StoreOptions {
  migrationsDirectory?: string
}

export function databaseFileIn(libraryDirectory: string): string {
  return join(libraryDirectory, 'library.sqlite')
}

/**
 * Opens the database of a library, makes it where there is none, and brings it up to date: here and now, which takes
 * as long as it takes (`updateInThread` has done it before). Until it is closed, no backup takes its place.
 * @throws LensloreError as `openInUse` and `updateAlone`; `DATABASE_NEWER`.
 */
export function openStore(file: string, options: StoreOptions = {}): Store {
  const migrations = readMigrations(options.migrationsDirectory)
  for (;;) {
    const inUse = openInUse(file)
    try {
      if (isUpToDate(inUse.database, migrations)) return assemble(inUse)
    } catch (thrown) {
      inUse.close()
      throw thrown
    }
    inUse.close()
    updateAlone(file, migrations)
  }
}

function assemble({ database, close }: DatabaseInUse): Store {
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
    check: () => checkIntegrity(database),
    close,
  }
}

function checkIntegrity(database: Database): string[] {
  try {
    const rows = database.prepare<{ integrity_check: string }>('PRAGMA integrity_check').all()
    const words = rows.map((row) => row.integrity_check)
    for (const row of database.prepare<{ table: string }>('PRAGMA foreign_key_check').all()) {
      words.push(`A row of ${row.table} refers to something that is not there.`)
    }
    database.exec("INSERT INTO search_index (search_index) VALUES ('integrity-check')")
    return words.filter((word) => word !== 'ok')
  } catch (thrown) {
    return [thrown instanceof Error ? thrown.message : String(thrown)]
  }
}
