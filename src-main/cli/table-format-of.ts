import { extname } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import type { TableFormat } from '../contract/rooms/exchange.ts'

/** By its name. @throws LensloreError `INVALID_ARGUMENT` for any other file */
export function tableFormatOf(file: string): TableFormat {
  const extension = extname(file).toLowerCase()
  if (extension === '.csv') return 'csv'
  if (extension === '.json') return 'json'
  throw new LensloreError('INVALID_ARGUMENT', `${file} must end in .csv or .json.`)
}
