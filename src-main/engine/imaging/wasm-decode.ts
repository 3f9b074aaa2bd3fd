import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { LensloreError } from '../../contract/errors.ts'

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

/**
 * WebAssembly memory grows and never shrinks, so the thread ends when it has had nothing to do for this
 * long, and after every failure, where its heap can no longer be trusted.
 */
const idleMs = 10_000

/** Compiled output keeps the folder but not the extension. */
const program = new URL(`./wasm-decode-worker${extname(import.meta.filename)}`, import.meta.url)

let worker: Worker | null = null
let idle: NodeJS.Timeout | undefined
let last: Promise<unknown> = Promise.resolve()

/**
 * Decodes a HEIF or JPEG XL picture, one at a time, on a thread of its own.
 * @throws Error where the thread itself ends
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
  const thread = worker ?? new Worker(program)
  worker = thread
  thread.ref()
  try {
    const reply = await askThread(thread, request)
    if ('failure' in reply && reply.failure === 'damaged') endThread(thread)
    return reply
  } catch (thrown) {
    endThread(thread)
    throw thrown
  } finally {
    // A waiting thread must not keep the process alive.
    thread.unref()
    idle = setTimeout(() => endThread(thread), idleMs).unref()
  }
}

function askThread(thread: Worker, request: DecodeRequest): Promise<DecodeReply> {
  const { promise, resolve, reject } = Promise.withResolvers<DecodeReply>()
  const onExit = (status: number) => reject(new Error(`The decoder's thread ended with status ${status}.`))
  thread.once('message', resolve)
  thread.once('error', reject)
  thread.once('exit', onExit)
  thread.postMessage(request)
  return promise.finally(() => {
    thread.off('message', resolve)
    thread.off('error', reject)
    thread.off('exit', onExit)
  })
}

function endThread(thread: Worker): void {
  if (worker === thread) worker = null
  void thread.terminate()
}
