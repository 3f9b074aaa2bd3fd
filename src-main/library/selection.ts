import type { Selection } from '../contract/rooms/parameters.ts'
import type { Searcher } from './search/searcher.ts'
import type { Database } from './store/database.ts'

/** The photos that a call is for, a slice after the other. */
export interface SelectedPhotos {
  /** How many, or a few more: some may be gone. */
  total: number
  /** The next ones, at most so many; none at the end. */
  next(limit: number): number[]
}

/**
 * @param selection all photos where it is left out, missing ones too.
 * @throws LensloreError `SELECTION_STALE` where the timeline is no longer the one that the places are of.
 */
export type Select = (selection: Selection | undefined) => SelectedPhotos

/** Of ids, or of rows of the index. */
const sqlOf = (column: 'id' | 'search_id') =>
  `SELECT photos.id FROM json_each(?) AS wanted JOIN photos ON photos.${column} = wanted.value ORDER BY wanted.key`

export function createSelect(
  { prepare }: Database,
  { rowsAtPlaces }: Pick<Searcher, 'rowsAtPlaces'>,
): Select {
  function selected(total: number, sql: string, nextValues: (limit: number) => number[]): SelectedPhotos {
    return {
      total,
      next(limit) {
        for (;;) {
          const values = nextValues(limit)
          const found = prepare<{ id: number }>(sql).all(JSON.stringify(values))
          // Photos of a slice may all be gone, which is not the end.
          if (found.length > 0 || values.length === 0) return found.map(({ id }) => id)
        }
      },
    }
  }

  function all(): SelectedPhotos {
    let last = 0
    return {
      total: prepare<{ total: number }>('SELECT count(*) AS total FROM photos').get()!.total,
      next(limit) {
        const found = prepare<{ id: number }>('SELECT id FROM photos WHERE id > ? ORDER BY id LIMIT ?')
          .all(last, limit)
          .map(({ id }) => id)
        last = found.at(-1) ?? last
        return found
      },
    }
  }

  return (selection) => {
    if (!selection) return all()
    if ('photos' in selection) {
      const left = [...new Set(selection.photos)]
      return selected(left.length, sqlOf('id'), (limit) => left.splice(0, limit))
    }
    const { query, token, ranges } = selection
    const rows = rowsAtPlaces(query, token, ranges)
    return selected(rows.total, sqlOf('search_id'), (limit) => [...rows.next(limit)])
  }
}
