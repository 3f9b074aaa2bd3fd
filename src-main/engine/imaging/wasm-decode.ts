import { moduleBeside, startThread, type Thread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { unchecked } from '../../contract/rpc.ts'

export interface DecodeRequest {
  format: 'heif' | 'jxl'
  bytes: Uint8Array
  /** To keep with the pixels of a HEIF picture, which its decoder hands out in the file's own colours. */
  iccProfile: Uint8Array | null
  maxPixels: number
}

export type DecodeReply =
  /** A TIFF or PNG of the picture, upright. */
  | { bytes: Uint8Array<ArrayBuffer> }
  | { failure: 'damaged'; reason: string }
  | { failure: 'too-large'; widthPx: number; heightPx: number }

export const decodeCalls = { decode: unchecked<DecodeRequest, DecodeReply>() }

/**
 * WebAssembly memory grows and never shrinks, so the thread ends when it has had nothing to do for this
 * long, and after every failure, where its heap can no longer be trusted.
 */
const idleMs = 10_000

let thread: Thread<typeof decodeCalls> | undefined
let idle: NodeJS.Timeout | undefined
let last: Promise<unknown> = Promise.resolve()

/**
 * Decodes a HEIF or JPEG XL picture, one at a time, on a thread of its own.
 * @throws LensloreError `CANCELLED`; another code where the thread itself ends
 */
export function decodeByWasm(request: DecodeRequest, signal?: AbortSignal): Promise<DecodeReply> {
  const turn = last.then(() => {
    if (signal?.aborted) throw new LensloreError('CANCELLED', 'The work was cancelled.')
    return decodeNow(request)
  })
  last = turn.catch(() => undefined)
  return turn
}

async function decodeNow(request: DecodeRequest): Promise<DecodeReply> {
  clearTimeout(idle)
  thread ??= startThread(moduleBeside(import.meta.url, 'wasm-decode-thread'), decodeCalls)
  try {
    const reply = await thread.calls.decode(request)
    if ('failure' in reply && reply.failure === 'damaged') endThread()
    return reply
  } catch (thrown) {
    endThread()
    throw thrown
  } finally {
    idle = setTimeout(endThread, idleMs).unref()
  }
}

function endThread(): void {
  void thread?.end()
  thread = undefined
}
