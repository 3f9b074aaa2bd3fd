import type { NamedFilter, QueryNote } from './query-filters.ts'
import {
  type Likeness,
  type PhotoPossession,
  type PhotoState,
  type QueryPiece,
  readQuery,
  saysAnything,
  termsRead,
} from './query-grammar.ts'
import type { CaptionSource } from './records.ts'
import { type Token, tokenizeWanted } from './words.ts'

/** One thing a photo must have, or with `negated` must not. `source` is how the person wrote it. */
export type Term =
  | { kind: 'words'; text: string; tokens: Token[]; isPhrase: boolean; negated: boolean; source: string }
  | {
      kind: 'field'
      field: NamedFilter
      text: string
      tokens: Token[]
      isPhrase: boolean
      negated: boolean
      source: string
    }
  /** Any of these: -1 is rejected, 0 not rated. */
  | { kind: 'rating'; source: string; ratings: number[]; negated: boolean }
  | { kind: 'by'; source: string; by: CaptionSource; negated: boolean }
  | { kind: 'is'; source: string; state: PhotoState; negated: boolean }
  | { kind: 'has'; source: string; what: PhotoPossession; negated: boolean }
  | { kind: 'copies'; source: string; photo: number; negated: boolean }

/** What photos are to look like, or with `negated` are not to. `source` is how the person wrote it. */
export interface LikeTerm {
  like: Likeness
  negated: boolean
  source: string
}

export interface Query {
  /** All must hold; of the alternatives in one, any. */
  clauses: Term[][]
  /** Wall-clock times as if UTC: at or after, and before. They bound the whole search, also beside an OR. */
  fromMs: number | null
  beforeMs: number | null
  /** By which the photos that all else finds are put in order, and chosen. */
  likes: LikeTerm[]
  /** What of it is not searched. */
  notes: QueryNote[]
  /** Nothing of it can be searched: it finds nothing. */
  isUnsearchable: boolean
}

/** Words that every sentence has: left out of a search that has others, so that `the dog` is `dog`. */
const fillers = new Set(
  'a an and are as at be by for from in is it its of on or that the to was with'.split(' '),
)

/** Reads what a person typed (`query-grammar.ts`) as what is to be found. */
export function parseQuery(text: string): Query {
  let leftOut = 0
  const { clauses, dates, likes, notes, isUnsearchable } = readQuery(text, (piece) => {
    const term = parseTerm(piece)
    if (term && 'tokens' in term) leftOut += term.tokens.splice(termsRead).length
    return term
  })
  if (leftOut > 0) notes.push({ kind: 'length', read: termsRead, leftOut })
  const bounds = dates.map((date) => date.filter)
  return {
    clauses: withoutFillers(clauses),
    fromMs: bounds.reduce<number | null>((latest, { fromMs }) => furthest(Math.max, latest, fromMs), null),
    beforeMs: bounds.reduce<number | null>(
      (first, { beforeMs }) => furthest(Math.min, first, beforeMs),
      null,
    ),
    likes: likes.map(({ filter, negated, text: source }) => ({ like: filter.like, negated, source })),
    notes,
    isUnsearchable,
  }
}

function parseTerm(piece: QueryPiece): Term | undefined {
  if (!saysAnything(piece)) return undefined
  const { text: source, negated, value, isQuoted, filter } = piece
  if (filter && filter.kind !== 'named' && filter.kind !== 'date' && filter.kind !== 'like')
    return { ...filter, negated, source }
  const tokens = tokenizeWanted(value)
  const said = { text: value, tokens, isPhrase: isQuoted, negated, source }
  return filter?.kind === 'named'
    ? { kind: 'field', field: filter.field, ...said }
    : { kind: 'words', ...said }
}

function withoutFillers(clauses: Term[][]): Term[][] {
  const isFiller = (clause: Term[]) =>
    clause.every(
      (term) =>
        term.kind === 'words' &&
        !term.isPhrase &&
        !term.negated &&
        term.tokens.every((token) => fillers.has(token.text)),
    )
  const telling = clauses.filter((clause) => !isFiller(clause))
  const hasWords = telling.some((clause) => clause.some((term) => term.kind === 'words' && !term.negated))
  return hasWords ? telling : clauses
}

function furthest(pick: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : pick(a, b)
}
