import { LensloreError } from '../src-main/contract/errors.ts'
import {
  type CallOptions,
  type Channel,
  type Client,
  connect,
  type ParamsOf,
} from '../src-main/contract/rpc.ts'
import { type WindowCalls, type WindowEvents, windowCalls } from '../src-main/contract/window-calls.ts'

/** All that the window may ask, of the library and of its host. */
export type Api = Client<WindowCalls, WindowEvents>

type Method = (params: unknown, options?: CallOptions) => Promise<unknown>

/** After these, what was asked for before may be another thing. */
const whatChanges = ['photosChanged', 'foldersChanged', 'changedElsewhere', 'libraryReopened'] as const

const firstRetryMs = 250
const longestRetryMs = 5000
/** Of an event to which nobody ever listened. */
const mostUnheard = 10
/** A call that is made while the line is down waits so long for it. */
const patienceMs = 15_000

/** What an `openChannel` throws where no other try will help: the host lets this page in no more. */
export class SessionEnded extends Error {}

export interface Connection {
  api: Api
  /** Asks before anybody waits for it: the first who asks the same gets the answer, unless something changed since. */
  askAhead<Name extends keyof WindowCalls>(name: Name, params: ParamsOf<WindowCalls[Name]>): void
  /** Told whenever the line comes or goes; what was missed meanwhile is told as `libraryReopened`. */
  onLine(listener: (isUp: boolean) => void): void
  /** Told once, when there will be no line any more. */
  onEnd(listener: () => void): void
}

/**
 * Speaks with the library over whatever line the host offers, and takes up another one where it breaks. Calls under way when it
 * breaks fail with `CHANNEL_CLOSED`; later ones wait for the new line.
 */
export function openConnection(openChannel: () => Promise<Channel>): Connection {
  const listeners = new Map<string, Set<(data: never) => void>>()
  const lineListeners = new Set<(isUp: boolean) => void>()
  const end = Promise.withResolvers<void>()
  let line = Promise.withResolvers<Api>()
  let isFirst = true
  let waitMs = firstRetryMs

  /** What was told before anybody listened, by event: the line is there before the window's code is read. */
  const unheard = new Map<string, unknown[]>()

  function tell(event: string, data: unknown): void {
    const known = listeners.get(event)
    if (!known) unheard.set(event, [...(unheard.get(event) ?? []), data].slice(-mostUnheard))
    for (const listener of known ?? []) listener(data as never)
  }

  async function open(): Promise<void> {
    try {
      const channel = await openChannel()
      const api = connect<WindowCalls, WindowEvents>(channel, windowCalls)
      api.onEach(tell)
      channel.onClose(lost)
      waitMs = firstRetryMs
      present = api
      line.resolve(api)
      for (const listener of lineListeners) listener(true)
      if (!isFirst) tell('libraryReopened', {})
      isFirst = false
    } catch (thrown) {
      if (thrown instanceof SessionEnded) end.resolve()
      else retry()
    }
  }

  let present: Api | undefined
  function lost(): void {
    present = undefined
    line = Promise.withResolvers()
    for (const listener of lineListeners) listener(false)
    retry()
  }

  function retry(): void {
    setTimeout(() => void open(), waitMs)
    waitMs = Math.min(waitMs * 2, longestRetryMs)
  }

  function on(event: string, listener: (data: never) => void): () => void {
    const set = listeners.get(event) ?? new Set()
    listeners.set(event, set.add(listener))
    const before = unheard.get(event) ?? []
    unheard.delete(event)
    for (const data of before) queueMicrotask(() => set.has(listener) && listener(data as never))
    return () => set.delete(listener)
  }

  async function patient(): Promise<Api> {
    if (present) return present
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => reject(new LensloreError('CHANNEL_CLOSED', 'The library does not answer.')),
      patienceMs,
    )
    try {
      return await Promise.race([line.promise, promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async function call(name: string, params: unknown, options?: CallOptions): Promise<unknown> {
    const api = (await patient()) as unknown as Record<string, Method>
    return api[name]!(params, options)
  }

  const ahead = new Map<string, Promise<unknown>>()
  const questionOf = (name: string, params: unknown) => `${name} ${JSON.stringify(params)}`
  for (const event of whatChanges) on(event, () => ahead.clear())

  const methods = Object.keys(windowCalls).map((name): [string, Method] => [
    name,
    (params, options) => {
      const question = questionOf(name, params)
      const asked = ahead.get(question)
      ahead.delete(question)
      return asked ?? call(name, params, options)
    },
  ])
  void open()
  return {
    api: Object.assign(Object.fromEntries(methods), { on }) as unknown as Api,
    askAhead(name, params) {
      const answer = call(name, params)
      answer.catch(() => {})
      ahead.set(questionOf(name, params), answer)
    },
    onLine: (listener) => void lineListeners.add(listener),
    onEnd: (listener) => void end.promise.then(listener),
  }
}
