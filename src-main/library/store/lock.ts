import { dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { type FileLock, holdExclusively, holdShared } from './database.ts'

// Locks are SQLite's own on files beside the database, because the operating system drops them with the process,
// however that ends; a file with a process id in it would outlive a kill -9.

/** Who tries to be alone, and is not, keeps others out for a moment; who opens a library and finds it old, too. */
const patienceMs = 2000

/**
 * Makes this process the library's only worker: the one that scans, watches and captions. Two of them would
 * do everything twice and disagree about what moved. Short commands (search, show, status, setting a caption)
 * need no lock: their transactions are as safe beside a worker's as SQLite makes them.
 * @throws LensloreError `LIBRARY_LOCKED` where another process is the worker.
 */
export function lockForWork(libraryDirectory: string): FileLock {
  const lock = holdExclusively(join(libraryDirectory, 'worker.lock'), 0)
  if (!lock) {
    throw new LensloreError(
      'LIBRARY_LOCKED',
      `Another Lenslore is at work on the library ${libraryDirectory}; stop it first.`,
    )
  }
  return lock
}

/**
 * Changes of many captions are made by one process at a time, also beside a worker: each is to be all or none.
 * @throws LensloreError `LIBRARY_LOCKED` while another process makes one.
 */
export function lockForChanges(libraryDirectory: string): FileLock {
  const lock = holdExclusively(join(libraryDirectory, 'changes.lock'), 0)
  if (!lock) {
    throw new LensloreError(
      'LIBRARY_LOCKED',
      `Another Lenslore is changing many captions of the library ${libraryDirectory}; try again when that is done.`,
    )
  }
  return lock
}

/**
 * One process trains a library's adapter at a time.
 * @throws LensloreError `LIBRARY_LOCKED` while another one does.
 */
export function lockForTraining(libraryDirectory: string): FileLock {
  const lock = holdExclusively(join(libraryDirectory, 'training.lock'), 0)
  if (!lock) {
    throw new LensloreError(
      'LIBRARY_LOCKED',
      `Another Lenslore is teaching the library ${libraryDirectory}; wait until it has learned, or cancel that.`,
    )
  }
  return lock
}

/**
 * What everybody holds who has the library's database open, so that nobody puts another file in its place: who has
 * it open would go on writing to the file that is no longer there. Nor does anybody change its tables meanwhile.
 * @throws LensloreError `LIBRARY_LOCKED` while somebody has the library alone.
 */
export function lockForUse(databaseFile: string): FileLock {
  const lock = holdShared(lockOf(databaseFile), patienceMs)
  if (!lock) {
    throw new LensloreError(
      'LIBRARY_LOCKED',
      `Another Lenslore is restoring or updating the library ${dirname(databaseFile)}; try again when that is done.`,
    )
  }
  return lock
}

/**
 * Keeps everybody else out. Waits a moment for those who only look whether the library has to be updated.
 * @throws LensloreError `LIBRARY_LOCKED` while any process has the library open.
 */
export function lockAlone(databaseFile: string): FileLock {
  const lock = holdExclusively(lockOf(databaseFile), patienceMs)
  if (!lock) {
    throw new LensloreError(
      'LIBRARY_LOCKED',
      `Another Lenslore has the library ${dirname(databaseFile)} open; close it first.`,
    )
  }
  return lock
}

export function isHeldAlone(databaseFile: string): boolean {
  const lock = holdShared(lockOf(databaseFile), 0)
  lock?.release()
  return lock === undefined
}

function lockOf(databaseFile: string): string {
  return `${databaseFile}.lock`
}
