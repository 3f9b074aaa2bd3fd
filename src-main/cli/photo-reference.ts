import { join, sep } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import type { Selection } from '../contract/rooms/parameters.ts'
import { realPath } from '../library/library.ts'
import type { LibraryClient } from './open-library.ts'
import { isFolder, pathFrom } from './path-argument.ts'
import { refuseNotes } from './query-notes.ts'

const photosAtOnce = 1000

/** Digits are an id, anything else a path. A file named only in digits is reached as `./123`. */
export async function photoIdOf(library: LibraryClient, photo: string): Promise<number> {
  if (/^[1-9]\d{0,14}$/.test(photo)) return Number(photo)
  return (await library.photoAt({ path: pathFrom(photo) })).id
}

/**
 * @param photos by id or path; or folders, or ones below them, of which all photos are meant.
 * @returns undefined where the query finds nothing.
 * @throws LensloreError `INVALID_ARGUMENT` where not all of the query is understood, or both are named; `FOLDER_NOT_FOUND`,
 * `PHOTO_NOT_FOUND`
 */
export async function selectionOf(
  library: LibraryClient,
  photos: readonly string[],
  query: string | undefined,
): Promise<Selection | undefined> {
  if (photos.length > 0 && query !== undefined) throw unnamed()
  const folders = photos.filter((photo) => !/^\d+$/.test(photo) && isFolder(photo))
  if (folders.length > 0) {
    if (folders.length < photos.length) throw unnamed()
    return selectionOf(library, [], await queryOfFolders(library, folders))
  }
  if (query === undefined) return { photos: await knownPhotos(library, photos) }
  await refuseNotes(library, query)
  const { total, token } = await library.timeline({ query })
  return total === 0 ? undefined : { query, token, ranges: [[0, total]] }
}

/** @throws LensloreError `INVALID_ARGUMENT` where a command is for some photos, and nothing says for which. */
export function needPhotos(photos: readonly string[], query: string | undefined): void {
  if (photos.length === 0 && query === undefined) throw unnamed()
}

function unnamed(): LensloreError {
  return new LensloreError('INVALID_ARGUMENT', 'Name photos, or folders, or a query with --found.')
}

/**
 * Before anything is done with one of them.
 * @throws LensloreError `PHOTO_NOT_FOUND`
 */
export async function knownPhotos(library: LibraryClient, photos: readonly string[]): Promise<number[]> {
  const ids: number[] = []
  for (const photo of photos) ids.push(await photoIdOf(library, photo))
  for (let at = 0; at < ids.length; at += photosAtOnce) {
    const some = ids.slice(at, at + photosAtOnce)
    const known = new Set((await library.photos({ photos: some })).map(({ id }) => id))
    const unknown = some.find((id) => !known.has(id))
    if (unknown !== undefined) throw new LensloreError('PHOTO_NOT_FOUND', `There is no photo ${unknown}.`)
  }
  return ids
}

async function queryOfFolders(library: LibraryClient, folders: readonly string[]): Promise<string> {
  const known = await library.folders({})
  const isKnown = (path: string) => known.some((root) => `${path}${sep}`.startsWith(join(root.path, sep)))
  const paths = folders.map((folder) => {
    const path = pathFrom(folder)
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
