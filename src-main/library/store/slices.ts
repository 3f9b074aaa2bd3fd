import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { checkpointBeside } from './checkpoints.ts'
import type { Database } from './database.ts'

/**
 * How long one slice is to keep the thread: it answers searches between two of them, and edits wait for no longer. The rest
 * of the 50 ms that nobody notices is for a search, and for a disk that takes its time.
 */
const sliceMs = 15
const firstLimit = 32
/** A statement over more rows than these is no faster. */
const highestLimit = 20_000
/** Of the time that a slice took: in it other processes get the write lock, which they ask for now and then. */
const restShare = 1 / 8
/** After a slice as short as that nobody needs a rest. */
const shortMs = 2

export interface SliceOptions {
  signal?: AbortSignal | undefined
  /** Gets what is done so far. */
  onProgress?: ((done: number) => void) | undefined
}

/**
 * Does long work on the database in slices, each a transaction of its own, that are so short that nobody waits for them.
 * What was committed stays: the step finds by itself where it was, also after a kill.
 * @param step gets how many rows to do at most, and answers with how many it did; 0 ends the work.
 * @returns how many were done.
 * @throws whatever the step throws; DOMException `AbortError` through the signal, between two slices.
 */
export async function inSlices(
  database: Database,
  step: (limit: number) => number,
  { signal, onProgress }: SliceOptions = {},
): Promise<number> {
  await using checkpoints = checkpointBeside(database)
  let limit = firstLimit
  for (let done = 0; ; ) {
    signal?.throwIfAborted()
    const startedMs = performance.now()
    const count = database.writeRepeatable(() => step(limit))
    const tookMs = performance.now() - startedMs
    if (count === 0) {
      await checkpoints.last()
      return done
    }
    done += count
    onProgress?.(done)
    limit = nextLimit(limit, tookMs)
    await (tookMs < shortMs ? nextTurn() : sleep(Math.ceil(tookMs * restShare)))
    await checkpoints.after(tookMs)
  }
}

/** No more than twice as many at once: the next rows may be others. */
function nextLimit(limit: number, tookMs: number): number {
  const fitting = Math.floor((limit * sliceMs) / Math.max(tookMs, 1))
  return Math.max(1, Math.min(fitting, limit * 2, highestLimit))
}
