import type { Database } from './database.ts'

/** What another process writes is noticed within this time. */
const lookEveryMs = 500

/**
 * Tells of commits by other connections, of this process or another, which nobody else tells of.
 * https://www.sqlite.org/pragma.html#pragma_data_version
 * @param onCommit what it throws is told, and it is called again at the next look.
 * @param onError told of what it throws, or the database.
 * @returns a function that ends it.
 */
export function watchOthersCommits(
  database: Database,
  onCommit: () => void,
  onError: (thrown: unknown) => void,
): () => void {
  const version = () => database.prepare<{ data_version: number }>('PRAGMA data_version').get()!.data_version
  let known = version()
  const timer = setInterval(() => {
    // Nobody else would catch it: the process would end.
    try {
      const present = version()
      if (present === known) return
      onCommit()
      known = present
    } catch (thrown) {
      onError(thrown)
    }
  }, lookEveryMs)
  // Nobody stays for that alone.
  timer.unref()
  return () => clearInterval(timer)
}
