import type { EmbeddedText } from '../contract/engine-calls.ts'
import { parseQuery } from '../contract/query.ts'
import { type QueryPiece, splitQuery } from '../contract/query-grammar.ts'
import type { AlikePage } from '../contract/records.ts'
import { hasWords } from '../contract/words.ts'
import type { FindKnownNames, KnownName } from './known-names.ts'
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
  findKnownNames: FindKnownNames
  /** In the space of the library's model; errors as of the engine's call. */
  embedText(text: string): Promise<EmbeddedText>
  /** Before the searcher is asked for a query with `like:`. */
  resolveLikes(query: string): Promise<void>
}

/**
 * Finds photos that look like the plain words of a search, and do not say them. Its filters hold. Where the library knows names among the
 * words, photos that have them come first, and all are to look like the other words. Where a search says itself what photos are to look like,
 * its words are filters too.
 */
export type FindAlike = (query: string, limit: number) => Promise<AlikePage>

/** Of the nearest, so many are put in their last order. */
const fewestLookedAt = 100
/** `docs/decisions/meaning.md` has what these were measured on. */
const weightOfHubness = 0.4
const weightOfWords = 0.2

export function createFindAlike(options: AlikeOptions): FindAlike {
  const { searcher, index, hubness, nearestPassing, findKnownNames, embedText, resolveLikes } = options
  return async (query, limit) => {
    if (parseQuery(query).likes.some(({ negated }) => !negated)) return { text: '', photos: [] }
    const pieces = splitQuery(query)
    const words = pieces
      .filter(isPlain)
      .map(({ value }) => value)
      .join(' ')
    const names = findKnownNames(words)
    const text = cutOut(words, names)
    if (!hasWords(text)) return { text: '', photos: [] }
    const filters = pieces.filter((piece) => !isPlain(piece) && !piece.isOr).map((piece) => piece.text)

    const { spaceId, embedding, leastCosine } = await embedText(text)
    await resolveLikes(query)
    const likenesses = new Map<number, number>()
    async function find(passing: readonly string[]): Promise<void> {
      const asked = {
        direction: embedding,
        spaceId,
        leastCosine: -1,
        filters: passing.join(' '),
        without: query,
      }
      await resolveLikes(asked.filters)
      const near = await nearestPassing(asked, Math.max(limit, fewestLookedAt))
      const found = await likenessesOf(near, text, spaceId)
      found.sort((a, b) => b.likeness - a.likeness)
      for (const { id, likeness } of found) if (likeness >= leastCosine) likenesses.set(id, likeness)
    }
    if (names.length > 0) await find([...filters, ...names.map(named)])
    if (likenesses.size < limit) await find(filters)
    const photos = searcher.hitsOf([...likenesses.keys()].slice(0, limit))
    return { text, photos: photos.map((hit) => ({ ...hit, likeness: likenesses.get(hit.id)! })) }
  }

  /** In cosines: more for what is not near every text, and for what says some of the words. */
  async function likenessesOf(near: readonly Near[], text: string, space: string) {
    const ids = near.map(({ photoId }) => photoId)
    const shares = searcher.sharesOf(text, ids)
    const hubnessOf = hubness.in(space)
    const units = hubnessOf && index.vectorsOf(ids, space)
    const turn = createTurns()
    const found: { id: number; likeness: number }[] = []
    for (const { photoId: id, cosine } of near) {
      await turn()
      const unit = units?.get(id)
      const hub = unit ? hubnessOf!(unit) : 0
      found.push({
        id,
        likeness: cosine - weightOfHubness * hub + weightOfWords * (shares.get(id) ?? 0),
      })
    }
    return found
  }
}

/** What finds the photos that have a name. Quotes in it would end it. */
function named({ name }: KnownName): string {
  const quoted = `"${name.replace(/["“”„]/g, ' ')}"`
  return `${quoted} OR people:${quoted}`
}

/** What the encoder can read: nobody's names are known to it, and would lead it anywhere. */
function cutOut(text: string, names: readonly KnownName[]): string {
  let left = ''
  let at = 0
  for (const { start, end } of names) {
    left += text.slice(at, start)
    at = end
  }
  return (left + text.slice(at)).replace(/\s+/g, ' ').trim()
}

/** Words that a photo is to have, not a filter of any kind. */
function isPlain({ field, negated, isOr }: QueryPiece): boolean {
  return field === null && !negated && !isOr
}
