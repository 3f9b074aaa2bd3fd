import { setTimeout as sleep } from 'node:timers/promises'
import type { ForkedProcess } from '../channels/child-process.ts'
import { LensloreError, toErrorRecord } from '../contract/errors.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../contract/library-calls.ts'
import { type CallOptions, type Client, connect } from '../contract/rpc.ts'
import type { WindowEvents } from '../contract/window-calls.ts'

export type LibraryClient = Omit<Client<LibraryCalls, LibraryEvents>, 'on' | 'onEach'>
export type TellWindow = <Name extends keyof WindowEvents & string>(
  name: Name,
  data: WindowEvents[Name],
) => void

/** A library that dies again and again is started again after so long at the most. */
const longestWaitMs = 30_000
/** One that lived for so long was sound. */
const soundMs = 60_000
/** One that is at something it cannot leave is killed, which it survives like any kill. */
const closesWithinMs = 5000
/** The first window has its first photos before folders are looked through, which takes the disk and both processors; without one, after so long. */
const firstPhotosWithinMs = 2000
/** From when they are told to when they are seen, for which the library is asked once more of each. */
const firstThumbnailsWithinMs = 300
/** Another process that watches the library may have ended, or what was wrong been mended. */
const watchAgainMs = 10_000

export interface HeldLibrary {
  /** The library, whichever process has it at present. Calls under way when that ends fail with `CHANNEL_CLOSED`. */
  readonly calls: LibraryClient
  /** Settles when the first process has the library open, or says why it does not open; before any call that takes it longer. */
  readonly opened: Promise<void>
  /** Events of the library, and what becomes of its process. @returns a function that ends it */
  onEvent(listener: TellWindow): () => void
  /** For what wants the library closed. Calls wait until it is open again, which it is however the work ends. */
  whileClosed<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

interface Open {
  client: Client<LibraryCalls, LibraryEvents>
  process: ForkedProcess
}

/**
 * Keeps a library's process for the windows of a host: it watches the folders and captions what they hold, and where it dies
 * another one is started.
 * @param start the library's process
 * @throws whatever `start` throws the first time
 */
export async function holdLibrary(start: () => Promise<ForkedProcess>): Promise<HeldLibrary> {
  const listeners = new Set<TellWindow>()
  let present: Open | undefined
  let opened = withResolvers()
  let firstOpened: Promise<void> | undefined
  let isOver = false
  let isWanted = true
  let unwanted = new AbortController()
  let starting: Promise<void> = Promise.resolve()
  let closing: Promise<void> = Promise.resolve()
  let deaths = 0
  const firstPhotos = Promise.withResolvers<void>()

  const tell: TellWindow = (name, data) => {
    for (const listener of listeners) listener(name, data)
  }

  async function open(): Promise<void> {
    const startedMs = performance.now()
    const process = await start()
    const client = connect<LibraryCalls, LibraryEvents>(process.channel, libraryCalls)
    client.onEach((name, data) => tell(name, data as never))
    const mine: Open = { client, process }
    process.channel.onClose(() => {
      if (present === mine) starting = lost(process, performance.now() - startedMs)
    })
    present = mine
    opened.resolve(mine)
    // A row of the database, which is all that it takes to know.
    firstOpened ??= client.preferences({}).then(() => {})
    firstOpened.catch(() => {})
    // A window asks for these as soon as it is there, and is told if they are not to be had: of many photos the order is found while it
    // is still being loaded.
    client.timelinePage({ query: '', limit: 200 }).catch(() => {})
    void watch(mine)
  }

  async function lost(process: ForkedProcess, livedMs: number): Promise<void> {
    present = undefined
    opened = withResolvers()
    if (!isWanted) return
    deaths = livedMs > soundMs ? 1 : deaths + 1
    const how = await end(process)
    tell('told', { message: `The library’s process ended by itself (${how}); another one is started.` })
    await reopen(deaths === 1 ? 0 : 500 * 2 ** deaths)
  }

  async function reopen(waitMs: number): Promise<void> {
    await sleep(Math.min(waitMs, longestWaitMs), undefined, { signal: unwanted.signal }).catch(() => {})
    if (!isWanted) return
    try {
      await open()
      tell('libraryReopened', {})
    } catch (thrown) {
      tell('told', { message: toErrorRecord(thrown).message })
      await reopen(waitMs * 2 + 500)
    }
  }

  async function watch(mine: Open): Promise<void> {
    let said: string | undefined
    const pause = (ms: number) => sleep(ms, undefined, { signal: unwanted.signal }).catch(() => {})
    await Promise.race([
      firstPhotos.promise.then(() => pause(firstThumbnailsWithinMs)),
      pause(firstPhotosWithinMs),
    ])
    while (present === mine) {
      const error = await mine.client.watch({}).then(() => undefined, toErrorRecord)
      if (present !== mine) return
      if (error && error.code !== 'LIBRARY_LOCKED' && error.message !== said)
        tell('told', { message: error.message })
      said = error?.message
      await pause(watchAgainMs)
    }
  }

  async function closeLibrary(): Promise<void> {
    isWanted = false
    unwanted.abort()
    await starting
    if (present) await end(present.process)
  }

  /** One after the other. */
  async function whileClosed<T>(work: () => Promise<T>): Promise<T> {
    await closeLibrary()
    try {
      return await work()
    } finally {
      if (!isOver) {
        isWanted = true
        unwanted = new AbortController()
        starting = reopen(0)
        await starting
      }
    }
  }

  async function call(name: keyof LibraryCalls, params: never, options?: CallOptions): Promise<unknown> {
    if (isOver) throw closedError()
    const { client } = present ?? (await opened.promise)
    const answer = await client[name](params, options)
    if (name === 'timelinePage') firstPhotos.resolve()
    return answer
  }

  await open()
  return {
    opened: firstOpened!,
    calls: Object.fromEntries(
      Object.keys(libraryCalls).map((name) => [name, call.bind(null, name as keyof LibraryCalls)]),
    ) as unknown as LibraryClient,
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    whileClosed(work) {
      const mine = closing.then(() => whileClosed(work))
      closing = mine.then(
        () => {},
        () => {},
      )
      return mine
    },
    async close() {
      isOver = true
      await closing
      await closeLibrary()
      opened.reject(closedError())
    },
  }
}

/** Nobody may be waiting when it is rejected. */
function withResolvers(): PromiseWithResolvers<Open> {
  const opened = Promise.withResolvers<Open>()
  opened.promise.catch(() => {})
  return opened
}

function closedError(): LensloreError {
  return new LensloreError('CHANNEL_CLOSED', 'The library was closed.')
}

/** @returns what ended it, as `gone` tells it */
async function end(process: ForkedProcess): Promise<string> {
  process.channel.close()
  const late = setTimeout(() => process.kill(), closesWithinMs)
  const how = await process.gone
  clearTimeout(late)
  return how
}
