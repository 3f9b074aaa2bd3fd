import { join } from 'node:path'
import { LensloreError, toErrorRecord } from '../../contract/errors.ts'
import type { PhotoStore } from '../store/photos.ts'
import type { QueueStore, WorkItem } from '../store/queue.ts'
import { isLeftForLater } from './left-for-later.ts'
import { type ReadFile, readFileOnce } from './read-photo.ts'

/** Files read at once: enough to keep a disk or a file server busy, few enough to leave it to others. */
const filesUnderWay = 4
/** Photos a transaction: each commit waits for the disk once. */
const photosPerCommit = 64

export interface IndexerOptions<Content> {
  photos: PhotoStore
  queue: QueueStore
  /** What the file's bytes tell; damaged metadata is no reason to throw. */
  readContent(path: string, file: ReadFile, photoId: number): Promise<Content>
  /** Takes in what was read, inside a transaction. */
  apply(item: WorkItem, file: ReadFile, content: Content): void
  write(work: () => void): void
  onPhotosChanged(photoIds: number[], failed: number): void
  /** Told of a photo that cannot be reached at present; it stays work. */
  onUnavailable(photoId: number): void
  signal: AbortSignal
}

/**
 * Reads every new or changed file once, newest first: its content hash and its metadata. Each is committed
 * with a few dozen others, so a kill repeats no more than that.
 * @throws LensloreError `CANCELLED` by the signal.
 */
export async function indexAll<Content>(options: IndexerOptions<Content>): Promise<void> {
  const { photos, queue, readContent, apply, write, onPhotosChanged, onUnavailable, signal } = options
  /** Gone, written to since they were scanned, or out of reach. */
  const leftAlone: number[] = []

  for (;;) {
    const items = queue.nextToIndex(photosPerCommit, leftAlone)
    if (items.length === 0) return
    const outcomes = await mapAtMost(filesUnderWay, items, readOne)
    if (signal.aborted) throw new LensloreError('CANCELLED', 'Reading photos was stopped.')
    let failed = 0
    write(() => {
      for (const { item, file, content, thrown } of outcomes) {
        if (file && !isAsScanned(item, file)) leftAlone.push(item.photoId)
        else if (file) apply(item, file, content as Content)
        else if (!setAside(item, thrown)) failed++
      }
    })
    onPhotosChanged(
      items.map((item) => item.photoId),
      failed,
    )
  }

  async function readOne(item: WorkItem) {
    if (signal.aborted) return { item }
    try {
      const path = join(item.folderPath, item.directory, item.name)
      const file = await readFileOnce(path)
      return { item, file, content: await readContent(path, file, item.photoId) }
    } catch (thrown) {
      return { item, thrown }
    }
  }

  /** Another file in the same place would be taken for what became of this one, or for a photo that moved here. */
  function isAsScanned({ photoId }: WorkItem, { sizeBytes, modifiedMs }: ReadFile): boolean {
    const known = photos.byId(photoId)
    return known?.sizeBytes === sizeBytes && known.modifiedMs === modifiedMs
  }

  /** @returns whether it is left to the next scan, rather than marked as failed. */
  function setAside(item: WorkItem, thrown: unknown): boolean {
    const error = toErrorRecord(thrown)
    if (error.code === 'FILE_UNAVAILABLE') onUnavailable(item.photoId)
    if (isLeftForLater(error.code)) {
      leftAlone.push(item.photoId)
      return true
    }
    photos.setError(item.photoId, error, Date.now())
    return false
  }
}

async function mapAtMost<Item, Result>(
  atOnce: number,
  items: Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const lanes = Array.from({ length: atOnce }, async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  })
  await Promise.all(lanes)
  return results
}
