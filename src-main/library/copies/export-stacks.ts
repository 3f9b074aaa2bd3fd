import { stringify } from 'csv-stringify/sync'
import type { Stack } from '../../contract/records.ts'
import type { TableFormat } from '../../contract/rooms/exchange.ts'
import { writePiecesAtomically } from '../metadata/atomic-write.ts'
import { csvOptions } from '../metadata/export-table.ts'
import { guardCell } from '../metadata/table-format.ts'
import type { StackLists } from './list-stacks.ts'

const columns = [
  'stack',
  'path',
  'kind',
  'best',
  'largest',
  'sharpest',
  'width',
  'height',
  'bytes',
  'sharpness',
  'rating',
  'sha256',
] as const
const stacksAtOnce = 100

export interface ExportStacksOptions {
  query: string
  format: TableFormat
  signal?: AbortSignal
  onProgress?: (photos: number) => void
}

/**
 * Writes the stacks with a photo that a query finds to a table, a row for each of their photos: CSV as captions are exported, or a JSON array with
 * one stack a line. The file is complete or not there.
 * @param file in the form of `file-name.ts`
 * @returns how many photos are in it.
 * @throws LensloreError `WRITE_FAILED`, `DISK_FULL`; DOMException `AbortError` through the signal.
 */
export async function exportStacks(
  lists: StackLists,
  file: string,
  { query, format, signal, onProgress }: ExportStacksOptions,
): Promise<number> {
  let [photos, written] = [0, 0]
  function* pieces(): Generator<string> {
    yield format === 'csv' ? `\ufeff${stringify([columns], csvOptions)}` : '['
    for (let cursor: string | null = null; ; ) {
      signal?.throwIfAborted()
      const page = lists.page(query, { limit: stacksAtOnce, cursor })
      for (const stack of page.stacks) {
        photos += stack.photos.length
        if (format === 'csv') yield stringify(rowsOf(stack, ++written), csvOptions)
        else yield `${written++ === 0 ? '' : ','}\n${JSON.stringify(stack)}`
      }
      onProgress?.(photos)
      cursor = page.cursor
      if (cursor === null) break
    }
    if (format === 'json') yield '\n]\n'
  }
  await writePiecesAtomically(file, pieces())
  return photos
}

/** @param number of the stack in the table, from 1 on */
function rowsOf({ photos, best, largest, sharpest }: Stack, number: number): string[][] {
  const sign = (isSo: boolean) => (isSo ? 'yes' : '')
  return photos.map((photo) => [
    String(number),
    guardCell(photo.path),
    photo.kind ?? '',
    sign(photo.id === best),
    sign(photo.id === largest),
    sign(photo.id === sharpest),
    String(photo.widthPx ?? ''),
    String(photo.heightPx ?? ''),
    String(photo.sizeBytes),
    photo.sharpness?.toFixed(1) ?? '',
    String(photo.rating ?? ''),
    photo.contentHash,
  ])
}
