import { availableParallelism } from 'node:os'

/**
 * Turns single requests into batches. Preparing (decoding) runs for several pictures at once and goes on
 * while a batch runs; a batch starts when it is full, or when nothing is left that could fill it.
 */
export interface Batching<Item, Result> {
  /** @param prepare makes the item, e.g. decodes the picture; its error is the request's error. */
  add(prepare: () => Promise<Item>): Promise<Result>
}

export interface BatchingOptions<Item, Result> {
  batchSize: number
  /** Items that may be in preparation at once. */
  concurrency?: number
  /** @returns one result an item, in the same order. */
  run(items: Item[]): Promise<Result[]>
}

interface Ready<Item, Result> {
  item: Item
  resolve(result: Result): void
  reject(reason: unknown): void
}

export function createBatching<Item, Result>(options: BatchingOptions<Item, Result>): Batching<Item, Result> {
  const { batchSize, run, concurrency = Math.max(2, availableParallelism()) } = options
  const waiting: (() => Promise<void>)[] = []
  const ready: Ready<Item, Result>[] = []
  let preparing = 0
  let running = false

  function prepareNext(): void {
    // What is decoded but not yet run is memory: two batches ahead are enough to keep the model busy.
    while (waiting.length > 0 && preparing < concurrency && ready.length + preparing < 2 * batchSize) {
      preparing++
      void waiting.shift()!().finally(() => {
        preparing--
        prepareNext()
        void runNext()
      })
    }
  }

  async function runNext(): Promise<void> {
    const canStillFill = preparing > 0 || waiting.length > 0
    if (running || ready.length === 0 || (ready.length < batchSize && canStillFill)) return
    running = true
    const batch = ready.splice(0, batchSize)
    prepareNext()
    try {
      const results = await run(batch.map((entry) => entry.item))
      batch.forEach((entry, index) => {
        entry.resolve(results[index]!)
      })
    } catch (thrown) {
      for (const entry of batch) entry.reject(thrown)
    } finally {
      running = false
      prepareNext()
      void runNext()
    }
  }

  return {
    add(prepare) {
      const { promise, resolve, reject } = Promise.withResolvers<Result>()
      waiting.push(async () => {
        try {
          ready.push({ item: await prepare(), resolve, reject })
        } catch (thrown) {
          reject(thrown)
        }
      })
      prepareNext()
      return promise
    },
  }
}
