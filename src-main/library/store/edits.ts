import type { EditName } from '../../contract/rooms/captions.ts'
import type { Database } from './database.ts'

/** What a person does in one go, to captions or to marks, has a number; later edits have higher ones. */

export type EditKind = EditName['kind']

/** An edit under way: its number is there with the first photo that it changes. */
export interface BegunEdit {
  kind: EditKind
  id?: number | undefined
}

/** How what is taken back in one go is marked: `redo` brings what has the highest step. */
export interface Undone {
  undoStep: number
  /** The newest edit of that moment: one that was begun since ends the chance to bring it back. */
  undoneAfter: number
}

export interface KnownEdit extends EditName {
  id: number
}

/** Words that were taken back have no newer ones of a person beside them: brought back, they would not be current. */
export const isNewestSql = `NOT EXISTS (SELECT 1 FROM captions WHERE photo_id = undone.photo_id AND source = 'person'
  AND withdrawn_ms IS NULL AND id > undone.id)`

export const newestEditSql = '(SELECT ifnull(max(id), 0) FROM edits)'

/** What is taken back next has a higher step than all that was, and than all that is being taken back. */
export const nextUndoStepSql = `(1 + max(
  ifnull((SELECT max(undo_step) FROM captions WHERE undo_step IS NOT NULL), 0),
  ifnull((SELECT max(undo_step) FROM edits WHERE undo_step IS NOT NULL), 0),
  ifnull((SELECT max(undo_step) FROM caption_changes), 0)))`

/** Called with the first row that an edit changes: an edit that changes nothing is none. @returns its number. */
export function beginEdit({ prepare }: Database, kind: EditKind): number {
  return Number(prepare('INSERT INTO edits (kind, photos) VALUES (?, 0)').run(kind).lastInsertRowid)
}

/** So many more photos were changed by an edit. */
export function countEdited({ prepare }: Database, editId: number, photos: number): void {
  prepare('UPDATE edits SET photos = photos + ? WHERE id = ?').run(photos, editId)
}

/** An edit that was stopped in the middle, and left nothing. */
export function forgetEdit({ prepare }: Database, editId: number | null): void {
  prepare('DELETE FROM edits WHERE id = ?').run(editId)
}

/** The last one that was not taken back; of an edit of captions, not all of it. A table's may be of marks alone. */
export function lastStandingEdit({ prepare }: Database): KnownEdit | undefined {
  return prepare<KnownEdit>(
    `SELECT id, kind, photos FROM edits WHERE id = (SELECT max(id) FROM (
       SELECT max(edit_id) AS id FROM captions INDEXED BY captions_by_standing_edit
         WHERE edit_id IS NOT NULL AND withdrawn_ms IS NULL
       UNION ALL
       SELECT max(id) FROM edits INDEXED BY edits_standing
         WHERE kind IN ('table', 'marks', 'regeneration', 'withdrawal') AND undo_step IS NULL
           AND (kind <> 'table' OR EXISTS (SELECT 1 FROM marks WHERE edit_id = edits.id))))`,
  ).get()
}

/**
 * What was taken back last in one go, and can be brought back. Of an edit that is taken back as a whole alone `isWhole`; else of
 * its captions those that were.
 */
export function lastUndoneEdit({
  prepare,
}: Database): (KnownEdit & Undone & { isWhole: boolean; withdrawnMs: number | null }) | undefined {
  const captions = prepare<KnownEdit & Undone & { withdrawnMs: number }>(
    `SELECT ifnull(edits.id, 0) AS id, ifnull(kind, 'caption') AS kind,
       (SELECT count(*) FROM captions WHERE undone_after = undone.undone_after AND undo_step = undone.undo_step) AS photos,
       undone.undo_step AS undoStep, undone.undone_after AS undoneAfter, withdrawn_ms AS withdrawnMs
     FROM captions AS undone INDEXED BY captions_by_undone_after LEFT JOIN edits ON edits.id = edit_id
     WHERE undone.undo_step IS NOT NULL AND undone.undone_after >= ${newestEditSql} AND ${isNewestSql}
     ORDER BY undone.undone_after DESC, undone.undo_step DESC LIMIT 1`,
  ).get()
  const whole = prepare<KnownEdit & Undone>(
    `SELECT id, kind, photos, undo_step AS undoStep, undone_after AS undoneAfter FROM edits INDEXED BY edits_undone
     WHERE undo_step IS NOT NULL AND undone_after >= ${newestEditSql}
     ORDER BY undone_after DESC, undo_step DESC LIMIT 1`,
  ).get()
  // Of a table both are marked.
  if (whole && whole.undoStep >= (captions?.undoStep ?? 0)) {
    return { ...whole, isWhole: true, withdrawnMs: null }
  }
  return captions && { ...captions, isWhole: false }
}

/** How what is taken back now is marked. */
export function nextUndone({ prepare }: Database): Undone {
  return prepare<Undone>(`SELECT ${nextUndoStepSql} AS undoStep, ${newestEditSql} AS undoneAfter`).get()!
}

/** Of an edit that is taken back, or brought back (null), as a whole. */
export function setEditUndone({ prepare }: Database, editId: number, undone: Undone | null): void {
  prepare('UPDATE edits SET undo_step = ?, undone_after = ? WHERE id = ?').run(
    undone?.undoStep ?? null,
    undone?.undoneAfter ?? null,
    editId,
  )
}
