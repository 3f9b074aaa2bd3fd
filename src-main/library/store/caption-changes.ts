import { dirname } from 'node:path'
import type { CaptionSource } from '../../contract/records.ts'
import { type CaptionStore, isNewestSql, settleCurrentCaption } from './captions.ts'
import type { Database } from './database.ts'
import { forgetEdit, newestEditSql, nextUndoStepSql } from './edits.ts'
import { lockForChanges } from './lock.ts'
import { inSlices, type SliceOptions } from './slices.ts'

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

export interface ChangeOptions extends SliceOptions {
  /** How many captions there are to change, once that is known. */
  onPlanned?: ((captions: number) => void) | undefined
  onPhotosChanged?: ((photoIds: number[]) => void) | undefined
}

/**
 * Changes of many captions that are one edit: all or none, and taken back as one. They are planned first, in slices, and then
 * done in slices. A signal that comes while it is done has all of it undone before the call throws; a kill has it done
 * to the end, by `resume`.
 *
 * One at a time: those of this process wait for each other.
 */
export interface CaptionChanges {
  /**
   * @param plan puts down a slice of what is to change, at most so many: the first answer 0 ends it.
   * @returns how many captions were changed.
   * @throws LensloreError `LIBRARY_LOCKED` while another process changes captions; DOMException `AbortError` through the
   * signal, with nothing changed.
   */
  set(
    plan: (add: (words: NewWords) => void, limit: number) => number,
    options?: ChangeOptions,
  ): Promise<number>
  /**
   * Takes the person's last edit back, on however many photos it was. What of it was taken back by itself stays so.
   * @returns how many captions; undefined where there is nothing.
   * @throws as `set`.
   */
  undoEdit(nowMs: number, options?: ChangeOptions): Promise<number | undefined>
  /** Brings what was last taken back in one go; undefined where there is nothing, or an edit was begun since. */
  redoEdit(options?: ChangeOptions): Promise<number | undefined>
  /**
   * Ends what a killed process began.
   * @throws LensloreError `LIBRARY_LOCKED` while another process changes captions.
   */
  resume(): Promise<void>
  /** Waits for what is under way, but not for what only has to be ended: that is done by the next process. */
  close(): Promise<void>
}

interface Change {
  kind: 'set' | 'undo' | 'redo'
  state: 'planned' | 'doing' | 'undoing'
  up_to: number
  changed_ms: number
  edit_id: number | null
  undo_step: number | null
  undone_after: number | null
  withdrawn_ms: number | null
}

interface Step {
  position: number
  photo_id: number
  caption_id: number | null
  words: string | null
  before: string | null
}

export function createCaptionChanges(
  database: Database,
  captions: Pick<CaptionStore, 'current' | 'setByPerson' | 'inOneEdit'>,
  imported: ImportedWords,
): CaptionChanges {
  const { prepare, write } = database
  let last: Promise<unknown> = Promise.resolve()
  const stop = new AbortController()

  /** What a killed process left comes first. */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(async () => {
      const lock = lockForChanges(dirname(database.file))
      try {
        await finish()
        return await work()
      } finally {
        lock.release()
      }
    })
    last = turn.catch(() => {})
    return turn
  }

  const read = () => prepare<Change>('SELECT * FROM caption_changes').get()

  let planned = 0

  function begin(kind: Change['kind'], nowMs: number, of: Partial<Change> = {}): void {
    const { undo_step = null, undone_after = null, withdrawn_ms = null } = of
    planned = 0
    prepare(
      `INSERT INTO caption_changes (id, kind, state, up_to, changed_ms, undo_step, undone_after, withdrawn_ms)
       VALUES (1, ?, 'planned', 0, ?, ?, ?, ?)`,
    ).run(kind, nowMs, undo_step, undone_after, withdrawn_ms)
  }

  function addStep(photoId: number, captionId: number | null, words: string | null): void {
    planned++
    // Of several words for one photo the last ones are meant.
    prepare('INSERT OR REPLACE INTO caption_change_steps (photo_id, caption_id, words) VALUES (?, ?, ?)').run(
      photoId,
      captionId,
      words,
    )
  }

  /** Plans a change, and does it. @returns how many captions it changed. */
  async function change(
    plan: (limit: number) => number,
    { signal: ofCaller, onProgress, onPlanned, onPhotosChanged }: ChangeOptions,
  ): Promise<number> {
    const signal = ofCaller ? AbortSignal.any([ofCaller, stop.signal]) : stop.signal
    try {
      await inSlices(database, plan, { signal })
    } catch (thrown) {
      await forget()
      throw thrown
    }
    onPlanned?.(planned)
    write(() => prepare(`UPDATE caption_changes SET state = 'doing'`).run())
    let changed = 0
    try {
      await inSlices(
        database,
        (limit) =>
          doSome(limit, (photoIds) => {
            changed += photoIds.length
            onPhotosChanged?.(photoIds)
          }),
        { signal, onProgress },
      )
    } catch (thrown) {
      write(() => prepare(`UPDATE caption_changes SET state = 'undoing'`).run())
      await finish(onPhotosChanged)
      throw thrown
    }
    await forget()
    return changed
  }

  async function finish(onPhotosChanged?: ChangeOptions['onPhotosChanged']): Promise<void> {
    const { signal } = stop
    const left = read()
    if (left?.state === 'doing') {
      await inSlices(database, (limit) => doSome(limit, onPhotosChanged), { signal })
    } else if (left?.state === 'undoing') {
      await inSlices(database, (limit) => undoSome(limit, onPhotosChanged), { signal })
      if (left.kind === 'set') forgetEdit(database, left.edit_id)
    }
    await forget()
  }

  /** With the change itself all is decided; its steps are nobody's then. */
  async function forget(): Promise<void> {
    if (read()) write(() => prepare('DELETE FROM caption_changes').run())
    await inSlices(
      database,
      (limit) =>
        prepare(
          `DELETE FROM caption_change_steps WHERE position IN
             (SELECT position FROM caption_change_steps ORDER BY position LIMIT ?)`,
        ).run(limit).changes,
    )
  }

  function isLeft(): boolean {
    return read() !== undefined || prepare('SELECT 1 FROM caption_change_steps LIMIT 1').get() !== undefined
  }

  function doSome(limit: number, onPhotosChanged: ChangeOptions['onPhotosChanged']): number {
    const under = read()!
    const steps = prepare<Step>(
      'SELECT * FROM caption_change_steps WHERE position > ? ORDER BY position LIMIT ?',
    ).all(under.up_to, limit)
    if (steps.length === 0) return 0
    const edit = under.edit_id === null ? {} : { id: under.edit_id }
    const changed = captions.inOneEdit(() => steps.filter((step) => doOne(under, step)), edit)
    prepare('UPDATE caption_changes SET up_to = ?, edit_id = ?').run(steps.at(-1)!.position, edit.id ?? null)
    tell(changed, onPhotosChanged)
    return steps.length
  }

  /** @returns whether it changed anything. */
  function doOne(
    under: Change,
    { position, photo_id: photoId, caption_id: captionId, words }: Step,
  ): boolean {
    if (under.kind === 'set') {
      const { text, source, language, isCut } = JSON.parse(words!) as Omit<NewWords, 'photoId' | 'captionId'>
      const isThere = prepare('SELECT 1 FROM photos WHERE id = ? AND caption_id IS ?').get(photoId, captionId)
      if (!isThere) return false
      if (source === 'person') captions.setByPerson(photoId, text, under.changed_ms)
      else {
        const before = imported.take(photoId, { text, language, isCut }, under.changed_ms)
        prepare('UPDATE caption_change_steps SET before = ? WHERE position = ?').run(before, position)
      }
      return true
    }
    const { changes } =
      under.kind === 'undo'
        ? prepare(
            `UPDATE captions SET withdrawn_ms = ?, undo_step = ?, undone_after = ?
             WHERE id = ? AND withdrawn_ms IS NULL`,
          ).run(under.withdrawn_ms, under.undo_step, under.undone_after, captionId)
        : prepare(
            `UPDATE captions SET withdrawn_ms = NULL, undo_step = NULL, undone_after = NULL
             WHERE id IN (SELECT id FROM captions AS undone WHERE id = ? AND undo_step = ? AND ${isNewestSql})`,
          ).run(captionId, under.undo_step)
    if (changes > 0) settleCurrentCaption(database, photoId)
    return changes > 0
  }

  function undoSome(limit: number, onPhotosChanged: ChangeOptions['onPhotosChanged']): number {
    const under = read()!
    const steps = prepare<Step>(
      'SELECT * FROM caption_change_steps WHERE position <= ? ORDER BY position DESC LIMIT ?',
    ).all(under.up_to, limit)
    if (steps.length === 0) return 0
    for (const step of steps) undoOne(under, step)
    prepare('UPDATE caption_changes SET up_to = ?').run(steps.at(-1)!.position - 1)
    tell(steps, onPhotosChanged)
    return steps.length
  }

  function undoOne(under: Change, { photo_id: photoId, caption_id: captionId, words, before }: Step): void {
    if (under.kind === 'set') {
      const { source } = JSON.parse(words!) as Pick<NewWords, 'source'>
      if (source === 'imported') imported.giveBack(photoId, before, under.changed_ms)
      else prepare('DELETE FROM captions WHERE photo_id = ? AND edit_id = ?').run(photoId, under.edit_id)
    } else if (under.kind === 'undo') {
      prepare(
        `UPDATE captions SET withdrawn_ms = NULL, undo_step = NULL, undone_after = NULL
         WHERE id = ? AND undo_step = ?`,
      ).run(captionId, under.undo_step)
    } else {
      prepare(
        `UPDATE captions SET withdrawn_ms = ?, undo_step = ?, undone_after = ? WHERE id = ? AND withdrawn_ms IS NULL`,
      ).run(under.withdrawn_ms, under.undo_step, under.undone_after, captionId)
    }
    settleCurrentCaption(database, photoId)
  }

  function tell(steps: readonly Step[], onPhotosChanged: ChangeOptions['onPhotosChanged']): void {
    if (steps.length > 0) onPhotosChanged?.([...new Set(steps.map((step) => step.photo_id))])
  }

  /** Plans to change captions that a query gives in the order of their ids. */
  function planOf(captionsAfter: (captionId: number, limit: number) => { id: number; photoId: number }[]) {
    let after = 0
    return (limit: number): number => {
      const found = captionsAfter(after, limit)
      for (const { id, photoId } of found) addStep(photoId, id, null)
      after = found.at(-1)?.id ?? after
      return found.length
    }
  }

  return {
    set: (plan, options = {}) =>
      alone(() => {
        const add = ({ photoId, captionId, ...words }: NewWords) =>
          addStep(photoId, captionId, JSON.stringify(words))
        write(() => begin('set', Date.now()))
        return change((limit) => plan(add, limit), options)
      }),

    undoEdit: (nowMs, options = {}) =>
      alone(async () => {
        const edit = prepare<{ id: number; undoStep: number; undoneAfter: number }>(
          `SELECT edit_id AS id, ${nextUndoStepSql} AS undoStep, ${newestEditSql} AS undoneAfter
           FROM captions INDEXED BY captions_by_standing_edit
           WHERE edit_id IS NOT NULL AND withdrawn_ms IS NULL ORDER BY edit_id DESC LIMIT 1`,
        ).get()
        if (!edit) return undefined
        write(() =>
          begin('undo', nowMs, {
            undo_step: edit.undoStep,
            undone_after: edit.undoneAfter,
            withdrawn_ms: nowMs,
          }),
        )
        const standing = planOf((captionId, limit) =>
          prepare<{ id: number; photoId: number }>(
            `SELECT id, photo_id AS photoId FROM captions
             WHERE edit_id = ? AND withdrawn_ms IS NULL AND id > ? ORDER BY id LIMIT ?`,
          ).all(edit.id, captionId, limit),
        )
        return change(standing, options)
      }),

    redoEdit: (options = {}) =>
      alone(async () => {
        const step = prepare<Pick<Change, 'undo_step' | 'undone_after' | 'withdrawn_ms'>>(
          `SELECT undo_step, undone_after, withdrawn_ms FROM captions AS undone INDEXED BY captions_by_undone_after
           WHERE undo_step IS NOT NULL AND undone_after >= ${newestEditSql} AND ${isNewestSql}
           ORDER BY undone_after DESC, undo_step DESC LIMIT 1`,
        ).get()
        if (!step) return undefined
        write(() => begin('redo', Date.now(), step))
        const undone = planOf((captionId, limit) =>
          prepare<{ id: number; photoId: number }>(
            `SELECT id, photo_id AS photoId FROM captions AS undone
             WHERE undone_after = ? AND undo_step = ? AND id > ? ORDER BY id LIMIT ?`,
          ).all(step.undone_after, step.undo_step, captionId, limit),
        )
        return change(undone, options)
      }),

    resume: () => (isLeft() ? alone(async () => {}) : Promise.resolve()),

    async close() {
      stop.abort()
      await last
    },
  }
}
