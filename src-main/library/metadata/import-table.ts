import { setImmediate as nextTurn } from 'node:timers/promises'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type {
  ImportPlan,
  ImportSummary,
  NamedRow,
  RowCounts,
  TableError,
  TableFormat,
  TableWords,
} from '../../contract/rooms/exchange.ts'
import type { NewWords } from '../store/caption-change-steps.ts'
import type { CaptionChanges } from '../store/caption-changes.ts'
import type { CaptionStore } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import type { MarkStore } from '../store/marks.ts'
import type { PhotoStore } from '../store/photos.ts'
import { inSlices } from '../store/slices.ts'
import { type ImportRows, type MatchedRow, saysAnything, stageRows } from './import-rows.ts'
import { outcomeOf, type RowOutcome } from './table-outcome.ts'
import { readTable, type TableRow } from './table-rows.ts'

/** The parts of the library that an import reads and writes. */
export interface ImportTarget {
  database: Database
  photos: Pick<PhotoStore, 'byPath'>
  captions: Pick<CaptionStore, 'current' | 'isKnown'>
  marks: Pick<MarkStore, 'isNews'>
  changes: Pick<CaptionChanges, 'set'>
}

export interface TableImportOptions {
  format: TableFormat
  /** Whose words they are; the person's where it is left out. */
  as?: TableWords
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
  const { as = 'person', signal } = options
  const plan: ImportPlan = {
    ...noRows(),
    changes: 0,
    marked: 0,
    photos: 0,
    firstChanges: [],
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
  await inSlices(database, (limit) => rows.matchSome(limit), { signal })
  const lookAtSome = (limit: number) =>
    settleSome(target, rows, as, limit, plan, (row, photoId, { caption, marks }) => {
      if (caption) plan.changes++
      if (marks) plan.marked++
      plan.photos++
      if (plan.firstChanges.length < shownLines) {
        plan.firstChanges.push({ line: row.line, photoId, caption, marks })
      }
    })
  await inSlices(database, lookAtSome, { signal })
  return plan
}

/**
 * Takes captions, titles, ratings and keywords from a table. Each row is for one photo: by content hash, and among copies by the end of
 * its path that they have in common; else by its path. What is unclear then is listed and changes nothing. Of several rows for one
 * photo the last that says anything is taken. `outcomeOf` tells what becomes of a row; rows without a caption leave it as it is.
 * One that is marked `cut` is taken as the beginning that it is, whatever else it says.
 *
 * All rows are checked before the first is applied, and they are one edit: all or none, and taken back as one.
 * @throws LensloreError `IMPORT_INVALID` naming the first lines that are refused, with nothing imported;
 * `FILE_NOT_FOUND`; DOMException `AbortError` through the signal, with nothing imported.
 */
export async function importTable(
  target: ImportTarget,
  file: string,
  options: TableImportOptions,
): Promise<ImportSummary> {
  const { as = 'person', signal } = options
  const summary: ImportSummary = { ...noRows(), changed: 0, marked: 0 }
  const errors: TableError[] = []
  using rows = stageRows(target)
  for await (const batch of batches(file, options)) {
    summary.rows += batch.length
    errors.push(...batch.filter(isError))
    if (errors.length >= shownLines) break
    if (errors.length === 0) rows.add(batch.filter(isRow))
  }
  if (errors.length > 0) throw invalidLines(file, errors)

  await inSlices(target.database, (limit) => rows.matchSome(limit), { signal })
  await target.changes.set(
    'table',
    (add, limit) =>
      settleSome(target, rows, as, limit, summary, (row, photoId, { caption, marks }) => {
        add(newWords(target, row, photoId, caption, marks))
        if (caption) summary.changed++
        if (marks) summary.marked++
      }),
    { signal },
  )
  return summary
}

function newWords(
  { captions }: ImportTarget,
  { language, isCut }: TableRow,
  photoId: number,
  caption: RowOutcome['caption'],
  marks: RowOutcome['marks'],
): NewWords {
  return {
    photoId,
    captionId: captions.current(photoId)?.id ?? null,
    text: caption?.after ?? null,
    source: caption?.source ?? 'person',
    language: language || null,
    isCut,
    ...(marks && { marks }),
  }
}

function noRows(): RowCounts {
  return {
    rows: 0,
    unchanged: 0,
    unmatched: 0,
    firstUnmatched: [],
    unclear: 0,
    firstUnclear: [],
    replaced: 0,
    firstReplaced: [],
    outranked: 0,
    emptied: 0,
    withoutMarks: 0,
  }
}

/**
 * Finds out what becomes of the next rows, and counts those that change nothing.
 * @param change told of the others.
 * @returns how many rows there were.
 */
function settleSome(
  target: ImportTarget,
  rows: ImportRows,
  as: TableWords,
  limit: number,
  counts: RowCounts,
  change: (row: TableRow, photoId: number, outcome: RowOutcome) => void,
): number {
  const taken = rows.takeSome(limit)
  for (const matched of taken) settleRow(target, matched, as, counts, change)
  return taken.length
}

function settleRow(
  target: ImportTarget,
  { row, photoId, unclear, isReplaced }: MatchedRow,
  as: TableWords,
  counts: RowCounts,
  change: (row: TableRow, photoId: number, outcome: RowOutcome) => void,
): void {
  if (photoId === null) {
    if (unclear === null) {
      counts.unmatched++
      note(counts.firstUnmatched, named(row))
    } else if (saysAnything(row)) noteUnclear(counts, row, unclear)
    else counts.unchanged++
    return
  }
  if (isReplaced) {
    counts.replaced++
    note(counts.firstReplaced, named(row))
    return
  }
  const outcome = outcomeOf(target, row, photoId, as)
  const { caption, marks, isOutranked, isEmptied, isWithoutMarks } = outcome
  if (isOutranked) counts.outranked++
  if (isEmptied) counts.emptied++
  if (isWithoutMarks) counts.withoutMarks++
  if (!caption && !marks) {
    if (!isOutranked && !isEmptied && !isWithoutMarks) counts.unchanged++
  } else if (unclear !== null) noteUnclear(counts, row, unclear)
  else change(row, photoId, outcome)
}

function noteUnclear(
  counts: Pick<RowCounts, 'unclear' | 'firstUnclear'>,
  row: TableRow,
  reason: NonNullable<MatchedRow['unclear']>,
): void {
  counts.unclear++
  note(counts.firstUnclear, { ...named(row), reason })
}

function named({ line, path, sha256 }: TableRow): NamedRow {
  return { line, path: path || sha256 }
}

function note<T>(first: T[], each: T): void {
  if (first.length < shownLines) first.push(each)
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
