import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import type { MarkKind } from '../../contract/records.ts'
import type { MarksChange } from '../../contract/rooms/marks.ts'
import { flush, listBackups } from './backups.ts'
import { type Database, openDatabase, openReader } from './database.ts'
import type { BegunEdit } from './edits.ts'
import { lockAlone } from './lock.ts'
import { readMigrations, readVersion } from './migrate.ts'
import { databaseFileIn, openStore, type Store } from './store.ts'
import { beginSwap, swapIn, takeSwapBack } from './swap-database.ts'

export interface RestoredBackup {
  backup: string
  /** Folder that the library's files were set aside in; null where there were none. */
  setAside: string | null
  /** Captions a person wrote after the backup was made, and that could still be read. */
  wordsBroughtBack: number
  /** A table, as `import-table` takes it, of those whose photo is not in the backup; null where there are none. */
  wordsTable: string | null
}

export type RestoreStep = 'copy' | 'check' | 'words' | 'swap'

export interface RestoreOptions {
  /** The newest one where it is left out. */
  backup?: string | undefined
  nowMs?: number
  /** Told when each step begins. */
  onStep?(step: RestoreStep): void
}

/** A person's caption as it stands in the database that is set aside. */
interface SavedWords {
  photoId: number
  text: string
  createdMs: number
  withdrawnMs: number | null
  photo: SavedPhoto
}

/** Where the photo was and what it was; null where that cannot be read. */
type SavedPhoto = { folder: string; directory: string; name: string; contentHash: Buffer | null } | null

/** A person's mark likewise, of an edit that was not taken back. */
interface SavedMark {
  photoId: number
  kind: MarkKind
  name: string
  value: number | string | null
  editId: number | null
  markedMs: number
  photo: SavedPhoto
}

/** More rows than this since a backup are a number that is damaged itself. */
const rowsAtMost = 10_000_000

/**
 * Puts a backup in the place of a library's database, with the captions and marks that a person made since, which are read
 * from the present database one by one, as far as that is possible. What is there is set aside whole, not changed.
 * A process that is killed meanwhile has changed nothing, or leaves a library that nobody opens until this is done
 * again, from the same beginning.
 * @throws LensloreError `LIBRARY_LOCKED` while any process has the library open; `FILE_NOT_FOUND` where there is no
 * backup; `DATABASE_DAMAGED`, `DATABASE_NEWER` for the backup itself; `DISK_FULL`, `WRITE_FAILED`. Nothing is
 * changed then.
 */
export function restoreBackup(
  libraryDirectory: string,
  { backup, nowMs = Date.now(), onStep = () => {} }: RestoreOptions = {},
): RestoredBackup {
  const file = databaseFileIn(libraryDirectory)
  const chosen = backup ?? listBackups(file)[0]
  if (chosen === undefined || !existsSync(chosen)) {
    throw new LensloreError(
      'FILE_NOT_FOUND',
      chosen === undefined ? `There is no backup of ${file}.` : `There is no backup ${chosen}.`,
    )
  }
  const alone = lockAlone(file)
  try {
    const directory = beginSwap(file)
    const incoming = databaseFileIn(directory)
    const table = join(directory, 'words.json')
    try {
      onStep('copy')
      copyFileSync(chosen, incoming)
      onStep('check')
      checkBackup(incoming, chosen)
      onStep('words')
      const { wordsBroughtBack, homeless } = bringWords(file, incoming)
      if (homeless.length > 0) writeTable(homeless, table)
      onStep('swap')
      flush(incoming)
      const beside = homeless.length > 0 ? [table] : []
      const setAside = swapIn(file, incoming, beside, nowMs)
      return {
        backup: chosen,
        setAside,
        wordsBroughtBack,
        wordsTable: setAside !== null && homeless.length > 0 ? join(setAside, basename(table)) : null,
      }
    } catch (thrown) {
      takeSwapBack(file)
      throw thrown
    }
  } finally {
    alone.release()
  }
}

/** What a person wrote in one database is taken over into the other, an older state of it, which gets no log. */
function bringWords(
  from: string,
  incoming: string,
): { wordsBroughtBack: number; homeless: readonly SavedWords[] } {
  const store = openStore(incoming)
  try {
    const { words, marks } = readSince(from, store, join(dirname(incoming), 'read.sqlite'))
    const homeless = bringBack(store, words)
    bringMarksBack(store, marks)
    store.database.pragma('wal_checkpoint(TRUNCATE)')
    return {
      wordsBroughtBack: words.length - homeless.length,
      homeless: homeless.filter(({ withdrawnMs }) => withdrawnMs === null),
    }
  } finally {
    store.close()
  }
}

function checkBackup(copy: string, backup: string): void {
  let reader: Database | undefined
  try {
    reader = openReader(copy)
    const [found] = reader.prepare<{ quick_check: string }>('PRAGMA quick_check').all()
    if (found?.quick_check !== 'ok') throw new Error(found?.quick_check)
    if (readVersion(reader) > readMigrations().at(-1)!.version) {
      throw new LensloreError('DATABASE_NEWER', `${backup} was written by a newer version of Lenslore.`)
    }
  } catch (thrown) {
    if (thrown instanceof LensloreError && thrown.code !== 'DATABASE_DAMAGED') throw thrown
    throw new LensloreError('DATABASE_DAMAGED', `The backup ${backup} is damaged itself.`, { cause: thrown })
  } finally {
    reader?.close()
  }
}

/**
 * Each row is looked up by itself, so that a damaged page costs what is on it and nothing else.
 * @param copy where the file and its log are copied to: reading through a log changes both.
 */
function readSince(
  file: string,
  restored: Store,
  copy: string,
): { words: readonly SavedWords[]; marks: readonly SavedMark[] } {
  for (const ending of ['', '-wal']) {
    if (existsSync(file + ending)) copyFileSync(file + ending, copy + ending)
  }
  const words: SavedWords[] = []
  const marks: SavedMark[] = []
  let database: Database | undefined
  try {
    database = openDatabase(copy)
    for (const id of idsSince(restored.database, database, 'captions')) {
      const caption = readCaption(database, id)
      if (caption) words.push({ ...caption, photo: readPlace(database, caption.photoId) ?? null })
    }
    for (const id of idsSince(restored.database, database, 'marks')) {
      const mark = readMark(database, id)
      if (mark) marks.push({ ...mark, photo: readPlace(database, mark.photoId) ?? null })
    }
  } catch {
    // Not to be read at all: the backup is what there is.
  } finally {
    database?.close()
  }
  return { words, marks }
}

/** Of rows that were added to a table after the backup was made, and maybe of some that are gone. */
function* idsSince(backup: Database, present: Database, table: 'captions' | 'marks'): Generator<number> {
  const last = highestId(backup, table)
  const end = Math.min(highestId(present, table), last + rowsAtMost)
  for (let id = last + 1; id <= end; id++) yield id
}

function highestId(database: Database, table: 'captions' | 'marks'): number {
  const sequence = readable(() =>
    database.prepare<{ id: number }>('SELECT seq AS id FROM sqlite_sequence WHERE name = ?').get(table),
  )
  const newest = readable(() => database.prepare<{ id: number }>(`SELECT max(id) AS id FROM ${table}`).get())
  return Math.max(sequence?.id ?? 0, newest?.id ?? 0)
}

function readCaption(database: Database, id: number): Omit<SavedWords, 'photo'> | undefined {
  return readable(() =>
    database
      .prepare<Omit<SavedWords, 'photo'>>(
        `SELECT photo_id AS photoId, text, created_ms AS createdMs, withdrawn_ms AS withdrawnMs
         FROM captions WHERE id = ? AND source = 'person'`,
      )
      .get(id),
  )
}

function readMark(database: Database, id: number): Omit<SavedMark, 'photo'> | undefined {
  return readable(() =>
    database
      .prepare<Omit<SavedMark, 'photo'>>(
        `SELECT photo_id AS photoId, kind, name, value, edit_id AS editId, marked_ms AS markedMs FROM marks
         WHERE id = ? AND NOT EXISTS (SELECT 1 FROM edits WHERE id = edit_id AND undo_step IS NOT NULL)`,
      )
      .get(id),
  )
}

function readPlace(database: Database, photoId: number): SavedWords['photo'] | undefined {
  return readable(() =>
    database
      .prepare<NonNullable<SavedWords['photo']>>(
        `SELECT path AS folder, directory, name, content_hash AS contentHash
         FROM photos JOIN folders ON folders.id = folder_id WHERE photos.id = ?`,
      )
      .get(photoId),
  )
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** @returns the words whose photo is not there. */
function bringBack(store: Store, words: readonly SavedWords[]): SavedWords[] {
  const homeless: SavedWords[] = []
  store.database.write(() => {
    for (const each of words) {
      const photoId = photoOf(store, each)
      if (photoId === undefined) {
        homeless.push(each)
        continue
      }
      store.captions.setByPerson(photoId, each.text, each.createdMs)
      if (each.withdrawnMs !== null) store.captions.undo(photoId, each.withdrawnMs)
    }
  })
  return homeless
}

/** Marks of one edit are one again. */
function bringMarksBack(store: Store, marks: readonly SavedMark[]): void {
  const edits = new Map<number, BegunEdit>()
  store.database.write(() => {
    for (const each of marks) {
      const photoId = photoOf(store, each)
      if (photoId === undefined) continue
      const edit = (each.editId === null ? undefined : edits.get(each.editId)) ?? { kind: 'marks' }
      if (each.editId !== null) edits.set(each.editId, edit)
      store.marks.set([photoId], changeOf(each), each.markedMs, edit)
    }
  })
}

function changeOf({ kind, name, value }: SavedMark): MarksChange {
  switch (kind) {
    case 'rating':
      return { rating: Number(value) }
    case 'favorite':
      return { isFavorite: value === 1 }
    case 'title':
      return { title: value === null ? null : String(value) }
    case 'keyword':
      return value === 1 ? { addKeywords: [name] } : { removeKeywords: [name] }
    case 'person':
      return value === 1 ? { addPeople: [name] } : { removePeople: [name] }
  }
}

/** The photo of that id, if it is still the same; else one with the same content. */
function photoOf(
  { photos }: Store,
  { photoId, photo }: Pick<SavedWords, 'photoId' | 'photo'>,
): number | undefined {
  const known = photos.byId(photoId)
  if (!photo) return known?.id
  const contentHash = photo.contentHash?.toString('hex') ?? null
  const path = join(photo.folder, photo.directory, photo.name)
  if (known && (known.contentHash === contentHash || known.path === path)) return known.id
  return contentHash === null ? undefined : photos.withContent(contentHash)[0]
}

function writeTable(words: readonly SavedWords[], file: string): void {
  const rows = words.map(({ text, photo }) => ({
    path: photo ? join(photo.folder, photo.directory, photo.name) : 'not known',
    sha256: photo?.contentHash?.toString('hex') ?? '',
    caption: text,
    source: 'person',
  }))
  writeFileSync(file, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`)
}
