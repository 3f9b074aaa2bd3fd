import type { Database } from './database.ts'

/**
 * Makes work of the photos that an older version of the reader read, for it passed over what the present one knows. Some at a time,
 * for a call within a slice; the database remembers how far.
 * @returns how many ids it looked at; 0 once all are looked at.
 */
export function markReadByOlder({ prepare }: Database, readerVersion: number, limit: number): number {
  const state = prepare<{ version: number; upTo: number | null }>(
    'SELECT version, up_to_photo AS upTo FROM metadata_reader',
  ).get()!
  const isBegun = state.version >= readerVersion
  if (isBegun && state.upTo === null) return 0
  const from = isBegun ? state.upTo! : 0
  const to = from + limit
  prepare(
    'UPDATE photos SET indexed_ms = NULL WHERE id > ? AND id <= ? AND indexed_ms IS NOT NULL AND content_hash IS NOT NULL',
  ).run(from, to)
  const isOver = prepare('SELECT 1 FROM photos WHERE id > ? LIMIT 1').get(to) === undefined
  prepare('UPDATE metadata_reader SET version = max(version, ?), up_to_photo = ?').run(
    readerVersion,
    isOver ? null : to,
  )
  return limit
}
