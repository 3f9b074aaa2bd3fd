import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { moduleBeside, startThread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { unchecked } from '../../contract/rpc.ts'
import type { Database } from './database.ts'

/** Backups kept beside a database; older ones are removed after a new one is complete. */
const backupsKept = 3
/**
 * Of those from before an update. They are counted by themselves: neither do a few days push out the state that a new
 * version has found, nor updates that are begun again and again the daily ones.
 */
const updateBackupsKept = 2
/** How the label of a backup from before an update begins; the version follows. */
export const updateLabel = 'before-update-'
export const backUpEveryMs = 86_400_000

export const backupCalls = {
  /** Answers with the backup's path. */
  backUp: unchecked<{ databaseFile: string; label: string }, string>(),
}

/**
 * Copies the database into `backups/` beside it, under a name that appears only when the copy is complete; only
 * then older ones go. Every page of the tables is read for it, so that damage is found. Reads one state of the
 * database, keeps no writer waiting, and may be called on a reading connection.
 * @param label ends the name: why the backup was made.
 * @returns the backup's path.
 * @throws LensloreError `DATABASE_DAMAGED` where the database cannot be read to its end; `DISK_FULL`,
 * `WRITE_FAILED`. The backups that there are stay.
 */
export function backUp(database: Database, label: string, nowMs = Date.now()): string {
  const directory = backupDirectory(database.file)
  mkdirSync(directory, { recursive: true })
  removeUnfinished(directory, nowMs, backUpEveryMs)
  const number = Math.max(0, ...namesIn(directory).map((name) => readName(name)?.number ?? 0)) + 1
  const time = new Date(nowMs).toISOString().replaceAll(':', '-')
  const file = join(directory, `${String(number).padStart(6, '0')}-${time}-${label}.sqlite`)
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
  const isOfUpdate = (path: string) => readName(basename(path))!.label.startsWith(updateLabel)
  const [kept, isOfKind] = isOfUpdate(file)
    ? [updateBackupsKept, isOfUpdate]
    : [backupsKept, (path: string) => !isOfUpdate(path)]
  for (const old of listBackups(database.file).filter(isOfKind).slice(kept)) rmSync(old, { force: true })
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
  const stopped = () => new LensloreError('CANCELLED', 'The backup was stopped.')
  if (signal.aborted) throw stopped()
  const thread = startThread(moduleBeside(import.meta.url, 'backup-thread'), backupCalls)
  // While it copies, the thread hears nothing.
  const end = () => void thread.end()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await thread.calls.backUp({ databaseFile, label })
  } catch (thrown) {
    throw signal.aborted ? stopped() : thrown
  } finally {
    signal.removeEventListener('abort', end)
    await thread.end()
  }
}

/** Complete backups of a database, newest first. Other files beside them are somebody's own. */
export function listBackups(databaseFile: string): string[] {
  const directory = backupDirectory(databaseFile)
  return namesIn(directory)
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => ({ name, ...readName(name) }))
    .filter((each) => each.number !== undefined)
    .sort((a, b) => b.number! - a.number! || (a.name < b.name ? 1 : -1))
    .map(({ name }) => join(directory, name))
}

/**
 * Whether the newest backup is so old that another is due, or so far in the future that the clock was wrong. Less
 * than that in the future is a clock that was set, or another system's.
 */
export function isBackupDue(databaseFile: string, nowMs: number): boolean {
  const [newest] = listBackups(databaseFile)
  return newest === undefined || !(Math.abs(nowMs - readName(basename(newest))!.madeMs) < backUpEveryMs)
}

const unfinishedEnding = '.part'
/** SQLite has a file of its own beside a copy that it makes. */
const unfinished = /\.part(-journal)?$/

/**
 * Backups are counted, for a clock that was wrong would make one the newest for ever. Those of before, named by
 * their time alone, are older than all that are counted.
 */
function readName(name: string): { number: number; madeMs: number; label: string } | undefined {
  const parts = /^(?:(\d{6,})-)?([+-]?\d+-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d\.\d+Z)-(.*)/.exec(name)
  if (!parts) return undefined
  const [, number = '0', day, hour, minute, second, label] = parts
  return { number: Number(number), madeMs: Date.parse(`${day}${hour}:${minute}:${second}`), label: label! }
}

/** Removes what killed processes left, for who has the library alone: nobody else writes a backup now. */
export function removeUnfinishedBackups(databaseFile: string): void {
  removeUnfinished(backupDirectory(databaseFile), Date.now(), 0)
}

/** Of a process that was killed; another process's that is being written now is younger than `ageMs`. */
function removeUnfinished(directory: string, nowMs: number, ageMs: number): void {
  for (const name of namesIn(directory)) {
    const file = join(directory, name)
    if (!unfinished.test(name)) continue
    const found = statSync(file, { throwIfNoEntry: false })
    if (found && Math.abs(nowMs - found.mtimeMs) >= ageMs) rmSync(file, { force: true })
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
