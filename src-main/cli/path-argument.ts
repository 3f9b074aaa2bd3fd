import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import { nativePath } from '../contract/native-path.ts'

/**
 * The absolute path that a person names.
 * @throws LensloreError `INVALID_ARGUMENT` for none, as of a variable that is not set: it would stand for the folder they are in.
 */
export function pathFrom(argument: string): string {
  if (argument === '')
    throw new LensloreError('INVALID_ARGUMENT', 'An empty name stands for no file or folder.')
  return resolve(argument)
}

/** Whether a folder is at a path, or where its link leads. What cannot be looked at is left to whoever reads it, who says why. */
export function isFolder(path: string): boolean {
  try {
    return statSync(nativePath(path)).isDirectory()
  } catch {
    return false
  }
}
