import { LensloreError } from '../contract/errors.ts'
import { displayFileName } from '../contract/file-name.ts'
import { realPath } from '../library/library.ts'
import type { LibraryClient } from './open-library.ts'
import { printable } from './output.ts'
import { pathFrom } from './path-argument.ts'

/**
 * The library's folders at these paths, or where links at them lead.
 * @throws LensloreError `FOLDER_NOT_FOUND`
 */
export async function folderIdsOf(library: LibraryClient, paths: string[]): Promise<number[]> {
  const folders = await library.folders({})
  return paths.map((path) => {
    const absolute = pathFrom(path)
    const real = realPath(absolute)
    const folder =
      folders.find((candidate) => candidate.path === absolute) ??
      folders.find((candidate) => realPath(candidate.path) === real)
    if (folder) return folder.id
    throw new LensloreError(
      'FOLDER_NOT_FOUND',
      `The library has no folder ${printable(displayFileName(absolute))}; "lenslore status" lists those it has.`,
    )
  })
}
