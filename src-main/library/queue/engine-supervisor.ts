import {
  type CaptionResult,
  type EngineCalls,
  type EngineInfo,
  engineCalls,
} from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { type Channel, type Client, connect, type ParamsOf } from '../../contract/rpc.ts'

/** How the host of the library starts an engine process: a child process, or Electron's utility process. */
export type StartEngine = () => Channel

export type EngineOptions = ParamsOf<EngineCalls['open']>

export interface SupervisedEngine {
  /** Starts the engine if it is not running. */
  info(): Promise<EngineInfo>
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

export function superviseEngine(startEngine: StartEngine, options: EngineOptions): SupervisedEngine {
  let channel: Channel | undefined
  let opening: Promise<OpenEngine> | undefined
  let deathsInARow = 0
  let closed = false
  const waiting: Request[] = []
  /** Were with an engine that died: each goes in alone. */
  const suspects: Request[] = []
  let inFlight = 0

  function endedError(): LensloreError {
    return closed
      ? new LensloreError('CANCELLED', 'Captioning was stopped.')
      : new LensloreError('ENGINE_DIED', 'The captioning engine stopped unexpectedly.')
  }

  async function open(): Promise<OpenEngine> {
    const started = startEngine()
    channel = started
    started.onClose(() => {
      if (channel !== started) return
      deathsInARow++
      channel = opening = undefined
    })
    const client = connect<EngineCalls>(started, engineCalls, endedError)
    try {
      return { client, info: await client.open(options) }
    } catch (thrown) {
      if (!isDeath(thrown)) {
        // What the engine says itself (no such model) is final: `opening` stays failed, the process goes.
        channel = undefined
        started.close()
      }
      throw thrown
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

  async function send(request: Request): Promise<void> {
    inFlight++
    try {
      const { client } = await openPatiently()
      const result = await captionOrCountDeath(client, request)
      if (result) {
        deathsInARow = 0
        request.resolve(result)
      } else if (request.deaths < maxDeathsOfOnePicture) suspects.push(request)
      else request.reject(killsEngine(request.path))
    } catch (thrown) {
      request.reject(thrown)
    } finally {
      inFlight--
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
    if (suspects.length > 0) {
      if (inFlight === 0) void send(suspects.shift()!)
      return
    }
    for (const request of waiting.splice(0)) void send(request)
  }

  return {
    info: async () => (await openPatiently()).info,
    caption(path, { attention = false } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<CaptionResult>()
      waiting.push({ path, attention, deaths: 0, resolve, reject })
      sendNext()
      return promise
    },
    close() {
      closed = true
      channel?.close()
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
