import type { EmbeddedText } from '../contract/engine-calls.ts'
import { type QueryPiece, splitQuery } from '../contract/query-grammar.ts'
import type { AlikePage } from '../contract/records.ts'
import type { Hubness } from './meaning/hubness.ts'
import type { MeaningIndex, Near } from './meaning/meaning-index.ts'
import { createTurns } from './meaning/turns.ts'
import type { FindNearestPassing } from './nearest-passing.ts'
import type { Searcher } from './search/searcher.ts'

export interface AlikeOptions {
  searcher: Pick<Searcher, 'hitsOf' | 'sharesOf'>
  index: Pick<MeaningIndex, 'vectorsOf'>
  hubness: Pick<Hubness, 'in'>
  nearestPassing: FindNearestPassing
  /** In the space of the library's model; errors as of the engine's call. */
  embedText(text: string): Promise<EmbeddedText>
}

/** Finds photos that look like the plain words of a search, and do not say them. Its filters hold. */
export type FindAlike = (query: string, limit: number) => Promise<AlikePage>

/** Of the nearest, so many are put in their last order. */
const fewestLookedAt = 100
/** `docs/decisions/meaning.md` has what these were measured on. */
const weightOfHubness = 0.4
const weightOfWords = 0.2

export function createFindAlike({
  searcher,
  index,
  hubness,
  nearestPassing,
  embedText,
}: AlikeOptions): FindAlike {
  return async (query, limit) => {
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
    const asked = { direction: embedding, spaceId, leastCosine: -1, filters, without: query }
    const near = await nearestPassing(asked, Math.max(limit, fewestLookedAt))
    const likeness = await likenessOf(near, text, spaceId)
    const shown = [...likeness]
      .filter(([, each]) => each >= leastCosine)
      .sort(([, a], [, b]) => b - a)
      .slice(0, limit)
    return {
      text,
      photos: searcher.hitsOf(shown.map(([id]) => id)).map((hit) => ({ ...hit, likeness: likeness.get(hit.id)! })),
    }
  }

  /** In cosines: more for what is not near every text, and for what says some of the words. */
  async function likenessOf(near: readonly Near[], text: string, space: string): Promise<Map<number, number>> {
    const ids = near.map(({ photoId }) => photoId)
    const shares = searcher.sharesOf(text, ids)
    const hubnessOf = hubness.in(space)
    const vectors = hubnessOf && index.vectorsOf(ids, space)
    const turn = createTurns()
    const found = new Map<number, number>()
    for (const { photoId, cosine } of near) {
      await turn()
      const vector = vectors?.get(photoId)
      const hub = vector ? hubnessOf!(vector) : 0
      found.set(photoId, cosine - weightOfHubness * hub + weightOfWords * (shares.get(photoId) ?? 0))
    }
    return found
  }
}

/** Words that a photo is to have, not a filter of any kind. */
function isPlain({ field, negated, isOr }: QueryPiece): boolean {
  return field === null && !negated && !isOr
}
