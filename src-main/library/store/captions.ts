import { LensloreError } from '../../contract/errors.ts'
import type { Precision } from '../../contract/providers.ts'
import { type Caption, type CaptionDoubt, type CaptionSource, noDoubt } from '../../contract/records.ts'
import type { Database } from './database.ts'
import {
  type BegunEdit,
  beginEdit,
  countEdited,
  isNewestSql,
  newestEditSql,
  nextUndoStepSql,
} from './edits.ts'
import { createLabelStore } from './labels.ts'

export interface ModelCaption extends CaptionDoubt {
  photoId: number
  /** '' where there is nothing to see. */
  text: string
  /** Length-normalised log-probability. */
  score: number
  modelId: string
  adapterId: string | null
  /** No part of the key. */
  precision: Precision | null
  /** Of the bytes the engine decoded, lower-case hex. */
  contentHash: string
}

export interface ImportedCaption {
  text: string
  /** BCP 47, where known. */
  language: string | null
  /** The field it came from, such as `xmp dc:description`. */
  origin: string
  /** Only the beginning of what the file says. */
  isCut?: true
}

export interface CaptionStore {
  current(photoId: number): Caption | null
  /** All captions ever, newest first. */
  history(photoId: number): Caption[]
  /**
   * The current captions of photos that are not missing, at most so many after a photo in the order of their ids, where the
   * library has all of them.
   */
  wholeAfter(photoId: number, limit: number): { photoId: number; id: number; text: string }[]
  /** The same of some photos. */
  wholeOf(photoIds: readonly number[]): { photoId: number; id: number; text: string }[]
  /** What is current of some photos, in their order; those that are gone are left out. */
  currentIds(photoIds: readonly number[]): { photoId: number; captionId: number | null }[]
  /** The model that captioned last, or null before the first. */
  latestModel(): { modelId: string; adapterId: string | null } | null
  /** The person's own words; the same words again add nothing. @throws LensloreError `PHOTO_NOT_FOUND`. */
  setByPerson(photoId: number, text: string, nowMs: number): Caption
  /**
   * The current words are the person's from now on, as if they had been written for this one photo.
   * @throws LensloreError `PHOTO_NOT_FOUND`; `INVALID_ARGUMENT` where there are none, or only the beginning of them
   */
  confirm(photoId: number, nowMs: number): Caption
  /** Several captions in one transaction: all or none. They are one edit. */
  setManyByPerson(captions: readonly { photoId: number; text: string }[], nowMs: number): Caption[]
  /**
   * Runs `work` in one transaction; all of a person's words that it sets are one edit.
   * @param work may name photos that it changes otherwise.
   * @param edit one that was begun before, or gets the id of this one.
   */
  inOneEdit<T>(work: (noteChanged: (photoId: number) => void) => T, edit?: BegunEdit): T
  /**
   * Words of others that a person took from a table: below a person's own, and, like any imported ones, before those that came
   * earlier. They are of the edit under way. @throws LensloreError `PHOTO_NOT_FOUND`
   */
  addFromTable(photoId: number, words: Omit<ImportedCaption, 'origin'>, nowMs: number): void
  /** Whether a photo has, or had before its files said otherwise, these words of this source; not those that a person took back. */
  isKnown(photoId: number, source: CaptionSource, isThis: (text: string) => boolean): boolean
  /** Takes a person's last words back. @returns what is current then; undefined where there is nothing. */
  undo(photoId: number, nowMs: number): Caption | null | undefined
  /** Brings the photo's words that were last taken back; undefined where there are none, or newer words. */
  redo(photoId: number): Caption | null | undefined
  /** A batch of the engine's captions in one transaction. Photos that are gone meanwhile are skipped. */
  addFromModel(batch: readonly ModelCaption[], nowMs: number): void
  /**
   * Makes the imported captions of a photo those that its files have now: new ones are added, ones no longer
   * there are withdrawn, the same ones change nothing. The first of the list is the current one.
   */
  setImported(photoId: number, captions: readonly ImportedCaption[], nowMs: number): void
  /**
   * Gives photos the captions that another photo got from this model of the same picture: it has the same content, or one that differs in
   * what is said of the picture alone. A person's words, and imported ones, stay with their photo.
   * @returns those that got one.
   */
  copyFromDuplicates(photoIds: readonly number[], modelKey: string, nowMs: number): number[]
  /**
   * Makes captions current that photos have already from this model and adapter for their present content: those of one
   * that was in use before. Nothing has to be captioned for them.
   * @returns those that had one.
   */
  takeUpAgain(photoIds: readonly number[], modelKey: string): number[]
  /**
   * An adapter's id is another one than it was when it captioned these photos: their captions remember it by that from now on.
   */
  renameAdapter(photoIds: readonly number[], adapter: RenamedAdapter): void
  /** A caption was written into the photo's own file. @param text as it reads back from there. */
  markEmbedded(captionId: number, text: string): void
  /** Whether these words are in the photo's file because they were written there from here. */
  wasEmbedded(photoId: number, text: string): boolean
}

export interface RenamedAdapter {
  modelId: string
  formerAdapterId: string
  adapterId: string
}

interface CaptionRow {
  id: number
  photo_id: number
  text: string
  source: CaptionSource
  model_id: string | null
  adapter_id: string | null
  precision: Precision | null
  language: string | null
  score: number | null
  confidence: number | null
  is_unsure: number
  doubtful_words: string | null
  content_hash: Buffer | null
  created_ms: number
  is_current: number
  is_cut: number
}

interface NewCaption {
  photoId: number
  text: string
  source: CaptionSource
  origin?: string
  modelId?: string
  adapterId?: string | null
  precision?: Precision | null
  language?: string | null
  score?: number | null
  doubt?: CaptionDoubt
  contentHash: Buffer | null
  isCut?: true
}

const select = `SELECT captions.id, photo_id, text, source, model_id, adapter_id, precision, language, score,
  confidence, is_unsure, doubtful_words, captions.content_hash, created_ms, is_cut, captions.id IS photos.caption_id AS is_current
  FROM captions JOIN photos ON photos.id = captions.photo_id`

/** What `photos.captioned_by` holds: everything that decides a model's words. */
export function modelKey(modelId: string, adapterId: string | null): string {
  return adapterId === null ? modelId : `${modelId}+${adapterId}`
}

/** The model that captioned a photo with exactly this content last, or null. */
export function modelKeyForContent(database: Database, photoId: number, contentHash: string): string | null {
  const row = database
    .prepare<{ model_id: string; adapter_id: string | null }>(
      `SELECT model_id, adapter_id FROM captions
       WHERE photo_id = ? AND source = 'model' AND content_hash = ? ORDER BY id DESC LIMIT 1`,
    )
    .get(photoId, Buffer.from(contentHash, 'hex'))
  return row ? modelKey(row.model_id, row.adapter_id) : null
}

/** The same of a row of captions. */
const keyOfCaption = `iif(adapter_id IS NULL, model_id, model_id || '+' || adapter_id)`

/**
 * Of one picture the captions of so many models and adapters are kept, the newest: enough to go back to any that a person
 * still compares, and a bound for a library that is captioned again and again. What was embedded in a photo is always known
 * again.
 */
const modelsKept = 4

/** The one place that decides which caption is current; after every change of a photo's captions or content. */
export function settleCurrentCaption(database: Database, photoId: number): void {
  const { id, source } = database
    .prepare<{ id: number; source: CaptionSource }>(
      `SELECT id, source FROM captions WHERE photo_id = ? AND withdrawn_ms IS NULL
       ORDER BY source = 'person' DESC, source = 'imported' DESC,
         source = 'model' AND content_hash IS (SELECT content_hash FROM photos WHERE id = photo_id) DESC,
         source = 'model' AND ${keyOfCaption} IS (SELECT captioned_by FROM photos WHERE id = photo_id) DESC,
         id DESC LIMIT 1`,
    )
    .get(photoId) ?? { id: null, source: null }
  database
    .prepare(
      `UPDATE photos SET caption_id = ?, caption_source = ?
       WHERE id = ? AND (caption_id IS NOT ? OR caption_source IS NOT ?)`,
    )
    .run(id, source, photoId, id, source)
}

export function createCaptionStore(database: Database): CaptionStore {
  const { prepare, write } = database
  const labels = createLabelStore(database)

  function current(photoId: number): Caption | null {
    const row = prepare<CaptionRow>(`${select} WHERE photos.id = ? AND captions.id = photos.caption_id`).get(
      photoId,
    )
    return row ? toCaption(row) : null
  }

  function contentOf(photoId: number): { content_hash: Buffer | null } | undefined {
    return prepare<{ content_hash: Buffer | null }>('SELECT content_hash FROM photos WHERE id = ?').get(
      photoId,
    )
  }

  function insert(caption: NewCaption, nowMs: number): number {
    return Number(
      prepare(
        `INSERT INTO captions (photo_id, text, source, origin, model_id, adapter_id, precision, language, score,
           confidence, is_unsure, doubtful_words, content_hash, created_ms, is_cut)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        caption.photoId,
        caption.text,
        caption.source,
        caption.origin ?? null,
        caption.modelId ?? null,
        caption.adapterId ?? null,
        caption.precision ?? null,
        caption.language ?? null,
        caption.score ?? null,
        ...doubtValues(caption.doubt),
        caption.contentHash,
        nowMs,
        caption.isCut ? 1 : 0,
      ).lastInsertRowid,
    )
  }

  const settle = (photoId: number) => settleCurrentCaption(database, photoId)

  /** What all captions that are set at present belong to; its id is known with the first of them. */
  let edit: { begun: BegunEdit; photos: Set<number> } | undefined

  function inOneEdit<T>(
    work: (noteChanged: (photoId: number) => void) => T,
    begun: BegunEdit = { kind: 'caption' },
  ): T {
    const mine = edit ?? { begun, photos: new Set<number>() }
    const noteChanged = (photoId: number) => void mine.photos.add(photoId)
    if (edit) return work(noteChanged)
    edit = mine
    try {
      return write(() => {
        const result = work(noteChanged)
        if (begun.id !== undefined) countEdited(database, begun.id, mine.photos.size)
        return result
      })
    } finally {
      edit = undefined
    }
  }

  function setByPerson(photoId: number, text: string, nowMs: number): Caption {
    return inOneEdit(() => {
      const photo = knownContent(photoId)
      const before = current(photoId)
      const samePicture = before?.contentHash === (photo.content_hash?.toString('hex') ?? null)
      if (before?.source === 'person' && before.text === text && samePicture) return before
      return addByPerson(photoId, text, photo.content_hash, nowMs)
    })
  }

  function knownContent(photoId: number): { content_hash: Buffer | null } {
    const photo = contentOf(photoId)
    if (photo) return photo
    throw new LensloreError('PHOTO_NOT_FOUND', `There is no photo ${photoId}.`)
  }

  /** Within an edit. */
  function addByPerson(photoId: number, text: string, contentHash: Buffer | null, nowMs: number): Caption {
    addToEdit({ photoId, text, source: 'person', contentHash }, nowMs)
    return current(photoId)!
  }

  /** Within an edit. */
  function addToEdit(caption: NewCaption, nowMs: number): void {
    const id = insert(caption, nowMs)
    const { begun, photos } = edit!
    begun.id ??= beginEdit(database, begun.kind)
    photos.add(caption.photoId)
    prepare('UPDATE captions SET edit_id = ? WHERE id = ?').run(begun.id, id)
    settle(caption.photoId)
  }

  function confirm(photoId: number, nowMs: number): Caption {
    return inOneEdit(() => {
      const photo = knownContent(photoId)
      const said = current(photoId)
      if (!said || said.text === '') {
        throw new LensloreError('INVALID_ARGUMENT', `The photo ${photoId} has no caption to confirm.`)
      }
      if (said.isCut) {
        throw new LensloreError(
          'INVALID_ARGUMENT',
          `Of the caption of photo ${photoId} only the beginning is known: write your own.`,
        )
      }
      return labels.isLabel(photoId) ? said : addByPerson(photoId, said.text, photo.content_hash, nowMs)
    })
  }

  /** @returns their photos. */
  function takeBack(which: string, value: number, nowMs: number): number[] {
    return settleAll(
      prepare<{ photo_id: number }>(
        `UPDATE captions SET withdrawn_ms = ?,
           undo_step = ${nextUndoStepSql},
           undone_after = ${newestEditSql}
         WHERE withdrawn_ms IS NULL AND ${which} RETURNING photo_id`,
      ).all(nowMs, value),
    )
  }

  /** @param which speaks of the words as `undone`. @returns their photos. */
  function bringBack(which: string, value: number): number[] {
    return settleAll(
      prepare<{ photo_id: number }>(
        `UPDATE captions SET withdrawn_ms = NULL, undo_step = NULL, undone_after = NULL
         WHERE id IN (SELECT id FROM captions AS undone WHERE ${which} AND ${isNewestSql}) RETURNING photo_id`,
      ).all(value),
    )
  }

  function settleAll(rows: { photo_id: number }[]): number[] {
    const photoIds = [...new Set(rows.map((row) => row.photo_id))]
    for (const photoId of photoIds) settle(photoId)
    return photoIds
  }

  function addOneFromModel(caption: ModelCaption, nowMs: number): void {
    const photo = contentOf(caption.photoId)
    if (!photo) return
    const contentHash = Buffer.from(caption.contentHash, 'hex')
    insert({ ...caption, source: 'model', doubt: caption, contentHash }, nowMs)
    prepare(
      `DELETE FROM captions WHERE photo_id = ? AND source = 'model' AND content_hash = ? AND embedded_text IS NULL
         AND id NOT IN (
         SELECT max(id) FROM captions WHERE photo_id = ? AND source = 'model' AND content_hash = ?
         GROUP BY ${keyOfCaption} ORDER BY max(id) DESC LIMIT ?)`,
    ).run(caption.photoId, contentHash, caption.photoId, contentHash, modelsKept)
    if (photo.content_hash?.equals(contentHash)) {
      prepare('UPDATE photos SET captioned_by = ?, priority = 0 WHERE id = ?').run(
        modelKey(caption.modelId, caption.adapterId),
        caption.photoId,
      )
    } else {
      // The file changed after it was read: read it again, which then finds this caption.
      prepare('UPDATE photos SET indexed_ms = NULL, is_edited = 1 WHERE id = ?').run(caption.photoId)
    }
    settle(caption.photoId)
  }

  return {
    current,
    history: (photoId) =>
      prepare<CaptionRow>(`${select} WHERE photo_id = ? ORDER BY captions.id DESC`)
        .all(photoId)
        .map(toCaption),

    wholeAfter: (photoId, limit) =>
      prepare<{ photoId: number; id: number; text: string }>(
        `SELECT photos.id AS photoId, captions.id AS id, text FROM photos JOIN captions ON captions.id = photos.caption_id
         WHERE photos.id > ? AND missing_since_ms IS NULL AND is_cut = 0 ORDER BY photos.id LIMIT ?`,
      ).all(photoId, limit),

    wholeOf: (photoIds) =>
      prepare<{ photoId: number; id: number; text: string }>(
        `SELECT photos.id AS photoId, captions.id AS id, text
         FROM json_each(?) AS wanted JOIN photos ON photos.id = wanted.value
           JOIN captions ON captions.id = photos.caption_id
         WHERE missing_since_ms IS NULL AND is_cut = 0 ORDER BY wanted.key`,
      ).all(JSON.stringify(photoIds)),

    currentIds: (photoIds) =>
      prepare<{ photoId: number; captionId: number | null }>(
        `SELECT photos.id AS photoId, caption_id AS captionId
         FROM json_each(?) AS wanted JOIN photos ON photos.id = wanted.value ORDER BY wanted.key`,
      ).all(JSON.stringify(photoIds)),

    latestModel: () =>
      prepare<{ modelId: string; adapterId: string | null }>(
        `SELECT model_id AS modelId, adapter_id AS adapterId FROM captions
         WHERE source = 'model' ORDER BY id DESC LIMIT 1`,
      ).get() ?? null,

    setByPerson,
    confirm,
    setManyByPerson: (captions, nowMs) =>
      inOneEdit(() => captions.map(({ photoId, text }) => setByPerson(photoId, text, nowMs))),
    inOneEdit,

    addFromTable: (photoId, words, nowMs) =>
      inOneEdit(() => {
        const contentHash = knownContent(photoId).content_hash
        addToEdit({ ...words, photoId, source: 'imported', origin: tableOrigin, contentHash }, nowMs)
      }),

    isKnown: (photoId, source, isThis) =>
      prepare<{ text: string }>(
        'SELECT text FROM captions WHERE photo_id = ? AND source = ? AND undo_step IS NULL',
      )
        .all(photoId, source)
        .some(({ text }) => isThis(text)),

    undo: (photoId, nowMs) =>
      write(() => {
        const changed = takeBack(
          `id = (SELECT max(id) FROM captions
                 WHERE photo_id = ? AND (source = 'person' OR edit_id IS NOT NULL) AND withdrawn_ms IS NULL)`,
          photoId,
          nowMs,
        )
        return changed.length === 0 ? undefined : current(photoId)
      }),

    redo: (photoId) =>
      write(() => {
        const changed = bringBack(
          `id = (SELECT id FROM captions AS undone
                 WHERE photo_id = ? AND undo_step IS NOT NULL AND ${isNewestSql}
                 ORDER BY undo_step DESC, id LIMIT 1)`,
          photoId,
        )
        return changed.length === 0 ? undefined : current(photoId)
      }),

    addFromModel: (batch, nowMs) =>
      write(() => {
        for (const caption of batch) addOneFromModel(caption, nowMs)
      }),

    setImported: (photoId, captions, nowMs) =>
      write(() => {
        const photo = contentOf(photoId)
        if (!photo) return
        const wanted = captions.map((caption) => [
          caption.origin,
          caption.language,
          caption.text,
          caption.isCut ?? false,
        ])
        // What a person asked the model for in its place stays away until the file says something else.
        const standing = prepare<
          Pick<CaptionRow, 'id' | 'language' | 'text' | 'is_cut'> & { origin: string }
        >(
          `SELECT id, origin, language, text, is_cut FROM captions
           WHERE photo_id = ? AND source = 'imported' AND origin IS NOT ?
             AND (withdrawn_ms IS NULL OR taken_by IS NOT NULL)
           ORDER BY id DESC`,
        ).all(photoId, tableOrigin)
        const before = standing.map((row) => [row.origin, row.language, row.text, row.is_cut === 1])
        if (JSON.stringify(before) === JSON.stringify(wanted)) return
        for (const { id } of standing) {
          prepare('UPDATE captions SET withdrawn_ms = ?, taken_by = NULL WHERE id = ?').run(nowMs, id)
        }
        // The newest is current, so the first of the list is written last.
        for (const caption of captions.toReversed()) {
          insert({ ...caption, photoId, source: 'imported', contentHash: photo.content_hash }, nowMs)
        }
        settle(photoId)
      }),

    takeUpAgain: (photoIds, key) =>
      write(() =>
        photoIds.filter((photoId) => {
          const { changes } = prepare(
            `UPDATE photos SET captioned_by = ?, priority = 0 WHERE id = ? AND EXISTS (
               SELECT 1 FROM captions WHERE photo_id = photos.id AND source = 'model'
                 AND captions.content_hash IS photos.content_hash AND ${keyOfCaption} = ?)`,
          ).run(key, photoId, key)
          if (changes > 0) settle(photoId)
          return changes > 0
        }),
      ),

    copyFromDuplicates: (photoIds, key, nowMs) =>
      write(() => {
        const copied: number[] = []
        for (const photoId of photoIds) {
          const content = contentOf(photoId)?.content_hash
          const twin = prepare<CaptionRow>(
            `${select}
             WHERE photos.id IN (
                 SELECT twins.id FROM photos JOIN photos AS twins ON twins.content_hash = photos.content_hash WHERE photos.id = ?
                 UNION SELECT twins.id FROM photos JOIN photos AS twins ON twins.picture_hash = photos.picture_hash
                   AND twins.orientation IS photos.orientation WHERE photos.id = ?)
               AND photos.id <> ? AND photos.captioned_by = ? AND captions.source = 'model'
               AND captions.content_hash = photos.content_hash
             ORDER BY captions.id DESC LIMIT 1`,
          ).get(photoId, photoId, photoId, key)
          if (twin?.model_id == null || !content) continue
          addOneFromModel(
            {
              photoId,
              text: twin.text,
              score: twin.score ?? 0,
              ...toDoubt(twin),
              modelId: twin.model_id,
              adapterId: twin.adapter_id,
              precision: twin.precision,
              contentHash: content.toString('hex'),
            },
            nowMs,
          )
          copied.push(photoId)
        }
        return copied
      }),

    renameAdapter: (photoIds, { modelId, formerAdapterId, adapterId }) =>
      void write(() => {
        const rename = prepare(
          'UPDATE captions SET adapter_id = ? WHERE photo_id = ? AND model_id = ? AND adapter_id = ?',
        )
        for (const photoId of photoIds) rename.run(adapterId, photoId, modelId, formerAdapterId)
      }),

    markEmbedded: (captionId, text) =>
      void write(() => prepare('UPDATE captions SET embedded_text = ? WHERE id = ?').run(text, captionId)),

    wasEmbedded: (photoId, text) =>
      prepare('SELECT 1 FROM captions WHERE photo_id = ? AND embedded_text = ?').get(photoId, text) !==
      undefined,
  }
}

/** Where words are from that stand in a table of a person's, and in no file that is read again. */
export const tableOrigin = 'table:caption'

/** The columns that hold what a model doubts. */
export type DoubtColumns = Pick<CaptionRow, 'confidence' | 'is_unsure' | 'doubtful_words'>

export function toDoubt(row: DoubtColumns): CaptionDoubt {
  return {
    confidence: row.confidence,
    isUnsure: row.is_unsure === 1,
    doubtfulWords: row.doubtful_words === null ? [] : JSON.parse(row.doubtful_words),
  }
}

/** The values of `DoubtColumns`, in their order. */
export function doubtValues(
  doubt: CaptionDoubt = noDoubt,
): [confidence: number | null, isUnsure: number, doubtfulWords: string | null] {
  const { confidence, isUnsure, doubtfulWords } = doubt
  return [confidence, isUnsure ? 1 : 0, doubtfulWords.length > 0 ? JSON.stringify(doubtfulWords) : null]
}

function toCaption(row: CaptionRow): Caption {
  return {
    id: row.id,
    photoId: row.photo_id,
    text: row.text,
    source: row.source,
    modelId: row.model_id,
    adapterId: row.adapter_id,
    precision: row.precision,
    language: row.language,
    score: row.score,
    ...toDoubt(row),
    contentHash: row.content_hash?.toString('hex') ?? null,
    createdMs: row.created_ms,
    isCurrent: row.is_current === 1,
    isCut: row.is_cut === 1,
  }
}
