import { LensloreError } from '../contract/errors.ts'
import { endProcess } from '../files/end-process.ts'
import { reportError } from './output.ts'

/** As a shell shows a program that SIGPIPE ended, which Node ignores. */
const nobodyReads = 141
let isWatching = false

/**
 * Ends the process when what it says can no longer be written. That nobody reads it any more (`| head`) is no fault, and nothing
 * is said of it; an answer that found no room is one. What cannot be said on stderr alone ends nothing.
 */
export function watchOutputs(): void {
  if (isWatching) return
  isWatching = true
  process.stdout.on('error', (thrown: NodeJS.ErrnoException) => {
    endProcess(thrown.code === 'EPIPE' ? nobodyReads : reportError(asOutputError(thrown)))
  })
  process.stderr.on('error', (thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'EPIPE') endProcess(nobodyReads)
  })
}

function asOutputError(cause: NodeJS.ErrnoException): LensloreError {
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') {
    return new LensloreError(
      'DISK_FULL',
      'The answer could not be written: there is no space left where it goes.',
      { cause },
    )
  }
  return new LensloreError('WRITE_FAILED', `The answer could not be written (${cause.code}).`, { cause })
}
