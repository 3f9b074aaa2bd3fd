import { extname } from 'node:path'
import { MessagePort, parentPort, type ResourceLimits, Worker, workerData } from 'node:worker_threads'
import { isErrorCode, LensloreError } from '../contract/errors.ts'
import {
  type CallOptions,
  type CallTable,
  type Channel,
  type Client,
  connect,
  type EventTable,
} from '../contract/rpc.ts'
import { unpackedPath } from '../contract/unpacked-path.ts'
import { createEnding } from './ending.ts'

/**
 * What the ports of Node's threads and of Electron's processes have in common. Electron's hand out an event that holds
 * the message, and move no memory.
 */
export interface PortLike {
  postMessage(message: unknown, transfer?: never): void
  on(
    event: 'message' | 'messageerror' | 'close' | 'exit' | 'error',
    listener: (value: unknown) => void,
  ): unknown
  /** Of ports that keep what arrives until then. */
  start?(): void
  close?(): void
}

/**
 * A channel over one end of a pair of ports. It closes when the other end does, and when a message could not be
 * read, for a channel loses nothing while it is open.
 * @param close how this end is closed, where the port itself cannot be
 */
export function portChannel(port: PortLike, close: () => void = () => port.close?.()): Channel {
  const isOfNode = port instanceof MessagePort || port instanceof Worker
  const ending = createEnding()
  for (const event of ['close', 'exit', 'error'] as const) port.on(event, ending.end)
  port.on('messageerror', () => {
    ending.end()
    close()
  })
  return {
    post(message, transfer) {
      if (ending.isOver) return
      if (isOfNode && transfer) port.postMessage(message, transfer as never)
      else port.postMessage(message)
    },
    onMessage(listener) {
      port.on('message', isOfNode ? listener : (event) => listener((event as { data: unknown }).data))
      port.start?.()
    },
    onClose: ending.onClose,
    close() {
      if (!ending.isOver) close()
    },
  }
}

export interface Thread<Calls extends CallTable, Events extends EventTable = Record<never, never>> {
  /** An error keeps its code; what ends the thread fails the calls under way with `closedError`. */
  calls: Client<Calls, Events>
  /** Ends the thread whatever it does. Settles when it is gone. */
  end(): Promise<void>
}

export interface ThreadOptions {
  /** Cloned into the thread, where `ownThread` has it. */
  data?: unknown
  resourceLimits?: ResourceLimits
  /** @param cause what the thread did not catch, if that was what ended it */
  closedError?(cause: Error | undefined): LensloreError
}

/**
 * Starts a thread that serves a table of calls. It keeps the process alive while it has a call to answer, and not
 * while it waits for one.
 * @param module program of the thread, which serves `ownThread().channel`
 */
export function startThread<Calls extends CallTable, Events extends EventTable = Record<never, never>>(
  module: URL,
  calls: Calls,
  { data, resourceLimits = {}, closedError = threadEnded }: ThreadOptions = {},
): Thread<Calls, Events> {
  const worker = new Worker(module, { workerData: data, resourceLimits })
  let cause: Error | undefined
  worker.on('error', (thrown) => {
    cause = thrown as Error
  })
  const end = async () => void (await worker.terminate())
  const client = connect<Calls, Events>(
    portChannel(worker, () => void end()),
    calls,
    () => closedError(cause),
  )
  let underWay = 0
  worker.unref()

  async function keepingAlive<T>(call: Promise<T>): Promise<T> {
    if (underWay++ === 0) worker.ref()
    try {
      return await call
    } finally {
      if (--underWay === 0) worker.unref()
    }
  }
  const methods = Object.keys(calls).map((name) => [
    name,
    (params: never, options?: CallOptions) => keepingAlive(client[name]!(params, options)),
  ])
  return { calls: { ...client, ...Object.fromEntries(methods) }, end }
}

function threadEnded(cause: Error | undefined): LensloreError {
  if (!cause) return new LensloreError('CHANNEL_CLOSED', 'The thread was ended.')
  const { code } = cause as { code?: unknown }
  return new LensloreError(isErrorCode(code) ? code : 'INTERNAL', cause.message, { cause })
}

/** Program of a thread or process that stands beside the module that starts it: source and build have other endings. */
export function moduleBeside(importerUrl: string, name: string): URL {
  return new URL(`./${name}${extname(importerUrl)}`, unpackedPath(importerUrl))
}

/**
 * The thread's end of `startThread`; closing the channel lets the thread end.
 * @throws Error in a thread that is nobody's
 */
export function ownThread(): { channel: Channel; data: unknown } {
  if (!parentPort) throw new Error('This program is started by Lenslore itself, as a thread.')
  return { channel: portChannel(parentPort), data: workerData }
}
