import { LensloreError } from '../../contract/errors.ts'
import type { Database } from '../store/database.ts'
import { createRootState } from '../store/root-state.ts'
import { inSlices } from '../store/slices.ts'
import { createLeftAlone, type LeftAlone } from './left-alone.ts'

const maxGlobs = 200
const maxGlobLength = 500

/**
 * Sets which parts of a folder the library leaves alone; the next comparison acts on it. Photos there become
 * missing and are marked as excluded, which takes them out of the results with all their words kept, for as long as they
 * are; when they no longer are, the comparison finds them as they were. Until then their 30 days begin anew.
 * @param globs as `createLeftAlone` takes them.
 * @throws LensloreError `INVALID_ARGUMENT`, `FOLDER_NOT_FOUND`; nothing is changed then.
 */
export async function setExcludes(
  database: Database,
  folderId: number,
  globs: readonly string[],
  nowMs: number,
): Promise<void> {
  checkGlobs(globs)
  const roots = createRootState(database)
  const check = () => {
    if (roots.has(folderId)) return
    throw new LensloreError('FOLDER_NOT_FOUND', `There is no folder ${folderId}.`)
  }
  check()
  const wasLeftAlone = createLeftAlone(roots.byId(folderId).excludes)
  const isLeftAlone = createLeftAlone(globs)
  let last = { sinceMs: 0, id: 0 }
  // Before they are other globs, for a kill in between is to forget no photo too early.
  await inSlices(database, (limit) => {
    const missing = roots.missing(folderId, nowMs, last, limit)
    for (const photo of missing) {
      const isExcluded = isLeftOut(isLeftAlone, photo)
      if (isLeftOut(wasLeftAlone, photo) && !isExcluded) roots.setMissingSince(photo.id, nowMs)
      roots.setExcluded(photo.id, isExcluded)
    }
    last = missing.at(-1) ?? last
    return missing.length
  })
  database.write(() => {
    check()
    roots.setExcludes(folderId, globs)
  })
}

/** Marks photos of a folder that are missing because they are left alone, and were not known to be. */
export async function markExcluded(
  database: Database,
  folderId: number,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const roots = createRootState(database)
  const { excludes } = roots.byId(folderId)
  if (excludes.length === 0) return
  const leftAlone = createLeftAlone(excludes)
  let last = { sinceMs: 0, id: 0 }
  await inSlices(
    database,
    (limit) => {
      const missing = roots.missing(folderId, nowMs + 1, last, limit)
      for (const photo of missing) {
        if (isLeftOut(leftAlone, photo)) roots.setExcluded(photo.id, true)
      }
      last = missing.at(-1) ?? last
      return missing.length
    },
    { signal },
  )
}

/** Whether the file at a place below its folder is left alone, or a directory on the way to it. */
export function isLeftOut(
  leftAlone: LeftAlone,
  { directory, name }: { directory: string; name: string },
): boolean {
  return (
    isInLeftAlone(leftAlone, directory) ||
    leftAlone.file(directory === '' ? name : `${directory}/${name}`, name)
  )
}

/** Whether a directory below the folder is left alone, or one above it. */
export function isInLeftAlone(leftAlone: LeftAlone, directory: string): boolean {
  const names = directory.split('/')
  return names.some((name, i) => name !== '' && leftAlone.directory(names.slice(0, i + 1).join('/'), name))
}

/** @throws LensloreError `INVALID_ARGUMENT` where these cannot be what a folder leaves alone. */
export function checkGlobs(globs: readonly string[]): void {
  for (const glob of globs) checkGlob(glob)
  if (globs.length > maxGlobs) {
    throw new LensloreError('INVALID_ARGUMENT', `A folder has at most ${maxGlobs} excludes.`)
  }
}

function checkGlob(glob: string): void {
  if (glob.replaceAll('/', '').trim() === '') {
    throw new LensloreError(
      'INVALID_ARGUMENT',
      'An exclude names a file or a folder, such as screenshots/ or *.gif.',
    )
  }
  if (glob.length > maxGlobLength) {
    throw new LensloreError('INVALID_ARGUMENT', `An exclude has at most ${maxGlobLength} characters.`)
  }
}
