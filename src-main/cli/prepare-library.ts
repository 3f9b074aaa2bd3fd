import { prepareLibrary, type UpdateProgress } from '../library/library.ts'
import { listenForInterrupt } from './interrupt.ts'
import { createStatusLine, formatUpdate } from './progress-line.ts'

/** Steps are told of when they begin; a long one shows by this that it goes on. */
const showEveryMs = 1000

/** Brings a library up to date; from a second on with a line of progress. Ctrl-C ends it before the next step. */
export async function prepareWithProgress(directory: string): Promise<void> {
  const interrupt = listenForInterrupt()
  const line = createStatusLine()
  const startedMs = performance.now()
  let latest: UpdateProgress | undefined
  const timer = setInterval(() => {
    const progress = latest
    if (!progress) return
    line.show(progress.phase, (columns) => formatUpdate(progress, performance.now() - startedMs, columns))
  }, showEveryMs)
  try {
    await prepareLibrary(directory, {
      signal: interrupt.signal,
      onProgress(progress) {
        latest = progress
      },
    })
  } finally {
    clearInterval(timer)
    if (latest) line.clear()
    interrupt.stop()
  }
}
