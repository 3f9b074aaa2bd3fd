import { LensloreError } from './errors.ts'
import { isPassing } from './passing-errors.ts'

/**
 * What the system says of a file that is opened or read, in our words; anything else is returned unchanged.
 * @param shownName the file as a person should see it.
 * @returns a LensloreError `FILE_NOT_FOUND`, `FILE_UNAVAILABLE` for what passes, or `FILE_UNREADABLE`.
 */
export function asFileError(thrown: unknown, shownName: string): unknown {
  if (thrown instanceof LensloreError || !(thrown instanceof Error)) return thrown
  const { code } = thrown as { code?: unknown }
  if (typeof code !== 'string') return thrown
  const options = { cause: thrown }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new LensloreError('FILE_NOT_FOUND', `${shownName} is not there.`, options)
  }
  if (isPassing(code)) {
    const why = code === 'ETIMEDOUT' ? ': its drive does not answer' : ` (${code})`
    return new LensloreError('FILE_UNAVAILABLE', `${shownName} cannot be reached at present${why}.`, options)
  }
  const reason = reasons[code] ?? code
  return new LensloreError('FILE_UNREADABLE', `${shownName} cannot be read: ${reason}.`, options)
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
  EISDIR: 'it is a folder',
  ELOOP: 'its link leads nowhere',
  ENAMETOOLONG: 'its name or its path is longer than the system allows',
}
