import type { CaptionSource } from '../../contract/records.ts'
import type { MarksChange } from '../../contract/rooms/marks.ts'
import { type CaptionStore, settleCurrentCaption } from './captions.ts'
import type { Database } from './database.ts'
import { beginEdit, countEdited, type EditKind, forgetEdit, isNewestSql } from './edits.ts'
import { createMarkStore } from './marks.ts'
import { askModel } from './queue.ts'

/** What a photo's caption is to be. Imported words are those of a table. */
export interface NewWords {
  photoId: number
  /** The current caption that this takes the place of: where it is another by then, the words of that stay. */
  captionId: number | null
  text: string
  source: Exclude<CaptionSource, 'model'>
  language: string | null
  /** Of imported words: only the beginning of what there is. */
  isCut: boolean
}

/** What tables say is kept with what files say; the room that holds it takes it in. */
export interface ImportedWords {
  /** @returns what a table said before, as `giveBack` takes it; null: nothing. */
  take(photoId: number, words: Pick<NewWords, 'text' | 'language' | 'isCut'>, nowMs: number): string | null
  giveBack(photoId: number, before: string | null, nowMs: number): void
}

/** The row of the change under way. */
export interface Change {
  /**
   * `set`: new words; `undo`, `redo`: of those. `take`: words go, for the model to say its own; `give`, `retake`: they come
   * back, and go once more. `mark`: new marks; `unmark`, `remark`: of those.
   */
  kind: 'set' | 'undo' | 'redo' | 'take' | 'give' | 'retake' | 'mark' | 'unmark' | 'remark'
  state: 'planned' | 'doing' | 'undoing'
  up_to: number
  changed_ms: number
  edit_id: number | null
  edit_kind: EditKind | null
  words: string | null
  undo_step: number | null
  undone_after: number | null
  withdrawn_ms: number | null
}

export interface Step {
  position: number
  photo_id: number
  caption_id: number | null
  words: string | null
  before: string | null
}

/** What a step of each kind of change does to its photo, and how that is undone where the change is turned round. */
interface Kind {
  /** @returns whether it changed anything. */
  do(change: Change, step: Step): boolean
  undo(change: Change, step: Step): unknown
}

export interface ChangeSteps {
  /** @returns the steps that changed anything, and the id of the edit that they are of, where they are of one that is begun. */
  doSome(change: Change, steps: readonly Step[]): { changed: Step[]; editId: number | null }
  undoSome(change: Change, steps: readonly Step[]): void
}

export function createChangeSteps(
  database: Database,
  captions: Pick<CaptionStore, 'setByPerson' | 'inOneEdit'>,
  imported: ImportedWords,
): ChangeSteps {
  const { prepare } = database
  const marks = createMarkStore(database)

  function wordsOf(change: Change, step: Step): Omit<NewWords, 'photoId' | 'captionId'> {
    return { ...JSON.parse(change.words ?? '{}'), ...JSON.parse(step.words!) }
  }

  function settleIf(changes: number, photoId: number): boolean {
    if (changes > 0) settleCurrentCaption(database, photoId)
    return changes > 0
  }

  function takeBack(change: Change, { photo_id, caption_id }: Step): boolean {
    const { changes } = prepare(
      `UPDATE captions SET withdrawn_ms = ?, undo_step = ?, undone_after = ? WHERE id = ? AND withdrawn_ms IS NULL`,
    ).run(change.withdrawn_ms, change.undo_step, change.undone_after, caption_id)
    return settleIf(changes, photo_id)
  }

  /** @param which speaks of the words as `undone`. */
  function bringBack(change: Change, { photo_id, caption_id }: Step, which = 'true'): boolean {
    const { changes } = prepare(
      `UPDATE captions SET withdrawn_ms = NULL, undo_step = NULL, undone_after = NULL
       WHERE id IN (SELECT id FROM captions AS undone WHERE id = ? AND undo_step = ? AND ${which})`,
    ).run(caption_id, change.undo_step)
    return settleIf(changes, photo_id)
  }

  /** @param which captions of the photo. */
  function takeAway(change: Change, { photo_id }: Step, which: string): boolean {
    const { changes } = prepare(
      `UPDATE captions SET withdrawn_ms = ?, taken_by = ? WHERE photo_id = ? AND withdrawn_ms IS NULL AND ${which}`,
    ).run(change.changed_ms, change.edit_id, photo_id)
    return settleIf(changes, photo_id)
  }

  /** What a person took back since, or a file no longer says, stays away. */
  function giveBack(change: Change, { photo_id }: Step): boolean {
    const { changes } = prepare(
      `UPDATE captions SET withdrawn_ms = NULL
       WHERE photo_id = ? AND taken_by = ? AND withdrawn_ms IS NOT NULL AND undo_step IS NULL`,
    ).run(photo_id, change.edit_id)
    return settleIf(changes, photo_id)
  }

  const takeAwayAgain = (change: Change, step: Step) =>
    takeAway(change, step, `taken_by = ${Number(change.edit_id)}`)

  /** Their edit says whether they stand. */
  const settleMarks = (change: Change, { photo_id }: Step) => marks.settle(photo_id, change.edit_id!)

  const kinds: Record<Exclude<Change['kind'], 'mark'>, Kind> & { mark: Pick<Kind, 'undo'> } = {
    set: {
      do(change, step) {
        const { position, photo_id: photoId, caption_id: captionId } = step
        const { text, source, language, isCut } = wordsOf(change, step)
        const isThere = prepare('SELECT 1 FROM photos WHERE id = ? AND caption_id IS ?').get(
          photoId,
          captionId,
        )
        if (!isThere) return false
        if (source === 'person') captions.setByPerson(photoId, text, change.changed_ms)
        else {
          const before = imported.take(photoId, { text, language, isCut }, change.changed_ms)
          prepare('UPDATE caption_change_steps SET before = ? WHERE position = ?').run(before, position)
        }
        return true
      },
      undo(change, step) {
        if (wordsOf(change, step).source === 'imported') {
          imported.giveBack(step.photo_id, step.before, change.changed_ms)
        } else {
          prepare('DELETE FROM captions WHERE photo_id = ? AND edit_id = ?').run(
            step.photo_id,
            change.edit_id,
          )
          settleCurrentCaption(database, step.photo_id)
        }
      },
    },
    undo: { do: takeBack, undo: bringBack },
    redo: { do: (change, step) => bringBack(change, step, isNewestSql), undo: takeBack },
    take: {
      do: (change, step) => takeAway(change, step, `source <> 'model'`),
      undo(change, step) {
        giveBack(change, step)
        prepare('UPDATE captions SET taken_by = NULL WHERE photo_id = ? AND taken_by = ?').run(
          step.photo_id,
          change.edit_id,
        )
      },
    },
    give: { do: giveBack, undo: takeAwayAgain },
    retake: { do: takeAwayAgain, undo: giveBack },
    mark: {
      // Without an edit nothing was marked yet.
      undo: (change, step) => change.edit_id !== null && marks.forget(step.photo_id, change.edit_id),
    },
    unmark: { do: settleMarks, undo: settleMarks },
    remark: { do: settleMarks, undo: settleMarks },
  }

  /** An edit that takes nothing away never was. Each of its photos is the model's next, where there is anything to do. */
  function takeSome(change: Change, steps: readonly Step[]): { changed: Step[]; editId: number | null } {
    const editId = change.edit_id ?? beginEdit(database, change.edit_kind!)
    const taken = new Set(steps.filter((step) => kinds.take.do({ ...change, edit_id: editId }, step)))
    const changed = steps.filter((step) => askModel(database, step.photo_id) || taken.has(step))
    if (change.edit_id === null && taken.size === 0) {
      forgetEdit(database, editId)
      return { changed, editId: null }
    }
    countEdited(database, editId, taken.size)
    return { changed, editId }
  }

  function markSome(change: Change, steps: readonly Step[]): { changed: Step[]; editId: number | null } {
    const edit = { id: change.edit_id ?? undefined }
    const wanted = JSON.parse(change.words!) as MarksChange
    const there = steps
      .map((step) => step.photo_id)
      .filter((photoId) => prepare('SELECT 1 FROM photos WHERE id = ?').get(photoId) !== undefined)
    const marked = new Set(marks.set(there, wanted, change.changed_ms, edit))
    return { changed: steps.filter((step) => marked.has(step.photo_id)), editId: edit.id ?? null }
  }

  return {
    doSome(change, steps) {
      const { kind } = change
      if (kind === 'take') return takeSome(change, steps)
      if (kind === 'mark') return markSome(change, steps)
      const edit = { kind: change.edit_kind ?? 'caption', id: change.edit_id ?? undefined }
      const changed = captions.inOneEdit(() => steps.filter((step) => kinds[kind].do(change, step)), edit)
      return { changed, editId: edit.id ?? null }
    },

    undoSome(change, steps) {
      for (const step of steps) kinds[change.kind].undo(change, step)
    },
  }
}
