import { createHash } from 'node:crypto'

/** The tables that captions are exported to and imported from. */
export const tableColumns = [
  'path',
  'sha256',
  'caption',
  'source',
  'cut',
  'language',
  'model',
  'adapter',
  'written',
  'title',
  'keywords',
  'rating',
  'check',
] as const
export type TableColumn = (typeof tableColumns)[number]

/** Cells that a person may edit, so that what is in them is taken in. */
export const editableCells = ['caption', 'title', 'keywords', 'rating'] as const
export type EditableCell = (typeof editableCells)[number]

/**
 * A cell that starts like a formula would be run by a spreadsheet, so it gets an apostrophe in front, which
 * spreadsheets take as "text". Text that has apostrophes there already gets one more, so that nothing is lost.
 */
export function guardCell(text: string): string {
  return /^'*[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text
}

/** Inverse of `guardCell`. */
export function unguardCell(text: string): string {
  return /^'+[=+\-@\t\r＝＋－＠]/.test(text) ? text.slice(1) : text
}

/** What a spreadsheet does to white space says nothing. */
export function plainCell(text: string): string {
  return text.toWellFormed().replace(/\r\n?/g, '\n').trim()
}

/**
 * What the column `check` holds: a digest of each cell that may be edited, so that an import knows which of them a person
 * touched. No spreadsheet takes it for a number or a date.
 */
export function checkOf(cells: Readonly<Record<EditableCell, string>>): string {
  return `c${editableCells.map((cell) => digestOf(cells[cell])).join('-')}`
}

/** @returns for each cell whether it is another than when `check` was written; null where that is not said. */
export function editedCells(
  check: string,
  cells: Readonly<Record<EditableCell, string>>,
): Record<EditableCell, boolean> | null {
  const digests = /^c([0-9a-f]{6}(?:-[0-9a-f]{6}){3})$/.exec(check.trim().toLowerCase())?.[1]?.split('-')
  if (!digests) return null
  return Object.fromEntries(
    editableCells.map((cell, index) => [cell, digestOf(cells[cell]) !== digests[index]]),
  ) as Record<EditableCell, boolean>
}

function digestOf(text: string): string {
  return createHash('sha256').update(plainCell(text)).digest('hex').slice(0, 6)
}

/** Keywords in one cell, with `;` between; one that has that itself, or quotes, stands in quotes. */
export function writeKeywords(keywords: readonly string[]): string {
  return keywords
    .map((keyword) => (/[;"]|^\s|\s$/.test(keyword) ? `"${keyword.replaceAll('"', '""')}"` : keyword))
    .join('; ')
}

/** Inverse of `writeKeywords`, also of what people type; each once. */
export function readKeywords(cell: string): string[] {
  const found = cell
    .matchAll(/\s*(?:"((?:[^"]|"")*)"\s*(?=;|$)|([^;]+))/g)
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim())
  return [...new Set(found)].filter((keyword) => keyword !== '')
}
