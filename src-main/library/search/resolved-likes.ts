import type { QueryNote } from '../../contract/query-filters.ts'
import type { PhotoBits } from './document-photos.ts'

/** What the `like:` of a query come to in the library as it was. */
export interface ResolvedLikes {
  /** Another one for each time that it was found out. */
  version: number
  /**
   * All photos that the whole query finds, the nearest first, with their cosines; null where it does not say what photos are to look
   * like.
   */
  nearest: readonly { photoId: number; cosine: number }[] | null
  /** Photos that look like what none is to look like, where the query says no more than that; null: there is no such thing in it. */
  leftOut: PhotoBits | null
  notes: QueryNote[]
}

/** By query: found out beforehand, for a search does not wait for a model. */
export interface LikesOfQueries {
  /** @throws Error for a query whose likes nobody found out. */
  of(query: string): ResolvedLikes
  keep(query: string, likes: ResolvedLikes): void
}

/** Of one keystroke there are a handful. */
export const queriesKept = 64

export function createLikesOfQueries(): LikesOfQueries {
  const kept = new Map<string, ResolvedLikes>()
  return {
    of(query) {
      const likes = kept.get(query)
      if (!likes) throw new Error(`Nobody found out what looks like ${JSON.stringify(query)}.`)
      return likes
    },
    keep(query, likes) {
      kept.delete(query)
      kept.set(query, likes)
      if (kept.size > queriesKept) kept.delete(kept.keys().next().value!)
    },
  }
}
