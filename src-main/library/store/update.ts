import { closeSync, openSync, readSync } from 'node:fs'
import { moduleBeside, startThread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { unchecked } from '../../contract/rpc.ts'
import { removeUnfinishedBackups } from './backups.ts'
import { openDatabase } from './database.ts'
import { isHeldAlone, lockAlone } from './lock.ts'
import {
  isUpToDate,
  type Migration,
  migrate,
  readMigrations,
  type UpdateOptions,
  type UpdateStep,
} from './migrate.ts'
import { openInUse, orOfferBackup } from './open-in-use.ts'

// Bringing the database of an older version up to date. It is done by one process, alone: another one that has the
// library open would go on with tables that are no longer as it knows them.

/** `waiting` for another process that restores or updates the library. */
export type UpdateProgress = UpdateStep | { phase: 'waiting' }

export const updateCalls = {
  /** @param stop its one number is 1 once the update is to end, for the thread hears of nothing else meanwhile. */
  update: unchecked<{ file: string; stop: Int32Array }, null>(),
}

export interface UpdateEvents extends Record<string, unknown> {
  progress: UpdateProgress
}

/**
 * Updates a database, after a backup, step by step. A process that is killed meanwhile leaves the state before or
 * after a step, from which the next one goes on.
 * @throws LensloreError `LIBRARY_LOCKED` while any process has the library open; as `migrate`.
 */
export function updateAlone(file: string, migrations: readonly Migration[], options?: UpdateOptions): void {
  const alone = lockAlone(file)
  try {
    orOfferBackup(file, () => {
      removeUnfinishedBackups(file)
      const database = openDatabase(file)
      try {
        migrate(database, migrations, options)
      } finally {
        database.close()
      }
    })
  } finally {
    alone.release()
  }
}

/** The same for who can wait until another process has restored or updated the library. */
export function updateWhenFree(
  file: string,
  migrations: readonly Migration[],
  options: { onStep: (progress: UpdateProgress) => void; isStopped: () => boolean },
): void {
  for (;;) {
    try {
      if (isBehind(file, migrations)) updateAlone(file, migrations, options)
      return
    } catch (thrown) {
      if (!(thrown instanceof LensloreError) || thrown.code !== 'LIBRARY_LOCKED') throw thrown
      // Whoever had it alone may have been done since; who merely has it open may have it for days.
      if (!isHeldAlone(file) && isBehind(file, migrations)) throw thrown
      if (options.isStopped()) {
        throw new LensloreError('CANCELLED', 'Another Lenslore is still restoring or updating the library.')
      }
      options.onStep({ phase: 'waiting' })
    }
  }
}

/**
 * Brings the database of a library up to date in a thread of its own, before it is opened: with a million photos, a
 * step can take many seconds. Starts none where there is nothing to do.
 * @param signal ends it before the next step; the next start goes on there.
 * @throws LensloreError as `openInUse` and `updateAlone`, `CANCELLED`.
 */
export async function updateInThread(
  file: string,
  { onProgress, signal }: { onProgress?: (progress: UpdateProgress) => void; signal?: AbortSignal } = {},
): Promise<void> {
  if (!looksBehind(file)) return
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const thread = startThread<typeof updateCalls, UpdateEvents>(
    moduleBeside(import.meta.url, 'update-thread'),
    updateCalls,
  )
  const onAbort = () => void Atomics.store(stop, 0, 1)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  if (onProgress) thread.calls.on('progress', onProgress)
  try {
    await thread.calls.update({ file, stop })
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await thread.end()
  }
}

function isBehind(file: string, migrations: readonly Migration[]): boolean {
  const { database, close } = openInUse(file)
  try {
    return !isUpToDate(database, migrations)
  } finally {
    close()
  }
}

/** https://www.sqlite.org/fileformat2.html#user_version_number */
const versionOffset = 60

/**
 * The version in the file's header: a log beside it may have a newer one, never an older one. What is no database, or
 * not there, is left to whoever opens it.
 */
function looksBehind(file: string): boolean {
  const version = Buffer.alloc(4)
  let handle: number | undefined
  try {
    handle = openSync(file, 'r')
    if (readSync(handle, version, 0, 4, versionOffset) < 4) return false
    return version.readUInt32BE() < readMigrations().at(-1)!.version
  } catch {
    return false
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}
