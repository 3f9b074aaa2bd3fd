import type { EmbeddedText } from '../contract/engine-calls.ts'
import { parseQuery } from '../contract/query.ts'
import { type QueryPiece, splitQuery } from '../contract/query-grammar.ts'
import type { AlikePage } from '../contract/records.ts'
import type { FindNearestPassing } from './nearest-passing.ts'
import type { Searcher } from './search/searcher.ts'

export interface AlikeOptions {
  searcher: Pick<Searcher, 'hitsOf'>
  nearestPassing: FindNearestPassing
  /** In the space of the library's model; errors as of the engine's call. */
  embedText(text: string): Promise<EmbeddedText>
  /** Before the searcher is asked for a query with `like:`. */
  resolveLikes(query: string): Promise<void>
}

/**
 * Finds photos that look like the plain words of a search, and do not say them. Its filters hold. Where a search says itself what
 * photos are to look like, its words are filters too.
 */
export type FindAlike = (query: string, limit: number) => Promise<AlikePage>

export function createFindAlike({
  searcher,
  nearestPassing,
  embedText,
  resolveLikes,
}: AlikeOptions): FindAlike {
  return async (query, limit) => {
    if (parseQuery(query).likes.some(({ negated }) => !negated)) return { text: '', photos: [] }
    const pieces = splitQuery(query)
    const text = pieces
      .filter(isPlain)
      .map(({ value }) => value)
      .join(' ')
    if (text === '') return { text, photos: [] }
    const filters = pieces
      .filter((piece) => !isPlain(piece) && !piece.isOr)
      .map((piece) => piece.text)
      .join(' ')

    const { spaceId, embedding, leastCosine } = await embedText(text)
    for (const each of [filters, query]) await resolveLikes(each)
    const asked = { direction: embedding, spaceId, leastCosine, filters, without: query }
    const near = await nearestPassing(asked, limit)
    const cosines = new Map(near.map(({ photoId, cosine }) => [photoId, cosine]))
    const photos = searcher.hitsOf([...cosines.keys()])
    return { text, photos: photos.map((hit) => ({ ...hit, cosine: cosines.get(hit.id)! })) }
  }
}

/** Words that a photo is to have, not a filter of any kind. */
function isPlain({ field, negated, isOr }: QueryPiece): boolean {
  return field === null && !negated && !isOr
}
