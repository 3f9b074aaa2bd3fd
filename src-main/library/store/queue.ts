import type { Miniature } from '../../contract/miniature.ts'
import type { LibraryStatus } from '../../contract/records.ts'
import type { Database } from './database.ts'
import { inSlices } from './slices.ts'

export interface WorkItem {
  photoId: number
  folderPath: string
  directory: string
  name: string
  priority: number
  sortMs: number
  /** For `setContent`: how often the photo had been marked to be read when it was taken from the queue. */
  marks: number
}

export type WorkCounts = Pick<
  LibraryStatus,
  'photos' | 'captioned' | 'failed' | 'missing' | 'excluded' | 'waiting'
> & {
  /** Files whose content and metadata are still to be read. */
  toIndex: number
}

/**
 * What is made of a picture, and what decides that it is made anew: the version of our thumbnails, or the key of the
 * model and adapter. Each product has its own column that tells what a photo's present content has, its own index, and its
 * own question; what fails is an error of the photo's file, for all of them.
 */
export interface ProductKeys {
  thumbnail: number
  caption: string
  /** The version of the thumbnail that it is of; its thumbhash comes with it. */
  miniature: number
  /** The space that it is in. */
  embedding: string
}

export type Product = keyof ProductKeys

export interface QueueStore {
  /** Photos of online folders whose file is still to be read: by priority, then newest first. */
  nextToIndex(limit: number, except?: readonly number[]): WorkItem[]
  /**
   * Photos of online folders whose present content lacks a product of this key. By priority, then newest first.
   * @param except ids under way already.
   */
  next<Name extends Product>(
    product: Name,
    key: ProductKeys[Name],
    limit: number,
    except?: readonly number[],
  ): WorkItem[]
  /** Keeps in mind that all photos of these contents have their thumbnails. */
  setThumbnailsMade(made: readonly MadeThumbnail[], version: number): void
  /** What was kept of thumbnails is no picture: photos of the content have none. */
  setThumbnailLost(contentHash: string): void
  /** Makes files that could not be read (permissions, a failing drive) work again. */
  retryUnreadable(signal?: AbortSignal): Promise<void>
  /** Makes those of the photos that failed the next work. */
  retryFailed(photoIds: readonly number[]): Retried
  /** The same for all photos, a slice after the other, each once. */
  retryAllFailed(): (limit: number) => Retried
  /** From a few summed rows, whatever the size of the library. `captioned` counts any source. */
  counts(modelKey: string | null): WorkCounts
}

export interface MadeThumbnail {
  /** SHA-256, lower-case hex. */
  contentHash: string
  /** Both are null where nobody looked at it: what is known of it stays. */
  thumbhash: Uint8Array | null
  miniature: Miniature | null
}

export interface Retried {
  /** 0 at the end. */
  looked: number
  photoIds: number[]
}

interface WorkRow {
  id: number
  folder_path: string
  directory: string
  name: string
  priority: number
  sort_ms: number
  marks: number
}

const select = `SELECT photos.id, folders.path AS folder_path, directory, name, priority, sort_ms, marks
  FROM photos JOIN folders ON folders.id = photos.folder_id`
const order = 'ORDER BY priority DESC, sort_ms DESC, photos.id DESC LIMIT ?'

interface Outdated {
  folder_id: number
  value: string | number | null
}

interface Question {
  /** "Not equal" cannot use an index; but the outdated values are few, and each is one ordered range of a folder. */
  outdated: string
  /** Photos with one of these values. */
  sql: string
}

const isWhole = 'indexed_ms IS NOT NULL AND missing_since_ms IS NULL AND error_code IS NULL'

export const questions: Record<Product, Question> = {
  thumbnail: {
    outdated: `WITH RECURSIVE versions (value) AS (
        SELECT NULL UNION ALL SELECT ifnull(value, 0) + 1 FROM versions WHERE ifnull(value, 0) + 1 < ?
      ) SELECT id AS folder_id, value FROM folders, versions WHERE state = 'online'`,
    sql: `${select} WHERE photos.folder_id = ? AND thumbnail_version IS ? AND ${isWhole} ${order}`,
  },
  caption: {
    outdated: `SELECT DISTINCT folder_id, nullif(captioned_by, '') AS value
      FROM photo_tallies JOIN folders ON folders.id = folder_id
      WHERE state = 'online' AND captioned_by <> ? AND caption_source <> 'person' AND is_indexed = 1
        AND is_missing = 0 AND has_error = 0 AND photos > 0`,
    // A person's words are not to be improved upon.
    sql: `${select} WHERE photos.folder_id = ? AND captioned_by IS ? AND ${isWhole}
      AND caption_source IS NOT 'person' ${order}`,
  },
  miniature: {
    // The library has the thumbnail, wherever the photo is.
    outdated: 'SELECT id AS folder_id, ? AS value FROM folders WHERE is_leaving = 0',
    sql: `${select} WHERE photos.folder_id = ? AND thumbnail_version IS ? AND thumbnail_version IS NOT NULL
      AND sharpness IS NULL ${order}`,
  },
  embedding: {
    outdated: `SELECT folders.id AS folder_id, value
      FROM folders, (SELECT NULL AS value UNION ALL SELECT number FROM spaces WHERE name <> ?) WHERE is_leaving = 0`,
    sql: `${select} WHERE photos.folder_id = ? AND embedded_in IS ? AND thumbnail_version IS NOT NULL ${order}`,
  },
}

export const toIndexSql = `${select}
  WHERE photos.folder_id = ? AND indexed_ms IS NULL AND missing_since_ms IS NULL ${order}`

export function createQueueStore(database: Database): QueueStore {
  const { prepare, write } = database

  return {
    nextToIndex(limit, except = []) {
      const folders = prepare<{ folder_id: number }>(
        `SELECT DISTINCT folder_id FROM photo_tallies JOIN folders ON folders.id = folder_id
         WHERE state = 'online' AND is_indexed = 0 AND is_missing = 0 AND photos > 0`,
      ).all()
      const rows = folders.flatMap(({ folder_id }) =>
        prepare<WorkRow>(toIndexSql).all(folder_id, limit + except.length),
      )
      return firstOf(rows, limit, except)
    },

    next(product, key, limit, except = []) {
      const { outdated, sql } = questions[product]
      const rows = prepare<Outdated>(outdated)
        .all(key)
        .flatMap(({ folder_id, value }) => prepare<WorkRow>(sql).all(folder_id, value, limit + except.length))
      return firstOf(rows, limit, except)
    },

    setThumbnailsMade: (made, version) =>
      void write(() => {
        const set = prepare<{ id: number }>(
          `UPDATE photos SET thumbnail_version = ?, thumbhash = ifnull(?, thumbhash), sharpness = ifnull(?, sharpness)
           WHERE content_hash = ?
             AND (thumbnail_version IS NOT ? OR (thumbhash IS NULL AND ? IS NOT NULL) OR (sharpness IS NULL AND ? IS NOT NULL))
           RETURNING id`,
        )
        const keep = prepare('INSERT OR REPLACE INTO miniatures (photo_id, picture) VALUES (?, ?)')
        for (const { contentHash, thumbhash, miniature } of made) {
          const sharpness = miniature?.sharpness ?? null
          const content = Buffer.from(contentHash, 'hex')
          const photos = set.all(version, thumbhash, sharpness, content, version, thumbhash, sharpness)
          for (const { id } of miniature ? photos : []) keep.run(id, miniature!.picture)
        }
      }),

    setThumbnailLost: (contentHash) =>
      void write(() =>
        prepare(
          'UPDATE photos SET thumbnail_version = NULL, thumbhash = NULL, sharpness = NULL WHERE content_hash = ?',
        ).run(Buffer.from(contentHash, 'hex')),
      ),

    async retryUnreadable(signal) {
      await inSlices(
        database,
        (limit) =>
          prepare(
            `UPDATE photos SET error_code = NULL, error_message = NULL, indexed_ms = NULL
             WHERE id IN (SELECT id FROM photos WHERE error_code = 'FILE_UNREADABLE' LIMIT ?)`,
          ).run(limit).changes,
        { signal },
      )
    },

    retryFailed: (photoIds) => ({
      looked: photoIds.length,
      photoIds: photoIds.filter((id) => retryFailed(database, id)),
    }),

    retryAllFailed() {
      let last = { code: '', id: 0 }
      return (limit) => {
        const found = prepare<{ code: string; id: number }>(
          `SELECT error_code AS code, id FROM photos INDEXED BY photos_failed
           WHERE error_code IS NOT NULL AND (error_code, id) > (?, ?) ORDER BY error_code, id LIMIT ?`,
        ).all(last.code, last.id, limit)
        last = found.at(-1) ?? last
        const photoIds = found.map(({ id }) => id)
        for (const id of photoIds) retryFailed(database, id)
        return { looked: found.length, photoIds }
      }
    },

    counts(modelKey) {
      return prepare<WorkCounts>(
        `SELECT
           ifnull(sum(photos) FILTER (WHERE NOT is_missing), 0) AS photos,
           ifnull(sum(photos) FILTER (WHERE NOT is_missing AND caption_source <> ''), 0) AS captioned,
           ifnull(sum(photos) FILTER (WHERE NOT is_missing AND has_error), 0) AS failed,
           ifnull(sum(photos) FILTER (WHERE is_missing), 0)
             - (SELECT count(*) FROM photos WHERE is_excluded = 1) AS missing,
           (SELECT count(*) FROM photos WHERE is_excluded = 1) AS excluded,
           ifnull(sum(photos) FILTER (WHERE NOT is_missing AND NOT has_error AND state = 'online'
             AND (NOT is_indexed OR caption_source <> 'person' AND captioned_by IS NOT ?
               AND (? OR captioned_by = ''))), 0)
             AS waiting,
           ifnull(sum(photos) FILTER (WHERE NOT is_missing AND NOT is_indexed AND state = 'online'), 0)
             AS toIndex
         FROM photo_tallies JOIN folders ON folders.id = folder_id`,
      ).get(modelKey, modelKey === null ? 0 : 1)!
    },
  }
}

/** @returns whether the photo had failed. */
function retryFailed({ prepare }: Database, photoId: number): boolean {
  const { changes } = prepare(
    `UPDATE photos SET priority = 1, error_code = NULL, error_message = NULL,
       indexed_ms = iif(error_code = 'FILE_UNREADABLE' OR content_hash IS NULL, NULL, indexed_ms)
     WHERE id = ? AND error_code IS NOT NULL`,
  ).run(photoId)
  return changes > 0
}

/**
 * Lets a photo that failed, or has no caption of a model, be the next that is captioned.
 * @returns whether it is one of these.
 */
export function askModel(database: Database, photoId: number): boolean {
  if (retryFailed(database, photoId)) return true
  const { changes } = database
    .prepare(
      `UPDATE photos SET priority = 1
       WHERE id = ? AND captioned_by IS NULL AND caption_source IS NOT 'person'`,
    )
    .run(photoId)
  return changes > 0
}

/** By priority, then newest first: what was read just now goes before what is made anew. */
export function byUrgency(a: WorkOrder, b: WorkOrder): number {
  return b.priority - a.priority || b.sortMs - a.sortMs || b.photoId - a.photoId
}

type WorkOrder = Pick<WorkItem, 'photoId' | 'priority' | 'sortMs'>

function firstOf(rows: WorkRow[], limit: number, except: readonly number[]): WorkItem[] {
  const excepted = new Set(except)
  return rows
    .filter((row) => !excepted.has(row.id))
    .map((row) => ({
      photoId: row.id,
      folderPath: row.folder_path,
      directory: row.directory,
      name: row.name,
      priority: row.priority,
      sortMs: row.sort_ms,
      marks: row.marks,
    }))
    .sort(byUrgency)
    .slice(0, limit)
}
