import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import type { CaptionSource } from '../../contract/records.ts'
import type { TableFormat } from '../../contract/rooms/exchange.ts'
import type { Database } from '../store/database.ts'
import { writePiecesAtomically } from './atomic-write.ts'
import { type CellsRow, cellColumns, toCells } from './table-cells.ts'
import { checkOf, guardCell, type TableColumn, tableColumns, writeKeywords } from './table-format.ts'

export interface TableExportOptions {
  format: TableFormat
  /** Only photos of these folders; all where it is left out. */
  folderIds?: readonly number[]
  signal?: AbortSignal
  onProgress?: (done: number) => void
}

interface Row extends CellsRow {
  id: number
  folder: string
  directory: string
  name: string
  content_hash: Buffer | null
  text: string
  source: CaptionSource
  is_cut: number
  language: string | null
  model_id: string | null
  adapter_id: string | null
  created_ms: number
}

const pageSize = 500

/**
 * Writes the current caption of every photo, offline and missing ones too, to a table: CSV as RFC 4180 has it
 * (UTF-8 with a byte order mark, without which Excel reads Windows-1252), or a JSON array with one photo a line.
 * The file is complete or not there. `check` tells an import which cells were edited since. `cut` says `yes` of a caption that is only the beginning of what its file says.
 * @param file in the form of `file-name.ts`.
 * @returns how many photos are in it.
 * @throws LensloreError `WRITE_FAILED`, `DISK_FULL`; DOMException `AbortError` through the signal.
 */
export async function exportTable(
  database: Database,
  file: string,
  { format, folderIds, signal, onProgress }: TableExportOptions,
): Promise<number> {
  let photos = 0
  function* pieces(): Generator<string> {
    if (format === 'csv') yield `\ufeff${stringify([tableColumns], csvOptions)}`
    else yield '['
    for (const page of pagesOfRows(database)) {
      signal?.throwIfAborted()
      const rows = page.filter((row) => !folderIds || folderIds.includes(row.folder_id)).map(cellsOfRow)
      const written = photos
      photos += rows.length
      onProgress?.(photos)
      if (rows.length === 0) continue
      if (format === 'csv') yield stringify(rows.map(csvRow), csvOptions)
      else
        yield rows.map((row, index) => `${written + index === 0 ? '' : ','}\n${JSON.stringify(row)}`).join('')
    }
    if (format === 'json') yield '\n]\n'
  }
  await writePiecesAtomically(file, pieces())
  return photos
}

/** Readers take a line break alone for the end of a row, too. */
export const csvOptions = { record_delimiter: 'windows', quoted_match: /[\r\n]/ } as const

function* pagesOfRows(database: Database): Generator<(Row & { folder_id: number })[]> {
  for (let last = 0; ; ) {
    const page = database
      .prepare<Row & { folder_id: number }>(
        `SELECT photos.id, folder_id, folders.path AS folder, directory, photos.name, photos.content_hash,
           text, source, is_cut, language, model_id, adapter_id, created_ms,
           ${cellColumns}
         FROM photos JOIN search_filters AS joined ON joined.photo_id = photos.id JOIN folders ON folders.id = folder_id JOIN captions ON captions.id = caption_id
         WHERE photos.id > ? AND text <> '' ORDER BY photos.id LIMIT ?`,
      )
      .all(last, pageSize)
    if (page.length === 0) return
    yield page
    last = page.at(-1)!.id
  }
}

function cellsOfRow(row: Row): Record<TableColumn, string> {
  const { title, keywords, rating } = toCells(row)
  const editable = {
    caption: row.text.toWellFormed(),
    title: title ?? '',
    keywords: writeKeywords(keywords),
    rating: rating === null ? '' : String(rating),
  }
  return {
    path: join(row.folder, row.directory, row.name),
    sha256: row.content_hash?.toString('hex') ?? '',
    source: row.source,
    cut: row.is_cut === 1 ? 'yes' : '',
    language: row.language ?? '',
    model: row.model_id ?? '',
    adapter: row.adapter_id ?? '',
    written: new Date(row.created_ms).toISOString(),
    ...editable,
    check: checkOf(editable),
  }
}

function csvRow(cells: Record<TableColumn, string>): string[] {
  // A rating is a number, and -1 is no formula.
  return tableColumns.map((column) => (column === 'rating' ? cells.rating : guardCell(cells[column])))
}
