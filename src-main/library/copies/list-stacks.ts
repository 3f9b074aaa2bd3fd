import { join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import type { CopyKind, Stack, StackPage } from '../../contract/records.ts'
import type { Searcher } from '../search/searcher.ts'
import type { Database } from '../store/database.ts'
import { likenessOf, type StackedPhoto, type StackStore } from '../store/stacks.ts'

export interface ListStacksOptions {
  database: Database
  stacks: Pick<StackStore, 'members' | 'ofPhoto'>
  searcher: Pick<Searcher, 'findsOf'>
}

export interface StackLists {
  /** @throws LensloreError `INVALID_ARGUMENT` for a cursor that is none of ours */
  page(query: string, options: { limit: number; cursor: string | null }): StackPage
  ofPhoto(photoId: number): Stack | null
}

interface StackRow {
  id: number
  kind: CopyKind
  best: number
  largest: number
  sharpest: number | null
  bestMs: number
}

const columns = 'id, kind, best, largest, sharpest, best_ms AS bestMs'
const pageSql = `SELECT ${columns} FROM stacks WHERE (best_ms, id) < (?, ?) ORDER BY best_ms DESC, id DESC LIMIT ?`
/** What is asked whether a search finds it, at once; and of a rare search so often in one call. */
const stacksAtOnce = 200
const mostTries = 20

export function createStackLists({ database, stacks, searcher }: ListStacksOptions): StackLists {
  const { prepare, read } = database

  function toStack({ id, kind, best, largest, sharpest }: StackRow): Stack {
    const members = stacks.members(id)
    const bestPhoto = members.find((photo) => photo.id === best)
    return {
      id,
      kind,
      best,
      largest,
      sharpest,
      photos: members.map((photo) => ({
        ...toStackPhoto(photo),
        path: pathOf(photo.id),
        kind: photo.id === best || !bestPhoto ? null : likenessOf(photo, bestPhoto),
      })),
    }
  }

  function pathOf(photoId: number): string {
    const { folder, directory, name } = prepare<{ folder: string; directory: string; name: string }>(
      'SELECT folders.path AS folder, directory, name FROM photos JOIN folders ON folders.id = folder_id WHERE photos.id = ?',
    ).get(photoId)!
    return join(folder, directory, name)
  }

  /** Those of which the search finds a photo. */
  function found(query: string, rows: readonly StackRow[]): StackRow[] {
    if (query.trim() === '') return [...rows]
    const photos = prepare<{ photoId: number; stackId: number }>(
      `SELECT photo_id AS photoId, stack_id AS stackId FROM json_each(?) AS asked JOIN stack_photos ON stack_id = asked.value`,
    ).all(JSON.stringify(rows.map(({ id }) => id)))
    const finds = searcher.findsOf(
      query,
      photos.map(({ photoId }) => photoId),
    )
    const stackIds = new Set(photos.filter(({ photoId }) => finds.has(photoId)).map(({ stackId }) => stackId))
    return rows.filter(({ id }) => stackIds.has(id))
  }

  function page(query: string, { limit, cursor }: { limit: number; cursor: string | null }): StackPage {
    let last = cursor === null ? { bestMs: Infinity, id: 0 } : parseCursor(cursor)
    const shown: StackRow[] = []
    let isEnd = false
    for (let tries = 0; shown.length < limit && !isEnd && tries < mostTries; tries++) {
      const rows = prepare<StackRow>(pageSql).all(last.bestMs, last.id, stacksAtOnce)
      const some = found(query, rows).slice(0, limit - shown.length)
      shown.push(...some)
      isEnd = rows.length < stacksAtOnce && (shown.length < limit || some.at(-1)?.id === rows.at(-1)?.id)
      last = (shown.length === limit ? shown.at(-1) : rows.at(-1)) ?? last
    }
    const { total, photos } = prepare<{ total: number; photos: number }>(
      'SELECT count(*) AS total, ifnull(sum(photos), 0) AS photos FROM stacks',
    ).get()!
    return {
      stacks: shown.map(toStack),
      cursor: isEnd ? null : `${last.bestMs}/${last.id}`,
      library: { stacks: total, photos },
    }
  }

  function ofPhoto(photoId: number): Stack | null {
    const own = stacks.ofPhoto(photoId)
    if (!own) return null
    const row = prepare<StackRow>(`SELECT ${columns} FROM stacks WHERE id = ? AND best IS NOT NULL`).get(
      own.stackId,
    )
    return row ? toStack(row) : null
  }

  return {
    page: (query, options) => read(() => page(query, options)),
    ofPhoto: (photoId) => read(() => ofPhoto(photoId)),
  }
}

function parseCursor(cursor: string): { bestMs: number; id: number } {
  const [bestMs, id] = cursor.split('/').map(Number)
  if (/^-?[\d.]+\/\d+$/.test(cursor) && Number.isFinite(bestMs)) return { bestMs: bestMs!, id: id! }
  throw new LensloreError('INVALID_ARGUMENT', `${JSON.stringify(cursor)} is no cursor of a list of stacks.`)
}

function toStackPhoto(photo: StackedPhoto): Omit<Stack['photos'][number], 'path' | 'kind'> {
  const { id, contentHash, sizeBytes, widthPx, heightPx, sharpness, rating, isFavorite, chosenMs } = photo
  return {
    id,
    contentHash,
    sizeBytes,
    widthPx,
    heightPx,
    sharpness,
    rating: rating || null,
    isFavorite: isFavorite === 1,
    isChosen: chosenMs !== null,
  }
}
