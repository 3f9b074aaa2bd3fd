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

export type WorkCounts = Pick<LibraryStatus, 'photos' | 'captioned' | 'failed' | 'missing' | 'waiting'> & {
  /** Files whose content and metadata are still to be read. */
  toIndex: number
}

export interface QueueStore {
  /** Photos of online folders whose file is still to be read: by priority, then newest first. */
  nextToIndex(limit: number, except?: readonly number[]): WorkItem[]
  /**
   * Photos of online folders that need words from the model of this key: those without a caption of it for
   * their present content, unless a person wrote one. By priority, then newest first.
   * @param except ids under way already.
   */
  nextToCaption(modelKey: string, limit: number, except?: readonly number[]): WorkItem[]
  /** Makes files that could not be read (permissions, a failing drive) work again. */
  retryUnreadable(): Promise<void>
  /** From a few summed rows, whatever the size of the library. `captioned` counts any source. */
  counts(modelKey: string | null): WorkCounts
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

export const toCaptionSql = `${select}
  WHERE photos.folder_id = ? AND captioned_by IS ? AND indexed_ms IS NOT NULL AND missing_since_ms IS NULL
    AND error_code IS NULL AND caption_source IS NOT 'person' ${order}`
export const toIndexSql = `${select}
  WHERE photos.folder_id = ? AND indexed_ms IS NULL AND missing_since_ms IS NULL ${order}`

export function createQueueStore(database: Database): QueueStore {
  const { prepare } = database

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

    nextToCaption(modelKey, limit, except = []) {
      // "Not equal" cannot use an index; but the outdated values are few, and each is one ordered range.
      const ranges = prepare<{ folder_id: number; captioned_by: string }>(
        `SELECT DISTINCT folder_id, captioned_by FROM photo_tallies JOIN folders ON folders.id = folder_id
         WHERE state = 'online' AND captioned_by <> ? AND caption_source <> 'person' AND is_indexed = 1
           AND is_missing = 0 AND has_error = 0 AND photos > 0`,
      ).all(modelKey)
      const rows = ranges.flatMap(({ folder_id, captioned_by }) =>
        prepare<WorkRow>(toCaptionSql).all(folder_id, captioned_by || null, limit + except.length),
      )
      return firstOf(rows, limit, except)
    },

    async retryUnreadable() {
      await inSlices(
        database,
        (limit) =>
          prepare(
            `UPDATE photos SET error_code = NULL, error_message = NULL, indexed_ms = NULL
             WHERE id IN (SELECT id FROM photos WHERE error_code = 'FILE_UNREADABLE' LIMIT ?)`,
          ).run(limit).changes,
      )
    },

    counts(modelKey) {
      return prepare<WorkCounts>(
        `SELECT
           ifnull(sum(photos) FILTER (WHERE NOT is_missing), 0) AS photos,
           ifnull(sum(photos) FILTER (WHERE NOT is_missing AND caption_source <> ''), 0) AS captioned,
           ifnull(sum(photos) FILTER (WHERE NOT is_missing AND has_error), 0) AS failed,
           ifnull(sum(photos) FILTER (WHERE is_missing), 0) AS missing,
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

function firstOf(rows: WorkRow[], limit: number, except: readonly number[]): WorkItem[] {
  const excepted = new Set(except)
  return rows
    .filter((row) => !excepted.has(row.id))
    .sort((a, b) => b.priority - a.priority || b.sort_ms - a.sort_ms || b.id - a.id)
    .slice(0, limit)
    .map((row) => ({
      photoId: row.id,
      folderPath: row.folder_path,
      directory: row.directory,
      name: row.name,
      priority: row.priority,
      sortMs: row.sort_ms,
      marks: row.marks,
    }))
}
