import { type EngineCalls, type EngineInfo, engineCalls } from '../../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { chooseFastest, isSameWay, type ProviderTrial } from '../../contract/providers.ts'
import { type Client, connect, type ParamsOf, type ResultOf } from '../../contract/rpc.ts'
import type { CaptionEngine, PictureDecoder, TextReader } from './caption-engine.ts'
import { tryProviders } from './provider-trial.ts'
import type { EngineProcess, StartEngine } from './start-engine.ts'
import type { TrialBook } from './trial-book.ts'

export type EngineOptions = Omit<ParamsOf<EngineCalls['open']>, 'trials'>

/**
 * The engine of this machine, which decodes and captions. What it is asked outlives its process: when that dies it is
 * started again, and the pictures that were with it go in again one at a time, so that the one that kills it is known and
 * set aside with `PICTURE_KILLS_ENGINE`. After `maxDeathsInARow` deaths without a success in between, all fail with
 * `ENGINE_DIED`. Decoding needs no model.
 */
export interface SupervisedEngine extends CaptionEngine, PictureDecoder, TextReader {
  /** What the model runs on at present; null while none is open. */
  session(): EngineInfo | null
  /** As the engine's call; errors as of `caption`. */
  look(pixels: Uint8Array<ArrayBuffer>, text: string): Promise<ResultOf<EngineCalls['look']>>
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
  /**
   * Looked at now and then between captions: a process that takes more is ended when its batches are done, and another one gets
   * batches of half the size. Where one picture at a time still takes more, that is told once. Null: no bound.
   */
  mostMemoryBytes?: number | null
  lookAtMemoryEveryMs?: number
  /** Told how many of so many ways were tried, and null when that is over. */
  onTrial?(progress: { done: number; total: number } | null): void
  /** Told why ways could not be tried; the work goes on. */
  onProblem?(problem: ErrorRecord): void
}

type EngineClient = Client<EngineCalls, Record<never, never>>
type Kind = 'decode' | 'caption'

interface Request {
  kind: Kind
  /** What the engine would have done, had it not died of it. */
  toDo: string
  ask(client: EngineClient): Promise<unknown>
  deaths: number
  resolve(result: unknown): void
  reject(reason: unknown): void
}

const maxDeathsOfOnePicture = 2
const maxDeathsInARow = 5
/** So many deaths on a graphics card, and its driver may be why: the processor goes on in its place. */
const deathsUntilProcessor = 3

export function superviseEngine(
  startEngine: StartEngine,
  options: EngineOptions,
  {
    book,
    tryAfterMs = 10_000,
    hangsAfterMs = 300_000,
    mostMemoryBytes = null,
    lookAtMemoryEveryMs = 2000,
    onTrial,
    onProblem,
  }: SupervisorOptions,
): SupervisedEngine {
  const asked = { provider: options.provider ?? 'auto', precision: options.precision ?? 'auto' } as const
  let running: EngineProcess | undefined
  let starting: Promise<EngineClient> | undefined
  let opening: Promise<EngineInfo> | undefined
  /** A picture that kills the decoder says nothing about the model, and one that decodes nothing for it. */
  const deathsInARow: Record<Kind, number> = { decode: 0, caption: 0 }
  const underWay = new Set<Request>()
  let isOpening = false
  /** Whether the last one died of the model that it opened, and not of a picture. */
  let diedOpening = false
  let closed = false
  let lastInfo: EngineInfo | undefined
  /** Why nothing is sent at present: the machine is to be quiet, or the model is opened another way. */
  let held: PromiseWithResolvers<void> | undefined
  let hasTried = false
  let firstCaptionMs: number | undefined
  /** Batches no larger than that stay within the memory. */
  let mostInBatch = Infinity
  let memoryLookedAtMs = 0
  let hasToldOfMemory = false
  const stop = new AbortController()
  const waiting: Request[] = []
  /** Were with an engine that died: each goes in alone. */
  const suspects: Request[] = []
  let becameIdle = Promise.withResolvers<void>()

  function endedError(): LensloreError {
    return closed
      ? new LensloreError('CANCELLED', 'Captioning was stopped.')
      : new LensloreError('ENGINE_DIED', 'The captioning engine stopped unexpectedly.')
  }

  async function start(): Promise<EngineClient> {
    const { channel } = await startCountingDeaths()
    return connect<EngineCalls>(channel, engineCalls, endedError)
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
    const wasDecoding = underWay.size > 0 && underWay.values().every(({ kind }) => kind === 'decode')
    deathsInARow[wasDecoding && !isOpening ? 'decode' : 'caption']++
    diedOpening = isOpening
    running = starting = opening = undefined
  }

  async function openModel(client: EngineClient): Promise<EngineInfo> {
    const isUnlucky = asked.provider === 'auto' && deathsInARow.caption >= deathsUntilProcessor
    const ways = [
      ...(isUnlucky ? [] : [{ ...asked, trials: book.read() }]),
      ...(asked.provider === 'auto' ? onTheProcessor() : []),
    ]
    isOpening = true
    try {
      const batchSize = Number.isFinite(mostInBatch) ? mostInBatch : options.batchSize
      for (const [at, way] of ways.entries()) {
        try {
          lastInfo = await client.open({ ...options, batchSize, ...way })
          break
        } catch (thrown) {
          // A card that was measured once may be gone.
          const isLast = at === ways.length - 1
          if (isLast || toErrorRecord(thrown).code !== 'PROVIDER_UNAVAILABLE') throw thrown
        }
      }
      return lastInfo!
    } finally {
      isOpening = false
    }
  }

  /** In what was asked for, if the processor has such a form, else in fp32: nothing is more to be relied on. */
  function onTheProcessor() {
    const fewer = ['auto', 'fp32'].includes(asked.precision) ? [] : [asked.precision]
    return [...fewer, 'fp32' as const].map((precision) => ({ provider: 'cpu' as const, precision }))
  }

  /** Beside the captions: how is this model best run here? */
  async function tryProvidersOnce(): Promise<void> {
    firstCaptionMs ??= performance.now()
    if (hasTried || lastInfo?.choice !== 'untried' || performance.now() - firstCaptionMs < tryAfterMs) return
    hasTried = true
    const { modelDirectory, adapterPath = null, formDirectory = null } = options
    try {
      const { attempts } = await tryProviders({
        startEngine,
        modelDirectory,
        adapterPath,
        formDirectory,
        book,
        whileIdle,
        onProgress: (done, total) => onTrial?.({ done, total }),
        signal: stop.signal,
      })
      const chosen = chooseFastest(attempts, asked)
      if (chosen && !isRunBy(chosen)) await whileIdle(reopen)
    } catch (thrown) {
      // Then it goes on as it is; the next engine tries again.
      if (!stop.signal.aborted) onProblem?.(toErrorRecord(thrown))
    } finally {
      onTrial?.(null)
    }
  }

  function isRunBy(chosen: NonNullable<ProviderTrial['chosen']>): boolean {
    return lastInfo !== undefined && isSameWay(lastInfo, chosen) && lastInfo.batchSize === chosen.batchSize
  }

  async function reopen(): Promise<void> {
    const { client } = await openPatiently()
    opening = openModel(client)
    await opening
  }

  async function keepWithinMemory(): Promise<void> {
    const isDue = performance.now() - memoryLookedAtMs >= lookAtMemoryEveryMs
    if (mostMemoryBytes === null || hasToldOfMemory || !isDue) return
    memoryLookedAtMs = performance.now()
    const looked = running
    const client = await starting
    if (!looked || !client) return
    const { rssBytes } = await client.memory({})
    if (rssBytes <= mostMemoryBytes || running !== looked) return
    if (mostInBatch === 1) {
      hasToldOfMemory = true
      onProblem?.(needsMoreMemory(rssBytes, mostMemoryBytes))
      return
    }
    mostInBatch = Math.max(1, Math.floor((lastInfo?.batchSize ?? 1) / 2))
    await whileIdle(async () => {
      if (running !== looked) return
      // Its end is no death.
      running = starting = opening = undefined
      looked.kill()
      await openPatiently()
    })
  }

  /** Nothing new is sent, and what is under way is waited for. */
  async function whileIdle<T>(work: () => Promise<T>): Promise<T> {
    while (held) await held.promise
    const mine = Promise.withResolvers<void>()
    held = mine
    try {
      while (underWay.size > 0) await becameIdle.promise
      if (closed) throw endedError()
      return await work()
    } finally {
      held = undefined
      mine.resolve()
      sendNext()
    }
  }

  async function startPatiently(): Promise<EngineClient> {
    return patiently(() => {
      starting ??= start()
      return starting
    })
  }

  /** What the engine says itself (no such model) is final. */
  async function openPatiently(): Promise<{ client: EngineClient; info: EngineInfo }> {
    return patiently(async () => {
      starting ??= start()
      const client = await starting
      opening ??= openModel(client)
      return { client, info: await opening }
    })
  }

  function isOver(): boolean {
    return closed || Object.values(deathsInARow).some((deaths) => deaths >= maxDeathsInARow)
  }

  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      if (isOver()) throw endedError()
      try {
        return await work()
      } catch (thrown) {
        if (!isDeath(thrown)) throw thrown
      }
    }
  }

  let hangTimer: NodeJS.Timeout | undefined

  /** Counts from the last sign of life, as long as something is under way. */
  function watchForHang(): void {
    clearTimeout(hangTimer)
    if (underWay.size > 0) hangTimer = setTimeout(() => running?.kill(), hangsAfterMs)
  }

  async function send(request: Request): Promise<void> {
    underWay.add(request)
    if (underWay.size === 1) watchForHang()
    try {
      const client = request.kind === 'decode' ? await startPatiently() : (await openPatiently()).client
      const answer = await askOrCountDeath(client, request)
      if (answer) {
        deathsInARow[request.kind] = 0
        request.resolve(answer.result)
        if (request.kind === 'caption') {
          void tryProvidersOnce()
          keepWithinMemory().catch(() => {})
        }
      } else if (request.deaths < maxDeathsOfOnePicture) suspects.push(request)
      else request.reject(killsEngine(request))
    } catch (thrown) {
      request.reject(thrown)
    } finally {
      underWay.delete(request)
      watchForHang()
      if (underWay.size === 0) {
        becameIdle.resolve()
        becameIdle = Promise.withResolvers()
      }
      sendNext()
    }
  }

  /** @returns undefined when the engine died over it. */
  async function askOrCountDeath(client: EngineClient, request: Request) {
    try {
      return { result: await request.ask(client) }
    } catch (thrown) {
      if (!isDeath(thrown)) throw thrown
      if (!diedOpening) request.deaths++
      return undefined
    }
  }

  function request<T>(kind: Kind, toDo: string, ask: (client: EngineClient) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    waiting.push({ kind, toDo, ask, deaths: 0, resolve: resolve as Request['resolve'], reject })
    sendNext()
    return promise
  }

  function sendNext(): void {
    // Suspects go on: nothing is idle before they are done.
    if (held && suspects.length === 0) return
    if (suspects.length > 0) {
      if (underWay.size === 0) void send(suspects.shift()!)
      return
    }
    for (const request of waiting.splice(0)) void send(request)
  }

  return {
    // What is known of the model holds also for the next process.
    info: async () => (lastInfo && !isOver() ? lastInfo : (await openPatiently()).info),
    session: () => (opening && !isOpening && !closed ? (lastInfo ?? null) : null),
    get batchSize() {
      return lastInfo?.batchSize ?? 1
    },
    decode: (path, decodeOptions) =>
      request('decode', `read ${displayFileName(path)}`, (client) =>
        client.decode({ path, ...decodeOptions }),
      ),
    describeThumbnail: (path) =>
      request('decode', 'looked at a thumbnail', (client) => client.describeThumbnail({ path })),
    preview: (path, directory) =>
      request('decode', `drew ${displayFileName(path)}`, (client) => client.preview({ path, directory })),
    caption: (pixels, { readings = false } = {}) =>
      request('caption', 'described this picture', (client) => client.caption({ pixels, readings })),
    embed: (pixels) => request('caption', 'looked at this picture', (client) => client.embed({ pixels })),
    embedText: (text) =>
      request('decode', 'read this text', (client) =>
        client.embedText({ modelDirectory: options.modelDirectory, text }),
      ),
    space: () =>
      request('decode', 'told of its model', (client) =>
        client.space({ modelDirectory: options.modelDirectory }),
      ),
    look: (pixels, text) =>
      request('caption', 'looked at this picture', (client) => client.look({ pixels, text })),
    close() {
      closed = true
      stop.abort()
      running?.kill()
    },
  }
}

function needsMoreMemory(rssBytes: number, mostBytes: number): ErrorRecord {
  const [needed, allowed] = [rssBytes, mostBytes].map((bytes) => Math.round(bytes / 2 ** 20))
  return {
    code: 'ENGINE_FAILED',
    message: `The model takes ${needed} MiB by itself, more than the ${allowed} MiB it may; it goes on, one picture at a time.`,
  }
}

function isDeath(thrown: unknown): boolean {
  return thrown instanceof LensloreError && thrown.code === 'ENGINE_DIED'
}

function killsEngine({ toDo }: Request): LensloreError {
  return new LensloreError(
    'PICTURE_KILLS_ENGINE',
    `The engine stopped twice while it ${toDo}, so the picture is set aside.`,
  )
}
