import { dirname, join } from 'node:path'
import type { PhotoDetails } from '../../contract/records.ts'
import { type AdapterStore, createAdapterStore } from './adapters.ts'
import { type CaptionStore, createCaptionStore } from './captions.ts'
import { createCompanionStore } from './companions.ts'
import type { Database } from './database.ts'
import { createEmbeddingStore, type EmbeddingStore } from './embeddings.ts'
import { createFolderStore, type FolderStore } from './folders.ts'
import { createLabelStore, type LabelStore } from './labels.ts'
import { createMarkStore, type MarkStore } from './marks.ts'
import { isUpToDate, readMigrations } from './migrate.ts'
import { createNameRefusalStore, type NameRefusalStore } from './name-refusals.ts'
import { type DatabaseInUse, openInUse } from './open-in-use.ts'
import { createPhotoStore, type PhotoStore } from './photos.ts'
import { createQueueStore, type QueueStore } from './queue.ts'
import { createStackStore, type StackStore } from './stacks.ts'
import { createTrainingStore, type TrainingStore } from './trainings.ts'
import { updateAlone } from './update.ts'

export interface Store {
  readonly database: Database
  /** Why it can be read alone; null where it can be written. */
  readonly hindrance: DatabaseInUse['hindrance']
  readonly folders: FolderStore
  readonly photos: PhotoStore
  readonly captions: CaptionStore
  readonly marks: MarkStore
  readonly queue: QueueStore
  readonly labels: LabelStore
  readonly trainings: TrainingStore
  readonly adapters: AdapterStore
  readonly embeddings: EmbeddingStore
  readonly refusals: NameRefusalStore
  readonly stacks: StackStore
  /** A photo with its captions and marks. */
  details(photoId: number): Omit<PhotoDetails, 'thumbnailPath' | 'isCopyKept' | 'words' | 'place'> | undefined
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
      if (inUse.hindrance) throw inUse.hindrance
    } catch (thrown) {
      inUse.close()
      throw thrown
    }
    inUse.close()
    updateAlone(file, migrations)
  }
}

function assemble({ database, hindrance, close }: DatabaseInUse): Store {
  const folders = createFolderStore(database)
  const photos = createPhotoStore(database)
  const captions = createCaptionStore(database)
  const marks = createMarkStore(database)
  const queue = createQueueStore(database)
  const labels = createLabelStore(database)
  const trainings = createTrainingStore(database)
  const adapters = createAdapterStore(database)
  const embeddings = createEmbeddingStore(database)
  const refusals = createNameRefusalStore(database)
  const stacks = createStackStore(database)
  const companions = createCompanionStore(database)

  function details(
    photoId: number,
  ): Omit<PhotoDetails, 'thumbnailPath' | 'isCopyKept' | 'words' | 'place'> | undefined {
    const photo = photos.byId(photoId)
    if (!photo) return undefined
    const caption = captions.current(photoId)
    const pictureChanged =
      caption?.contentHash != null && photo.contentHash !== null && caption.contentHash !== photo.contentHash
    const twins = photo.contentHash === null ? [] : photos.withContent(photo.contentHash)
    return {
      ...photo,
      companions: companions
        .beside(photoId)
        .filter(({ isOther }) => !isOther)
        .map(({ name, kind, sizeBytes, modifiedMs }) => ({
          path: join(dirname(photo.path), name),
          kind,
          sizeBytes,
          modifiedMs,
        })),
      caption,
      history: captions.history(photoId),
      marks: marks.history(photoId),
      pictureChanged,
      duplicates: twins.filter((id) => id !== photoId),
      stack: stacks.factsOf(photoId) ?? null,
    }
  }

  return {
    database,
    hindrance,
    folders,
    photos,
    captions,
    marks,
    queue,
    labels,
    trainings,
    adapters,
    embeddings,
    refusals,
    stacks,
    details,
    close,
  }
}
