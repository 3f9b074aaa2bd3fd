import type { EditName } from '../../contract/rooms/captions.ts'
import type { Database } from './database.ts'

/** What a person does in one go, to captions or to marks, has a number; later edits have higher ones. */

export const newestEditSql = '(SELECT ifnull(max(id), 0) FROM edits)'

/** What is taken back next has a higher step than all that was, and than all that is being taken back. */
export const nextUndoStepSql = `(1 + max(
  ifnull((SELECT max(undo_step) FROM captions WHERE undo_step IS NOT NULL), 0),
  ifnull((SELECT max(undo_step) FROM caption_changes), 0)))`

/** Called with the first row that an edit changes: an edit that changes nothing is none. @returns its number. */
export function beginEdit({ prepare }: Database, kind: EditName['kind']): number {
  return Number(prepare('INSERT INTO edits (kind) VALUES (?)').run(kind).lastInsertRowid)
}

/** An edit that was stopped in the middle, and left nothing. */
export function forgetEdit({ prepare }: Database, editId: number | null): void {
  prepare('DELETE FROM edits WHERE id = ?').run(editId)
}
