import { statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import type { Selection } from '../contract/rooms/parameters.ts'
import { realPath } from '../library/library.ts'
import type { LibraryClient } from './open-library.ts'
import { refuseNotes } from './query-notes.ts'

/** Digits are an id, anything else a path. A file named only in digits is reached as `./123`. */
export async function photoIdOf(library: LibraryClient, photo: string): Promise<number> {
  if (/^[1-9]\d{0,14}$/.test(photo)) return Number(photo)
  return (await library.photoAt({ path: resolve(photo) })).id
}

/**
 * @param photos by id or path; or folders, or ones below them, of which all photos are meant.
 * @returns undefined where the query finds nothing.
 * @throws LensloreError `INVALID_ARGUMENT` where not all of the query is understood, `FOLDER_NOT_FOUND`
 */
export async function selectionOf(
  library: LibraryClient,
  photos: readonly string[],
  query: string | undefined,
): Promise<Selection | undefined> {
  const folders = photos.filter((photo) => !/^\d+$/.test(photo) && isDirectory(photo))
  if (folders.length > 0) {
    if (folders.length < photos.length || query !== undefined) {
      throw new LensloreError('INVALID_ARGUMENT', 'Name photos, or folders, or a query with --found.')
    }
    return selectionOf(library, [], await queryOfFolders(library, folders))
  }
  if (query === undefined) {
    const ids: number[] = []
    for (const photo of photos) ids.push(await photoIdOf(library, photo))
    return { photos: ids }
  }
  refuseNotes(query)
  const { total, token } = await library.timeline({ query })
  return total === 0 ? undefined : { query, token, ranges: [[0, total]] }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

async function queryOfFolders(library: LibraryClient, folders: readonly string[]): Promise<string> {
  const known = await library.folders({})
  const isKnown = (path: string) => known.some((root) => `${path}${sep}`.startsWith(join(root.path, sep)))
  const paths = folders.map((folder) => {
    const path = resolve(folder)
    return isKnown(path) ? path : realPath(path)
  })
  const unquotable = paths.find((path) => /["“”„]/.test(path))
  if (unquotable !== undefined) {
    throw new LensloreError(
      'INVALID_ARGUMENT',
      `${unquotable} has a quotation mark in its name, which a query cannot hold; name its photos.`,
    )
  }
  const stranger = paths.find((path) => !isKnown(path))
  if (stranger !== undefined) {
    throw new LensloreError('FOLDER_NOT_FOUND', `${stranger} is no folder of the library, nor in one.`)
  }
  return paths.map((path) => `folder:"${path}"`).join(' OR ')
}
