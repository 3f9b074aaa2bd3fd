import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type ErrorRecord, fromErrorRecord, LensloreError } from '../../contract/errors.ts'
import type { ProviderName } from '../../contract/providers.ts'
import type { PackedModel } from './packed-model.ts'
import type { Session, SessionTensor } from './session.ts'

/** What the thread is started with. */
export interface ThreadStart {
  packed: PackedModel
  provider: ProviderName
  threads: number
}

export type ThreadRequest =
  | { kind: 'run'; feeds: Readonly<Record<string, SessionTensor>> }
  | { kind: 'close' }

/** One answer to each request, in order; the first one, to the start, has no outputs. */
export type ThreadAnswer =
  | { kind: 'done'; outputs: Record<string, SessionTensor> }
  | { kind: 'failed'; error: ErrorRecord }

/**
 * A session in a thread of its own. The runtime's run does not give way while it computes, for seconds with a large
 * model; in the caller's thread nothing could be decoded, answered or cancelled meanwhile.
 * @throws LensloreError as `openSession`
 */
export async function openSessionInThread(
  packed: PackedModel,
  provider: ProviderName,
  threads: number,
): Promise<Session> {
  const program = new URL(`./session-thread-main${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(program, { workerData: { packed, provider, threads } satisfies ThreadStart })
  const waiting: PromiseWithResolvers<Record<string, SessionTensor>>[] = []
  let ended: LensloreError | undefined

  function end(error: LensloreError): void {
    ended ??= error
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  worker.on('message', (answer: ThreadAnswer) => {
    const request = waiting.shift()
    // A thread that waits for work does not keep its process alive.
    if (waiting.length === 0) worker.unref()
    if (answer.kind === 'done') request?.resolve(answer.outputs)
    else request?.reject(fromErrorRecord(answer.error))
  })
  worker.on('error', (cause) => {
    end(new LensloreError('ENGINE_FAILED', `The model stopped: ${(cause as Error).message}`, { cause }))
  })
  worker.on('exit', () => end(new LensloreError('ENGINE_FAILED', 'The model was closed.')))

  function awaitAnswer(): Promise<Record<string, SessionTensor>> {
    if (ended) return Promise.reject(ended)
    const request = Promise.withResolvers<Record<string, SessionTensor>>()
    waiting.push(request)
    worker.ref()
    return request.promise
  }
  function ask(request: ThreadRequest): Promise<Record<string, SessionTensor>> {
    const answer = awaitAnswer()
    worker.postMessage(request)
    return answer
  }

  await awaitAnswer()
  return {
    provider,
    run: (feeds) => ask({ kind: 'run', feeds }),
    async close() {
      if (!ended) await ask({ kind: 'close' })
    },
  }
}
