import type { Database } from './database.ts'

/** What another process writes is noticed within this time. */
const lookEveryMs = 500

/**
 * Tells of commits by other connections, of this process or another, which nobody else tells of.
 * https://www.sqlite.org/pragma.html#pragma_data_version
 * @returns a function that ends it.
 */
export function watchOthersCommits(database: Database, onCommit: () => void): () => void {
  const version = () => database.prepare<{ data_version: number }>('PRAGMA data_version').get()!.data_version
  let known = version()
  const timer = setInterval(() => {
    const present = version()
    if (present === known) return
    known = present
    onCommit()
  }, lookEveryMs)
  // Nobody stays for that alone.
  timer.unref()
  return () => clearInterval(timer)
}
