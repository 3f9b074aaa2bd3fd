import { join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { holdExclusively } from './database.ts'

export interface WorkerLock {
  release(): void
}

/**
 * Makes this process the library's only worker: the one that scans, watches and captions. Two of them would
 * do everything twice and disagree about what moved. Short commands (search, show, status, setting a caption)
 * need no lock: their transactions are as safe beside a worker's as SQLite makes them.
 *
 * The lock is SQLite's own exclusive lock on a file beside the database, because the operating system
 * drops it with the process, however that ends; a file with a process id in it would outlive a kill -9.
 * @throws LensloreError `LIBRARY_LOCKED` where another process is the worker.
 */
export function lockForWork(libraryDirectory: string): WorkerLock {
  const lock = holdExclusively(join(libraryDirectory, 'worker.lock'))
  if (!lock) {
    throw new LensloreError(
      'LIBRARY_LOCKED',
      `Another Lenslore is at work on the library ${libraryDirectory}; stop it first.`,
    )
  }
  return lock
}
