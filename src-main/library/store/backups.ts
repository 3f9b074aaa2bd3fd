import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { LensloreError, toErrorRecord } from '../../contract/errors.ts'
import type { BackupAnswer } from './backup-thread.ts'
import type { Database } from './database.ts'

/** Backups kept beside a database; older ones are removed after a new one is complete. */
const backupsKept = 3
export const backUpEveryMs = 86_400_000

// Source and build have other endings: the thread's program is this file's sibling, whichever we run from.
const threadModule = new URL(`./backup-thread${import.meta.url.slice(-3)}`, import.meta.url)

/**
 * Copies the database into `backups/` beside it, under a name that appears only when the copy is complete; only
 * then older ones go. Every page of the tables is read for it, so that damage is found. Reads one state of the database, keeps no writer waiting, and may be called on
 * a reading connection.
 * @param label ends the name: why the backup was made.
 * @returns the backup's path.
 * @throws LensloreError `DATABASE_DAMAGED` where the database cannot be read to its end; `DISK_FULL`,
 * `WRITE_FAILED`. The backups that there are stay.
 */
export function backUp(database: Database, label: string, nowMs = Date.now()): string {
  const directory = backupDirectory(database.file)
  mkdirSync(directory, { recursive: true })
  removeUnfinished(directory, nowMs)
  const time = new Date(nowMs).toISOString().replaceAll(':', '-')
  const file = join(directory, `${time}-${label}.sqlite`)
  const unfinished = `${file}${unfinishedEnding}`
  rmSync(unfinished, { force: true })
  try {
    database.copyTo(unfinished)
    flush(unfinished)
    renameSync(unfinished, file)
  } catch (thrown) {
    rmSync(unfinished, { force: true })
    throw thrown
  }
  for (const old of listBackups(database.file).slice(backupsKept)) rmSync(old, { force: true })
  return file
}

/**
 * The same in a thread of its own, for a library that is at work: searches and captions go on meanwhile.
 * @param signal ends it early; nothing is left of the copy.
 * @throws LensloreError as `backUp`, and `CANCELLED`.
 */
export async function backUpInThread(
  databaseFile: string,
  label: string,
  signal: AbortSignal,
): Promise<string> {
  const worker = new Worker(threadModule, { workerData: { databaseFile, label } })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const onAbort = () => reject(new LensloreError('CANCELLED', 'The backup was stopped.'))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  worker.once('message', (answer: BackupAnswer) => {
    if ('file' in answer) resolve(answer.file)
    else reject(new LensloreError(answer.error.code, answer.error.message))
  })
  worker.once('error', (thrown) => reject(new LensloreError('INTERNAL', toErrorRecord(thrown).message)))
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    await worker.terminate()
  }
}

/** Complete backups of a database, newest first. */
export function listBackups(databaseFile: string): string[] {
  const directory = backupDirectory(databaseFile)
  return namesIn(directory)
    .filter((name) => name.endsWith('.sqlite'))
    .sort()
    .reverse()
    .map((name) => join(directory, name))
}

/** Whether the newest backup is so old that another is due; a clock that was ahead makes none of them new. */
export function isBackupDue(databaseFile: string, nowMs: number): boolean {
  const [newest] = listBackups(databaseFile)
  const ageMs = newest === undefined ? Number.POSITIVE_INFINITY : nowMs - statSync(newest).mtimeMs
  return ageMs >= backUpEveryMs || ageMs < 0
}

const unfinishedEnding = '.part'

/** Of a process that was killed; another process's that is being written now is younger. */
function removeUnfinished(directory: string, nowMs: number): void {
  for (const name of namesIn(directory)) {
    const file = join(directory, name)
    const isLeft = name.endsWith(unfinishedEnding) && nowMs - statSync(file).mtimeMs > backUpEveryMs
    if (isLeft) rmSync(file, { force: true })
  }
}

/** SQLite does not sync what VACUUM INTO writes. */
export function flush(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function backupDirectory(databaseFile: string): string {
  return join(dirname(databaseFile), 'backups', basename(databaseFile, '.sqlite'))
}
