import { resolve } from 'node:path'
import type { Selection } from '../contract/rooms/parameters.ts'
import type { LibraryClient } from './open-library.ts'
import { refuseNotes } from './query-notes.ts'

/** Digits are an id, anything else a path. A file named only in digits is reached as `./123`. */
export async function photoIdOf(library: LibraryClient, photo: string): Promise<number> {
  if (/^[1-9]\d{0,14}$/.test(photo)) return Number(photo)
  return (await library.photoAt({ path: resolve(photo) })).id
}

/**
 * @returns undefined where the query finds nothing.
 * @throws LensloreError `INVALID_ARGUMENT` where not all of the query is understood
 */
export async function selectionOf(
  library: LibraryClient,
  photos: readonly string[],
  query: string | undefined,
): Promise<Selection | undefined> {
  if (query === undefined) {
    const ids: number[] = []
    for (const photo of photos) ids.push(await photoIdOf(library, photo))
    return { photos: ids }
  }
  refuseNotes(query)
  const { total, token } = await library.timeline({ query })
  return total === 0 ? undefined : { query, token, ranges: [[0, total]] }
}
