import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long a computation keeps the thread before others have their turn. */
const turnMs = 8

/**
 * For a long computation: called now and then, it lets others have their turn where it is time.
 * @throws DOMException `AbortError` through the signal.
 */
export function createTurns(signal?: AbortSignal): () => Promise<void> {
  let sinceMs = performance.now()
  return async () => {
    signal?.throwIfAborted()
    if (performance.now() - sinceMs < turnMs) return
    await nextTurn()
    sinceMs = performance.now()
  }
}
