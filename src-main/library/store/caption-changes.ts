import { dirname } from 'node:path'
import type { WithdrawnSource } from '../../contract/rooms/captions.ts'
import type { MarksChange } from '../../contract/rooms/marks.ts'
import { type Change, createChangeSteps, type NewWords, type Step } from './caption-change-steps.ts'
import type { CaptionStore } from './captions.ts'
import type { Database } from './database.ts'
import {
  type EditKind,
  forgetEdit,
  lastStandingEdit,
  lastUndoneEdit,
  nextUndone,
  setEditUndone,
} from './edits.ts'
import { lockForChanges } from './lock.ts'
import { createMarkStore } from './marks.ts'
import { inSlices, type SliceOptions } from './slices.ts'

/** Shows what nobody waits for: what is done once more after a kill, and what was turned round. */
export interface ChangesBehind {
  /** @param photos there are. @returns told of how many are done, and of the end. */
  begin(state: Change['state'], photos: number): { reach(done: number): void; end(): void }
}

const unseen: ChangesBehind = { begin: () => ({ reach() {}, end() {} }) }

export interface ChangeOptions extends SliceOptions {
  /** How many captions there are to change, once that is known. */
  onPlanned?: ((captions: number) => void) | undefined
  onPhotosChanged?: ((photoIds: number[]) => void) | undefined
}

/**
 * Changes of many photos' captions or marks that are one edit: all or none, and taken back as one. They are planned first, in slices, and then
 * done in slices. A signal that comes while it is done turns it round: the call throws, and all of it is undone behind it; a kill has it done
 * to the end, by `resume`.
 *
 * One at a time: those of this process wait for each other.
 */
export interface CaptionChanges {
  /**
   * @param plan puts down a slice of what is to change, at most so many: the first answer 0 ends it.
   * @returns how many captions were changed.
   * @throws LensloreError `LIBRARY_LOCKED` while another process changes captions; DOMException `AbortError` through the
   * signal, with nothing changed in the end.
   */
  set(
    kind: EditKind,
    plan: (add: (words: NewWords) => void, limit: number) => number,
    options?: ChangeOptions,
  ): Promise<number>
  /** The same words for all photos, put down once. @throws as `set`. */
  setSame(
    text: string,
    plan: (add: (words: Pick<NewWords, 'photoId' | 'captionId'>) => void, limit: number) => number,
    options?: ChangeOptions,
  ): Promise<number>
  /**
   * Takes a person's and imported words away, so that the model's are current: photos that have none, and those that failed,
   * are its next. Of a source's words alone it is a withdrawal, which asks nobody.
   * @returns how many photos lost words, or are next.
   * @throws as `set`.
   */
  take(
    plan: (add: (photoId: number) => void, limit: number) => number,
    source?: WithdrawnSource,
    options?: ChangeOptions,
  ): Promise<number>
  /**
   * The same marks for all photos.
   * @returns of how many photos something was changed.
   * @throws as `set`.
   */
  mark(
    wanted: MarksChange,
    plan: (add: (photoId: number) => void, limit: number) => number,
    options?: ChangeOptions,
  ): Promise<number>
  /**
   * Takes the person's last edit back, on however many photos it was. What of it was taken back by itself stays so.
   * @returns how many captions, or photos with marks; undefined where there is nothing.
   * @throws as `set`.
   */
  undoEdit(nowMs: number, options?: ChangeOptions): Promise<number | undefined>
  /** Brings what was last taken back in one go; undefined where there is nothing, or an edit was begun since. */
  redoEdit(options?: ChangeOptions): Promise<number | undefined>
  /**
   * Ends what a killed process began.
   * @returns what that was: a change that is done now, or undone where it had been turned round; `planned`: one of which nothing was
   * done, and nothing is.
   * @throws LensloreError `LIBRARY_LOCKED` while another process changes captions.
   */
  resume(): Promise<Change['state'] | 'none'>
  /** Turns round what is under way in this process, whoever began it, and what waits for that. */
  turnRound(): void
  /** Waits for what is under way, but not for what only has to be ended: that is done by the next process. */
  close(): Promise<void>
}

interface WholeEdits {
  back: Change['kind']
  again: Change['kind']
  /** Puts down the photos that an edit is of, each once. */
  planOf(editId: number): (limit: number) => number
}

export function createCaptionChanges(
  database: Database,
  captions: Pick<CaptionStore, 'current' | 'setByPerson' | 'addFromTable' | 'inOneEdit'>,
  behind: ChangesBehind = unseen,
): CaptionChanges {
  const { prepare, write } = database
  const steps = createChangeSteps(database, captions)
  const marks = createMarkStore(database)
  let last: Promise<unknown> = Promise.resolve()
  /** Of a change whose caller knows already that it was stopped: nobody waits for a hundred thousand photos to be undone. */
  let turnedRound: Promise<void> | undefined
  const stop = new AbortController()
  /** Of the change under way, and of those that wait. */
  let turn = new AbortController()

  /** What a killed process left comes first. */
  async function alone<T>(work: (turned: AbortSignal) => Promise<T>): Promise<T> {
    const answer = Promise.withResolvers<T>()
    const turned = turn.signal
    const mine = last.then(async () => {
      const lock = lockForChanges(dirname(database.file))
      try {
        await finish(turned)
        await work(turned).then(answer.resolve, answer.reject)
        await turnedRound
      } finally {
        turnedRound = undefined
        lock.release()
      }
    })
    mine.catch(answer.reject)
    // What could not be undone now is undone by the next change, or by whoever opens the library.
    last = mine.catch(() => {})
    return answer.promise
  }

  /** What was stopped while it waited is not begun. */
  function whenFree<T>(work: (turned: AbortSignal) => Promise<T>): Promise<T> {
    return alone((turned) => {
      turned.throwIfAborted()
      return work(turned)
    })
  }

  const read = () => prepare<Change>('SELECT * FROM caption_changes').get()

  let planned = 0

  const addPhoto = (photoId: number) => addStep(photoId, null, null)

  function begin(kind: Change['kind'], nowMs: number, of: Partial<Change> = {}): void {
    const { edit_id = null, edit_kind = null, words = null } = of
    const { undo_step = null, undone_after = null, withdrawn_ms = null } = of
    planned = 0
    prepare(
      `INSERT INTO caption_changes (id, kind, state, up_to, changed_ms, edit_id, edit_kind, words,
         undo_step, undone_after, withdrawn_ms)
       VALUES (1, ?, 'planned', 0, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(kind, nowMs, edit_id, edit_kind, words, undo_step, undone_after, withdrawn_ms)
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
    turned: AbortSignal,
    { signal: ofCaller, onProgress, onPlanned, onPhotosChanged }: ChangeOptions,
  ): Promise<number> {
    const signal = AbortSignal.any([stop.signal, turned, ...(ofCaller ? [ofCaller] : [])])
    try {
      await inSlices(database, plan, { signal })
    } catch (thrown) {
      turnedRound = forget()
      throw thrown
    }
    onPlanned?.(planned)
    write(() => enter('doing'))
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
      write(() => enter('undoing'))
      turnedRound = finish(turned, onPhotosChanged)
      throw thrown
    }
    await forget()
    return changed
  }

  /** From the first moment on, an edit that is taken back as a whole is no longer the last one, or is it again. */
  function enter(state: 'doing' | 'undoing'): void {
    prepare('UPDATE caption_changes SET state = ?').run(state)
    const { kind, edit_id: id, undo_step: undoStep, undone_after: undoneAfter } = read()!
    const whole = Object.values(wholes).find(({ back, again }) => kind === back || kind === again)
    if (!whole) return
    const isUndone = (kind === whole.back) === (state === 'doing')
    setEditUndone(database, id!, isUndone ? { undoStep: undoStep!, undoneAfter: undoneAfter! } : null)
  }

  async function finish(
    turned: AbortSignal,
    onPhotosChanged?: ChangeOptions['onPhotosChanged'],
  ): Promise<void> {
    const left = read()
    if (left?.state === 'doing') {
      try {
        await finishIn(left, (limit) => doSome(limit, onPhotosChanged), [stop.signal, turned])
      } catch (thrown) {
        if (stop.signal.aborted || !turned.aborted) throw thrown
        write(() => enter('undoing'))
        return finish(turned, onPhotosChanged)
      }
    } else if (left?.state === 'undoing') {
      await finishIn(left, (limit) => undoSome(limit, onPhotosChanged), [stop.signal])
      if (left.edit_kind !== null) write(() => forgetEdit(database, left.edit_id))
    }
    await forget()
  }

  async function finishIn(
    { state, up_to: upTo }: Change,
    step: (limit: number) => number,
    signals: AbortSignal[],
  ): Promise<void> {
    const { photos } = prepare<{ photos: number }>(
      `SELECT count(*) AS photos FROM caption_change_steps WHERE position ${state === 'doing' ? '>' : '<='} ?`,
    ).get(upTo)!
    const shown = behind.begin(state, photos)
    try {
      await inSlices(database, step, { signal: AbortSignal.any(signals), onProgress: shown.reach })
    } finally {
      shown.end()
    }
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
    const some = prepare<Step>(
      'SELECT * FROM caption_change_steps WHERE position > ? ORDER BY position LIMIT ?',
    ).all(under.up_to, limit)
    if (some.length === 0) return 0
    const { changed, editId } = steps.doSome(under, some)
    prepare('UPDATE caption_changes SET up_to = ?, edit_id = ?').run(some.at(-1)!.position, editId)
    tell(changed, onPhotosChanged)
    return some.length
  }

  function undoSome(limit: number, onPhotosChanged: ChangeOptions['onPhotosChanged']): number {
    const under = read()!
    const some = prepare<Step>(
      'SELECT * FROM caption_change_steps WHERE position <= ? ORDER BY position DESC LIMIT ?',
    ).all(under.up_to, limit)
    if (some.length === 0) return 0
    steps.undoSome(under, some)
    prepare('UPDATE caption_changes SET up_to = ?').run(some.at(-1)!.position - 1)
    tell(some, onPhotosChanged)
    return some.length
  }

  function tell(steps: readonly Step[], onPhotosChanged: ChangeOptions['onPhotosChanged']): void {
    if (steps.length > 0) onPhotosChanged?.([...new Set(steps.map((step) => step.photo_id))])
  }

  /** Plans to change captions, or their photos, that a query gives in the order of their ids. */
  function planOf(
    captionsAfter: (captionId: number, limit: number) => { id: number; photoId: number }[],
    add = ({ id, photoId }: { id: number; photoId: number }) => addStep(photoId, id, null),
  ) {
    let after = 0
    return (limit: number): number => {
      const found = captionsAfter(after, limit)
      for (const each of found) add(each)
      after = found.at(-1)?.id ?? after
      return found.length
    }
  }

  /** Plans for photos that a query gives in the order of their ids. */
  function planOfPhotos(photosAfter: (photoId: number, limit: number) => number[]) {
    let after = 0
    return (limit: number): number => {
      const photoIds = photosAfter(after, limit)
      for (const photoId of photoIds) addPhoto(photoId)
      after = photoIds.at(-1) ?? after
      return photoIds.length
    }
  }

  /** Photos that an edit took words from, in the order of their ids. */
  function takenFrom(editId: number, afterPhoto: number, limit: number): number[] {
    return prepare<{ photoId: number }>(
      `SELECT DISTINCT photo_id AS photoId FROM captions WHERE taken_by = ? AND photo_id > ?
       ORDER BY photo_id LIMIT ?`,
    )
      .all(editId, afterPhoto, limit)
      .map(({ photoId }) => photoId)
  }

  const ofTaken = (editId: number) => planOfPhotos((after, limit) => takenFrom(editId, after, limit))
  const ofMarked = (editId: number) => planOfPhotos((after, limit) => marks.photosOf(editId, after, limit))

  /** Photos with captions of the edit, then those that have marks of it alone. */
  function ofTable(editId: number): (limit: number) => number {
    const captioned = planOf(
      (captionId, limit) =>
        prepare<{ id: number; photoId: number }>(
          'SELECT id, photo_id AS photoId FROM captions WHERE edit_id = ? AND id > ? ORDER BY id LIMIT ?',
        ).all(editId, captionId, limit),
      ({ photoId }) => addPhoto(photoId),
    )
    let after = 0
    return (limit) => {
      const some = captioned(limit)
      if (some > 0) return some
      const marked = marks.photosOf(editId, after, limit)
      for (const photoId of marked) {
        const hasCaption = prepare('SELECT 1 FROM captions WHERE photo_id = ? AND edit_id = ?')
        if (!hasCaption.get(photoId, editId)) addPhoto(photoId)
      }
      after = marked.at(-1) ?? after
      return marked.length
    }
  }

  /** Edits that are taken back and brought back as a whole, and the photos that one is of. */
  const wholes: Partial<Record<EditKind, WholeEdits>> = {
    regeneration: { back: 'give', again: 'retake', planOf: ofTaken },
    withdrawal: { back: 'give', again: 'retake', planOf: ofTaken },
    marks: { back: 'unmark', again: 'remark', planOf: ofMarked },
    table: { back: 'untable', again: 'retable', planOf: ofTable },
  }

  /** A new edit, of what a plan puts down. */
  function changeAs<T>(
    kind: Change['kind'],
    of: Partial<Change>,
    add: (planned: T) => void,
    plan: (add: (planned: T) => void, limit: number) => number,
    options: ChangeOptions = {},
  ): Promise<number> {
    return whenFree((turned) => {
      write(() => begin(kind, Date.now(), of))
      return change((limit) => plan(add, limit), turned, options)
    })
  }

  return {
    set: (kind, plan, options) =>
      changeAs(
        'set',
        { edit_kind: kind },
        ({ photoId, captionId, ...words }) => addStep(photoId, captionId, JSON.stringify(words)),
        plan,
        options,
      ),

    setSame(text, plan, options) {
      const words = JSON.stringify({ text, source: 'person', language: null, isCut: false })
      return changeAs(
        'set',
        { edit_kind: 'caption', words },
        ({ photoId, captionId }) => addStep(photoId, captionId, '{}'),
        plan,
        options,
      )
    },

    take: (plan, source, options) =>
      changeAs(
        'take',
        source
          ? { edit_kind: 'withdrawal', words: JSON.stringify({ source }) }
          : { edit_kind: 'regeneration' },
        addPhoto,
        plan,
        options,
      ),

    mark: (wanted, plan, options) =>
      changeAs('mark', { edit_kind: 'marks', words: JSON.stringify(wanted) }, addPhoto, plan, options),

    undoEdit: (nowMs, options = {}) =>
      whenFree(async (turned) => {
        const edit = lastStandingEdit(database)
        if (!edit) return undefined
        const { undoStep, undoneAfter } = nextUndone(database)
        const whole = wholes[edit.kind]
        write(() =>
          begin(whole?.back ?? 'undo', nowMs, {
            edit_id: whole ? edit.id : null,
            undo_step: undoStep,
            undone_after: undoneAfter,
            withdrawn_ms: nowMs,
          }),
        )
        if (whole) return change(whole.planOf(edit.id), turned, options)
        const standing = planOf((captionId, limit) =>
          prepare<{ id: number; photoId: number }>(
            `SELECT id, photo_id AS photoId FROM captions
             WHERE edit_id = ? AND withdrawn_ms IS NULL AND id > ? ORDER BY id LIMIT ?`,
          ).all(edit.id, captionId, limit),
        )
        return change(standing, turned, options)
      }),

    redoEdit: (options = {}) =>
      whenFree(async (turned) => {
        const last = lastUndoneEdit(database)
        if (!last) return undefined
        const whole = last.isWhole ? wholes[last.kind] : undefined
        write(() =>
          begin(whole?.again ?? 'redo', Date.now(), {
            edit_id: whole ? last.id : null,
            undo_step: last.undoStep,
            undone_after: last.undoneAfter,
            withdrawn_ms: last.withdrawnMs,
          }),
        )
        if (whole) return change(whole.planOf(last.id), turned, options)
        const undone = planOf((captionId, limit) =>
          prepare<{ id: number; photoId: number }>(
            `SELECT id, photo_id AS photoId FROM captions AS undone
             WHERE undone_after = ? AND undo_step = ? AND id > ? ORDER BY id LIMIT ?`,
          ).all(last.undoneAfter, last.undoStep, captionId, limit),
        )
        return change(undone, turned, options)
      }),

    async resume() {
      if (!isLeft()) return 'none'
      const state = read()?.state ?? 'none'
      await alone(async () => {})
      return state
    },

    turnRound() {
      turn.abort()
      turn = new AbortController()
    },

    async close() {
      stop.abort()
      await last
    },
  }
}
