interface ReadWhileStale {
  /** At least so much time is between one reading and the next. */
  everyMs: number
  read(): Promise<void>
  /** What is left for when such a time went by without a change. */
  whenQuiet?(): Promise<void>
  onFailure(thrown: unknown): void
}

/**
 * For what is read again and again while much changes.
 * @returns to be called at every change: reads, and once more where something changed meanwhile. Fulfilled when it is quiet, also
 * after a failure, which is told once and ends it until the next change.
 */
export function readWhileStale({ everyMs, read, whenQuiet, onFailure }: ReadWhileStale): () => Promise<void> {
  let isStale = false
  let reading: Promise<void> | undefined

  async function readOn(): Promise<void> {
    try {
      while (isStale) {
        isStale = false
        await read()
        await new Promise((resolve) => setTimeout(resolve, everyMs))
        if (!isStale) await whenQuiet?.()
      }
    } catch (thrown) {
      onFailure(thrown)
    } finally {
      reading = undefined
    }
  }

  return () => {
    isStale = true
    reading ??= readOn()
    return reading
  }
}
