import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

// How another database takes the place of a library's, by steps between any two of which the process may be killed.
// What is there goes into the folder `restoring`, part by part, then the other comes, then the folder gets its
// name for good. While any part is in `restoring`, nobody opens the library, and all can be taken back.

/** The log goes first: a database that stays without it is as it was some time ago, a log alone is replayed. */
const endings = ['-wal', '-shm', '']

/** A folder for making the other database in; what a killed process left in it is gone. */
export function beginSwap(databaseFile: string): string {
  takeSwapBack(databaseFile)
  const directory = join(swapDirectory(databaseFile), 'work')
  mkdirSync(directory, { recursive: true })
  return directory
}

/** A process was killed while a database was without its parts. */
export function isSwapInterrupted(databaseFile: string): boolean {
  return endings.some((ending) => existsSync(partAside(databaseFile, ending)))
}

/** Everything is where it was; nothing that was being made is left. */
export function takeSwapBack(databaseFile: string): void {
  // The database first: while it is aside, what lies in its place is the other one, without a log.
  for (const ending of endings.toReversed()) {
    const aside = partAside(databaseFile, ending)
    if (existsSync(aside)) renameSync(aside, databaseFile + ending)
  }
  rmSync(swapDirectory(databaseFile), { recursive: true, force: true })
}

/**
 * @param incoming complete, on the disk and without a log.
 * @param beside files that are to lie beside what was set aside.
 * @returns the folder with what was there, whole and not changed; null where nothing was.
 */
export function swapIn(
  databaseFile: string,
  incoming: string,
  beside: readonly string[],
  nowMs: number,
): string | null {
  const directory = swapDirectory(databaseFile)
  const parts = endings.filter((ending) => existsSync(databaseFile + ending))
  for (const file of beside) renameSync(file, join(directory, basename(file)))
  for (const ending of parts) renameSync(databaseFile + ending, partAside(databaseFile, ending))
  renameSync(incoming, databaseFile)
  rmSync(join(directory, 'work'), { recursive: true })
  if (parts.length === 0) {
    rmSync(directory, { recursive: true })
    return null
  }
  const setAside = unusedName(dirname(databaseFile), nowMs)
  renameSync(directory, setAside)
  return setAside
}

function swapDirectory(databaseFile: string): string {
  return join(dirname(databaseFile), 'restoring')
}

function partAside(databaseFile: string, ending: string): string {
  return join(swapDirectory(databaseFile), basename(databaseFile) + ending)
}

function unusedName(directory: string, nowMs: number): string {
  const name = join(directory, `set aside ${new Date(nowMs).toISOString().replaceAll(':', '-')}`)
  let free = name
  for (let number = 2; existsSync(free); number++) free = `${name} (${number})`
  return free
}
