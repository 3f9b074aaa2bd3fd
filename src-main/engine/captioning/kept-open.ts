/** It has weights of its own in memory: it goes when nobody asks any more. */
const keptForMs = 60_000

/** One thing of a kind, opened when it is asked for and open until nobody has asked for a while. */
export interface KeptOpen<T> {
  /**
   * Works with it, one after the other. One that is open under another key is closed first; what does not open is opened anew the
   * next time.
   */
  use<Result>(key: string, open: () => Promise<T>, work: (opened: T) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

export function createKeptOpen<T extends { close(): Promise<void> }>(): KeptOpen<T> {
  let kept: { key: string; opened: Promise<T> } | undefined
  let closing: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()

  async function close(): Promise<void> {
    clearTimeout(closing)
    const closed = kept
    kept = undefined
    await (await closed?.opened.catch(() => undefined))?.close()
  }

  async function openFor(key: string, open: () => Promise<T>): Promise<T> {
    if (kept?.key !== key) {
      await close()
      kept = { key, opened: open() }
    }
    const mine = kept
    return mine.opened.catch((thrown: unknown) => {
      if (kept === mine) kept = undefined
      throw thrown
    })
  }

  return {
    use(key, open, work) {
      const mine = last.then(async () => {
        clearTimeout(closing)
        try {
          return await work(await openFor(key, open))
        } finally {
          closing = setTimeout(() => void close().catch(() => {}), keptForMs).unref()
        }
      })
      last = mine.catch(() => {})
      return mine
    },
    close,
  }
}
