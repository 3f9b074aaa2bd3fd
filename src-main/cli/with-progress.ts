import { listenForInterrupt } from './interrupt.ts'
import type { LibraryClient } from './open-library.ts'
import { createProgressLine } from './progress-line.ts'

/** Long work with a line of progress, which Ctrl-C ends. */
export async function withProgress<T>(
  library: LibraryClient,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = listenForInterrupt()
  const line = createProgressLine()
  const stop = library.on('progress', line.show)
  try {
    return await work(interrupt.signal)
  } finally {
    stop()
    line.clear()
    interrupt.stop()
  }
}
