import type { Likeness, PhotoState, QueryPiece } from '../../src-main/contract/query-grammar.ts'
import { splitQuery } from '../../src-main/contract/query-grammar.ts'
import { hasWords } from '../../src-main/contract/words.ts'
import { formatDay, formatMonth, text } from '../text/text.ts'
import { type Chip, datesOf, readChips } from './query-chips.ts'

const dayMs = 86_400_000

/** What a chip says: its group, and what it lets through. */
export function nameOfChip(chip: Chip): { title: string; value: string } {
  const title = text.search.chips[chip.group ?? 'other']
  if (chip.group === 'dates') return { title, value: nameOfDates(chip) }
  // Its title says that it is not so.
  if (chip.group === 'unlike') return { title, value: nameOfFilter(chip.pieces[0]!) }
  return { title, value: text.search.or(chip.pieces.map(nameOfPiece)) }
}

/** What photos are to look like, for a sentence; null where a query says nothing of it. */
export function lineOfLikes(query: string): string | null {
  const { chips } = readChips(query)
  if (!chips.some(({ group }) => group === 'like')) return null
  const named = (group: 'like' | 'unlike') =>
    chips.filter((chip) => chip.group === group).map((chip) => nameOfChip(chip).value)
  return [...named('like'), ...named('unlike').map(text.search.not)].join(', ')
}

/** The same in one line, for a sentence. */
export function lineOfChip(chip: Chip): string {
  const { title, value } = nameOfChip(chip)
  return `${title} ${value}`
}

function nameOfPiece(piece: QueryPiece): string {
  const { filter, negated } = piece
  if (filter?.kind === 'has') {
    const { none, any } = filter.what === 'caption' ? text.search.kinds : text.search.known[filter.what]
    return negated ? none : any
  }
  const name = nameOfFilter(piece)
  return negated ? text.search.not(name) : name
}

function nameOfFilter({ filter, text: source }: QueryPiece): string {
  switch (filter?.kind) {
    case 'named':
      return filter.text
    case 'by':
      return text.search.kinds[filter.by]
    case 'is':
      return nameOfState(filter.state)
    case 'rating':
      return nameOfRatings(filter.ratings)
    case 'like':
      return nameOfLike(filter.like)
    default:
      return source
  }
}

function nameOfLike(like: Likeness): string {
  if (like.kind === 'words') return like.text
  const [first, ...others] = like.pictures
  if (others.length > 0) return text.search.likePictures(like.pictures.length)
  return 'photo' in first! ? text.search.likePhoto(first.photo) : text.search.likeOutside
}

function nameOfState(state: PhotoState): string {
  return text.search.states[state]
}

function nameOfRatings(ratings: readonly number[]): string {
  const { rejected, unrated, stars, atLeast, range } = text.search.ratings
  const [least, most] = [ratings[0]!, ratings.at(-1)!]
  if (least === -1) return rejected
  if (ratings.length === 1) return least === 0 ? unrated : stars(least)
  return most === 5 ? atLeast(least) : range(least, most)
}

function nameOfDates(chip: Chip): string {
  const { fromMs, beforeMs } = datesOf(chip)
  const { between, after, before, none } = text.search.dates
  if (fromMs !== null && beforeMs !== null) {
    if (beforeMs <= fromMs) return none
    const [from, to] = [nameOfStart(fromMs), nameOfEnd(beforeMs)]
    return from === to ? from : between(from, to)
  }
  return fromMs !== null ? after(nameOfStart(fromMs)) : before(nameOfEnd(beforeMs!))
}

/** A bound in the fewest words that say it: a year, a month, a day. */
export function nameOfStart(ms: number): string {
  const date = new Date(ms).toISOString()
  if (date.slice(8, 10) !== '01') return formatDay(ms)
  return date.slice(5, 7) === '01' ? date.slice(0, 4) : formatMonth(date.slice(0, 7))
}

function nameOfEnd(beforeMs: number): string {
  const next = new Date(beforeMs).toISOString()
  const last = new Date(beforeMs - dayMs).toISOString()
  if (next.slice(8, 10) !== '01') return formatDay(beforeMs - dayMs)
  return next.slice(5, 7) === '01' ? last.slice(0, 4) : formatMonth(last.slice(0, 7))
}

/** The words of a query where it is nothing but words that must all be there; else null. */
export function plainWords(words: string): string[] | null {
  // A filter that has no value yet says nothing.
  const pieces = splitQuery(words).filter((piece) => piece.field === null || piece.value.trim() !== '')
  const isPlain = pieces.every((piece) => !piece.negated && !piece.isOr && piece.field === null)
  const said = pieces.map((piece) => piece.value.trim()).filter(hasWords)
  return isPlain && said.length > 0 ? said : null
}
