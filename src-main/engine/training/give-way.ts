import { setImmediate as nextTurn } from 'node:timers/promises'
import { LensloreError } from '../../contract/errors.ts'

/** Lets what arrived meanwhile be heard, a cancellation among it. @throws LensloreError `CANCELLED` */
export async function giveWay(signal: AbortSignal): Promise<void> {
  await nextTurn()
  if (signal.aborted) throw new LensloreError('CANCELLED', 'The training was stopped.')
}
