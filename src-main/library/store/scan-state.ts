import { type KnownCompanion, knownCompanions } from './companions.ts'
import type { Database } from './database.ts'
import type { FoundFile } from './found-file.ts'
import { sortTimeMs } from './photos.ts'
import type { Place } from './place.ts'
import { type KnownSidecar, knownSidecars } from './sidecar-state.ts'

/** A known file as comparing one directory needs it. */
export interface KnownEntry {
  id: number
  name: string
  sizeBytes: number
  modifiedMs: number
  inode: number
  isMissing: boolean
}

/** A photo whose file looked exactly like one that was found. */
export interface Lookalike extends Place {
  id: number
  folderPath: string
  device: number
  /** Of its folder, at present. */
  folderDevice: number | null
  isMissing: boolean
}

/** Where a companion is, or was last. */
export type CompanionPlace = Omit<Lookalike, 'id' | 'isMissing'>

/** What the threads that look at the disk read of the library; it needs no more than a reading connection. */
export interface ScanReader {
  entriesIn(folderId: number, directory: string): KnownEntry[]
  /** Names of the directories right below one that hold photos, at any depth, which are not missing. */
  childDirectories(folderId: number, directory: string): Generator<string>
  /**
   * Of several (names of one file) first those that were there until this comparison, which began at `startedMs`,
   * then those that went in the last minute, for others went long ago; of these the ones with a person's words,
   * which must not stay behind; then by name.
   */
  lookalikes(file: FoundFile, startedMs: number): Lookalike[]
  /** Files that are, or were, a part of photos in a directory. */
  companionsIn(folderId: number, directory: string): KnownCompanion[]
  /** Companions of the same size and time that are the same file, or have its name, by where they were last. */
  companionsLike(file: FoundFile): CompanionPlace[]
  /** The sidecars of a directory as they are remembered. */
  sidecarsIn(folderId: number, directory: string): KnownSidecar[]
}

export function createScanReader(database: Database): ScanReader {
  const { prepare } = database
  return {
    entriesIn: (folderId, directory) =>
      prepare<KnownEntry>(
        `SELECT id, name, size_bytes AS sizeBytes, modified_ms AS modifiedMs, inode,
           missing_since_ms IS NOT NULL AS isMissing
         FROM photos WHERE folder_id = ? AND directory = ? AND displaced = 0`,
      ).all(folderId, directory),

    *childDirectories(folderId, directory) {
      // One step of the index for each directory, and over all that lies deeper.
      const next = prepare<{ directory: string }>(
        `SELECT directory FROM photos
         WHERE folder_id = ? AND directory > ? AND directory < ? AND missing_since_ms IS NULL
         ORDER BY directory LIMIT 1`,
      )
      const prefix = directory === '' ? '' : `${directory}/`
      const [, end] = rangeBelow(directory)
      const seen = new Set<string>()
      for (let after = prefix; ; ) {
        const found = next.get(folderId, after, end)?.directory
        if (found === undefined) return
        const name = found.slice(prefix.length).split('/', 1)[0]!
        // 'a' and 'a/b' may have 'a b' between them, so a child is met once more before it can be passed.
        after = seen.has(name) ? `${prefix}${name}0` : found
        if (seen.has(name)) continue
        seen.add(name)
        yield name
      }
    },

    lookalikes: (file, startedMs) =>
      prepare<Lookalike>(
        `SELECT photos.id, folder_id AS folderId, folders.path AS folderPath, directory, name,
           photos.device, folders.device AS folderDevice, missing_since_ms IS NOT NULL AS isMissing
         FROM photos JOIN folders ON folders.id = folder_id
         WHERE inode = ? AND size_bytes = ? AND modified_ms = ? AND inode <> 0
         ORDER BY ifnull(missing_since_ms < ?, 0), iif(missing_since_ms < ?, missing_since_ms / 60000, 0) DESC,
           caption_source IS 'person' DESC, name = ? DESC, photos.id`,
      ).all(file.inode, file.sizeBytes, file.modifiedMs, startedMs, startedMs, file.name),

    companionsIn: (folderId, directory) => knownCompanions(database, folderId, directory),

    companionsLike: (file) =>
      prepare<CompanionPlace>(
        `SELECT folder_id AS folderId, path AS folderPath, directory, name, companions.device, folders.device AS folderDevice
         FROM companions JOIN folders ON folders.id = folder_id
         WHERE size_bytes = ? AND modified_ms = ? AND is_other = 0 AND (inode = ? AND inode <> 0 OR name = ?)
         ORDER BY inode = ? DESC, name`,
      ).all(file.sizeBytes, file.modifiedMs, file.inode, file.name, file.inode),

    sidecarsIn: (folderId, directory) => knownSidecars(database, folderId, directory),
  }
}

/** A place where a scan did not find the photo it knew there. */
export interface LostPlace extends Place {
  photoId: number
  /** As it was known. */
  sizeBytes: number
  modifiedMs: number
  /** Another file stands there now; null: none. */
  found: FoundFile | null
}

export interface ScanWriter {
  /** Whether photos that are not missing are known at or below a directory. */
  knowsDirectory(folderId: number, directory: string): boolean
  occupant(place: Place): { id: number; isMissing: boolean } | undefined
  placeOf(
    photoId: number,
  ): (Place & { isMissing: boolean; sizeBytes: number; modifiedMs: number }) | undefined
  /** A file that no photo is known for; a missing photo that was seen there last gives way. @returns its id. */
  arrive(folderId: number, directory: string, file: FoundFile, nowMs: number): number
  /**
   * The photo's file is here now, to be confirmed by its content; whichever photo was here gives way and is
   * missing, until its own file is found, or the content says that this one still is.
   */
  moveTo(photoId: number, folderId: number, directory: string, file: FoundFile, nowMs: number): void
  /** The content at a photo's place is another: it is to be read again. */
  markEdited(photoId: number, file: FoundFile): void
  /** The file is the one that was known, but for what is no part of the content. */
  refresh(photoId: number, file: FoundFile): void
  /** Where another file took its place meanwhile it stays off it. */
  markMissing(photoId: number, nowMs: number, isExcluded?: boolean): void

  /** Those of these photos that are to be read come before the back-fill. */
  prefer(photoIds: readonly number[]): void

  /** Empties what an earlier scan left in the notes. */
  forgetNotes(): void
  hasNotes(): boolean
  /** Of one directory, which is compared again. */
  forgetNotesIn(folderId: number, directory: string): void
  noteLost(lost: LostPlace): void
  /**
   * Notes all photos at or below a directory that vanished, in place of what was noted there before.
   * @returns what does that in slices: it gets how many to note, and answers with how many it did.
   */
  noteVanished(folderId: number, directory: string, exceptBelow: readonly string[]): (limit: number) => number
  /** The notes in the order they were made, a bounded number at a time. */
  lostAfter(note: number, limit: number): (LostPlace & { note: number })[]
  /** A lost photo, other than this one, whose file looked like the found one. */
  lostLike(file: FoundFile, notPhotoId: number): number | undefined
}

interface LostRow extends Place {
  note: number
  photoId: number
  sizeBytes: number
  modifiedMs: number
  foundSize: number | null
  foundModified: number
  foundDevice: number
  foundInode: number
}

export function createScanWriter(database: Database): ScanWriter {
  const { prepare } = database
  // Of this connection only: a scan that is killed leaves nothing behind, and the next one starts anew.
  database.exec(`CREATE TEMP TABLE IF NOT EXISTS scan_lost (
    note INTEGER PRIMARY KEY, photo_id INTEGER NOT NULL, folder_id INTEGER NOT NULL, directory TEXT NOT NULL,
    name TEXT NOT NULL, size_bytes INTEGER NOT NULL, modified_ms REAL NOT NULL, found_size INTEGER,
    found_modified REAL, found_device INTEGER, found_inode INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS scan_lost_by_look ON scan_lost (size_bytes, modified_ms);
  CREATE INDEX IF NOT EXISTS scan_lost_by_photo ON scan_lost (photo_id);
  CREATE INDEX IF NOT EXISTS scan_lost_by_place ON scan_lost (folder_id, directory)`)

  function giveWay(place: Place, nowMs: number, exceptId: number): void {
    prepare(
      `UPDATE photos SET displaced = id, missing_since_ms = ifnull(missing_since_ms, ?)
       WHERE folder_id = ? AND directory = ? AND name = ? AND displaced = 0 AND id <> ?`,
    ).run(nowMs, place.folderId, place.directory, place.name, exceptId)
  }

  function occupant({ folderId, directory, name }: Place): { id: number; isMissing: boolean } | undefined {
    return prepare<{ id: number; isMissing: boolean }>(
      `SELECT id, missing_since_ms IS NOT NULL AS isMissing FROM photos
       WHERE folder_id = ? AND directory = ? AND name = ? AND displaced = 0`,
    ).get(folderId, directory, name)
  }

  /** Of a photo with a date its own time, which is more exact than what stands in `taken_at`. */
  const sortMsSql = 'iif(taken_at IS NULL, ?, sort_ms)'

  const readPlace = `SELECT folder_id AS folderId, directory, name, size_bytes AS sizeBytes,
    modified_ms AS modifiedMs, missing_since_ms IS NOT NULL AS isMissing FROM photos WHERE id = ?`

  return {
    knowsDirectory: (folderId, directory) =>
      prepare(
        `SELECT 1 FROM photos WHERE folder_id = ? AND (directory = ? OR directory >= ? AND directory < ?)
           AND missing_since_ms IS NULL LIMIT 1`,
      ).get(folderId, directory, ...rangeBelow(directory)) !== undefined,

    occupant,

    placeOf: (photoId) =>
      prepare<Place & { isMissing: boolean; sizeBytes: number; modifiedMs: number }>(readPlace).get(photoId),

    arrive(folderId, directory, file, nowMs) {
      giveWay({ folderId, directory, name: file.name }, nowMs, 0)
      return Number(
        prepare(
          `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms,
             arrived_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(
          folderId,
          directory,
          file.name,
          file.sizeBytes,
          file.modifiedMs,
          file.device,
          file.inode,
          sortTimeMs(null, file.modifiedMs),
          nowMs,
        ).lastInsertRowid,
      )
    },

    moveTo(photoId, folderId, directory, file, nowMs) {
      const displaced = occupant({ folderId, directory, name: file.name })
      const displacedId = displaced && !displaced.isMissing && displaced.id !== photoId ? displaced.id : null
      giveWay({ folderId, directory, name: file.name }, nowMs, photoId)
      // Where it was before the first of several moves.
      prepare(
        `INSERT INTO unconfirmed_moves (photo_id, folder_id, directory, name, displaced_photo_id, was_edited)
         SELECT id, folder_id, directory, name, ?, is_edited FROM photos WHERE id = ?
         ON CONFLICT DO UPDATE SET displaced_photo_id = excluded.displaced_photo_id,
           was_edited = max(was_edited, excluded.was_edited)`,
      ).run(displacedId, photoId)
      prepare(
        `UPDATE photos SET folder_id = ?, directory = ?, name = ?, displaced = 0, missing_since_ms = NULL,
           size_bytes = ?, modified_ms = ?, device = ?, inode = ?, sort_ms = ${sortMsSql}, indexed_ms = NULL
         WHERE id = ?`,
      ).run(
        folderId,
        directory,
        file.name,
        file.sizeBytes,
        file.modifiedMs,
        file.device,
        file.inode,
        sortTimeMs(null, file.modifiedMs),
        photoId,
      )
    },

    markEdited(photoId, file) {
      prepare(
        `UPDATE photos SET size_bytes = ?, modified_ms = ?, device = ?, inode = ?, sort_ms = ${sortMsSql},
           missing_since_ms = NULL, indexed_ms = NULL, is_edited = 1, error_code = NULL, error_message = NULL
         WHERE id = ?`,
      ).run(
        file.sizeBytes,
        file.modifiedMs,
        file.device,
        file.inode,
        sortTimeMs(null, file.modifiedMs),
        photoId,
      )
      // Where it pushed another photo out it is still to be told whose the file is.
      prepare(
        'UPDATE unconfirmed_moves SET was_edited = 1 WHERE photo_id = ? AND displaced_photo_id IS NULL',
      ).run(photoId)
    },

    refresh: (photoId, file) =>
      void prepare('UPDATE photos SET device = ?, inode = ?, missing_since_ms = NULL WHERE id = ?').run(
        file.device,
        file.inode,
        photoId,
      ),

    markMissing: (photoId, nowMs, isExcluded = false) =>
      void prepare(
        'UPDATE photos SET missing_since_ms = ifnull(missing_since_ms, ?), is_excluded = ? WHERE id = ?',
      ).run(nowMs, Number(isExcluded), photoId),

    prefer: (photoIds) =>
      void prepare(
        `UPDATE photos SET priority = 1
         WHERE indexed_ms IS NULL AND id IN (SELECT value FROM json_each(?))`,
      ).run(JSON.stringify(photoIds)),

    forgetNotes: () => void prepare('DELETE FROM temp.scan_lost').run(),

    hasNotes: () => prepare('SELECT 1 FROM temp.scan_lost LIMIT 1').get() !== undefined,

    forgetNotesIn: (folderId, directory) =>
      void prepare('DELETE FROM temp.scan_lost WHERE folder_id = ? AND directory = ?').run(
        folderId,
        directory,
      ),

    noteLost: ({ photoId, folderId, directory, name, sizeBytes, modifiedMs, found }) =>
      void prepare(
        `INSERT INTO temp.scan_lost (photo_id, folder_id, directory, name, size_bytes, modified_ms, found_size,
           found_modified, found_device, found_inode) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        photoId,
        folderId,
        directory,
        name,
        sizeBytes,
        modifiedMs,
        found?.sizeBytes ?? null,
        found?.modifiedMs ?? null,
        found?.device ?? null,
        found?.inode ?? null,
      ),

    noteVanished(folderId, directory, exceptBelow) {
      const [start, end] = rangeBelow(directory)
      const except = JSON.stringify(exceptBelow)
      let last: { directory: string; name: string } | undefined
      return (limit) => {
        if (!last) {
          prepare(
            `DELETE FROM temp.scan_lost WHERE folder_id = ? AND directory >= ? AND directory < ?
               AND (directory = ? OR directory >= ?)`,
          ).run(folderId, directory, end, directory, start)
          last = { directory, name: '' }
        }
        const { changes } = prepare(
          `INSERT INTO temp.scan_lost (photo_id, folder_id, directory, name, size_bytes, modified_ms)
           SELECT id, folder_id, directory, name, size_bytes, modified_ms FROM photos
           WHERE folder_id = ? AND (directory, name) > (?, ?) AND directory < ? AND (directory = ? OR directory >= ?)
             AND missing_since_ms IS NULL AND NOT EXISTS (
               SELECT 1 FROM json_each(?) WHERE directory = value OR directory >= value || '/' AND directory < value || '0')
           ORDER BY directory, name LIMIT ?`,
        ).run(folderId, last.directory, last.name, end, directory, start, except, limit)
        last =
          prepare<{ directory: string; name: string }>(
            'SELECT directory, name FROM temp.scan_lost ORDER BY note DESC LIMIT 1',
          ).get() ?? last
        return changes
      }
    },

    lostAfter: (note, limit) =>
      prepare<LostRow>(
        `SELECT note, photo_id AS photoId, folder_id AS folderId, directory, name, size_bytes AS sizeBytes,
           modified_ms AS modifiedMs, found_size AS foundSize, found_modified AS foundModified,
           found_device AS foundDevice, found_inode AS foundInode
         FROM temp.scan_lost WHERE note > ? ORDER BY note LIMIT ?`,
      )
        .all(note, limit)
        .map(({ foundSize, foundModified, foundDevice, foundInode, ...lost }) => ({
          ...lost,
          found:
            foundSize === null
              ? null
              : {
                  name: lost.name,
                  sizeBytes: foundSize,
                  modifiedMs: foundModified,
                  device: foundDevice,
                  inode: foundInode,
                },
        })),

    lostLike: (file, notPhotoId) =>
      prepare<{ photo_id: number }>(
        `SELECT photo_id FROM temp.scan_lost JOIN photos ON photos.id = photo_id
         WHERE scan_lost.size_bytes = ? AND scan_lost.modified_ms = ? AND photo_id <> ?
           AND photos.size_bytes = scan_lost.size_bytes AND photos.modified_ms = scan_lost.modified_ms
           AND photos.folder_id = scan_lost.folder_id AND photos.directory = scan_lost.directory
           AND photos.name = scan_lost.name
         ORDER BY caption_source IS 'person' DESC, photo_id LIMIT 1`,
      ).get(file.sizeBytes, file.modifiedMs, notPhotoId)?.photo_id,
  }
}

/** All directories below one lie in [start, end) of their names' order: '0' follows '/'. */
function rangeBelow(directory: string): [start: string, end: string] {
  return directory === '' ? ['', '\u{10ffff}'] : [`${directory}/`, `${directory}0`]
}
