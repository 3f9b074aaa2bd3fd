import { createReadStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import { parse } from 'csv-parse'
import { z } from 'zod'
import { maxCaptionLength } from '../../contract/caption-length.ts'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import type { TableError, TableFormat } from '../../contract/rooms/exchange.ts'
import {
  type EditableCell,
  editedCells,
  plainCell,
  readKeywords,
  tableColumns,
  unguardCell,
  writeKeywords,
} from './table-format.ts'
import { decodeText } from './text-encoding.ts'
import { repairTwiceEncoded } from './twice-encoded.ts'

/** A row of a table that names a photo and its words; `line` is where it ends (for a JSON array its number). */
export interface TableRow {
  line: number
  path: string
  /** Lower-case hex, or empty. */
  sha256: string
  /** Empty where the table says nothing. */
  caption: string
  source: string
  /** The caption is only the beginning of what stands in a file. */
  isCut: boolean
  language: string
  /** Left out where the table has no such column, as the next ones. */
  title?: string | undefined
  keywords?: string[] | undefined
  /** -1 to 5; null for an empty cell. */
  rating?: number | null | undefined
  /** Which cells are others than when they were exported; null where the table does not tell. */
  edited: Record<EditableCell, boolean> | null
}

const maxNameLength = 500

const cell = z.union([z.string(), z.number().transform(String), z.null().transform(() => '')])
const words = cell.transform(plainCell)
const short = (column: string) =>
  words.pipe(z.string().max(maxNameLength, `${column} is longer than ${maxNameLength} characters`))
const tableRow = z
  .object({
    path: cell.default(''),
    sha256: cell
      .default('')
      .transform((text) => text.trim().toLowerCase())
      .pipe(z.string().regex(/^([0-9a-f]{64})?$/, 'sha256 is not 64 hexadecimal digits')),
    caption: words
      .default('')
      .pipe(z.string().max(maxCaptionLength, `caption is longer than ${maxCaptionLength} characters`)),
    source: cell.default('').transform((text) => text.trim().toLowerCase()),
    cut: cell.default('').transform((text) => !/^(no|false|0)?$/i.test(text.trim())),
    language: cell
      .default('')
      .transform((text) => text.trim())
      .pipe(z.string().regex(/^([a-z]{2,8}(-[a-z0-9]{1,8})*)?$/i, 'language is not one like en or pt-BR')),
    title: short('title').optional(),
    keywords: words.optional(),
    rating: words
      .pipe(z.string().regex(/^((-1|[0-5])(\.0+)?)?$/, 'rating is not one of -1 (rejected) and 0 to 5'))
      .transform((text) => (text === '' ? null : Math.trunc(Number(text))))
      .optional(),
    check: cell.default(''),
  })
  .refine((row) => row.path !== '' || row.sha256 !== '', 'neither path nor sha256 says which photo')
  .transform(({ cut, check, ...row }) => ({ ...row, isCut: cut, check }))

/** Which cells were edited, and words that were encoded twice put right, unless they are as they were exported. */
function understood({
  check,
  keywords: keywordCell,
  ...row
}: z.infer<typeof tableRow>): Omit<TableRow, 'line'> {
  const asRead = { caption: row.caption, title: row.title ?? '', keywords: keywordCell ?? '' }
  const [caption, title, keywords] = repairTwiceEncoded(Object.values(asRead)) as [string, string, string]
  const repaired = { caption, title, keywords }
  const rating = row.rating == null ? '' : String(row.rating)
  const edited = editedCells(check, { ...asRead, rating })
  const again = editedCells(check, { ...repaired, rating })
  const cells = { ...repaired }
  for (const name of ['caption', 'title', 'keywords'] as const) {
    if (edited && !edited[name]) cells[name] = asRead[name]
    else if (edited) edited[name] = again![name]
  }
  return {
    ...row,
    caption: cells.caption,
    ...(row.title !== undefined && { title: cells.title }),
    ...(keywordCell !== undefined && { keywords: readKeywords(cells.keywords) }),
    edited,
  }
}

const maxRecordCharacters = 1_000_000
/** JSON laid out in another way than ours is read as a whole, up to here. */
const maxWholeJsonBytes = 64 * 1024 * 1024

/**
 * Reads a table row by row, in constant memory.
 * @param file in the form of `file-name.ts`.
 * @throws LensloreError `IMPORT_INVALID` where the file as a whole is no such table, `FILE_NOT_FOUND`.
 */
export async function* readTable(file: string, format: TableFormat): AsyncGenerator<TableRow | TableError> {
  await stat(nativePath(file)).catch((cause: unknown) => {
    throw new LensloreError('FILE_NOT_FOUND', `${displayFileName(file)} is not there.`, { cause })
  })
  for await (const { line, value, problem } of format === 'csv' ? csvRecords(file) : jsonRecords(file)) {
    if (problem !== undefined) {
      yield { line, message: problem }
      continue
    }
    const cells = cellsOf(value)
    if (isBlank(cells)) continue
    const twice = twiceAmong(memberNames(value))
    if (twice) {
      yield { line, message: `two members are named ${twice}` }
      continue
    }
    const checked = tableRow.safeParse(cells)
    if (checked.success) yield { line, ...understood(checked.data) }
    else yield { line, message: checked.error.issues[0]?.message ?? 'not understood' }
  }
}

/** Columns are named in any case; a list is one of keywords. */
function cellsOf(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([column, cell]) => [
      columnOf(column),
      Array.isArray(cell) ? writeKeywords(cell.filter((each) => typeof each === 'string')) : cell,
    ]),
  )
}

/** Spreadsheets end their tables with rows of separators alone. */
function isBlank(cells: unknown): boolean {
  return (
    cells !== null &&
    typeof cells === 'object' &&
    Object.values(cells).every((cell) => cell === null || (typeof cell === 'string' && cell.trim() === ''))
  )
}

/** Of a record of JSON; of a table's, the first line has them. */
function memberNames(value: unknown): string[] {
  return value !== null && typeof value === 'object' ? Object.keys(value).map(columnOf) : []
}

/** A column that we read, and that is there twice: nobody knows which is meant. */
function twiceAmong(columns: readonly string[]): string | undefined {
  return tableColumns.find((column) => columns.indexOf(column) !== columns.lastIndexOf(column))
}

function columnOf(name: string): string {
  return name.trim().toLowerCase()
}

interface RawRecord {
  line: number
  value?: unknown
  problem?: string
}

async function* csvRecords(file: string): AsyncGenerator<RawRecord> {
  let hasColumns = false
  const { delimiter, firstLine } = await layoutOf(file)
  const parser = parse({
    bom: true,
    columns: (names: string[]) => {
      hasColumns = true
      return checkedColumns(file, names)
    },
    delimiter,
    from_line: firstLine,
    info: true,
    max_record_size: maxRecordCharacters,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
  })
  const text = Readable.from(decodedPieces(file))
  text.on('error', (error) => parser.destroy(error))
  text.pipe(parser)
  let line = 1
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      line = info.lines
      if (info.error) {
        yield { line, problem: 'another number of cells than the first line' }
        continue
      }
      const value = Object.fromEntries(
        Object.entries(record).map(([column, text]) => [column, unguardCell(text)]),
      )
      yield { line, value }
    }
  } catch (thrown) {
    if (thrown instanceof LensloreError) throw thrown
    const where = (thrown as { lines?: number }).lines ?? line
    throw new LensloreError(
      'IMPORT_INVALID',
      `${displayFileName(file)}, line ${where}: ${(thrown as Error).message.replace(/\.$/, '')}.`,
      { cause: thrown },
    )
  } finally {
    text.destroy()
  }
  if (!hasColumns) checkedColumns(file, [])
}

interface CsvRecord {
  record: Record<string, string>
  info: { lines: number; error?: unknown }
}

function checkedColumns(file: string, names: string[]): string[] {
  const refuse = (why: string) =>
    new LensloreError('IMPORT_INVALID', `${displayFileName(file)}, line 1: ${why}.`)
  const columns = names.map(columnOf)
  if (!columns.includes('caption') || !(columns.includes('path') || columns.includes('sha256'))) {
    throw refuse('the columns must include caption, and path or sha256')
  }
  const twice = twiceAmong(columns)
  if (twice) throw refuse(`two columns are named ${twice}; leave one of them, or give the other another name`)
  return columns
}

interface Layout {
  delimiter: string
  /** Counted from 1. */
  firstLine: number
}

/**
 * Spreadsheets of half of Europe write semicolons, and some say so in a line of their own, `sep=;`. Else the names of the columns tell:
 * they have no text that could mislead.
 */
async function layoutOf(file: string): Promise<Layout> {
  await using handle = await open(nativePath(file))
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
  const [first = '', ...rest] = buffer
    .toString('latin1', 0, bytesRead)
    .replaceAll('\0', '')
    .replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .split(/\r\n|\r|\n/)
  const said = /^"?sep=(.)"?$/i.exec(first.trimStart().replace(/[,;\s]+$/, (end) => end.slice(0, 1)))?.[1]
  if (said) return { delimiter: said, firstLine: 2 }
  const header = [first, ...rest].find((line) => /[^\s,;"]/.test(line)) ?? ''
  const counted = [',', ';', '\t'].map((mark) => [mark, header.split(mark).length] as const)
  return { delimiter: counted.sort((a, b) => b[1] - a[1])[0]![0], firstLine: 1 }
}

/** @throws LensloreError `IMPORT_INVALID` where it is neither UTF-8 nor marked UTF-16. */
async function* decodedPieces(file: string): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined
  try {
    for await (const piece of createReadStream(nativePath(file)) as AsyncIterable<Buffer>) {
      decoder ??= new TextDecoder(encodingOf(piece), { fatal: true })
      yield decoder.decode(piece, { stream: true })
    }
    yield decoder?.decode() ?? ''
  } catch (thrown) {
    throw new LensloreError(
      'IMPORT_INVALID',
      `${displayFileName(file)} is not UTF-8; save it as "CSV UTF-8".`,
      { cause: thrown },
    )
  }
}

function encodingOf(start: Buffer): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : 'utf-8'
}

/** Our own layout, one photo a line (JSON Lines too), streams; any other array is read at once. */
async function* jsonRecords(file: string): AsyncGenerator<RawRecord> {
  const { size } = await stat(nativePath(file))
  if (size <= maxWholeJsonBytes && !(await isOneALine(file))) {
    const whole = parsedJson(decodeText(await readFile(nativePath(file))).text)
    if (Array.isArray(whole)) {
      for (const [index, value] of whole.entries()) yield { line: index + 1, value }
      return
    }
  }
  let line = 0
  let rest = ''
  for await (const piece of decodedPieces(file)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    if (rest.length > maxRecordCharacters) break
    for (const text of lines) yield* jsonLine(++line, text)
  }
  yield* jsonLine(++line, rest)
}

/** Whether the first lines are those of our own layout. */
async function isOneALine(file: string): Promise<boolean> {
  await using handle = await open(nativePath(file))
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0)
  const [bracket, first, second] = buffer.toString('utf8', 0, bytesRead).split('\n')
  if (bracket?.trim() !== '[' || second === undefined) return false
  const [record] = jsonLine(2, first!)
  return record?.value !== undefined
}

function* jsonLine(line: number, text: string): Generator<RawRecord> {
  const trimmed = text.trim().replace(/^[[,]\s*|[,\]]$/g, '')
  if (trimmed === '') return
  const value = parsedJson(trimmed)
  yield value === undefined ? { line, problem: 'not a JSON object on one line' } : { line, value }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
