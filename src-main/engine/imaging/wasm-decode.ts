import { moduleBeside, startThread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { transferring, unchecked } from '../../contract/rpc.ts'
import { cancelledError, stopWhereCancelled } from './cancelled.ts'
import type { Size } from './memory-need.ts'

export interface DecodeRequest {
  format: 'heif' | 'jxl'
  /** Moved to the thread: nothing is left of them here. */
  bytes: Uint8Array<ArrayBuffer>
  /** To keep with the pixels of a HEIF picture, which its decoder hands out in the file's own colours. */
  iccProfile: Uint8Array | null
}

export const decodeCalls = {
  /** Reads what comes before the pixels. */
  open: unchecked<DecodeRequest, Size>(),
  /** A TIFF or PNG of the picture that was opened, upright. */
  decode: unchecked<null, Uint8Array<ArrayBuffer>>(),
}

/**
 * Decodes a HEIF or JPEG XL picture on a thread of its own. WebAssembly memory grows and never shrinks, and a heap can no
 * longer be trusted after a failure, so the thread is there for this picture alone.
 * @param onSize told before pixels are made, and waited for; what it throws ends the work
 * @returns a TIFF or PNG of the picture, upright
 * @throws LensloreError `CANCELLED`; an Error where the picture is damaged
 */
export async function decodeByWasm(
  request: DecodeRequest,
  signal: AbortSignal,
  onSize: (size: Size) => Promise<void>,
): Promise<Uint8Array<ArrayBuffer>> {
  stopWhereCancelled(signal)
  const { calls, end } = startThread(moduleBeside(import.meta.url, 'wasm-decode-thread'), decodeCalls, {
    closedError: (cause) =>
      signal.aborted
        ? cancelledError()
        : new LensloreError('INTERNAL', cause?.message ?? 'The decoder ended.'),
  })
  const onAbort = () => void end()
  signal.addEventListener('abort', onAbort)
  try {
    const { buffer } = request.bytes
    await onSize(await calls.open(transferring(request, [buffer])))
    return await calls.decode(null)
  } finally {
    signal.removeEventListener('abort', onAbort)
    void end()
  }
}
