import type { Among, MeaningIndex, Near } from './meaning/meaning-index.ts'
import { createTurns } from './meaning/turns.ts'
import type { Searcher } from './search/searcher.ts'

export interface NearestPassingOptions {
  searcher: Pick<Searcher, 'findsOf' | 'findsAtMost' | 'photosFound' | 'listPhotosFound'>
  index: Pick<MeaningIndex, 'nearest'>
  /** Filters that let no more through than this are listed. */
  fewPassing?: number
}

export interface PassingAsked {
  /** `[p]`, of any length but 0. */
  direction: Float32Array
  /** In which it is a direction. */
  spaceId: string
  /** Photos that are farther are not wanted. */
  leastCosine: number
  /** A search that finds them all; '' is every photo in sight. */
  filters: string
  /** A search that finds none of them; null: there is no such. */
  without: string | null
}

/** @returns the nearest first, `limit` at most. */
export type FindNearestPassing = (asked: PassingAsked, limit: number) => Promise<Near[]>

/** Of the nearest, so many are asked for each that is wanted whether they pass. */
const askedForEach = 5
/** Nearly all pass where there is no filter. */
const askedBeside = 50
/** Of words in a row each takes some tenths of a millisecond. */
const askedATurn = 128

/**
 * Finds the photos nearest to a direction among those that pass the filters of a search: these alone are compared. Of filters with
 * words in a row it takes long to tell all that pass, where they are many: the nearest of all are asked first whether they do.
 */
export function createFindNearestPassing({
  searcher,
  index,
  fewPassing = 20_000,
}: NearestPassingOptions): FindNearestPassing {
  return async ({ direction, spaceId, leastCosine, filters, without }, limit) => {
    const turn = createTurns()
    async function nearestAmong(among?: Among): Promise<Near[]> {
      const near = await index.nearest(direction, spaceId, limit, { among })
      return near.filter(({ cosine }) => cosine >= leastCosine)
    }

    /** Those of the nearest that pass; undefined where they are too few, and there may be more. */
    async function askNearest(looked: number): Promise<Near[] | undefined> {
      const near = await index.nearest(direction, spaceId, looked)
      const likely = near.filter(({ cosine }) => cosine >= leastCosine)
      const found: Near[] = []
      for (let at = 0; at < likely.length; at += askedATurn) {
        await turn()
        const some = likely.slice(at, at + askedATurn)
        const ids = some.map(({ photoId }) => photoId)
        const pass = searcher.findsOf(filters, ids)
        const leftOut = without === null ? new Set<number>() : searcher.findsOf(without, ids)
        found.push(...some.filter(({ photoId }) => pass.has(photoId) && !leftOut.has(photoId)))
        if (found.length >= limit) return found.slice(0, limit)
      }
      return near.length < looked || likely.length < near.length ? found : undefined
    }

    const few = filters === '' ? null : searcher.findsAtMost(filters, fewPassing)
    if (few) {
      const leftOut = without === null ? new Set<number>() : searcher.findsOf(without, few)
      return nearestAmong(toBits(few.filter((id) => !leftOut.has(id))))
    }
    // Nearly all photos are in sight.
    const isFiltered = filters !== '' || without !== null
    const beside = isFiltered ? undefined : await askNearest(limit + askedBeside)
    if (beside) return beside
    const wanted = await searcher.photosFound(filters, turn)
    const unwanted = without === null ? new Uint32Array() : await searcher.photosFound(without, turn)
    if (wanted && unwanted) return nearestAmong(leaveOut(wanted, unwanted))
    const asked = await askNearest(askedForEach * limit)
    if (asked) return asked
    const all = wanted ?? (await searcher.listPhotosFound(filters, turn))
    const others = unwanted ?? (await searcher.listPhotosFound(without!, turn))
    return nearestAmong(leaveOut(all, others))
  }
}

/** @returns the first, without the others */
function leaveOut(from: Among, others: Among): Among {
  for (let at = 0; at < from.length; at++) from[at]! &= ~(others[at] ?? 0)
  return from
}

function toBits(ids: readonly number[]): Among {
  const bits = new Uint32Array(Math.floor(ids.reduce((most, id) => Math.max(most, id), 0) / 32) + 1)
  for (const id of ids) bits[id >>> 5]! |= 1 << id
  return bits
}
