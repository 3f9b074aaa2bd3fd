import type { EmbeddedText } from '../contract/engine-calls.ts'
import { type QueryPiece, splitQuery } from '../contract/query-grammar.ts'
import type { AlikePage } from '../contract/records.ts'
import type { Hubness } from './meaning/hubness.ts'
import type { Among, MeaningIndex, Near } from './meaning/meaning-index.ts'
import { createTurns } from './meaning/turns.ts'
import type { Searcher } from './search/searcher.ts'

export interface AlikeOptions {
  searcher: Pick<Searcher, 'findsOf' | 'findsAtMost' | 'hitsOf' | 'sharesOf'>
  index: Pick<MeaningIndex, 'nearest' | 'vectorsOf'>
  hubness: Pick<Hubness, 'in'>
  /** In the space of the library's model; errors as of the engine's call. */
  embedText(text: string): Promise<EmbeddedText>
}

/** Finds photos that look like the plain words of a search, and do not say them. Its filters hold. */
export type FindAlike = (query: string, limit: number) => Promise<AlikePage>

/** Filters that let no more through than this are asked first, else the nearest are asked whether they pass. */
const fewPassing = 20_000
/** Of the nearest, some say the words, are missing, or do not pass the filters; and their order is not yet the last one. */
const lookedAtForEach = 5
const fewestLookedAt = 100
/** `docs/decisions/meaning.md` has what these were measured on. */
const weightOfHubness = 0.4
const weightOfWords = 0.2

export function createFindAlike({ searcher, index, hubness, embedText }: AlikeOptions): FindAlike {
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
    const passing = filters === '' ? null : searcher.findsAtMost(filters, fewPassing)
    const among = passing ? { among: toBits(passing) } : {}
    const near = await index.nearest(
      embedding,
      spaceId,
      Math.max(lookedAtForEach * limit, fewestLookedAt),
      among,
    )
    const likeness = await likenessOf(near, text, spaceId)
    const ids = [...likeness.keys()].filter((id) => likeness.get(id)! >= leastCosine)
    const pass = passing ? new Set(passing) : searcher.findsOf(filters, ids)
    const say = searcher.findsOf(query, ids)
    const shown = ids
      .filter((id) => pass.has(id) && !say.has(id))
      .sort((a, b) => likeness.get(b)! - likeness.get(a)!)
      .slice(0, limit)
    return {
      text,
      photos: searcher.hitsOf(shown).map((hit) => ({ ...hit, likeness: likeness.get(hit.id)! })),
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

function toBits(ids: readonly number[]): Among {
  const bits = new Uint32Array(Math.floor(ids.reduce((most, id) => Math.max(most, id), 0) / 32) + 1)
  for (const id of ids) bits[id >>> 5]! |= 1 << id
  return bits
}
