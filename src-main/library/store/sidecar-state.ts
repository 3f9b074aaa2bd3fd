import type { Database } from './database.ts'
import { pathBelow } from './photos.ts'

/** What one `stat` tells of a file's content. */
export interface FileStat {
  sizeBytes: number
  modifiedMs: number
}

export interface KnownSidecar extends FileStat {
  name: string
}

const sizeOfNoFile = -1

/** How a sidecar differs from what is remembered of it, and the photos beside it that it describes. */
export interface SidecarDifference {
  name: string
  /** As it is now; null: it is gone. */
  found: FileStat | null
  photoNames: string[]
  /** Of these photos, where they are in another one; below the folder. */
  photoDirectory?: string
}

/** Files that look as if they described a photo, and describe none. */
export interface StraySidecars {
  files: number
  /** Names of some. */
  first: string[]
}

/** What is remembered of the sidecars of one directory; a reading connection is enough. */
export function knownSidecars(database: Database, folderId: number, directory: string): KnownSidecar[] {
  return database
    .prepare<KnownSidecar>(
      `SELECT name, size_bytes AS sizeBytes, modified_ms AS modifiedMs FROM sidecars
       WHERE folder_id = ? AND directory = ?`,
    )
    .all(folderId, directory)
}

export interface SidecarState {
  /**
   * Remembers a sidecar as it is now, and in the same transaction makes work of the photos it describes, also
   * of missing ones: they may be back before it changes again. Errors stay.
   * @returns the photos that were read before, and are to be read again.
   */
  take(
    folderId: number,
    directory: string,
    difference: SidecarDifference,
  ): { id: number; isMissing: boolean }[]
  /**
   * Remembers what this program itself made of a sidecar, so that its photo is not read again for it; unless
   * the file was not as remembered before: then another program's change is still to be read.
   * @param path absolute, in the form of `file-name.ts`.
   * @param before null: there was no file; so `after`.
   */
  followOwnChange(path: string, before: FileStat | null, after: FileStat | null): void
  /**
   * Remembers that files beside a photo were read that no comparison has told of yet, as it leaves alone what was
   * written just now: so the next one sees that they are others by then, or gone.
   */
  noteRead(photoId: number, names: readonly string[]): void
  /**
   * Forgets sidecars of directories that no photo is known in, missing ones included.
   * @param isKept of a directory below the folder: what stands in it may be of photos in another one.
   */
  forgetStrays(folderId: number, isKept: (directory: string) => boolean): void
  /** What a scan found in a directory that describes no photo, in place of what it found before. */
  noteStrays(folderId: number, directory: string, strays: StraySidecars, scanMs: number): void
  /** Forgets what was found in directories that a scan of all of the folder did not come to. */
  dropStraysBefore(folderId: number, scanMs: number): void
  /** Of all folders, and the first of them with their directories. */
  strays(limit: number): StraySidecars
}

export function createSidecarState(database: Database): SidecarState {
  const { prepare, write } = database

  function remember(folderId: number, directory: string, name: string, found: FileStat | null): void {
    if (found === null) {
      prepare('DELETE FROM sidecars WHERE folder_id = ? AND directory = ? AND name = ?').run(
        folderId,
        directory,
        name,
      )
      return
    }
    prepare(
      `INSERT INTO sidecars (folder_id, directory, name, size_bytes, modified_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET size_bytes = excluded.size_bytes, modified_ms = excluded.modified_ms`,
    ).run(folderId, directory, name, found.sizeBytes, found.modifiedMs)
  }

  return {
    take: (folderId, directory, { name, found, photoNames, photoDirectory = directory }) =>
      write(() => {
        remember(folderId, directory, name, found)
        return photoNames.flatMap((photoName) =>
          prepare<{ id: number; isMissing: number }>(
            `UPDATE photos SET indexed_ms = NULL
             WHERE folder_id = ? AND directory = ? AND name = ? AND displaced = 0 AND indexed_ms IS NOT NULL
             RETURNING id, missing_since_ms IS NOT NULL AS isMissing`,
          )
            .all(folderId, photoDirectory, photoName)
            .map(({ id, isMissing }) => ({ id, isMissing: isMissing === 1 })),
        )
      }),

    followOwnChange: (path, before, after) =>
      write(() => {
        const places = placesOf(path).map((place) => ({
          ...place,
          known: prepare<FileStat>(
            `SELECT size_bytes AS sizeBytes, modified_ms AS modifiedMs FROM sidecars
             WHERE folder_id = ? AND directory = ? AND name = ?`,
          ).get(place.folderId, place.directory, place.name),
        }))
        const place = places.find(({ known }) => known !== undefined) ?? places[0]
        if (place && isSameStat(place.known ?? null, before)) {
          remember(place.folderId, place.directory, place.name, after)
        }
      }),

    noteRead: (photoId, names) =>
      void write(() => {
        for (const name of names) {
          prepare(
            `INSERT OR IGNORE INTO sidecars (folder_id, directory, name, size_bytes, modified_ms)
             SELECT folder_id, directory, ?, ?, 0 FROM photos WHERE id = ?`,
          ).run(name, sizeOfNoFile, photoId)
        }
      }),

    forgetStrays: (folderId, isKept) =>
      void write(() => {
        // One step of the index for each directory, over all the sidecars in it.
        const next = prepare<{ directory: string }>(
          'SELECT directory FROM sidecars WHERE folder_id = ? AND directory > ? ORDER BY directory LIMIT 1',
        )
        const first = prepare<{ directory: string }>(
          'SELECT directory FROM sidecars WHERE folder_id = ? ORDER BY directory LIMIT 1',
        )
        for (let at = first.get(folderId); at; at = next.get(folderId, at.directory)) {
          if (isKept(at.directory)) continue
          const isKnown = prepare('SELECT 1 FROM photos WHERE folder_id = ? AND directory = ? LIMIT 1')
          if (isKnown.get(folderId, at.directory) !== undefined) continue
          prepare('DELETE FROM sidecars WHERE folder_id = ? AND directory = ?').run(folderId, at.directory)
        }
      }),

    noteStrays: (folderId, directory, { files, first }, scanMs) =>
      void write(() => {
        if (files > 0) {
          prepare('INSERT OR REPLACE INTO stray_sidecars VALUES (?, ?, ?, ?, ?)').run(
            folderId,
            directory,
            files,
            JSON.stringify(first),
            scanMs,
          )
        } else
          prepare('DELETE FROM stray_sidecars WHERE folder_id = ? AND directory = ?').run(folderId, directory)
      }),

    dropStraysBefore: (folderId, scanMs) =>
      void write(() =>
        prepare('DELETE FROM stray_sidecars WHERE folder_id = ? AND seen_ms < ?').run(folderId, scanMs),
      ),

    strays: (limit) => ({
      files: prepare<{ files: number }>('SELECT ifnull(sum(files), 0) AS files FROM stray_sidecars').get()!
        .files,
      first: prepare<{ name: string }>(
        `SELECT iif(directory = '', value, directory || '/' || value) AS name
         FROM stray_sidecars, json_each(first) ORDER BY folder_id, directory, key LIMIT ?`,
      )
        .all(limit)
        .map(({ name }) => name),
    }),
  }

  /** Of a folder that is becoming a part of another there are two, of which one knows the file. */
  function placesOf(path: string): { folderId: number; directory: string; name: string }[] {
    const folders = prepare<{ id: number; path: string }>(
      'SELECT id, path FROM folders ORDER BY length(path) DESC',
    ).all()
    return folders.flatMap((folder) => {
      const below = pathBelow(folder.path, path)
      if (below === undefined) return []
      const at = below.lastIndexOf('/')
      return [{ folderId: folder.id, directory: at < 0 ? '' : below.slice(0, at), name: below.slice(at + 1) }]
    })
  }
}

export function isSameStat(one: FileStat | null, other: FileStat | null): boolean {
  return one?.sizeBytes === other?.sizeBytes && one?.modifiedMs === other?.modifiedMs
}
