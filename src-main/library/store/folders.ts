import type { Folder, FolderState } from '../../contract/records.ts'
import type { Database } from './database.ts'

export interface FolderStore {
  /** @param path absolute; that folders do not overlap is for the caller to see to. */
  insert(path: string, nowMs: number): Folder
  list(): Folder[]
  byId(id: number): Folder | undefined
  byPath(path: string): Folder | undefined
  /** Forgets the folder with all its photos, captions and history; for a person's explicit wish only. */
  remove(id: number): void
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
}

/** `photos` counts those that are not missing. */
const select = `SELECT id, path, state, added_ms, scanned_ms, offline_reason, watch_mode, watch_reason, excludes,
  (SELECT ifnull(sum(photos), 0) FROM photo_tallies WHERE folder_id = folders.id AND is_missing = 0) AS photos
  FROM folders`

export function createFolderStore(database: Database): FolderStore {
  const { prepare, write } = database

  function byId(id: number): Folder | undefined {
    const row = prepare<FolderRow>(`${select} WHERE id = ?`).get(id)
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
      const row = prepare<FolderRow>(`${select} WHERE path = ?`).get(path)
      return row && toFolder(row)
    },
    remove: (id) => void write(() => prepare('DELETE FROM folders WHERE id = ?').run(id)),
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
    excludes: JSON.parse(row.excludes) as string[],
  }
}
