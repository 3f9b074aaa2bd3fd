import { LensloreError } from '../contract/errors.ts'
import type { Selection } from '../contract/rooms/parameters.ts'
import type { LibraryClient } from './held-library.ts'

/** Files that one act of a person touches. */
const atMost = 10_000
const pageSize = 1000

/**
 * The ids of the photos of a selection, for what is done to files one by one.
 * @throws LensloreError `SELECTION_STALE`, `INVALID_ARGUMENT` for more than 10,000
 */
export async function selectedPhotos(
  calls: Pick<LibraryClient, 'timelinePage'>,
  selection: Selection,
  signal: AbortSignal,
): Promise<number[]> {
  if ('photos' in selection) return selection.photos
  const { query, token, ranges } = selection
  if (ranges.reduce((sum, [, count]) => sum + count, 0) > atMost) {
    throw new LensloreError('INVALID_ARGUMENT', `That is for ${atMost} photos at once, at the most.`)
  }
  const ids: number[] = []
  for (const [first, count] of ranges) {
    for (let offset = first; offset < first + count; offset += pageSize) {
      const limit = Math.min(pageSize, first + count - offset)
      const page = await calls.timelinePage({ query, offset, limit }, { signal })
      if (page.token !== token || page.ids.length < limit) {
        throw new LensloreError('SELECTION_STALE', 'The photos changed meanwhile; choose them again.')
      }
      ids.push(...page.ids)
    }
  }
  return ids
}
