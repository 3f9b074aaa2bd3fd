import { tableOrigin } from './captions.ts'
import type { Database } from './database.ts'
import type { Place } from './place.ts'

export interface KnownContent extends Place {
  id: number
  /** Lower-case hex; null until the file was read. */
  contentHash: string | null
  /** The file was written to since. */
  isEdited: boolean
  arrivedMs: number
}

/** The rows that telling photos apart by their content reads and changes. */
export interface IdentityState {
  byId(photoId: number): KnownContent | undefined
  /** What a moved photo left, and that its content has been looked at now. */
  takeUnconfirmedMove(photoId: number): UnconfirmedMove | undefined
  /**
   * The photo goes back to the place that it had, missing. Its file is the photo's that it took the place from,
   * edited, unless that one has another by now; else it becomes a new photo.
   * @returns whose the file is.
   */
  splitOff(photo: KnownContent, move: UnconfirmedMove, nowMs: number): KnownContent
  /** The missing photo that a new row with this content is; one with a person's words first, then by name. */
  missingWith(contentHash: string, row: KnownContent): number | undefined
  /**
   * A photo with the same content that has a file and arrived since then, in a later scan; by name. For a scan
   * alone: what it noted as gone has none.
   */
  copyArrivedSince(photo: KnownContent, sinceMs: number): KnownContent | undefined
  /**
   * The only file, or the only one of its name, that arrived since then, was not read yet, and has the photo's size and
   * time of change: what `mv` leaves on another drive.
   */
  lookalikeArrivedSince(photo: KnownContent, sinceMs: number): KnownContent | undefined
  /** Captions and marks of a row go to a photo whose file is another, but for what was copied from it; the row is removed. */
  joinWords(photoId: number, rowId: number): void
  /** What the person said of a photo is said of a new one, too. */
  copyWords(photoId: number, newId: number): void
  /** Place, file, captions and marks of a row go to a photo, to be read again with what stands beside it; the row is removed. */
  takeOver(photoId: number, row: KnownContent): void
}

export interface UnconfirmedMove extends Place {
  /** The photo that was in the new place before. */
  displacedId: number | null
  /** Its file had been written to, so that its content cannot be confirmed by the one that is known. */
  wasEdited: boolean
}

interface Row extends Place {
  id: number
  content_hash: Buffer | null
  isEdited: number
  arrivedMs: number
}

/** A person said something of it besides captions. */
const isMarkedSql = 'EXISTS (SELECT 1 FROM marks WHERE photo_id = photos.id)'

const select = `SELECT id, folder_id AS folderId, directory, name, content_hash, is_edited AS isEdited,
  arrived_ms AS arrivedMs FROM photos`

export function createIdentityState(database: Database): IdentityState {
  const { prepare, write } = database

  function byId(photoId: number): KnownContent | undefined {
    const row = prepare<Row>(`${select} WHERE id = ?`).get(photoId)
    return row && toContent(row)
  }

  return {
    byId,

    takeUnconfirmedMove(photoId) {
      const row = prepare<Omit<UnconfirmedMove, 'wasEdited'> & { wasEdited: number }>(
        `DELETE FROM unconfirmed_moves WHERE photo_id = ?
         RETURNING folder_id AS folderId, directory, name, displaced_photo_id AS displacedId,
           was_edited AS wasEdited`,
      ).get(photoId)
      return row && { ...row, wasEdited: row.wasEdited === 1 }
    },

    splitOff: (photo, move, nowMs) =>
      write(() => {
        const { inode } = prepare<{ inode: number }>('SELECT inode FROM photos WHERE id = ?').get(photo.id)!
        // Displaced rather than in its old place, which another photo may have by now; a folder that was
        // removed meanwhile leaves it where it is.
        const isKnown = prepare('SELECT 1 FROM folders WHERE id = ?').get(move.folderId) !== undefined
        const { folderId, directory, name } = isKnown ? move : photo
        prepare(
          `UPDATE photos SET folder_id = ?, directory = ?, name = ?, displaced = id, missing_since_ms = ?, inode = 0
           WHERE id = ?`,
        ).run(folderId, directory, name, nowMs, photo.id)
        const { changes } = prepare(
          `UPDATE photos SET displaced = 0, missing_since_ms = NULL, inode = ?, indexed_ms = NULL, is_edited = 1,
             (size_bytes, modified_ms, device) = (SELECT size_bytes, modified_ms, device FROM photos WHERE id = ?)
           WHERE id = ? AND displaced = id AND folder_id = ? AND directory = ? AND name = ?`,
        ).run(inode, photo.id, move.displacedId, photo.folderId, photo.directory, photo.name)
        const { lastInsertRowid } =
          changes > 0
            ? { lastInsertRowid: move.displacedId! }
            : prepare(
                `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms, arrived_ms)
           SELECT ?, ?, ?, size_bytes, modified_ms, device, ?, sort_ms, ? FROM photos WHERE id = ?`,
              ).run(photo.folderId, photo.directory, photo.name, inode, nowMs, photo.id)
        const newId = Number(lastInsertRowid)
        prepare(
          'UPDATE companions SET photo_id = ? WHERE photo_id = ? AND folder_id = ? AND directory = ?',
        ).run(newId, photo.id, photo.folderId, photo.directory)
        return byId(newId)!
      }),

    missingWith(contentHash, row) {
      const content = Buffer.from(contentHash, 'hex')
      const order = `caption_source IS 'person' DESC, ${isMarkedSql} DESC, name = ? DESC, missing_since_ms DESC, photos.id LIMIT 1`
      const missing = prepare<{ id: number }>(
        `SELECT id FROM photos INDEXED BY photos_missing_by_content
         WHERE content_hash = ? AND missing_since_ms IS NOT NULL AND id <> ? ORDER BY ${order}`,
      ).get(content, row.id, row.name)
      if (missing) return missing.id
      for (const folder of prepare<{ id: number }>(
        `SELECT id FROM folders WHERE offline_reason = 'emptied'`,
      ).all()) {
        const emptied = prepare<{ id: number }>(
          `SELECT id FROM photos WHERE content_hash = ? AND folder_id = ? AND id <> ? ORDER BY ${order}`,
        ).get(content, folder.id, row.id, row.name)
        if (emptied) return emptied.id
      }
      return undefined
    },

    copyArrivedSince(photo, sinceMs) {
      const row = prepare<Row>(
        `${select} WHERE content_hash = ? AND missing_since_ms IS NULL AND arrived_ms >= ? AND arrived_ms > ?
           AND NOT EXISTS (SELECT 1 FROM temp.scan_lost AS lost WHERE photo_id = photos.id AND found_size IS NULL
             AND (lost.folder_id, lost.directory, lost.name) = (photos.folder_id, photos.directory, photos.name))
         ORDER BY name = ? DESC, id LIMIT 1`,
      ).get(Buffer.from(photo.contentHash!, 'hex'), sinceMs, photo.arrivedMs, photo.name)
      return row && toContent(row)
    },

    lookalikeArrivedSince(photo, sinceMs) {
      const rows = prepare<Row>(
        `${select} WHERE (size_bytes, modified_ms) = (SELECT size_bytes, modified_ms FROM photos WHERE id = ?)
           AND missing_since_ms IS NULL AND arrived_ms >= ? AND arrived_ms > ? AND content_hash IS NULL
           AND id <> ? ORDER BY name = ? DESC, id LIMIT 2`,
      ).all(photo.id, sinceMs, photo.arrivedMs, photo.id, photo.name)
      const [first, second] = rows
      const isOnly = second === undefined || (first!.name === photo.name && second.name !== photo.name)
      return first && isOnly ? toContent(first) : undefined
    },

    joinWords: (photoId, rowId) =>
      write(() => {
        prepare(
          `DELETE FROM captions WHERE photo_id = ? AND source <> 'model' AND EXISTS (
             SELECT 1 FROM captions AS own WHERE own.photo_id = ? AND own.source = captions.source
               AND own.text = captions.text AND own.created_ms = captions.created_ms)`,
        ).run(rowId, photoId)
        prepare(
          `DELETE FROM marks WHERE photo_id = ? AND EXISTS (
             SELECT 1 FROM marks AS own WHERE own.photo_id = ? AND own.kind = marks.kind AND own.name = marks.name
               AND own.value IS marks.value AND own.marked_ms = marks.marked_ms)`,
        ).run(rowId, photoId)
        // Words are about the picture, which both files show; a model's are about the file that it saw.
        prepare(
          `UPDATE captions SET photo_id = ?,
             content_hash = iif(source = 'model', content_hash, (SELECT content_hash FROM photos WHERE id = ?))
           WHERE photo_id = ?`,
        ).run(photoId, photoId, rowId)
        prepare('UPDATE marks SET photo_id = ?, is_current = 0 WHERE photo_id = ?').run(photoId, rowId)
        prepare('UPDATE companions SET photo_id = ? WHERE photo_id = ?').run(photoId, rowId)
        prepare('DELETE FROM photos WHERE id = ?').run(rowId)
      }),

    copyWords: (photoId, newId) =>
      void write(() => {
        prepare(
          `INSERT INTO captions (photo_id, text, source, origin, language, created_ms, is_cut)
           SELECT ?, text, source, origin, language, created_ms, is_cut FROM captions
           WHERE photo_id = ? AND withdrawn_ms IS NULL AND (source = 'person' OR origin = ?) ORDER BY id`,
        ).run(newId, photoId, tableOrigin)
        prepare(
          `INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current)
           SELECT ?, kind, name, value, marked_ms, 0 FROM marks WHERE photo_id = ? AND is_current ORDER BY id`,
        ).run(newId, photoId)
      }),

    takeOver: (photoId, row) =>
      write(() => {
        prepare('UPDATE captions SET photo_id = ? WHERE photo_id = ?').run(photoId, row.id)
        prepare('UPDATE marks SET photo_id = ?, is_current = 0 WHERE photo_id = ?').run(photoId, row.id)
        prepare('UPDATE companions SET photo_id = ? WHERE photo_id = ?').run(photoId, row.id)
        const file = prepare<Record<string, number>>(
          'SELECT size_bytes, modified_ms, device, inode FROM photos WHERE id = ?',
        ).get(row.id)!
        prepare('DELETE FROM photos WHERE id = ?').run(row.id)
        prepare(
          `UPDATE photos SET folder_id = ?, directory = ?, name = ?, size_bytes = ?, modified_ms = ?, device = ?,
             inode = ?, displaced = 0, missing_since_ms = NULL, error_code = NULL, error_message = NULL,
             indexed_ms = NULL WHERE id = ?`,
        ).run(
          row.folderId,
          row.directory,
          row.name,
          file.size_bytes!,
          file.modified_ms!,
          file.device!,
          file.inode!,
          photoId,
        )
        prepare('DELETE FROM unconfirmed_moves WHERE photo_id = ?').run(photoId)
      }),
  }
}

function toContent({ content_hash, isEdited, ...row }: Row): KnownContent {
  return { ...row, contentHash: content_hash?.toString('hex') ?? null, isEdited: isEdited === 1 }
}
