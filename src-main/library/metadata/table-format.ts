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
] as const
export type TableColumn = (typeof tableColumns)[number]

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
