import type { Among, MeaningIndex, Near } from './meaning/meaning-index.ts'
import { createTurns } from './meaning/turns.ts'
import type { Searcher } from './search/searcher.ts'

export interface NearestPassingOptions {
  searcher: Pick<Searcher, 'findsOf' | 'findsAtMost' | 'photosFound'>
  index: Pick<MeaningIndex, 'nearest'>
  /** Filters that let no more through than this are asked first, else the nearest are asked whether they pass. */
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

/** Of the nearest, some are missing, or do not pass the filters. */
const lookedAtForEach = 5

/**
 * Finds the photos nearest to a direction among those that pass the filters of a search. Where these are few they alone are compared;
 * else the nearest of all are asked whether they pass, which is enough for most filters, and where too few do, all that pass are
 * compared.
 */
export function createFindNearestPassing({
  searcher,
  index,
  fewPassing = 20_000,
}: NearestPassingOptions): FindNearestPassing {
  return async ({ direction, spaceId, leastCosine, filters, without }, limit) => {
    const passing = filters === '' ? null : searcher.findsAtMost(filters, fewPassing)
    const among = passing ? { among: toBits(passing) } : {}
    const near = await index.nearest(direction, spaceId, lookedAtForEach * limit, among)
    const likely = near.filter(({ cosine }) => cosine >= leastCosine)
    const ids = likely.map(({ photoId }) => photoId)
    const pass = passing ? new Set(passing) : searcher.findsOf(filters, ids)
    const leftOut = without === null ? new Set<number>() : searcher.findsOf(without, ids)
    const found = likely.filter(({ photoId }) => pass.has(photoId) && !leftOut.has(photoId))
    const areAllSeen = near.length < lookedAtForEach * limit || likely.length < near.length
    if (found.length >= limit || areAllSeen) return found.slice(0, limit)
    const wanted = await searcher.photosFound(filters, without, createTurns())
    const nearest = await index.nearest(direction, spaceId, limit, { among: wanted })
    return nearest.filter(({ cosine }) => cosine >= leastCosine)
  }
}

function toBits(ids: readonly number[]): Among {
  const bits = new Uint32Array(Math.floor(ids.reduce((most, id) => Math.max(most, id), 0) / 32) + 1)
  for (const id of ids) bits[id >>> 5]! |= 1 << id
  return bits
}
