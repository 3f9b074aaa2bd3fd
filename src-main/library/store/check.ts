import { moduleBeside, startThread } from '../../channels/message-port.ts'
import { unchecked } from '../../contract/rpc.ts'
import type { Database } from './database.ts'

export const checkCalls = {
  check: unchecked<{ databaseFile: string }, string[]>(),
}

/**
 * Reads the whole file and says what is wrong in SQLite's words; an empty list is a sound database. A reading connection is
 * enough.
 */
export function checkIntegrity(database: Database): string[] {
  try {
    // Also of the search index: its tables are checked as their module has it.
    const rows = database.prepare<{ integrity_check: string }>('PRAGMA integrity_check').all()
    const words = rows.map((row) => row.integrity_check)
    for (const row of database.prepare<{ table: string }>('PRAGMA foreign_key_check').all()) {
      words.push(`A row of ${row.table} refers to something that is not there.`)
    }
    return words.filter((word) => word !== 'ok')
  } catch (thrown) {
    return [thrown instanceof Error ? thrown.message : String(thrown)]
  }
}

/**
 * The same in a thread of its own, for nothing in it can be done in slices.
 * @throws DOMException `AbortError` through the signal; the thread ends by itself then.
 */
export async function checkInThread(databaseFile: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted()
  const thread = startThread(moduleBeside(import.meta.url, 'check-thread'), checkCalls)
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const found = thread.calls.check({ databaseFile })
  try {
    return await Promise.race([found, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
    found.catch(() => {})
    // SQLite hears nothing before it is done.
    void thread.end()
  }
}
