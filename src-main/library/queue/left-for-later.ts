import type { ErrorCode } from '../../contract/errors.ts'

/** The file is not as the library knows it, which the next scan finds out; or the drive that it is on does not answer. */
const leftForLater = new Set<ErrorCode>(['FILE_NOT_FOUND', 'FILE_CHANGED', 'FILE_UNAVAILABLE'])

/** Whether what went wrong with a photo is no fault of its file: it stays work. */
export function isLeftForLater(code: ErrorCode): boolean {
  return leftForLater.has(code)
}
