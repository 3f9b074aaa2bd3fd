import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { flush, listBackups } from './backups.ts'
import { type Database, openDatabase, openReader } from './database.ts'
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
  /** Where the photo was and what it was; null where that cannot be read. */
  photo: { folder: string; directory: string; name: string; contentHash: Buffer | null } | null
}

/** More captions than this since a backup are a number that is damaged itself. */
const captionsAtMost = 10_000_000

/**
 * Puts a backup in the place of a library's database, with the captions that a person wrote since, which are read
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
    const words = readWordsSince(from, store, join(dirname(incoming), 'read.sqlite'))
    const homeless = bringBack(store, words)
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
 * Each caption is looked up by itself, so that a damaged page costs what is on it and nothing else.
 * @param copy where the file and its log are copied to: reading through a log changes both.
 */
function readWordsSince(file: string, restored: Store, copy: string): SavedWords[] {
  const last = highestId(restored.database)
  for (const ending of ['', '-wal']) {
    if (existsSync(file + ending)) copyFileSync(file + ending, copy + ending)
  }
  const words: SavedWords[] = []
  let database: Database | undefined
  try {
    database = openDatabase(copy)
    const end = Math.min(highestId(database), last + captionsAtMost)
    for (let id = last + 1; id <= end; id++) {
      const caption = readCaption(database, id)
      if (caption) words.push({ ...caption, photo: readPlace(database, caption.photoId) ?? null })
    }
  } catch {
    // Not to be read at all: the backup is what there is.
  } finally {
    database?.close()
  }
  return words
}

function highestId(database: Database): number {
  const sequence = readable(() =>
    database.prepare<{ id: number }>(`SELECT seq AS id FROM sqlite_sequence WHERE name = 'captions'`).get(),
  )
  const newest = readable(() => database.prepare<{ id: number }>('SELECT max(id) AS id FROM captions').get())
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

/** The photo of that id, if it is still the same; else one with the same content. */
function photoOf({ photos }: Store, { photoId, photo }: SavedWords): number | undefined {
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
