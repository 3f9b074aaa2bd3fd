import { basename } from 'node:path'
import { displayFileName } from '../../contract/file-name.ts'
import type { CaptionSource } from '../../contract/records.ts'
import type { Database } from './database.ts'
import { type Token, tokenize, tokenizeName } from './words.ts'

/** Photos whose entries are renewed inside one commit; what is left waits for the next. */
const renewedPerCommit = 2000

/**
 * Rows of the index for one second; more photos of the same second spill over into the ones before. A power
 * of two far above any camera's rate, and small so that the index, which stores differences, stays small.
 */
const rowsPerSecond = 1024
/** Seconds are counted from 1697, and end in 2242, so that row numbers are positive and exact in a double. */
const farthestSecond = 2 ** 33

export interface SearchIndexer {
  /** Marks a photo whose words changed somewhere the triggers do not see. */
  markStale(photoIds: readonly number[]): void
  /** Renews entries until none is stale. @returns how many were renewed. */
  renewAll(): number
  /** Throws the index away and makes it anew from the tables. @param onProgress gets photos done so far. */
  rebuild(onProgress?: (done: number) => void): void
  /** Merges a little of what many small commits left behind, which makes searches faster; for idle moments. */
  tidy(): void
}

interface DocumentRow {
  id: number
  search_id: number | null
  folder_id: number
  folder_path: string
  directory: string
  name: string
  sort_ms: number
  camera: string | null
  lens: string | null
  missing: number
  caption: string | null
  caption_source: CaptionSource | null
  other_caption: string | null
  extra: string | null
}

/** Keeps the index in step: entries are renewed at the end of every transaction that changed their photo. */
export function createSearchIndexer(database: Database): SearchIndexer {
  const { prepare, write } = database
  let renewedByLastCommit = 0
  database.beforeCommit(() => {
    renewedByLastCommit = renew(renewedPerCommit)
  })

  /** Commit by commit, so that other processes get their turns between. */
  function renewAll(onProgress: (done: number) => void = () => {}): number {
    for (let done = 0; ; ) {
      write(() => {})
      if (renewedByLastCommit === 0) return done
      done += renewedByLastCommit
      onProgress(done)
    }
  }

  function renew(limit: number): number {
    const rows = readStale(limit)
    // FTS5 gathers words in memory as long as rows come in order, and writes a piece of index where they do not.
    for (const row of rows.toSorted((a, b) => (a.search_id ?? 0) - (b.search_id ?? 0))) removeEntry(row)
    const words = new Map<string, Word>()
    const placed = rows.map((row) => ({ row, searchId: place(row) })).sort((a, b) => a.searchId - b.searchId)
    for (const { row, searchId } of placed) addEntry(row, searchId, words)
    for (const [word, { stem, captions, others }] of words) {
      prepare(
        `INSERT INTO search_words VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET captions = captions + excluded.captions, others = others + excluded.others`,
      ).run(word, stem, captions, others)
    }
    return rows.length
  }

  function readStale(limit: number): DocumentRow[] {
    return prepare<DocumentRow>(
      `SELECT photos.id, search_id, folder_id, folders.path AS folder_path, directory, name, sort_ms, camera,
         lens, missing_since_ms IS NOT NULL AS missing, captions.text AS caption, caption_source,
         CASE caption_source WHEN 'imported' THEN
           (SELECT text FROM captions WHERE photo_id = photos.id AND source = 'model' AND withdrawn_ms IS NULL
              ORDER BY id DESC LIMIT 1) END AS other_caption,
         (SELECT group_concat(text, ' ') FROM search_extra WHERE photo_id = photos.id) AS extra
       FROM search_stale
         JOIN photos ON photos.id = search_stale.photo_id
         JOIN folders ON folders.id = photos.folder_id
         LEFT JOIN captions ON captions.id = photos.caption_id
       LIMIT ?`,
    ).all(limit)
  }

  function removeEntry(row: DocumentRow): void {
    if (row.search_id !== null) prepare('DELETE FROM search_index WHERE rowid = ?').run(row.search_id)
    prepare('DELETE FROM search_stale WHERE photo_id = ?').run(row.id)
  }

  /** @returns the photo's row in the index, which is its own from now on. */
  function place(row: DocumentRow): number {
    const searchId = findRow(row)
    if (searchId !== row.search_id) {
      prepare('UPDATE photos SET search_id = ? WHERE id = ?').run(searchId, row.id)
    }
    return searchId
  }

  function addEntry(row: DocumentRow, searchId: number, words: Map<string, Word>): void {
    const folder = `${basename(row.folder_path)}/${row.directory}`
    const further = [displayFileName(row.name), row.extra ?? '', row.other_caption ?? ''].join(' ')
    const caption = tokenize(row.caption ?? '')
    const others = [further, displayFileName(folder), row.camera ?? '', row.lens ?? ''].map(tokenizeName)
    countWords(caption, 'captions', words)
    countWords(others.flat(), 'others', words)
    prepare(
      `INSERT INTO search_index (rowid, caption, words, folder, camera, lens, flags)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      searchId,
      toIndexText(caption, scope.caption),
      ...others.map((tokens) => toIndexText(tokens, scope.others)),
      flagsOf(row),
    )
  }

  /** The photo's own row number, free or already its own; always the same where nothing else changed. */
  function findRow(row: DocumentRow): number {
    const first = rowOfEnd(row.sort_ms) - rowsPerSecond
    for (let spread = rowsPerSecond; ; spread *= 4) {
      // Within a second the later photo first; where there are too many, anywhere in the seconds before.
      const slot = spread === rowsPerSecond ? spread - 1 - (row.id % spread) : scatter(row.id) % spread
      const candidate = first + slot
      const holder = prepare<{ id: number }>('SELECT id FROM photos WHERE search_id = ?').get(candidate)
      if (holder === undefined || holder.id === row.id) return candidate
    }
  }

  return {
    markStale: (photoIds) =>
      write(() => {
        for (const id of photoIds) prepare('INSERT OR IGNORE INTO search_stale VALUES (?)').run(id)
      }),
    renewAll: () => renewAll(),
    rebuild(onProgress) {
      write(() => {
        prepare("INSERT INTO search_index (search_index) VALUES ('delete-all')").run()
        prepare('DELETE FROM search_words').run()
        prepare('UPDATE photos SET search_id = NULL WHERE search_id IS NOT NULL').run()
        prepare('INSERT OR IGNORE INTO search_stale SELECT id FROM photos').run()
      })
      renewAll(onProgress)
      prepare("INSERT INTO search_index (search_index) VALUES ('optimize')").run()
    },
    tidy: () =>
      void write(() => prepare("INSERT INTO search_index (search_index, rank) VALUES ('merge', 500)").run()),
  }
}

/**
 * Rows run from the newest to the oldest, which is the direction the index is fast in: photos of this second
 * and all newer ones are in rows below the result, older ones from it on.
 */
export function rowOfEnd(sortMs: number): number {
  const second = Math.floor(sortMs / 1000)
  const bounded = Math.min(Math.max(second, -farthestSecond), farthestSecond)
  return (farthestSecond - bounded + 1) * rowsPerSecond
}

function scatter(id: number): number {
  return Math.imul(id, 0x9e3779b1) >>> 0
}

/** The token that stands for a filter; '=' is in no word. */
export const flag = {
  everyPhoto: 'is=photo',
  missing: 'is=missing',
  captioned: 'has=caption',
  by: (source: CaptionSource) => `by=${source}`,
  folder: (folderId: number) => `root=${folderId}`,
} as const

/** What stands before a word in the index: words of the caption and other words are different tokens. */
export const scope = { caption: '', others: ':' } as const
export type Scope = keyof typeof scope

interface Word {
  stem: string
  captions: number
  others: number
}

function flagsOf(row: DocumentRow): string {
  const flags: string[] = [flag.everyPhoto, flag.folder(row.folder_id)]
  if (row.missing) flags.push(flag.missing)
  if (row.caption_source !== null) flags.push(flag.captioned, flag.by(row.caption_source))
  return flags.join(' ')
}

function toIndexText(tokens: readonly Token[], mark: string): string {
  return tokens.map((token) => mark + token.stem).join(' ')
}

function countWords(tokens: readonly Token[], where: 'captions' | 'others', words: Map<string, Word>): void {
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'word' || seen.has(token.text)) continue
    seen.add(token.text)
    const word = words.get(token.text) ?? { stem: token.stem, captions: 0, others: 0 }
    word[where]++
    words.set(token.text, word)
  }
}
