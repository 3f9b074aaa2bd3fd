import type { Folder, FolderState } from '../../contract/records.ts'
import type { Database } from './database.ts'

export interface FolderStore {
  /** @param path absolute; that folders do not overlap is for the caller to see to. */
  insert(path: string, nowMs: number): Folder
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

/** `photos` counts those that are not missing. */
const select = `SELECT id, path, state, added_ms, scanned_ms, offline_reason, watch_mode, watch_reason, excludes, exports_always,
  (SELECT ifnull(sum(photos), 0) FROM photo_tallies WHERE folder_id = folders.id AND is_missing = 0) AS photos
  FROM folders WHERE NOT is_leaving`

export function createFolderStore(database: Database): FolderStore {
  const { prepare, write } = database

  function byId(id: number): Folder | undefined {
    const row = prepare<FolderRow>(`${select} AND id = ?`).get(id)
    return row && toFolder(row)
  }

  return {
    insert(path, nowMs) {
      const { lastInsertRowid } = write(() =>
        prepare('INSERT INTO folders (path, added_ms) VALUES (?, ?)').run(path, nowMs),
      )
      return byId(Number(lastInsertRowid))!
    },
    list: () => prepare<FolderRow>(`${select} ORDER BY path`).all().map(toFolder),
    byId,
    byPath(path) {
      const row = prepare<FolderRow>(`${select} AND path = ?`).get(path)
      return row && toFolder(row)
    },
    leave: (id) =>
      // Offline, for nothing of it is work any more.
      void write(() => prepare(`UPDATE folders SET is_leaving = 1, state = 'offline' WHERE id = ?`).run(id)),
    leaving: () =>
      prepare<{ id: number; photos: number }>(
        `SELECT id, (SELECT ifnull(sum(photos), 0) FROM photo_tallies WHERE folder_id = folders.id) AS photos
         FROM folders WHERE is_leaving`,
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
