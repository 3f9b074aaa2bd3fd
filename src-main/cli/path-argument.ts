import { resolve } from 'node:path'
import { LensloreError } from '../contract/errors.ts'

/**
 * The absolute path that a person names.
 * @throws LensloreError `INVALID_ARGUMENT` for none, as of a variable that is not set: it would stand for the folder they are in.
 */
export function pathFrom(argument: string): string {
  if (argument === '')
    throw new LensloreError('INVALID_ARGUMENT', 'An empty name stands for no file or folder.')
  return resolve(argument)
}
