import type { Folder, FolderState } from '../../contract/records.ts'
import type { Database } from './database.ts'

/** A folder that lies in one that is added, and becomes a part of it. */
export interface JoiningFolder {
  id: number
  /** Where it is below the other, `/` between names. */
  directory: string
  /** Its globs, as they are to be told of the other. */
  excludes: readonly string[]
  /** Other file systems on the way to it, below the other folder. */
  mounts: readonly { directory: string; volumeId: string | null }[]
}

export interface FolderStore {
  /**
   * @param path absolute; that folders do not overlap is for the caller to see to.
   * @param joining folders in it: from now on nobody sees them, and `joinSome` does the rest.
   */
  insert(path: string, nowMs: number, joining?: readonly JoiningFolder[]): Folder
  list(): Folder[]
  byId(id: number): Folder | undefined
  byPath(path: string): Folder | undefined
  /** From now on nobody sees the folder; `forgetSome` does the rest. For a person's explicit wish only. */
  leave(id: number): void
  /** Folders that are left, of which photos are still to be forgotten. */
  leaving(): { id: number; photos: number }[]
  /**
   * Forgets photos of a folder that is left, with their captions and history, and at last the folder itself.
   * @returns how many; 0 when it is gone.
   */
  forgetSome(id: number, limit: number): number
  /** Folders that become a part of another, with the photos that are still theirs. */
  joining(): { id: number; photos: number }[]
  /**
   * Makes photos of a joining folder those of the other, where their files are all the same, and at last what else is known of
   * the folder, which is no more then.
   * @returns how many rows that were, 0 when it is gone; and which photos.
   */
  joinSome(id: number, limit: number): { done: number; photoIds: number[] }
}

interface FolderRow {
  id: number
  path: string
  state: FolderState
  added_ms: number
  scanned_ms: number | null
  photos: number
  offline_reason: Folder['offlineReason']
  watch_mode: Folder['watchMode']
  watch_reason: string | null
  excludes: string
  exports_always: 0 | 1
}

/** `photos` counts those that are not missing, of folders that join it, too. */
const select = `SELECT id, path, state, added_ms, scanned_ms, offline_reason, watch_mode, watch_reason, excludes, exports_always,
  (SELECT ifnull(sum(photos), 0) FROM photo_tallies WHERE is_missing = 0 AND folder_id IN
    (SELECT own.id FROM folders AS own WHERE own.id = folders.id OR own.joins_folder_id = folders.id)) AS photos
  FROM folders WHERE NOT is_leaving AND joins_folder_id IS NULL`
const allPhotosSql =
  '(SELECT ifnull(sum(photos), 0) FROM photo_tallies WHERE folder_id = folders.id) AS photos'
/** Of a directory of a joining folder, as the other one has it. */
const joinedSql = "iif(directory = '', ?, ? || '/' || directory)"

export function createFolderStore(database: Database): FolderStore {
  const { prepare, write } = database

  function byId(id: number): Folder | undefined {
    const row = prepare<FolderRow>(`${select} AND id = ?`).get(id)
    return row && toFolder(row)
  }

  return {
    insert: (path, nowMs, joining = []) =>
      write(() => {
        const excludes = JSON.stringify(joining.flatMap((each) => each.excludes))
        const { lastInsertRowid } = prepare(
          'INSERT INTO folders (path, added_ms, excludes) VALUES (?, ?, ?)',
        ).run(path, nowMs, excludes)
        const id = Number(lastInsertRowid)
        for (const { id: joiningId, directory, mounts } of joining) {
          prepare('UPDATE folders SET joins_folder_id = ?, joins_directory = ? WHERE id = ?').run(
            id,
            directory,
            joiningId,
          )
          for (const mount of mounts) {
            prepare(
              'INSERT OR IGNORE INTO folder_mounts (folder_id, directory, volume_id) VALUES (?, ?, ?)',
            ).run(id, mount.directory, mount.volumeId)
          }
        }
        return byId(id)!
      }),
    list: () => prepare<FolderRow>(`${select} ORDER BY path`).all().map(toFolder),
    byId,
    byPath(path) {
      const row = prepare<FolderRow>(`${select} AND path = ?`).get(path)
      return row && toFolder(row)
    },
    leave: (id) =>
      // Offline, for nothing of it is work any more.
      void write(() =>
        prepare(
          `UPDATE folders SET is_leaving = 1, state = 'offline', joins_folder_id = NULL
           WHERE id = ? OR joins_folder_id = ?`,
        ).run(id, id),
      ),
    leaving: () =>
      prepare<{ id: number; photos: number }>(
        `SELECT id, ${allPhotosSql} FROM folders WHERE is_leaving`,
      ).all(),
    forgetSome: (id, limit) =>
      write(() => {
        const { changes: photos } = prepare(
          'DELETE FROM photos WHERE id IN (SELECT id FROM photos WHERE folder_id = ? LIMIT ?)',
        ).run(id, limit)
        if (photos > 0) return photos
        const { changes: sidecars } = prepare(
          `DELETE FROM sidecars WHERE folder_id = ? AND (directory, name) IN
             (SELECT directory, name FROM sidecars WHERE folder_id = ? LIMIT ?)`,
        ).run(id, id, limit)
        if (sidecars > 0) return sidecars
        prepare('DELETE FROM folders WHERE id = ?').run(id)
        return 0
      }),
    joining: () =>
      prepare<{ id: number; photos: number }>(
        `SELECT id, ${allPhotosSql} FROM folders WHERE joins_folder_id IS NOT NULL`,
      ).all(),
    joinSome: (id, limit) =>
      write(() => {
        const other = prepare<{ id: number; directory: string }>(
          'SELECT joins_folder_id AS id, joins_directory AS directory FROM folders WHERE id = ? AND joins_folder_id IS NOT NULL',
        ).get(id)
        if (!other) return { done: 0, photoIds: [] }
        const place = [other.id, other.directory, other.directory] as const
        const photoIds = prepare<{ id: number }>(
          `UPDATE photos SET folder_id = ?, directory = ${joinedSql}
           WHERE id IN (SELECT id FROM photos WHERE folder_id = ? LIMIT ?) RETURNING id`,
        )
          .all(...place, id, limit)
          .map((photo) => photo.id)
        // What is a part of a photo is where the photo is; found by that, or each slice would go over all of the folder.
        prepare(
          `UPDATE companions SET folder_id = ?, directory = ${joinedSql}
           WHERE +folder_id = ? AND photo_id IN (SELECT value FROM json_each(?))`,
        ).run(...place, id, JSON.stringify(photoIds))
        if (photoIds.length > 0) return { done: photoIds.length, photoIds }
        for (const table of ['sidecars', 'companions']) {
          // A file beside a photo that was read meanwhile is remembered as one to be read again, which it is not.
          const { changes } = prepare(
            `UPDATE OR REPLACE ${table} SET folder_id = ?, directory = ${joinedSql} WHERE folder_id = ? AND (directory, name) IN
               (SELECT directory, name FROM ${table} WHERE folder_id = ? LIMIT ?)`,
          ).run(...place, id, id, limit)
          if (changes > 0) return { done: changes, photoIds }
        }
        const { changes: moves } = prepare(
          `UPDATE unconfirmed_moves SET folder_id = ?, directory = ${joinedSql} WHERE photo_id IN
             (SELECT photo_id FROM unconfirmed_moves WHERE folder_id = ? LIMIT ?)`,
        ).run(...place, id, limit)
        if (moves > 0) return { done: moves, photoIds }
        for (const table of ['folder_mounts', 'unreadable_directories', 'stray_sidecars']) {
          prepare(
            `UPDATE OR REPLACE ${table} SET folder_id = ?, directory = ${joinedSql} WHERE folder_id = ?`,
          ).run(...place, id)
        }
        prepare('DELETE FROM folders WHERE id = ?').run(id)
        return { done: 0, photoIds }
      }),
  }
}

function toFolder(row: FolderRow): Folder {
  return {
    id: row.id,
    path: row.path,
    state: row.state,
    addedMs: row.added_ms,
    scannedMs: row.scanned_ms,
    photos: row.photos,
    offlineReason: row.offline_reason,
    watchMode: row.watch_mode,
    watchReason: row.watch_reason,
    exportsAlways: row.exports_always === 1,
    excludes: JSON.parse(row.excludes) as string[],
  }
}
