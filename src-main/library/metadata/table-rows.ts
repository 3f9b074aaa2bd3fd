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
import { unguardCell } from './table-format.ts'
import { decodeText } from './text-encoding.ts'

/** A row of a table that names a photo and its caption; `line` is where it ends (for a JSON array its number). */
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
}

const cell = z.union([z.string(), z.number().transform(String), z.null().transform(() => '')]).default('')
const tableRow = z
  .object({
    path: cell,
    sha256: cell
      .transform((text) => text.trim().toLowerCase())
      .pipe(z.string().regex(/^([0-9a-f]{64})?$/, 'sha256 is not 64 hexadecimal digits')),
    caption: cell
      .transform((text) => text.replace(/\r\n?/g, '\n').trim())
      .pipe(z.string().max(maxCaptionLength, `caption is longer than ${maxCaptionLength} characters`)),
    source: cell.transform((text) => text.trim().toLowerCase()),
    cut: cell.transform((text) => !/^(no|false|0)?$/i.test(text.trim())),
    language: cell
      .transform((text) => text.trim())
      .pipe(z.string().regex(/^([a-z]{2,8}(-[a-z0-9]{1,8})*)?$/i, 'language is not one like en or pt-BR')),
  })
  .refine((row) => row.path !== '' || row.sha256 !== '', 'neither path nor sha256 says which photo')
  .transform(({ cut, ...row }) => ({ ...row, isCut: cut }))

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
    const checked = tableRow.safeParse(value)
    if (checked.success) yield { line, ...checked.data }
    else yield { line, message: checked.error.issues[0]?.message ?? 'not understood' }
  }
}

interface RawRecord {
  line: number
  value?: unknown
  problem?: string
}

async function* csvRecords(file: string): AsyncGenerator<RawRecord> {
  let hasColumns = false
  const parser = parse({
    bom: true,
    columns: (names: string[]) => {
      hasColumns = true
      return checkedColumns(file, names)
    },
    delimiter: await delimiterOf(file),
    info: true,
    max_record_size: maxRecordCharacters,
    relax_column_count: true,
    skip_empty_lines: true,
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
  const columns = names.map((name) => name.trim().toLowerCase())
  if (!columns.includes('caption') || !(columns.includes('path') || columns.includes('sha256'))) {
    throw new LensloreError(
      'IMPORT_INVALID',
      `${displayFileName(file)}, line 1: the columns must include caption, and path or sha256.`,
    )
  }
  return columns
}

/** Spreadsheets of half of Europe write semicolons; the first line has no text that could mislead. */
async function delimiterOf(file: string): Promise<string> {
  await using handle = await open(nativePath(file))
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
  const header = buffer
    .toString('latin1', 0, bytesRead)
    .replaceAll('\0', '')
    .split(/[\r\n]/)[0]!
  const counted = [',', ';', '\t'].map((mark) => [mark, header.split(mark).length] as const)
  return counted.sort((a, b) => b[1] - a[1])[0]![0]
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
