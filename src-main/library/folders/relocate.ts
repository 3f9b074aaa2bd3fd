import { statSync } from 'node:fs'
import { join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import type { Database } from '../store/database.ts'
import { createRootState, type SampledFile } from '../store/root-state.ts'
import { checkPlace } from './check-place.ts'

/** Photos looked for in the new place; of those that are there so many are read. */
const lookedFor = 40
const read = 8

/**
 * Tells the library that a folder is at another path: a drive that is mounted elsewhere, a tree that was moved, another
 * machine. Most of a sample of its photos must be there, and those that are read must be what they were. Nothing is recomputed:
 * the next scan finds the same photos.
 * @param hashFile SHA-256 of a file, lower-case hex
 * @throws LensloreError `FOLDER_NOT_FOUND`, `FOLDER_OVERLAPS`, `FOLDER_DIFFERS`; nothing is changed then
 */
export async function relocateFolder(
  database: Database,
  folderId: number,
  path: string,
  hashFile: (path: string) => Promise<string>,
): Promise<void> {
  const roots = createRootState(database)
  const shown = displayFileName(path)
  checkPlace(roots, path, folderId)
  const sample = roots.sample(folderId, lookedFor)
  const there = sample.filter((known) => sizeAt(path, known) === known.sizeBytes)
  if (there.length * 2 < sample.length) {
    throw differs(shown, `of ${sample.length} of its photos ${there.length} are there`)
  }
  const compared = there.filter(({ contentHash }) => contentHash !== null).slice(0, read)
  for (const known of compared) {
    const file = join(path, known.directory, known.name)
    if ((await hashFile(file)) !== known.contentHash) {
      throw differs(shown, `${displayFileName(join(known.directory, known.name))} is another picture there`)
    }
  }
  roots.relocate(folderId, path)
}

function sizeAt(path: string, { directory, name }: SampledFile): number | undefined {
  try {
    return statSync(nativePath(join(path, directory, name)), { throwIfNoEntry: false })?.size
  } catch {
    return undefined
  }
}

function differs(shownPath: string, how: string): LensloreError {
  return new LensloreError('FOLDER_DIFFERS', `${shownPath} is not where this folder went: ${how}.`)
}
