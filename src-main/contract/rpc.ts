import type { z } from 'zod'
import { type ErrorRecord, fromErrorRecord, LensloreError, toErrorRecord } from './errors.ts'

/**
 * A two-way pipe that keeps order and loses nothing while it is open. Messages are structured-cloneable
 * (typed arrays included). What carries it (a child process, a MessagePort, memory) is in `channels/`.
 */
export interface Channel {
  /** @param transfer moved to the other side rather than copied, where the channel can */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once, also when the channel is already closed at the time of asking. */
  onClose(listener: () => void): void
  close(): void
}

/** One call of a contract: what its parameters must satisfy, and the type it answers with. */
export interface Call<Params extends z.ZodType, Result> {
  params: Params
  /** Exists for the type checker only. */
  result?: Result
}

export type CallTable = Record<string, Call<z.ZodType, unknown>>
export type EventTable = Record<string, unknown>

export type ParamsOf<C> = C extends Call<infer P, unknown> ? z.input<P> : never
export type CheckedParamsOf<C> = C extends Call<infer P, unknown> ? z.output<P> : never
export type ResultOf<C> = C extends { result?: infer R } ? Exclude<R, undefined> : never

export interface CallOptions {
  signal?: AbortSignal
}

export type Handlers<Calls extends CallTable> = {
  [Name in keyof Calls]: (
    params: CheckedParamsOf<Calls[Name]>,
    signal: AbortSignal,
  ) => ResultOf<Calls[Name]> | Promise<ResultOf<Calls[Name]>>
}

export type Client<Calls extends CallTable, Events extends EventTable> = {
  [Name in keyof Calls]: (
    params: ParamsOf<Calls[Name]>,
    options?: CallOptions,
  ) => Promise<ResultOf<Calls[Name]>>
} & {
  /** @returns a function that ends the subscription. */
  on<Name extends keyof Events>(event: Name, listener: (data: Events[Name]) => void): () => void
  /** Every event, for who passes them on. */
  onEach(listener: (event: keyof Events & string, data: Events[keyof Events]) => void): () => void
}

/** `returning<Photo>()(z.object({ id: … }))`: the type argument first, so that the schema's is inferred. */
export function returning<Result>() {
  return <Params extends z.ZodType>(params: Params): Call<Params, Result> => ({ params })
}

/**
 * A call between two threads of ours, where the type checker sees both sides: its parameters are not checked again,
 * and a thread that starts need not load a library for it.
 */
export function unchecked<Params, Result>(): Call<z.ZodType<Params, Params>, Result> {
  const schema = { safeParse: (data: unknown) => ({ success: true, data }) }
  return { params: schema as z.ZodType<Params, Params> }
}

const moved = new WeakMap<object, readonly ArrayBuffer[]>()

/**
 * Marks what a call is given or answers with: these buffers of it go to the other side without a copy, and are empty
 * here from then on. Over a pipe they are copied as ever.
 */
export function transferring<T extends object>(value: T, buffers: readonly ArrayBuffer[]): T {
  moved.set(value, buffers)
  return value
}

function movedWith(value: unknown): readonly ArrayBuffer[] | undefined {
  return value instanceof Object ? moved.get(value) : undefined
}

type Message =
  | { kind: 'call'; id: number; name: string; params: unknown }
  | { kind: 'cancel'; id: number }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; error: ErrorRecord }
  | { kind: 'event'; name: string; data: unknown }

/**
 * Checks parameters against a call's schema.
 * @throws LensloreError `INVALID_ARGUMENT`: with what the schema says of it where that is a sentence, for it may be what a person
 * typed; else naming the field, for whoever wrote the program.
 */
export function checkParams<P extends z.ZodType>(schema: P, name: string, params: unknown): z.output<P> {
  const checked = schema.safeParse(params)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  if (issue?.message.endsWith('.')) throw new LensloreError('INVALID_ARGUMENT', issue.message)
  const field = issue?.path.length ? `${name}.${issue.path.join('.')}` : name
  throw new LensloreError('INVALID_ARGUMENT', `${field}: ${issue?.message ?? 'not understood'}.`)
}

/**
 * Answers the calls that arrive on a channel. Each handler gets a signal that fires when the caller cancels
 * or goes away.
 * @returns `emit`, which sends an event to the other side.
 */
export function serve<Calls extends CallTable, Events extends EventTable = Record<never, never>>(
  channel: Channel,
  calls: Calls,
  handlers: Handlers<Calls>,
): { emit<Name extends keyof Events & string>(name: Name, data: Events[Name]): void } {
  const running = new Map<number, AbortController>()

  async function answer(id: number, name: string, params: unknown): Promise<void> {
    const cancel = new AbortController()
    running.set(id, cancel)
    try {
      const call = Object.hasOwn(calls, name) ? calls[name] : undefined
      if (!call) throw new LensloreError('INVALID_ARGUMENT', `There is no call named ${name}.`)
      const checked = checkParams(call.params, name, params)
      const value = await handlers[name]!(checked as never, cancel.signal)
      channel.post({ kind: 'result', id, value } satisfies Message, movedWith(value))
    } catch (thrown) {
      channel.post({ kind: 'error', id, error: toErrorRecord(thrown) } satisfies Message)
    } finally {
      running.delete(id)
    }
  }

  channel.onMessage((raw) => {
    const message = raw as Message
    if (message.kind === 'call') void answer(message.id, message.name, message.params)
    else if (message.kind === 'cancel') running.get(message.id)?.abort()
  })
  channel.onClose(() => {
    for (const cancel of running.values()) cancel.abort()
  })
  return {
    emit: (name, data) => channel.post({ kind: 'event', name, data } satisfies Message),
  }
}

/**
 * The other end of `serve`: every call of the table as a method that answers with a promise.
 * A channel that closes fails all calls under way with `closedError()`.
 */
export function connect<Calls extends CallTable, Events extends EventTable = Record<never, never>>(
  channel: Channel,
  calls: Calls,
  closedError: () => LensloreError = () => new LensloreError('CHANNEL_CLOSED', 'The connection was closed.'),
): Client<Calls, Events> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(reason: Error): void }>()
  const listeners = new Map<PropertyKey, Set<(data: never) => void>>()
  const listenersToEach = new Set<(event: never, data: never) => void>()
  let nextId = 1
  let closed = false

  channel.onMessage((raw) => {
    const message = raw as Message
    if (message.kind === 'event') {
      for (const listener of listeners.get(message.name) ?? []) listener(message.data as never)
      for (const listener of listenersToEach) listener(message.name as never, message.data as never)
      return
    }
    if (message.kind !== 'result' && message.kind !== 'error') return
    const caller = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.kind === 'result') caller?.resolve(message.value)
    else caller?.reject(fromErrorRecord(message.error))
  })
  channel.onClose(() => {
    closed = true
    const callers = [...waiting.values()]
    waiting.clear()
    for (const caller of callers) caller.reject(closedError())
  })

  function send(name: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    if (closed) {
      reject(closedError())
      return promise
    }
    const id = nextId++
    waiting.set(id, { resolve, reject })
    const cancel = () => channel.post({ kind: 'cancel', id } satisfies Message)
    channel.post({ kind: 'call', id, name, params } satisfies Message, movedWith(params))
    if (options.signal?.aborted) cancel()
    options.signal?.addEventListener('abort', cancel, { once: true })
    return promise.finally(() => options.signal?.removeEventListener('abort', cancel))
  }

  function on(event: PropertyKey, listener: (data: never) => void): () => void {
    const set = listeners.get(event) ?? new Set()
    listeners.set(event, set.add(listener))
    return () => set.delete(listener)
  }

  function onEach(listener: (event: never, data: never) => void): () => void {
    listenersToEach.add(listener)
    return () => listenersToEach.delete(listener)
  }

  const methods = Object.keys(calls).map((name) => [
    name,
    (params: unknown, options?: CallOptions) => send(name, params, options),
  ])
  return Object.assign(Object.fromEntries(methods), { on, onEach }) as Client<Calls, Events>
}
