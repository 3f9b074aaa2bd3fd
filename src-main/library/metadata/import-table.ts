import { setImmediate as nextTurn } from 'node:timers/promises'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type { Caption } from '../../contract/records.ts'
import type {
  ImportPlan,
  ImportSummary,
  PlannedChange,
  TableError,
  TableFormat,
} from '../../contract/rooms/exchange.ts'
import type { NewWords } from '../store/caption-change-steps.ts'
import type { CaptionChanges } from '../store/caption-changes.ts'
import type { CaptionStore } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import type { PhotoStore } from '../store/photos.ts'
import { inSlices } from '../store/slices.ts'
import { type MatchedRow, stageRows } from './import-rows.ts'
import { readTable, type TableRow } from './table-rows.ts'

/** The parts of the library that an import reads and writes. */
export interface ImportTarget {
  database: Database
  photos: Pick<PhotoStore, 'byPath'>
  captions: Pick<CaptionStore, 'current'>
  changes: Pick<CaptionChanges, 'set'>
}

export interface TableImportOptions {
  format: TableFormat
  signal?: AbortSignal
  /** Called now and then with how many rows are read. */
  onProgress?: (rows: number) => void
}

const shownLines = 100
const batchSize = 200

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
    unclear: 0,
    firstUnclear: [],
    errors: 0,
    firstErrors: [],
  }
  using rows = stageRows(target)
  for await (const batch of batches(file, options)) {
    plan.rows += batch.length
    const errors = batch.filter(isError)
    plan.errors += errors.length
    plan.firstErrors.push(...errors.slice(0, shownLines - plan.firstErrors.length))
    rows.add(batch.filter(isRow))
  }
  const { database } = target
  const { signal } = options
  await inSlices(database, (limit) => rows.matchSome(limit), { signal })
  const lookAtSome = (limit: number) => {
    const taken = rows.takeSome(limit)
    for (const matched of taken) {
      const outcome = outcomeOf(target, matched)
      if (outcome === 'unmatched') {
        plan.unmatched++
        const { line, path, sha256 } = matched.row
        if (plan.firstUnmatched.length < shownLines) plan.firstUnmatched.push({ line, path: path || sha256 })
      } else if (outcome === 'unclear') noteUnclear(plan, matched)
      else if (outcome === 'unchanged') plan.unchanged++
      else {
        plan.changes++
        if (plan.firstChanges.length < shownLines) plan.firstChanges.push(outcome)
      }
    }
    return taken.length
  }
  await inSlices(database, lookAtSome, { signal })
  return plan
}

/**
 * Takes captions from a table. Each row is for one photo: by content hash, and among copies by the end of
 * its path that they have in common; else by its path. What is unclear then is listed and changes nothing. A row that
 * says `person` becomes the person's caption; any other text that differs from the current caption is imported. (A row that
 * still says `model` with other words was edited: as the model's it would be overwritten by the next run.)
 * Rows without a caption change nothing. One that is marked `cut` is taken as the beginning that it is, whatever else it says.
 *
 * All rows are checked before the first is applied, and they are one change: all or none.
 * @throws LensloreError `IMPORT_INVALID` naming the first lines that are refused, with nothing imported;
 * `FILE_NOT_FOUND`; DOMException `AbortError` through the signal, with nothing imported.
 */
export async function importTable(
  target: ImportTarget,
  file: string,
  options: TableImportOptions,
): Promise<ImportSummary> {
  const summary: ImportSummary = {
    rows: 0,
    changed: 0,
    unchanged: 0,
    unmatched: 0,
    unclear: 0,
    firstUnclear: [],
  }
  const errors: TableError[] = []
  using rows = stageRows(target)
  for await (const batch of batches(file, options)) {
    summary.rows += batch.length
    errors.push(...batch.filter(isError))
    if (errors.length >= shownLines) break
    if (errors.length === 0) rows.add(batch.filter(isRow))
  }
  if (errors.length > 0) throw invalidLines(file, errors)

  const { signal } = options
  await inSlices(target.database, (limit) => rows.matchSome(limit), { signal })
  await target.changes.set(
    'table',
    (add, limit) => {
      const taken = rows.takeSome(limit)
      for (const matched of taken) planRow(target, matched, summary, add)
      return taken.length
    },
    { signal },
  )
  return summary
}

function planRow(
  target: ImportTarget,
  matched: MatchedRow,
  summary: ImportSummary,
  add: (words: NewWords) => void,
): void {
  const outcome = outcomeOf(target, matched)
  if (outcome === 'unmatched') summary.unmatched++
  else if (outcome === 'unclear') noteUnclear(summary, matched)
  else if (outcome === 'unchanged') summary.unchanged++
  else {
    const { photoId, after: text, source } = outcome
    const captionId = target.captions.current(photoId)?.id ?? null
    const { language, isCut } = matched.row
    add({ photoId, captionId, text, source, language: language || null, isCut })
    summary.changed++
  }
}

function outcomeOf(
  { captions }: ImportTarget,
  { row, photoId, unclear }: MatchedRow,
): PlannedChange | 'unchanged' | 'unmatched' | 'unclear' {
  if (photoId === null && unclear === null) return 'unmatched'
  if (row.caption === '') return 'unchanged'
  if (photoId === null) return 'unclear'
  const change = changeFor(row, photoId, captions.current(photoId))
  if (!change) return 'unchanged'
  return unclear === null ? change : 'unclear'
}

function noteUnclear(
  into: Pick<ImportSummary, 'unclear' | 'firstUnclear'>,
  { row, unclear }: MatchedRow,
): void {
  into.unclear++
  if (into.firstUnclear.length === shownLines) return
  into.firstUnclear.push({ line: row.line, path: row.path || row.sha256, reason: unclear! })
}

/** Undefined where the row says what is so already. */
function changeFor(row: TableRow, photoId: number, current: Caption | null): PlannedChange | undefined {
  // What is only a beginning is nobody's caption as it stands, edited or not: as a person's it would be written over
  // the whole of it.
  const source = row.source === 'person' && !row.isCut ? 'person' : 'imported'
  // Where a text was cut may be a space, which a table does not keep.
  const isSame =
    current?.text.trim() === row.caption && (source === 'imported' || current.source === 'person')
  if (isSame) return undefined
  return { line: row.line, photoId, before: current?.text ?? null, after: row.caption, source }
}

async function* batches(
  file: string,
  { format, signal, onProgress }: TableImportOptions,
): AsyncGenerator<(TableRow | TableError)[]> {
  let rows = 0
  let batch: (TableRow | TableError)[] = []
  for await (const row of readTable(file, format)) {
    signal?.throwIfAborted()
    batch.push(row)
    if (++rows % batchSize !== 0) continue
    onProgress?.(rows)
    yield batch
    batch = []
    // A table that is read at once would be gone through in one turn.
    await nextTurn()
  }
  onProgress?.(rows)
  yield batch
}

function isError(row: TableRow | TableError): row is TableError {
  return 'message' in row
}

function isRow(row: TableRow | TableError): row is TableRow {
  return !isError(row)
}

function invalidLines(file: string, errors: readonly TableError[]): LensloreError {
  const shown = errors.slice(0, 5).map(({ line, message }) => `line ${line}: ${message}`)
  const more = errors.length > shown.length ? '; and more' : ''
  return new LensloreError(
    'IMPORT_INVALID',
    `Nothing was imported from ${displayFileName(file)}. ${shown.join('; ')}${more}.`,
  )
}
