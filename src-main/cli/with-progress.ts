import { listenForInterrupt } from './interrupt.ts'
import type { LibraryClient } from './open-library.ts'
import { createStatusLine, formatProgress, shownOf } from './progress-line.ts'

/** Long work with a line of progress, which Ctrl-C ends. */
export async function withProgress<T>(
  library: LibraryClient,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = listenForInterrupt()
  const line = createStatusLine()
  const stop = library.on('progress', (works) => {
    line.show(shownOf(works)?.phase ?? null, (columns) => formatProgress(works, columns))
  })
  try {
    return await work(interrupt.signal)
  } finally {
    stop()
    line.clear()
    interrupt.stop()
  }
}
