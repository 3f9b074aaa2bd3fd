import type { Database } from '../store/database.ts'
import type { WrittenMark } from '../store/marks.ts'
import type { MarksToWrite } from './marks-splice.ts'

/** What a person says of a photo at present, as it is written out. */
export function marksToWrite({ prepare }: Database, photoId: number): MarksToWrite {
  // A title that is null is that of files.
  const rows = prepare<Omit<WrittenMark, 'writtenAt'> & { markedMs: number }>(
    `SELECT kind, name, value, marked_ms AS markedMs FROM marks
     WHERE photo_id = ? AND is_current AND value IS NOT NULL ORDER BY id`,
  ).all(photoId)
  const photo = prepare<{ contentHash: string }>(
    `SELECT ifnull(lower(hex(content_hash)), '') AS contentHash FROM photos WHERE id = ?`,
  ).get(photoId)
  return {
    marks: rows.map(({ markedMs, ...mark }) => ({ ...mark, writtenAt: new Date(markedMs).toISOString() })),
    contentHash: photo?.contentHash || null,
  }
}

/** Another number whenever a person says something else of a photo, or takes it back. */
export function lastMark({ prepare }: Database, photoId: number): number {
  const sql = 'SELECT ifnull(sum(id), 0) AS id FROM marks WHERE photo_id = ? AND is_current'
  return prepare<{ id: number }>(sql).get(photoId)!.id
}
