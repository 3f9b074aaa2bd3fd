import { resolve } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import { displayFileName } from '../contract/file-name.ts'
import type { LibraryClient } from './open-library.ts'
import { printable } from './output.ts'

/**
 * The library's folders at these paths.
 * @throws LensloreError `FOLDER_NOT_FOUND`
 */
export async function folderIdsOf(library: LibraryClient, paths: string[]): Promise<number[]> {
  const folders = await library.folders({})
  return paths.map((path) => {
    const folder = folders.find((candidate) => candidate.path === resolve(path))
    if (folder) return folder.id
    throw new LensloreError(
      'FOLDER_NOT_FOUND',
      `The library has no folder ${printable(displayFileName(resolve(path)))}.`,
    )
  })
}
