import {
  type CaptionResult,
  type EngineCalls,
  type EngineInfo,
  engineCalls,
} from '../../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import type { ProviderTrial } from '../../contract/providers.ts'
import { type Client, connect, type ParamsOf } from '../../contract/rpc.ts'
import { tryProviders } from './provider-trial.ts'
import type { EngineProcess, StartEngine } from './start-engine.ts'
import type { TrialBook } from './trial-book.ts'

export type EngineOptions = Omit<ParamsOf<EngineCalls['open']>, 'trials'>

export interface SupervisedEngine {
  /** Starts the engine if it is not running. */
  info(): Promise<EngineInfo>
  /** Pictures that it takes in one run at present: another number once it was measured. */
  readonly batchSize: number
  /**
   * Captions one picture. The promise outlives the engine: when the process dies it is started again, and
   * the pictures that were with it go in again one at a time, so that the one that kills it is known.
   * @throws LensloreError the picture's own error; `PICTURE_KILLS_ENGINE` when the engine died of it twice;
   *   `ENGINE_DIED` when the engine died `maxDeathsInARow` times without a caption in between.
   */
  caption(path: string, options?: { attention?: boolean }): Promise<CaptionResult>
  /** Ends the engine process; captions under way fail with `CANCELLED`. */
  close(): void
}

export interface SupervisorOptions {
  /**
   * Where it stands how models are best run on this machine. A model that was never tried here is run on the processor;
   * once it has been at work for a while, all ways are tried, and the fastest goes on.
   */
  book: TrialBook
  /** From the first caption on. Who has but a few photos is not kept waiting by a trial. */
  tryAfterMs?: number
  /** An engine that gives no sign for so long hangs, and is ended like one that died. */
  hangsAfterMs?: number
  /** Told why ways could not be tried; the work goes on. */
  onProblem?(problem: ErrorRecord): void
}

interface Request {
  path: string
  attention: boolean
  deaths: number
  resolve(result: CaptionResult): void
  reject(reason: unknown): void
}

interface OpenEngine {
  client: Client<EngineCalls, Record<never, never>>
  info: EngineInfo
}

const maxDeathsOfOnePicture = 2
const maxDeathsInARow = 5
/** So many deaths on a graphics card, and its driver may be why: the processor goes on in its place. */
const deathsUntilProcessor = 3

export function superviseEngine(
  startEngine: StartEngine,
  options: EngineOptions,
  { book, tryAfterMs = 10_000, hangsAfterMs = 300_000, onProblem }: SupervisorOptions,
): SupervisedEngine {
  let running: EngineProcess | undefined
  let opening: Promise<OpenEngine> | undefined
  let deathsInARow = 0
  let closed = false
  let lastInfo: EngineInfo | undefined
  /** Why nothing is sent at present: the machine is to be quiet, or the model is opened another way. */
  let held: PromiseWithResolvers<void> | undefined
  let hasTried = false
  let firstCaptionMs: number | undefined
  const stop = new AbortController()
  const waiting: Request[] = []
  /** Were with an engine that died: each goes in alone. */
  const suspects: Request[] = []
  let inFlight = 0
  let becameIdle = Promise.withResolvers<void>()

  function endedError(): LensloreError {
    return closed
      ? new LensloreError('CANCELLED', 'Captioning was stopped.')
      : new LensloreError('ENGINE_DIED', 'The captioning engine stopped unexpectedly.')
  }

  async function open(): Promise<OpenEngine> {
    const started = await startCountingDeaths()
    const client = connect<EngineCalls>(started.channel, engineCalls, endedError)
    try {
      return { client, info: await openModel(client) }
    } catch (thrown) {
      if (!isDeath(thrown)) {
        // What the engine says itself (no such model) is final: `opening` stays failed, the process goes.
        running = undefined
        started.kill()
      }
      throw thrown
    }
  }

  async function startCountingDeaths(): Promise<EngineProcess> {
    const started = await startEngine().catch((cause: unknown) => {
      countDeath()
      throw new LensloreError('ENGINE_DIED', `No engine can be started: ${toErrorRecord(cause).message}`, {
        cause,
      })
    })
    running = started
    started.channel.onClose(() => {
      if (running === started) countDeath()
    })
    if (closed) started.kill()
    return started
  }

  function countDeath(): void {
    deathsInARow++
    running = opening = undefined
  }

  async function openModel(client: OpenEngine['client']): Promise<EngineInfo> {
    const { provider: asked = 'auto' } = options
    const isUnlucky = asked === 'auto' && deathsInARow >= deathsUntilProcessor
    const provider = isUnlucky ? 'cpu' : asked
    lastInfo = await client.open({ ...options, provider, trials: book.read() }).catch((thrown: unknown) => {
      // A card that was measured once may be gone.
      const { code } = toErrorRecord(thrown)
      if (provider !== 'auto' || code !== 'PROVIDER_UNAVAILABLE') throw thrown
      return client.open({ ...options, provider: 'cpu' })
    })
    return lastInfo
  }

  /** Beside the captions: how is this model best run here? */
  async function tryProvidersOnce(): Promise<void> {
    firstCaptionMs ??= performance.now()
    if (hasTried || lastInfo?.choice !== 'untried' || performance.now() - firstCaptionMs < tryAfterMs) return
    hasTried = true
    const { modelDirectory, adapterPath = null } = options
    try {
      const { chosen } = await tryProviders({
        startEngine,
        modelDirectory,
        adapterPath,
        book,
        whileIdle,
        signal: stop.signal,
      })
      if (chosen && !isRunBy(chosen)) await whileIdle(reopen)
    } catch (thrown) {
      // Then it goes on as it is; the next engine tries again.
      if (!stop.signal.aborted) onProblem?.(toErrorRecord(thrown))
    }
  }

  function isRunBy({ provider, threads, batchSize }: NonNullable<ProviderTrial['chosen']>): boolean {
    return lastInfo?.provider === provider && lastInfo.threads === threads && lastInfo.batchSize === batchSize
  }

  async function reopen(): Promise<void> {
    const { client } = await openPatiently()
    opening = openModel(client).then((info) => ({ client, info }))
    await opening
  }

  /** Nothing new is sent, and what is under way is waited for. */
  async function whileIdle<T>(work: () => Promise<T>): Promise<T> {
    while (held) await held.promise
    const mine = Promise.withResolvers<void>()
    held = mine
    try {
      while (inFlight > 0) await becameIdle.promise
      if (closed) throw endedError()
      return await work()
    } finally {
      held = undefined
      mine.resolve()
      sendNext()
    }
  }

  async function openPatiently(): Promise<OpenEngine> {
    for (;;) {
      if (closed || deathsInARow >= maxDeathsInARow) throw endedError()
      try {
        opening ??= open()
        return await opening
      } catch (thrown) {
        if (!isDeath(thrown)) throw thrown
      }
    }
  }

  let hangTimer: NodeJS.Timeout | undefined

  /** Counts from the last sign of life, as long as something is under way. */
  function watchForHang(): void {
    clearTimeout(hangTimer)
    if (inFlight > 0) hangTimer = setTimeout(() => running?.kill(), hangsAfterMs)
  }

  async function send(request: Request): Promise<void> {
    inFlight++
    if (inFlight === 1) watchForHang()
    try {
      const { client } = await openPatiently()
      const result = await captionOrCountDeath(client, request)
      if (result) {
        deathsInARow = 0
        request.resolve(result)
        void tryProvidersOnce()
      } else if (request.deaths < maxDeathsOfOnePicture) suspects.push(request)
      else request.reject(killsEngine(request.path))
    } catch (thrown) {
      request.reject(thrown)
    } finally {
      inFlight--
      watchForHang()
      if (inFlight === 0) {
        becameIdle.resolve()
        becameIdle = Promise.withResolvers()
      }
      sendNext()
    }
  }

  /** @returns undefined when the engine died over it. */
  async function captionOrCountDeath(client: OpenEngine['client'], request: Request) {
    try {
      return await client.caption({ path: request.path, attention: request.attention })
    } catch (thrown) {
      if (!isDeath(thrown)) throw thrown
      request.deaths++
      return undefined
    }
  }

  function sendNext(): void {
    // Suspects go on: nothing is idle before they are done.
    if (held && suspects.length === 0) return
    if (suspects.length > 0) {
      if (inFlight === 0) void send(suspects.shift()!)
      return
    }
    for (const request of waiting.splice(0)) void send(request)
  }

  return {
    info: async () => (await openPatiently()).info,
    get batchSize() {
      return lastInfo?.batchSize ?? 1
    },
    caption(path, { attention = false } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<CaptionResult>()
      waiting.push({ path, attention, deaths: 0, resolve, reject })
      sendNext()
      return promise
    },
    close() {
      closed = true
      stop.abort()
      running?.kill()
    },
  }
}

function isDeath(thrown: unknown): boolean {
  return thrown instanceof LensloreError && thrown.code === 'ENGINE_DIED'
}

function killsEngine(path: string): LensloreError {
  return new LensloreError(
    'PICTURE_KILLS_ENGINE',
    `The engine stopped twice while it read ${path}, so the picture is set aside.`,
  )
}
