import { statSync } from 'node:fs'
import { moduleBeside, startThread, type Thread } from '../../channels/message-port.ts'
import { unchecked } from '../../contract/rpc.ts'
import { type Database, logBytesKept, openDatabase } from './database.ts'

export const checkpointCalls = {
  checkpoint: unchecked<{ databaseFile: string }, null>(),
}

/** Of work on the database that writes all the time: about so long, and its log is to be moved into the file. */
const workBetweenMs = 500
/** Twice what is left of a log that begins anew. */
const longestLogBytes = 2 * logBytesKept

/** For the time of long work, moves the log into the database where nobody waits for the disk. */
export interface Checkpoints extends AsyncDisposable {
  /**
   * After so much more work. While the log is moved the work waits, for a log that is written to all the time never begins
   * anew; others read and write meanwhile.
   */
  after(workMs: number): Promise<void>
  /** When all of it is done. Work that is stopped leaves its log to whoever commits next. */
  last(): Promise<void>
}

/**
 * SQLite moves its log into the database with a commit that finds it long enough, and waits for the disk: in the thread that
 * answers searches, that is a stall of some hundred milliseconds. https://www.sqlite.org/wal.html#automatic_checkpoint
 */
export function checkpointBeside(database: Database): Checkpoints {
  const release = database.holdCheckpoints()
  let thread: Thread<typeof checkpointCalls> | undefined
  let sinceMs = 0

  async function checkpoint(): Promise<void> {
    sinceMs = 0
    thread ??= startThread(moduleBeside(import.meta.url, 'checkpoint-thread'), checkpointCalls)
    await thread.calls.checkpoint({ databaseFile: database.file })
  }

  return {
    async after(workMs) {
      sinceMs += workMs
      const log = statSync(`${database.file}-wal`, { throwIfNoEntry: false })
      if (sinceMs >= workBetweenMs || (log?.size ?? 0) >= longestLogBytes) await checkpoint()
    },
    async last() {
      if (thread && sinceMs > 0) await checkpoint()
    },
    async [Symbol.asyncDispose]() {
      release()
      await thread?.end()
    },
  }
}

/** As much as readers leave to be moved; what they keep waits for the next time. */
export function checkpointNow(databaseFile: string): void {
  const connection = openDatabase(databaseFile)
  try {
    connection.pragma('wal_checkpoint(PASSIVE)')
  } finally {
    connection.close()
  }
}
