import type { CaptionSource } from '../../contract/records.ts'
import type { WithdrawnSource } from '../../contract/rooms/captions.ts'
import type { MarksChange } from '../../contract/rooms/marks.ts'
import { type CaptionStore, settleCurrentCaption, tableOrigin } from './captions.ts'
import type { Database } from './database.ts'
import { type BegunEdit, beginEdit, countEdited, type EditKind, forgetEdit, isNewestSql } from './edits.ts'
import { createMarkStore } from './marks.ts'
import { askModel } from './queue.ts'

/** What a photo's caption is to be, and its marks. Imported words are those of a table. */
export interface NewWords {
  photoId: number
  /** The current caption that this takes the place of: where it is another by then, the words of that stay. */
  captionId: number | null
  /** Null where the caption stays as it is. */
  text: string | null
  source: Exclude<CaptionSource, 'model'>
  language: string | null
  /** Of imported words: only the beginning of what there is. */
  isCut: boolean
  marks?: MarksChange | undefined
}

const saidBySql = (kind: WithdrawnSource) => `source = 'imported' AND EXISTS (
  SELECT 1 FROM metadata_sources JOIN metadata_captions AS said ON source_id = metadata_sources.id
  WHERE metadata_sources.photo_id = captions.photo_id AND kind = '${kind}' AND said.text = captions.text)`

/** Which captions of a photo are taken away for a source; words that several say go with any of them. */
const wordsOfSource: Record<WithdrawnSource, string> = {
  table: `(origin = '${tableOrigin}' OR edit_id IN (SELECT id FROM edits WHERE kind = 'table'))`,
  sidecar: saidBySql('sidecar'),
  takeout: saidBySql('takeout'),
  embedded: saidBySql('embedded'),
}

function wordsToTake({ words }: Pick<Change, 'words'>): string {
  if (words === null) return `source <> 'model'`
  return wordsOfSource[(JSON.parse(words) as { source: WithdrawnSource }).source]
}

/** The row of the change under way. */
export interface Change {
  /**
   * `set`: new words; `undo`, `redo`: of those. `take`: words go, for the model to say its own; `give`, `retake`: they come
   * back, and go once more. `mark`: new marks; `unmark`, `remark`: of those. `untable`, `retable`: of a table, which is both.
   */
  kind:
    | 'set'
    | 'undo'
    | 'redo'
    | 'take'
    | 'give'
    | 'retake'
    | 'mark'
    | 'unmark'
    | 'remark'
    | 'untable'
    | 'retable'
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
  captions: Pick<CaptionStore, 'setByPerson' | 'addFromTable' | 'inOneEdit'>,
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

  /** Both of one photo may be of the same edit. */
  function ofBoth(change: Change, step: Step, changes: number): boolean {
    const isWorded = settleIf(changes, step.photo_id)
    return settleMarks(change, step) || isWorded
  }

  function takeTableBack(change: Change, step: Step): boolean {
    const { changes } = prepare(
      `UPDATE captions SET withdrawn_ms = ?, undo_step = ?, undone_after = ?
       WHERE photo_id = ? AND edit_id = ? AND withdrawn_ms IS NULL`,
    ).run(
      change.withdrawn_ms ?? change.changed_ms,
      change.undo_step,
      change.undone_after,
      step.photo_id,
      change.edit_id,
    )
    return ofBoth(change, step, changes)
  }

  /** @param which speaks of the words as `undone`. */
  function bringTableBack(change: Change, step: Step, which = 'true'): boolean {
    const { changes } = prepare(
      `UPDATE captions SET withdrawn_ms = NULL, undo_step = NULL, undone_after = NULL
       WHERE id IN (SELECT id FROM captions AS undone
         WHERE photo_id = ? AND edit_id = ? AND undo_step = ? AND ${which})`,
    ).run(step.photo_id, change.edit_id, change.undo_step)
    return ofBoth(change, step, changes)
  }

  /** @returns whether the caption, or a mark, is another now. */
  function setWords(
    change: Change,
    step: Step,
    edit: BegunEdit,
    noteChanged: (photoId: number) => void,
  ): boolean {
    const { photo_id: photoId, caption_id: captionId } = step
    const { text, source, language, isCut, marks: wanted } = wordsOf(change, step)
    const photo = prepare<{ captionId: number | null }>(
      'SELECT caption_id AS captionId FROM photos WHERE id = ?',
    ).get(photoId)
    if (!photo) return false
    const isMarked = wanted !== undefined && marks.add(photoId, wanted, change.changed_ms, edit)
    if (isMarked) noteChanged(photoId)
    if (text === null || photo.captionId !== captionId) return isMarked
    if (source === 'person') captions.setByPerson(photoId, text, change.changed_ms)
    else {
      const words = { text, language, ...(isCut && { isCut: true as const }) }
      captions.addFromTable(photoId, words, change.changed_ms)
    }
    return true
  }

  const kinds: Record<Exclude<Change['kind'], 'set' | 'mark'>, Kind> &
    Record<'set' | 'mark', Pick<Kind, 'undo'>> = {
    set: {
      // Without an edit nothing was set yet.
      undo(change, step) {
        if (change.edit_id === null) return
        prepare('DELETE FROM captions WHERE photo_id = ? AND edit_id = ?').run(step.photo_id, change.edit_id)
        settleCurrentCaption(database, step.photo_id)
        marks.forget(step.photo_id, change.edit_id)
      },
    },
    undo: { do: takeBack, undo: bringBack },
    redo: { do: (change, step) => bringBack(change, step, isNewestSql), undo: takeBack },
    take: {
      do: (change, step) => takeAway(change, step, wordsToTake(change)),
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
    untable: { do: takeTableBack, undo: bringTableBack },
    retable: { do: (change, step) => bringTableBack(change, step, isNewestSql), undo: takeTableBack },
  }

  /** An edit that takes nothing away never was. Each of its photos is the model's next, where there is anything to do. */
  function takeSome(change: Change, steps: readonly Step[]): { changed: Step[]; editId: number | null } {
    const editId = change.edit_id ?? beginEdit(database, change.edit_kind!)
    const taken = new Set(steps.filter((step) => kinds.take.do({ ...change, edit_id: editId }, step)))
    const isAsked = change.edit_kind === 'regeneration'
    const changed = steps.filter((step) => (isAsked && askModel(database, step.photo_id)) || taken.has(step))
    if (change.edit_id === null && taken.size === 0) {
      forgetEdit(database, editId)
      return { changed, editId: null }
    }
    countEdited(database, editId, taken.size)
    return { changed, editId }
  }

  function markSome(change: Change, steps: readonly Step[]): { changed: Step[]; editId: number | null } {
    const edit: BegunEdit = { kind: 'marks', id: change.edit_id ?? undefined }
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
      const changed = captions.inOneEdit(
        (noteChanged) =>
          steps.filter((step) =>
            kind === 'set' ? setWords(change, step, edit, noteChanged) : kinds[kind].do(change, step),
          ),
        edit,
      )
      return { changed, editId: edit.id ?? null }
    },

    undoSome(change, steps) {
      for (const step of steps) kinds[change.kind].undo(change, step)
    },
  }
}
