import type { CaptionResult } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import type { CaptionEngine } from './caption-engine.ts'
import type { FarEngine } from './other-machines.ts'

interface Asked {
  ask(engine: CaptionEngine): Promise<unknown>
  resolve(result: unknown): void
  reject(reason: unknown): void
}

/** Batches that an engine has at once: one under way, and the next. */
const batchesAtOnce = 2

/**
 * The engine of this machine and those of others as one: each picture goes to whichever has the most room, and one that the
 * others cannot do any more is done here.
 */
export function poolEngines(own: CaptionEngine, far: FarEngine): CaptionEngine {
  const underWay = new Map<CaptionEngine, number>([
    [own, 0],
    [far, 0],
  ])
  const waiting: Asked[] = []
  /** The others gave them back. */
  const returned: Asked[] = []
  const stopListening = far.onRoomChanged(sendNext)

  function shareOf(engine: CaptionEngine): number {
    const { batchSize } = engine
    return batchSize > 0 ? underWay.get(engine)! / batchSize : Infinity
  }

  function sendNext(): void {
    while (returned.length > 0 && shareOf(own) < batchesAtOnce) void send(own, returned.shift()!)
    while (waiting.length > 0) {
      const engine = shareOf(far) < shareOf(own) ? far : own
      if (shareOf(engine) >= batchesAtOnce) return
      void send(engine, waiting.shift()!)
    }
  }

  async function send(engine: CaptionEngine, asked: Asked): Promise<void> {
    underWay.set(engine, underWay.get(engine)! + 1)
    try {
      asked.resolve(await asked.ask(engine))
    } catch (thrown) {
      const isGivenBack =
        engine === far && thrown instanceof LensloreError && thrown.code === 'QUEUE_UNREACHABLE'
      if (isGivenBack) returned.push(asked)
      else asked.reject(thrown)
    } finally {
      underWay.set(engine, underWay.get(engine)! - 1)
      sendNext()
    }
  }

  function request<T>(ask: (engine: CaptionEngine) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    waiting.push({ ask, resolve: resolve as Asked['resolve'], reject })
    sendNext()
    return promise
  }

  return {
    info: () => own.info(),
    get batchSize() {
      return own.batchSize + far.batchSize
    },
    caption: (pixels, options) => request<CaptionResult>((engine) => engine.caption(pixels, options)),
    embed: (pixels) => request((engine) => engine.embed(pixels)),
    close() {
      stopListening()
      const closed = new LensloreError('CANCELLED', 'Captioning was stopped.')
      for (const { reject } of [...returned.splice(0), ...waiting.splice(0)]) reject(closed)
      far.close()
      own.close()
    },
  }
}
