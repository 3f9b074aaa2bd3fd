import { basename } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import { displayFileName, fileNameFromText } from '../contract/file-name.ts'

/** @throws LensloreError `HOST_CANNOT` for a name that is no text, which the system's programs are not handed */
export function systemPath(path: string): string {
  const native = fileNameFromText(path)
  if (typeof native === 'string') return native
  throw new LensloreError(
    'HOST_CANNOT',
    `Other programs cannot be handed the name ${displayFileName(basename(path))}.`,
  )
}
