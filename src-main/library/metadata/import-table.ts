import { basename } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import type {
  ImportPlan,
  ImportSummary,
  PlannedChange,
  TableError,
  TableFormat,
} from '../../contract/exchange.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type { Caption } from '../../contract/records.ts'
import type { CaptionStore } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import type { PhotoStore } from '../store/photos.ts'
import type { MetadataStore } from './metadata-store.ts'
import { emptyMetadata } from './photo-metadata.ts'
import { readTable, type TableRow } from './table-rows.ts'

/** The parts of the library that an import reads and writes. */
export interface ImportTarget {
  database: Database
  photos: Pick<PhotoStore, 'byPath' | 'byId'>
  captions: Pick<CaptionStore, 'current' | 'setByPerson' | 'inOneEdit'>
  metadata: Pick<MetadataStore, 'apply'>
}

export interface TableImportOptions {
  format: TableFormat
  signal?: AbortSignal
  /** Called now and then with how many rows are read. */
  onProgress?: (rows: number) => void
}

const shownLines = 100
const batchSize = 1000

/**
 * The dry run: reads the whole table and says what `importTable` would do now.
 * @throws LensloreError `IMPORT_INVALID` where the file as a whole is no such table, `FILE_NOT_FOUND`.
 */
export async function planImport(
  target: ImportTarget,
  file: string,
  options: TableImportOptions,
): Promise<ImportPlan> {
  const plan: ImportPlan = {
    rows: 0,
    changes: 0,
    firstChanges: [],
    unchanged: 0,
    unmatched: 0,
    firstUnmatched: [],
    errors: 0,
    firstErrors: [],
  }
  for await (const row of countedRows(file, options)) {
    plan.rows++
    if ('message' in row) {
      plan.errors++
      if (plan.firstErrors.length < shownLines) plan.firstErrors.push(row)
      continue
    }
    const photoIds = matchPhotos(target, row)
    if (photoIds.length === 0) {
      plan.unmatched++
      if (plan.firstUnmatched.length < shownLines) {
        plan.firstUnmatched.push({ line: row.line, path: row.path || row.sha256 })
      }
    }
    for (const photoId of photoIds) {
      const current = target.captions.current(photoId)
      const change = changeFor(row, photoId, current)
      if (!change) plan.unchanged++
      else {
        plan.changes++
        if (plan.firstChanges.length < shownLines) plan.firstChanges.push(change)
      }
    }
  }
  return plan
}

/**
 * Takes captions from a table. Each row is matched by content hash, then by path. A row that says `person`
 * becomes the person's caption; any other text that differs from the current caption is imported. (A row that
 * still says `model` with other words was edited: as the model's it would be overwritten by the next run.)
 * Rows without a caption change nothing.
 *
 * All rows are checked before the first is applied, and they are applied in one transaction.
 * @throws LensloreError `IMPORT_INVALID` naming the first lines that are refused, with nothing imported;
 * `FILE_NOT_FOUND`; DOMException `AbortError` through the signal, with nothing imported.
 */
export async function importTable(
  target: ImportTarget,
  file: string,
  options: TableImportOptions,
  nowMs = Date.now(),
): Promise<ImportSummary> {
  const { database } = target
  const { prepare, write } = database
  const summary: ImportSummary = { rows: 0, changed: 0, unchanged: 0, unmatched: 0 }
  const errors: TableError[] = []
  // A table of its own, outside the library's file: a transaction cannot wait for a file to be read.
  database.exec('DROP TABLE IF EXISTS temp.import_rows')
  database.exec('CREATE TEMP TABLE import_rows (position INTEGER PRIMARY KEY, row TEXT NOT NULL)')
  try {
    let batch: TableRow[] = []
    const stage = () => {
      write(() => {
        for (const row of batch) {
          prepare('INSERT INTO temp.import_rows (row) VALUES (?)').run(JSON.stringify(row))
        }
      })
      batch = []
    }
    for await (const row of countedRows(file, options)) {
      summary.rows++
      if ('message' in row) errors.push(row)
      else if (errors.length === 0) batch.push(row)
      if (batch.length === batchSize) stage()
      if (errors.length >= shownLines) break
    }
    if (errors.length > 0) throw invalidLines(file, errors)
    stage()

    target.captions.inOneEdit(() => {
      for (let last = 0; ; ) {
        const page = prepare<{ position: number; row: string }>(
          'SELECT position, row FROM temp.import_rows WHERE position > ? ORDER BY position LIMIT ?',
        ).all(last, batchSize)
        if (page.length === 0) return
        options.signal?.throwIfAborted()
        for (const { row } of page) apply(target, JSON.parse(row) as TableRow, summary, nowMs)
        last = page.at(-1)!.position
      }
    })
  } finally {
    database.exec('DROP TABLE temp.import_rows')
  }
  return summary
}

function apply(target: ImportTarget, row: TableRow, summary: ImportSummary, nowMs: number): void {
  const photoIds = matchPhotos(target, row)
  if (photoIds.length === 0) summary.unmatched++
  for (const photoId of photoIds) {
    const change = changeFor(row, photoId, target.captions.current(photoId))
    if (!change) {
      summary.unchanged++
      continue
    }
    if (change.source === 'person') target.captions.setByPerson(photoId, change.after, nowMs)
    else {
      const caption = { text: change.after, language: row.language || null, field: 'table:caption' }
      const metadata = { ...emptyMetadata(), captions: [caption] }
      target.metadata.apply(photoId, { kind: 'table', name: '', metadata }, nowMs)
    }
    summary.changed++
  }
}

/** Undefined where the row says what is so already. */
function changeFor(row: TableRow, photoId: number, current: Caption | null): PlannedChange | undefined {
  const source = row.source === 'person' ? 'person' : 'imported'
  if (row.caption === '') return undefined
  const isSame = current?.text === row.caption && (source === 'imported' || current.source === 'person')
  if (isSame) return undefined
  return { line: row.line, photoId, before: current?.text ?? null, after: row.caption, source }
}

/**
 * The photos of a row: those with the content hash, and among exact duplicates the one at the path, else
 * those of that file name, else all of them; without the hash, the photo at the path.
 */
function matchPhotos({ database, photos }: ImportTarget, row: TableRow): number[] {
  if (row.sha256 !== '') {
    const same = database
      .prepare<{ id: number; name: string }>('SELECT id, name FROM photos WHERE content_hash = ?')
      .all(Buffer.from(row.sha256, 'hex'))
    if (same.length > 0) {
      const there = same.filter(({ id }) => same.length === 1 || photos.byId(id)?.path === row.path)
      const named = same.filter(({ name }) => name === basename(row.path.replaceAll('\\', '/')))
      return [there, named, same].find((found) => found.length > 0)!.map(({ id }) => id)
    }
  }
  const atPath = row.path === '' ? undefined : photos.byPath(row.path)
  return atPath ? [atPath.id] : []
}

async function* countedRows(file: string, { format, signal, onProgress }: TableImportOptions) {
  let rows = 0
  for await (const row of readTable(file, format)) {
    signal?.throwIfAborted()
    yield row
    if (++rows % batchSize === 0) onProgress?.(rows)
  }
  onProgress?.(rows)
}

function invalidLines(file: string, errors: readonly TableError[]): LensloreError {
  const shown = errors.slice(0, 5).map(({ line, message }) => `line ${line}: ${message}`)
  const more = errors.length > shown.length ? '; and more' : ''
  return new LensloreError(
    'IMPORT_INVALID',
    `Nothing was imported from ${displayFileName(file)}. ${shown.join('; ')}${more}.`,
  )
}
