/**
 * Turns single requests into batches. A batch starts when it is full, or when no more items are on their way to it:
 * nothing is being made that will come, and for a moment nothing came.
 */
export interface Batching<Item, Result> {
  add(item: Item): Promise<Result>
  /** Something that was on its way came to nothing, or is about to be added. */
  lookAgain(): void
}

export interface BatchingOptions<Item, Result> {
  batchSize: number
  /** Whether items are being made that will be added. */
  areMoreComing(): boolean
  /** How long what was made may be on its way from one process to another and back. */
  onItsWayMs?: number
  /** @returns one result an item, in the same order. */
  run(items: Item[]): Promise<Result[]>
}

interface Ready<Item, Result> {
  item: Item
  resolve(result: Result): void
  reject(reason: unknown): void
}

export function createBatching<Item, Result>(options: BatchingOptions<Item, Result>): Batching<Item, Result> {
  const { batchSize, areMoreComing, onItsWayMs = 20, run } = options
  const ready: Ready<Item, Result>[] = []
  let running = false
  let timer: NodeJS.Timeout | undefined

  function lookAgain(): void {
    clearTimeout(timer)
    if (running || ready.length === 0) return
    if (ready.length >= batchSize) void runNext()
    else if (!areMoreComing()) timer = setTimeout(() => void runNext(), onItsWayMs)
  }

  async function runNext(): Promise<void> {
    running = true
    const batch = ready.splice(0, batchSize)
    try {
      const results = await run(batch.map((entry) => entry.item))
      batch.forEach((entry, index) => {
        entry.resolve(results[index]!)
      })
    } catch (thrown) {
      for (const entry of batch) entry.reject(thrown)
    } finally {
      running = false
      lookAgain()
    }
  }

  return {
    add(item) {
      const { promise, resolve, reject } = Promise.withResolvers<Result>()
      ready.push({ item, resolve, reject })
      lookAgain()
      return promise
    },
    lookAgain,
  }
}
