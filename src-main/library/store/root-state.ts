import type { Folder } from '../../contract/records.ts'
import type { Database } from './database.ts'

export type OfflineReason = NonNullable<Folder['offlineReason']>

export interface RootRow {
  id: number
  path: string
  excludes: string[]
  exportsAlways: boolean
  device: number | null
  volumeId: string | null
  /** Below the volume's own top, `/` between names. */
  volumePath: string | null
  watchMode: 'watching' | 'polling' | null
}

export interface SampledFile {
  directory: string
  name: string
  sizeBytes: number
  /** Lower-case hex; null for a file that was never read, or not since it was edited. */
  contentHash: string | null
}

export interface MissingPhoto {
  id: number
  directory: string
  name: string
  sinceMs: number
}

/** What is known of the folders themselves: their volumes, and what is mounted below them. */
export interface RootState {
  ids(): number[]
  /**
   * Whether the library still has a folder, which a person may remove at any moment, and may compare it with the disk: not
   * while others are becoming a part of it, nor when it becomes one itself.
   */
  has(folderId: number): boolean
  byId(folderId: number): RootRow
  holdsPhotos(folderId: number): boolean
  /** Files spread over the folder's photos that are not missing. */
  sample(folderId: number, size: number): SampledFile[]
  /** All folders but this one, also those that are still to be forgotten. */
  others(exceptFolderId: number | null): { id: number; path: string }[]
  setPath(folderId: number, path: string): void
  /** Another path by a person's word, on a volume that is still to be looked at. */
  relocate(folderId: number, path: string): void
  setState(folderId: number, offline: OfflineReason | null): void
  setVolume(
    folderId: number,
    device: number,
    volume: { volumeId: string | null; pathOnVolume: string } | null,
  ): void
  setExcludes(folderId: number, globs: readonly string[]): void
  /** Photos of a folder that went missing before a time, at most so many after one of them: those longest missing first. */
  missing(
    folderId: number,
    beforeMs: number,
    after: Pick<MissingPhoto, 'sinceMs' | 'id'>,
    limit: number,
  ): MissingPhoto[]
  setMissingSince(photoId: number, nowMs: number): void
  /** A missing photo is, or is not, out of sight because its place is left alone. */
  setExcluded(photoId: number, isExcluded: boolean): void
  /** How changes are noticed at present; null while the folder is not watched. */
  setWatchMode(folderId: number, mode: 'watching' | 'polling' | null, reason: string | null): void
  /** A complete scan ended. */
  setScanned(folderId: number, nowMs: number): void
  /** Directories that could not be listed when they were looked at last, of all folders. */
  unreadable(): { folderId: number; folderPath: string; directory: string; code: string }[]
  addUnreadable(folderId: number, directory: string, code: string, nowMs: number): void
  /** It was listed. */
  dropUnreadable(folderId: number, directory: string): void
  /** Those that a complete scan, begun at a time, did not come to: they are gone, or left alone. */
  dropUnreadableBefore(folderId: number, startedMs: number): void
  mounts(folderId: number): { directory: string; volumeId: string | null }[]
  addMount(folderId: number, directory: string, volumeId: string | null): void
  dropMount(folderId: number, directory: string): void
}

const msPerDay = 86_400_000
/** Older days no longer matter: what was missing then has been forgotten. */
const daysKept = 100

/** Neither removed, nor being joined with another. */
const isComparedSql = `NOT is_leaving AND joins_folder_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM folders AS joining WHERE joining.joins_folder_id = folders.id)`

export function createRootState(database: Database): RootState {
  const { prepare, write } = database

  function byId(folderId: number): RootRow {
    const { excludes, exportsAlways, ...row } = prepare<
      Omit<RootRow, 'excludes' | 'exportsAlways'> & { excludes: string; exportsAlways: number }
    >(
      `SELECT id, path, excludes, exports_always AS exportsAlways, device, volume_id AS volumeId, volume_path AS volumePath,
         watch_mode AS watchMode
       FROM folders WHERE id = ?`,
    ).get(folderId)!
    return { ...row, excludes: JSON.parse(excludes) as string[], exportsAlways: exportsAlways === 1 }
  }

  function setPath(folderId: number, path: string): void {
    write(() => prepare('UPDATE folders SET path = ? WHERE id = ?').run(path, folderId))
  }

  return {
    ids: () =>
      prepare<{ id: number }>(`SELECT id FROM folders WHERE ${isComparedSql} ORDER BY id`)
        .all()
        .map((row) => row.id),

    has: (folderId) =>
      prepare(`SELECT 1 FROM folders WHERE id = ? AND ${isComparedSql}`).get(folderId) !== undefined,

    byId,

    holdsPhotos: (folderId) =>
      prepare('SELECT 1 FROM photos WHERE folder_id = ? AND missing_since_ms IS NULL LIMIT 1').get(
        folderId,
      ) !== undefined,

    sample(folderId, size) {
      // By their ids: the index of folders would have all of a folder sorted for each.
      const { first, last } = prepare<{ first: number | null; last: number | null }>(
        `SELECT (SELECT id FROM photos WHERE +folder_id = ? ORDER BY id LIMIT 1) AS first,
           (SELECT id FROM photos WHERE +folder_id = ? ORDER BY id DESC LIMIT 1) AS last`,
      ).get(folderId, folderId)!
      if (first === null || last === null) return []
      const found = new Map<number, SampledFile>()
      for (let i = 0; i < size; i++) {
        const row = prepare<SampledFile & { id: number }>(
          `SELECT id, directory, name, size_bytes AS sizeBytes,
             iif(is_edited, NULL, lower(hex(content_hash))) AS contentHash FROM photos
           WHERE id >= ? AND +folder_id = ? AND missing_since_ms IS NULL ORDER BY id LIMIT 1`,
        ).get(first + Math.floor(((last - first) * i) / size), folderId)
        if (row) found.set(row.id, row)
      }
      return [...found.values()]
    },

    others: (exceptFolderId) =>
      prepare<{ id: number; path: string }>(
        'SELECT id, path FROM folders WHERE id IS NOT ? ORDER BY path',
      ).all(exceptFolderId),

    setPath,

    relocate: (folderId, path) =>
      write(() => {
        setPath(folderId, path)
        prepare('UPDATE folders SET device = NULL, volume_id = NULL, volume_path = NULL WHERE id = ?').run(
          folderId,
        )
        prepare('DELETE FROM folder_mounts WHERE folder_id = ?').run(folderId)
      }),

    setState(folderId, offline) {
      const state = offline === null ? 'online' : 'offline'
      const known = prepare<{ state: string; offline_reason: string | null }>(
        'SELECT state, offline_reason FROM folders WHERE id = ?',
      ).get(folderId)
      if (known?.state === state && known.offline_reason === offline) return
      write(() =>
        prepare('UPDATE folders SET state = ?, offline_reason = ? WHERE id = ?').run(
          state,
          offline,
          folderId,
        ),
      )
    },

    setVolume(folderId, device, volume) {
      const known = byId(folderId)
      const volumeId = volume?.volumeId ?? known.volumeId
      const volumePath = volume?.volumeId ? volume.pathOnVolume : known.volumePath
      if (known.device === device && known.volumeId === volumeId && known.volumePath === volumePath) return
      write(() =>
        prepare('UPDATE folders SET device = ?, volume_id = ?, volume_path = ? WHERE id = ?').run(
          device,
          volumeId,
          volumePath,
          folderId,
        ),
      )
    },

    setExcludes: (folderId, globs) =>
      void write(() =>
        prepare('UPDATE folders SET excludes = ? WHERE id = ?').run(JSON.stringify(globs), folderId),
      ),

    missing: (folderId, beforeMs, after, limit) =>
      prepare<MissingPhoto>(
        `SELECT id, directory, name, missing_since_ms AS sinceMs FROM photos INDEXED BY photos_missing
         WHERE folder_id = ? AND missing_since_ms < ? AND (missing_since_ms, id) > (?, ?)
         ORDER BY missing_since_ms, id LIMIT ?`,
      ).all(folderId, beforeMs, after.sinceMs, after.id, limit),

    setMissingSince: (photoId, nowMs) =>
      void prepare('UPDATE photos SET missing_since_ms = ? WHERE id = ?').run(nowMs, photoId),

    setExcluded: (photoId, isExcluded) =>
      void prepare('UPDATE photos SET is_excluded = ? WHERE id = ? AND is_excluded <> ?').run(
        Number(isExcluded),
        photoId,
        Number(isExcluded),
      ),

    setWatchMode: (folderId, mode, reason) =>
      void write(() =>
        prepare('UPDATE folders SET watch_mode = ?, watch_reason = ? WHERE id = ?').run(
          mode,
          reason,
          folderId,
        ),
      ),

    setScanned: (folderId, nowMs) =>
      void write(() => {
        const day = Math.floor(nowMs / msPerDay)
        prepare('UPDATE folders SET scanned_ms = ? WHERE id = ?').run(nowMs, folderId)
        prepare('INSERT OR IGNORE INTO folder_scan_days (folder_id, day) VALUES (?, ?)').run(folderId, day)
        // A clock that was ahead and is right again: those days have not been.
        prepare('DELETE FROM folder_scan_days WHERE folder_id = ? AND (day > ? OR day < ?)').run(
          folderId,
          day,
          day - daysKept,
        )
        prepare('UPDATE photos SET missing_since_ms = ? WHERE missing_since_ms > ? AND folder_id = ?').run(
          nowMs,
          nowMs,
          folderId,
        )
      }),

    unreadable: () =>
      prepare<{ folderId: number; folderPath: string; directory: string; code: string }>(
        `SELECT folder_id AS folderId, path AS folderPath, directory, code
         FROM unreadable_directories JOIN folders ON folders.id = folder_id ORDER BY path, directory`,
      ).all(),

    addUnreadable: (folderId, directory, code, nowMs) =>
      void write(() =>
        prepare('INSERT OR REPLACE INTO unreadable_directories VALUES (?, ?, ?, ?)').run(
          folderId,
          directory,
          code,
          nowMs,
        ),
      ),

    dropUnreadable(folderId, directory) {
      const known = prepare('SELECT 1 FROM unreadable_directories WHERE folder_id = ? AND directory = ?')
      // Nearly always there is nothing to write.
      if (!known.get(folderId, directory)) return
      write(() =>
        prepare('DELETE FROM unreadable_directories WHERE folder_id = ? AND directory = ?').run(
          folderId,
          directory,
        ),
      )
    },

    dropUnreadableBefore: (folderId, startedMs) =>
      void write(() =>
        prepare('DELETE FROM unreadable_directories WHERE folder_id = ? AND seen_ms < ?').run(
          folderId,
          startedMs,
        ),
      ),

    mounts: (folderId) =>
      prepare<{ directory: string; volumeId: string | null }>(
        'SELECT directory, volume_id AS volumeId FROM folder_mounts WHERE folder_id = ?',
      ).all(folderId),

    addMount: (folderId, directory, volumeId) =>
      void write(() =>
        prepare(
          `INSERT INTO folder_mounts (folder_id, directory, volume_id) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET volume_id = excluded.volume_id`,
        ).run(folderId, directory, volumeId),
      ),

    dropMount: (folderId, directory) =>
      void write(() =>
        prepare('DELETE FROM folder_mounts WHERE folder_id = ? AND directory = ?').run(folderId, directory),
      ),
  }
}
