import { join, sep } from 'node:path'
import type { SeenPicture } from '../../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError, recordedError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type { FolderState, Photo } from '../../contract/records.ts'
import { spanOfDate } from '../../contract/taken-date.ts'
import { modelKeyForContent, settleCurrentCaption } from './captions.ts'
import type { Database } from './database.ts'
import type { FoundFile } from './found-file.ts'

/** What reading a file tells of it. */
export interface ContentFacts {
  /** SHA-256, lower-case hex. */
  contentHash: string
  /** Of the picture without what describes it, SHA-256, lower-case hex; null where that cannot be told apart. */
  pictureHash: string | null
  widthPx: number | null
  heightPx: number | null
  orientation: number | null
  /** In the form of `taken-date.ts`. */
  takenAt: string | null
  takenOffsetMinutes: number | null
  /** Of its second, for the order; 0 where nothing says it. */
  takenFractionMs?: number
  camera: string | null
  lens: string | null
  latitude: number | null
  longitude: number | null
}

export interface PhotoStore {
  byId(id: number): Photo | undefined
  /** @throws LensloreError `PHOTO_NOT_FOUND` */
  known(id: number): Photo
  /** Whose file can be had. @throws LensloreError `PHOTO_NOT_FOUND`, `FILE_NOT_FOUND`, `FILE_UNAVAILABLE` */
  present(id: number): Photo
  /** @param path absolute, in the form of `file-name.ts`; of the photo's own file, or one that is a part of it. */
  byPath(path: string): Photo | undefined
  /** Those that there are, in the order asked for. */
  byIds(ids: readonly number[]): Photo[]
  /** Photos whose files have exactly this content. @param contentHash SHA-256, lower-case hex. */
  withContent(contentHash: string): number[]
  /** What all photos that show exactly the same picture have in common; undefined where nobody can tell. */
  pictureOf(id: number): string | undefined
  /**
   * Takes in what reading the file told. Where the picture is new, a model's caption of the old one makes the
   * photo work again; whatever a person wrote stays. Where only what describes the picture is new, all captions
   * are about the new content.
   * @param marks of the photo when it was taken from the queue. Marked again since, it is to be read once more.
   * @returns the hash of the content before, where the new one has the same picture; else null.
   */
  setContent(id: number, content: ContentFacts, nowMs: number, marks?: number): string | null
  /** Pictures were decoded: photos of these contents are as large as they were seen to be. */
  setSeen(pictures: readonly SeenPicture[]): void
  /** How often a photo was marked to be read. */
  marks(id: number): number
  /** The file could not be read or decoded; it is not tried again until it changes. */
  setError(id: number, error: ErrorRecord, nowMs: number): void
  /**
   * The photo's file was written anew by this program, with the same picture: its words are about the new
   * bytes, and it is not read again.
   * @param hashBefore the content hash that was.
   */
  rewritten(id: number, hashBefore: string, file: FoundFile & { contentHash: string }): void
}

export interface ErrorColumns {
  error_code: string | null
  error_message: string | null
}

interface PhotoRow extends ErrorColumns {
  id: number
  folder_id: number
  folder_path: string
  folder_state: FolderState
  directory: string
  name: string
  size_bytes: number
  modified_ms: number
  content_hash: Buffer | null
  width_px: number | null
  height_px: number | null
  orientation: number | null
  taken_at: string | null
  taken_offset_minutes: number | null
  camera: string | null
  lens: string | null
  latitude: number | null
  longitude: number | null
  missing_since_ms: number | null
  is_excluded: number
  is_cut_off: number | null
}

type SeenColumns = Pick<PhotoRow, 'width_px' | 'height_px' | 'is_cut_off'>

const selectPhoto = `SELECT photos.*, folders.path AS folder_path, folders.state AS folder_state
  FROM photos JOIN folders ON folders.id = photos.folder_id`

export function createPhotoStore(database: Database): PhotoStore {
  const { prepare, write } = database

  /** The captions about one content are about another: the picture in it is the same. */
  function carryCaptions(id: number, from: Buffer, to: Buffer): void {
    prepare('UPDATE captions SET content_hash = ? WHERE photo_id = ? AND content_hash = ?').run(to, id, from)
    prepare('INSERT OR IGNORE INTO contents_left VALUES (?)').run(from)
  }

  /** What decoding a content told, of whichever photo. */
  function seenOf(content: Buffer): SeenColumns | undefined {
    return prepare<SeenColumns>(
      'SELECT width_px, height_px, is_cut_off FROM photos WHERE content_hash = ? AND is_cut_off IS NOT NULL LIMIT 1',
    ).get(content)
  }

  function byId(id: number): Photo | undefined {
    const row = prepare<PhotoRow>(`${selectPhoto} WHERE photos.id = ?`).get(id)
    return row && toPhoto(row)
  }

  function known(id: number): Photo {
    const photo = byId(id)
    if (!photo) throw new LensloreError('PHOTO_NOT_FOUND', `There is no photo ${id}.`)
    return photo
  }

  return {
    byId,
    known,

    present(id) {
      const photo = known(id)
      const name = displayFileName(photo.path)
      if (photo.folderState === 'offline') {
        throw new LensloreError('FILE_UNAVAILABLE', `The folder of ${name} is not there at present.`)
      }
      if (photo.missingSinceMs !== null) throw new LensloreError('FILE_NOT_FOUND', `${name} is not there.`)
      return photo
    },

    byPath(path) {
      const folders = prepare<{ id: number; path: string }>(
        'SELECT id, path FROM folders ORDER BY length(path) DESC',
      ).all()
      for (const folder of folders) {
        const below = pathBelow(folder.path, path)
        if (below === undefined) continue
        const at = below.lastIndexOf('/')
        const place = [folder.id, at < 0 ? '' : below.slice(0, at), below.slice(at + 1)]
        const row =
          prepare<PhotoRow>(
            `${selectPhoto} WHERE folder_id = ? AND directory = ? AND name = ? ORDER BY displaced LIMIT 1`,
          ).get(...place) ??
          prepare<PhotoRow>(
            `${selectPhoto} JOIN companions ON photo_id = photos.id AND is_other = 0
               AND (companions.folder_id, companions.directory) = (photos.folder_id, photos.directory)
             WHERE (companions.folder_id, companions.directory, companions.name) = (?, ?, ?)`,
          ).get(...place)
        if (row) return toPhoto(row)
      }
      return undefined
    },

    byIds(ids) {
      const found = prepare<PhotoRow>(`${selectPhoto} WHERE photos.id IN (SELECT value FROM json_each(?))`)
        .all(JSON.stringify(ids))
        .map(toPhoto)
      const foundById = new Map(found.map((photo) => [photo.id, photo]))
      return ids.flatMap((id) => foundById.get(id) ?? [])
    },

    withContent: (contentHash) =>
      prepare<{ id: number }>('SELECT id FROM photos WHERE content_hash = ? ORDER BY id')
        .all(Buffer.from(contentHash, 'hex'))
        .map((row) => row.id),

    pictureOf: (id) =>
      prepare<{ picture: string | null }>(
        `SELECT lower(hex(picture_hash)) || '/' || ifnull(orientation, 1) AS picture FROM photos
         WHERE id = ? AND picture_hash IS NOT NULL`,
      ).get(id)?.picture ?? undefined,

    marks: (id) => prepare<{ marks: number }>('SELECT marks FROM photos WHERE id = ?').get(id)?.marks ?? 0,

    setContent: (id, content, nowMs, marks) =>
      write(() => {
        const before = prepare<{
          content_hash: Buffer | null
          picture_hash: Buffer | null
          orientation: number | null
          modified_ms: number
        }>('SELECT content_hash, picture_hash, orientation, modified_ms FROM photos WHERE id = ?').get(id)
        if (!before) return null
        const after = Buffer.from(content.contentHash, 'hex')
        const picture = content.pictureHash === null ? null : Buffer.from(content.pictureHash, 'hex')
        const isNew = !before.content_hash?.equals(after)
        const isSamePicture =
          picture !== null &&
          before.picture_hash?.equals(picture) &&
          before.orientation === content.orientation
        const from = isNew && isSamePicture ? before.content_hash : null
        const seen = seenOf(after) ?? (from && seenOf(from))
        prepare(
          `UPDATE photos SET content_hash = ?, picture_hash = ?, width_px = ?, height_px = ?, is_cut_off = ?, orientation = ?, taken_at = ?,
             taken_offset_minutes = ?, camera = ?, lens = ?, latitude = ?, longitude = ?, sort_ms = ?,
             indexed_ms = CASE WHEN marks = ifnull(?, marks) THEN ? END,
             is_edited = CASE WHEN marks = ifnull(?, marks) THEN 0 ELSE is_edited END
           WHERE id = ?`,
        ).run(
          after,
          picture,
          seen ? seen.width_px : content.widthPx,
          seen ? seen.height_px : content.heightPx,
          seen ? seen.is_cut_off : null,
          content.orientation,
          content.takenAt,
          content.takenOffsetMinutes,
          content.camera,
          content.lens,
          content.latitude,
          content.longitude,
          sortTimeMs(content.takenAt, before.modified_ms, content.takenFractionMs),
          marks ?? null,
          nowMs,
          marks ?? null,
          id,
        )
        if (!before.content_hash) {
          // Written before the file was read: what is found in it is what they are about.
          prepare(
            `UPDATE captions SET content_hash = ? WHERE photo_id = ? AND content_hash IS NULL AND source = 'person'`,
          ).run(after, id)
        }
        if (from) carryCaptions(id, from, after)
        if (isNew) {
          // What failed with the same content, read again for what stands beside it, would only fail again.
          prepare(
            'UPDATE photos SET captioned_by = ?, error_code = NULL, error_message = NULL WHERE id = ?',
          ).run(modelKeyForContent(database, id, content.contentHash), id)
          // A picture put back as it was has its caption already, which is not the newest.
          settleCurrentCaption(database, id)
          prepare('INSERT OR IGNORE INTO search_stale VALUES (?)').run(id)
        }
        // What waits for no first caption has arrived.
        prepare(
          `UPDATE photos SET priority = 0 WHERE id = ? AND priority <> 0
             AND (captioned_by IS NOT NULL OR caption_source = 'person' OR error_code IS NOT NULL)`,
        ).run(id)
        return from?.toString('hex') ?? null
      }),

    setSeen: (pictures) =>
      void write(() => {
        // What a raw file says of its picture is more than its preview.
        const set = prepare(
          `UPDATE photos SET width_px = iif(?, ifnull(width_px, ?), ?), height_px = iif(?, ifnull(height_px, ?), ?),
             is_cut_off = ?
           WHERE content_hash = ?`,
        )
        for (const { contentHash, widthPx, heightPx, isCutOff, isPreview } of pictures) {
          const keeps = isPreview ? 1 : 0
          set.run(
            keeps,
            widthPx,
            widthPx,
            keeps,
            heightPx,
            heightPx,
            isCutOff ? 1 : 0,
            Buffer.from(contentHash, 'hex'),
          )
        }
      }),

    setError: (id, error, nowMs) =>
      void write(() =>
        prepare(
          `UPDATE photos SET error_code = ?, error_message = ?, indexed_ms = ifnull(indexed_ms, ?) WHERE id = ?`,
        ).run(error.code, error.message, nowMs, id),
      ),

    rewritten: (id, hashBefore, file) =>
      write(() => {
        const [before, after] = [hashBefore, file.contentHash].map((hash) => Buffer.from(hash, 'hex'))
        prepare(
          `UPDATE photos SET content_hash = ?, size_bytes = ?, modified_ms = ?, device = ?, inode = ? WHERE id = ?`,
        ).run(after!, file.sizeBytes, file.modifiedMs, file.device, file.inode, id)
        carryCaptions(id, before!, after!)
      }),
  }
}

/**
 * The photo that words about this content are of, where they are no longer, and never were, of this one.
 * @param contentHash SHA-256, lower-case hex.
 */
export function otherOwnerOf(
  database: Database,
  photoId: number,
  contentHash: string,
): { photoId: number; path: string } | undefined {
  const content = Buffer.from(contentHash, 'hex')
  const row = database
    .prepare<{ id: number; folder: string; directory: string; name: string }>(
      `SELECT photos.id, folders.path AS folder, directory, name FROM photos JOIN folders ON folders.id = folder_id
       WHERE content_hash = ? AND missing_since_ms IS NULL
         AND NOT EXISTS (SELECT 1 FROM photos WHERE id = ? AND content_hash = ?)
         AND NOT EXISTS (SELECT 1 FROM captions WHERE photo_id = ? AND content_hash = ?)
       ORDER BY photos.id LIMIT 1`,
    )
    .get(content, photoId, content, photoId, content)
  return row && { photoId: row.id, path: join(row.folder, row.directory, row.name) }
}

/**
 * When a photo was taken as the wall clock showed it, of a year, month or day its beginning; else when its file was modified by this machine's wall
 * clock, as milliseconds as if that clock were UTC.
 */
export function sortTimeMs(takenAt: string | null, modifiedMs: number, fractionMs = 0): number {
  const taken = takenAt === null ? null : spanOfDate(takenAt)
  if (taken) return taken.fromMs + fractionMs
  return modifiedMs - new Date(modifiedMs).getTimezoneOffset() * 60_000
}

/** `path` below `folder` with `/` between names; undefined where it is not below it. */
export function pathBelow(folder: string, path: string): string | undefined {
  const prefix = folder.endsWith(sep) ? folder : folder + sep
  if (!path.startsWith(prefix)) return undefined
  return path.slice(prefix.length).replaceAll(sep, '/')
}

function toPhoto(row: PhotoRow): Photo {
  return {
    id: row.id,
    folderId: row.folder_id,
    path: join(row.folder_path, row.directory, row.name),
    sizeBytes: row.size_bytes,
    modifiedMs: row.modified_ms,
    contentHash: row.content_hash?.toString('hex') ?? null,
    widthPx: row.width_px,
    heightPx: row.height_px,
    orientation: row.orientation,
    takenAt: row.taken_at,
    takenOffsetMinutes: row.taken_offset_minutes,
    camera: row.camera,
    lens: row.lens,
    latitude: row.latitude,
    longitude: row.longitude,
    error: toError(row),
    missingSinceMs: row.missing_since_ms,
    isExcluded: row.is_excluded === 1,
    isCutOff: row.is_cut_off === 1,
    folderState: row.folder_state,
  }
}

export function toError({ error_code: code, error_message: message }: ErrorColumns): ErrorRecord | null {
  return recordedError(code, message)
}
