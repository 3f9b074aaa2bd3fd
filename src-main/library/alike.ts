import type { EmbeddedText } from '../contract/engine-calls.ts'
import { type QueryPiece, splitQuery } from '../contract/query-grammar.ts'
import type { AlikePage } from '../contract/records.ts'
import type { Among, MeaningIndex } from './meaning/meaning-index.ts'
import type { Searcher } from './search/searcher.ts'

export interface AlikeOptions {
  searcher: Pick<Searcher, 'findsOf' | 'findsAtMost' | 'hitsOf'>
  index: Pick<MeaningIndex, 'nearest'>
  /** In the space of the library's model; errors as of the engine's call. */
  embedText(text: string): Promise<EmbeddedText>
}

/** Finds photos that look like the plain words of a search, and do not say them. Its filters hold. */
export type FindAlike = (query: string, limit: number) => Promise<AlikePage>

/** Filters that let no more through than this are asked first, else the nearest are asked whether they pass. */
const fewPassing = 20_000
/** Of the nearest, some say the words, are missing, or do not pass the filters. */
const lookedAtForEach = 5

export function createFindAlike({ searcher, index, embedText }: AlikeOptions): FindAlike {
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
    const near = await index.nearest(embedding, spaceId, lookedAtForEach * limit, among)
    const likely = near.filter(({ cosine }) => cosine >= leastCosine)
    const ids = likely.map(({ photoId }) => photoId)
    const pass = passing ? new Set(passing) : searcher.findsOf(filters, ids)
    const say = searcher.findsOf(query, ids)
    const cosines = new Map(likely.map(({ photoId, cosine }) => [photoId, cosine]))
    const shown = ids.filter((id) => pass.has(id) && !say.has(id)).slice(0, limit)
    return { text, photos: searcher.hitsOf(shown).map((hit) => ({ ...hit, cosine: cosines.get(hit.id)! })) }
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
