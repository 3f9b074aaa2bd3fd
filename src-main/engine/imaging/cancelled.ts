import { LensloreError } from '../../contract/errors.ts'

export function cancelledError(): LensloreError {
  return new LensloreError('CANCELLED', 'The work was cancelled.')
}

/** @throws LensloreError `CANCELLED` */
export function stopWhereCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledError()
}
