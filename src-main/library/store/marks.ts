import type { Mark, MarkKind } from '../../contract/records.ts'
import type { MarksChange } from '../../contract/rooms/marks.ts'
import type { Database } from './database.ts'
import { type BegunEdit, beginEdit, countEdited } from './edits.ts'

/** What a person says of a photo at present. */
export interface OwnWords {
  rating: number | null
  isFavorite: boolean | null
  /** '': it has none, whatever files say. */
  title: string | null
  /** Names, and whether they are there or, whatever files say, not. */
  keywords: ReadonlyMap<string, boolean>
  people: ReadonlyMap<string, boolean>
}

/** Ratings, titles, keywords and the like that a person set; each is kept, and the newest that stands is current. */
export interface MarkStore {
  current(photoId: number): OwnWords
  /** All marks ever, newest first. */
  history(photoId: number): Mark[]
  /**
   * What is so already adds nothing, nor is anything taken away where nothing is.
   * @param edit one that was begun before, or gets the id of this one.
   * @returns the photos that something was added to.
   */
  set(photoIds: readonly number[], change: MarksChange, nowMs: number, edit?: BegunEdit): number[]
  /**
   * The same of one photo, as a part of an edit that counts its photos itself.
   * @returns whether anything was added.
   */
  add(photoId: number, change: MarksChange, nowMs: number, edit: BegunEdit): boolean
  /** Whether `add` would add anything. */
  isNews(photoId: number, change: MarksChange): boolean
  /**
   * Takes in marks that stand beside a photo as this program wrote them, from this library or another: those that were never
   * known here, and are newer than what the person said of the same here. They are of no edit.
   * @param contentHash of the picture that they are about, lower-case hex.
   */
  takeRecorded(
    photoId: number,
    marks: readonly WrittenMark[],
    contentHash: string | null,
    nowMs: number,
  ): void
  /** Removes an edit from a photo as if it had never been. */
  forget(photoId: number, editId: number): void
  /** After an edit was taken back, or brought back. @returns whether the photo is another than before. */
  settle(photoId: number, editId: number): boolean
  /** Photos that a person tagged with a name, as a person's or a keyword, those that were tagged last first. */
  photosNamed(name: string, limit: number): number[]
  /** People that a person tagged so many photos with, most photos first. */
  peopleNamed(fewestPhotos: number, limit: number): { text: string; photos: number }[]
  /** Photos of an edit in the order of their ids. */
  photosOf(editId: number, afterPhoto: number, limit: number): number[]
}

/** A person's mark as it stands in a sidecar. */
export interface WrittenMark {
  kind: MarkKind
  name: string
  value: number | string | null
  /** ISO 8601, UTC; null where it is not said. */
  writtenAt: string | null
}

type Value = number | string | null

interface NewMark {
  kind: MarkKind
  name: string
  value: Value
}

export function createMarkStore(database: Database): MarkStore {
  const { prepare, write } = database

  function currentValue(photoId: number, { kind, name }: NewMark): { id: number; value: Value } | undefined {
    return prepare<{ id: number; value: Value }>(
      'SELECT id, value FROM marks WHERE photo_id = ? AND kind = ? AND name = ? AND is_current',
    ).get(photoId, kind, name)
  }

  function isNews(photoId: number, mark: NewMark, before: { value: Value } | undefined): boolean {
    if (before) return before.value !== mark.value
    return !takesAway(mark) || filesSay(database, photoId, mark)
  }

  /** @returns whether there was anything to add. */
  function addOne(photoId: number, mark: NewMark, nowMs: number, edit: BegunEdit): boolean {
    const before = currentValue(photoId, mark)
    if (!isNews(photoId, mark, before)) return false
    if (before) prepare('UPDATE marks SET is_current = 0 WHERE id = ?').run(before.id)
    edit.id ??= beginEdit(database, edit.kind)
    prepare(
      `INSERT INTO marks (photo_id, kind, name, value, edit_id, marked_ms, is_current)
       VALUES (?, ?, ?, ?, ?, ?, 1)`,
    ).run(photoId, mark.kind, mark.name, mark.value, edit.id, nowMs)
    return true
  }

  /** Each mark of a photo, also after the first that is news. */
  function add(photoId: number, change: MarksChange, nowMs: number, edit: BegunEdit): boolean {
    return marksOf(change).filter((mark) => addOne(photoId, mark, nowMs, edit)).length > 0
  }

  return {
    current(photoId) {
      const rows = prepare<NewMark>(
        'SELECT kind, name, value FROM marks WHERE photo_id = ? AND is_current ORDER BY id',
      ).all(photoId)
      const valueFor = (kind: MarkKind) => rows.find((row) => row.kind === kind)?.value ?? null
      const namesFor = (kind: MarkKind) =>
        new Map(rows.filter((row) => row.kind === kind).map(({ name, value }) => [name, value === 1]))
      const isFavorite = valueFor('favorite')
      return {
        rating: valueFor('rating') as number | null,
        isFavorite: isFavorite === null ? null : isFavorite === 1,
        title: valueFor('title') as string | null,
        keywords: namesFor('keyword'),
        people: namesFor('person'),
      }
    },

    history: (photoId) =>
      prepare<NewMark & { markedMs: number; isCurrent: number; isTakenBack: number }>(
        `SELECT marks.kind, name, value, marked_ms AS markedMs, is_current AS isCurrent,
           undo_step IS NOT NULL AS isTakenBack
         FROM marks LEFT JOIN edits ON edits.id = edit_id WHERE photo_id = ? ORDER BY marks.id DESC`,
      )
        .all(photoId)
        .map(({ isCurrent, isTakenBack, ...mark }) => ({
          ...mark,
          isCurrent: isCurrent === 1,
          isTakenBack: isTakenBack === 1,
        })),

    set: (photoIds, change, nowMs, edit = { kind: 'marks' }) =>
      write(() => {
        const changed = photoIds.filter((photoId) => add(photoId, change, nowMs, edit))
        if (edit.id !== undefined) countEdited(database, edit.id, changed.length)
        return changed
      }),

    add: (photoId, change, nowMs, edit) => write(() => add(photoId, change, nowMs, edit)),

    isNews: (photoId, change) =>
      marksOf(change).some((mark) => isNews(photoId, mark, currentValue(photoId, mark))),

    takeRecorded: (photoId, marks, contentHash, nowMs) =>
      write(() => {
        const isAboutThis = prepare('SELECT 1 FROM photos WHERE id = ? AND ifnull(content_hash = ?, 1)').get(
          photoId,
          contentHash && Buffer.from(contentHash, 'hex'),
        )
        if (!isAboutThis) return
        for (const { kind, name, value, writtenAt } of marks) {
          const known = prepare<{ value: Value; marked_ms: number }>(
            'SELECT value, marked_ms FROM marks WHERE photo_id = ? AND kind = ? AND name = ?',
          ).all(photoId, kind, name)
          const writtenMs = Date.parse(writtenAt ?? '')
          const isNews = known.every((each) => each.value !== value && writtenMs > each.marked_ms)
          if (!isNews) continue
          prepare(
            `INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current) VALUES (?, ?, ?, ?, ?, 0)`,
          ).run(photoId, kind, name, value, writtenMs >= 0 && writtenMs < nowMs ? writtenMs : nowMs)
          settleMark(database, photoId, kind, name)
        }
      }),

    forget: (photoId, editId) =>
      write(() => {
        prepare('DELETE FROM marks WHERE edit_id = ? AND photo_id = ?').run(editId, photoId)
        settleMarks(database, photoId)
      }),

    settle: (photoId, editId) =>
      prepare<{ kind: MarkKind; name: string }>(
        'SELECT DISTINCT kind, name FROM marks WHERE edit_id = ? AND photo_id = ?',
      )
        .all(editId, photoId)
        .filter(({ kind, name }) => settleMark(database, photoId, kind, name)).length > 0,

    photosNamed: (name, limit) =>
      prepare<{ id: number }>(
        `SELECT photo_id AS id FROM marks INDEXED BY marks_by_name
         WHERE name = ? AND kind IN ('keyword', 'person') AND is_current AND value = 1
         GROUP BY photo_id ORDER BY max(id) DESC LIMIT ?`,
      )
        .all(name, limit)
        .map(({ id }) => id),

    peopleNamed: (fewestPhotos, limit) =>
      prepare<{ text: string; photos: number }>(
        `SELECT name AS text, count(*) AS photos FROM marks INDEXED BY marks_by_name
         WHERE kind = 'person' AND is_current AND value = 1
         GROUP BY name HAVING photos >= ? ORDER BY photos DESC, name LIMIT ?`,
      ).all(fewestPhotos, limit),

    photosOf: (editId, afterPhoto, limit) =>
      prepare<{ id: number }>(
        `SELECT DISTINCT photo_id AS id FROM marks WHERE edit_id = ? AND photo_id > ? ORDER BY photo_id LIMIT ?`,
      )
        .all(editId, afterPhoto, limit)
        .map(({ id }) => id),
  }
}

/** Of a photo whose marks are others: those of another row joined them, or some are gone. */
export function settleMarks(database: Database, photoId: number): void {
  for (const { kind, name } of database
    .prepare<{ kind: MarkKind; name: string }>('SELECT DISTINCT kind, name FROM marks WHERE photo_id = ?')
    .all(photoId)) {
    settleMark(database, photoId, kind, name)
  }
}

/** The one place that decides which mark is current. @returns whether it is another one now. */
function settleMark({ prepare }: Database, photoId: number, kind: MarkKind, name: string): boolean {
  const newest = prepare<{ id: number | null }>(
    `SELECT max(marks.id) AS id FROM marks LEFT JOIN edits ON edits.id = edit_id
     WHERE photo_id = ? AND marks.kind = ? AND name = ? AND undo_step IS NULL`,
  ).get(photoId, kind, name)!.id
  const { changes } = prepare(
    `UPDATE marks SET is_current = (id IS ?)
     WHERE photo_id = ? AND kind = ? AND name = ? AND is_current <> (id IS ?)`,
  ).run(newest, photoId, kind, name, newest)
  return changes > 0
}

function marksOf(change: MarksChange): NewMark[] {
  const { rating, isFavorite, title } = change
  const named = (kind: MarkKind, names: readonly string[] | undefined, value: 0 | 1): NewMark[] =>
    (names ?? []).map((name) => ({ kind, name, value }))
  return [
    ...(rating === undefined ? [] : [{ kind: 'rating' as const, name: '', value: rating }]),
    ...(isFavorite === undefined ? [] : [{ kind: 'favorite' as const, name: '', value: Number(isFavorite) }]),
    ...(title === undefined ? [] : [{ kind: 'title' as const, name: '', value: title }]),
    ...named('keyword', change.addKeywords, 1),
    ...named('keyword', change.removeKeywords, 0),
    ...named('person', change.addPeople, 1),
    ...named('person', change.removePeople, 0),
  ]
}

/** No rating, no favourite, no title, no such name. */
function takesAway({ kind, value }: NewMark): boolean {
  return kind === 'title' ? !value : value === 0
}

/** Whether there is something that a person's mark would hold against. */
function filesSay({ prepare }: Database, photoId: number, { kind, name, value }: NewMark): boolean {
  if (value === null) return false
  const sql: Record<MarkKind, string> = {
    rating: 'SELECT 1 FROM metadata_sources WHERE photo_id = ? AND rating <> 0',
    favorite: 'SELECT 1 FROM metadata_sources WHERE photo_id = ? AND is_favorite = 1',
    title: 'SELECT 1 FROM metadata_sources WHERE photo_id = ? AND title IS NOT NULL',
    keyword: `SELECT 1 FROM metadata_sources JOIN metadata_keywords ON source_id = id
      WHERE photo_id = ? AND keyword = ?`,
    person: `SELECT 1 FROM metadata_sources JOIN metadata_people AS people ON source_id = metadata_sources.id
      WHERE photo_id = ? AND people.name = ?`,
  }
  return prepare(`${sql[kind]} LIMIT 1`).get(photoId, ...(name === '' ? [] : [name])) !== undefined
}
