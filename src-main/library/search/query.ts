import { type CaptionSource, captionSources } from '../../contract/records.ts'
import { type Field, fields, type NamedKind, namedKinds } from './match.ts'
import { type Token, tokenize } from './words.ts'

/** One thing a photo must have, or with `negated` must not. `source` is how the person wrote it. */
export type Term =
  | { kind: 'words'; text: string; tokens: Token[]; isPhrase: boolean; negated: boolean; source: string }
  | {
      kind: 'field'
      field: Field | NamedKind
      text: string
      tokens: Token[]
      isPhrase: boolean
      negated: boolean
      source: string
    }
  /** Any of these: -1 is rejected, 0 not rated. */
  | { kind: 'rating'; source: string; ratings: number[]; negated: boolean }
  | { kind: 'by'; source: string; by: CaptionSource; negated: boolean }
  | { kind: 'is'; source: string; state: (typeof states)[number]; negated: boolean }
  | { kind: 'has'; source: string; what: 'caption'; negated: boolean }

export interface Query {
  /** All must hold; of the alternatives in one, any. */
  clauses: Term[][]
  /** Wall-clock times as if UTC: at or after, and before. They bound the whole search, also beside an OR. */
  fromMs: number | null
  beforeMs: number | null
}

/** Words that every sentence has: left out of a search that has others, so that `the dog` is `dog`. */
const fillers = new Set(
  'a an and are as at be by for from in is it its of on or that the to was with'.split(' '),
)

/** What a pasted page goes beyond is left out: nothing would hold all of it. */
const termsRead = 32
const tokensRead = 32

const states = ['missing', 'failed', 'unsure', 'offline', 'favorite'] as const

const fieldName = /^(-?)(folder|camera|lens|people|keyword|rating|before|after|date|by|is|has):/i
const longestFieldName = '-keyword:'.length
const quotes = '"“”„'

/**
 * Reads what a person typed. There is no syntax error: whatever is no operator is words, and a filter whose
 * value is not understood is words too, except that one without a value yet says nothing.
 */
export function parseQuery(text: string): Query {
  const query: Query = { clauses: [], fromMs: null, beforeMs: null }
  let joinsNext = false
  let joinable = false
  let terms = 0
  for (const piece of split(text)) {
    if (terms === termsRead) break
    if (piece.text === 'OR' || piece.text === '|') {
      joinsNext = joinable
      continue
    }
    const date = parseDate(piece)
    if (date) {
      query.fromMs = latest(query.fromMs, date.fromMs)
      query.beforeMs = earliest(query.beforeMs, date.beforeMs)
      joinsNext = false
      joinable = false
      continue
    }
    const term = parseTerm(piece)
    if (!term) continue
    terms++
    if (joinsNext) query.clauses.at(-1)!.push(term)
    else query.clauses.push([term])
    joinsNext = false
    joinable = true
  }
  query.clauses = withoutFillers(query.clauses)
  return query
}

interface Piece {
  /** As typed, with everything. */
  text: string
  negated: boolean
  /** Lower case, or null for plain words. */
  field: string | null
  value: string
  isQuoted: boolean
}

function split(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    const start = at
    const field = fieldName.exec(text.slice(at, at + longestFieldName))
    const isNegated = text[at] === '-' && at + 1 < text.length && !/\s/.test(text[at + 1]!)
    at += field ? field[0].length : isNegated ? 1 : 0
    const isQuoted = at < text.length && quotes.includes(text[at]!)
    const valueStart = isQuoted ? at + 1 : at
    at = valueStart
    while (at < text.length && !(isQuoted ? quotes.includes(text[at]!) : /[\s"“”]/.test(text[at]!))) at++
    const value = text.slice(valueStart, at)
    if (isQuoted && at < text.length) at++
    pieces.push({
      text: text.slice(start, at),
      negated: isNegated,
      field: field?.[2]?.toLowerCase() ?? null,
      value,
      isQuoted,
    })
  }
  return pieces
}

function parseTerm(piece: Piece): Term | undefined {
  const { negated, field, value } = piece
  const source = piece.text
  if (field !== null && value.trim() === '') return undefined
  const word = value.toLowerCase()
  const named = [...fields, ...namedKinds].find((name) => name === field)
  if (named) {
    const tokens = tokenize(value).slice(0, tokensRead)
    if (tokens.length === 0) return undefined
    return { kind: 'field', field: named, text: value, tokens, isPhrase: piece.isQuoted, negated, source }
  }
  if (field === 'rating') {
    const ratings = parseRatings(word)
    if (ratings) return { kind: 'rating', ratings, negated, source }
  }
  if (field === 'by') {
    const by = captionSources.find((candidate) => candidate === word)
    if (by) return { kind: 'by', by, negated, source }
  }
  if (field === 'is') {
    const state = states.find((candidate) => candidate === word.replace('favourite', 'favorite'))
    if (state) return { kind: 'is', state, negated, source }
  }
  if (field === 'has' && word === 'caption') return { kind: 'has', what: 'caption', negated, source }
  const text = field === null ? value : `${field} ${value}`
  const tokens = tokenize(text).slice(0, tokensRead)
  if (tokens.length === 0) return undefined
  return { kind: 'words', text, tokens, isPhrase: piece.isQuoted, negated, source }
}

/** `4`, `4+`, `>=4`, `<3`, `2-4`, `rejected`, `unrated`; what is below a number of stars includes what has none. */
function parseRatings(text: string): number[] | undefined {
  if (text === 'rejected' || text === '-1') return [-1]
  if (text === 'unrated') return [0]
  const match = /^(?:([<>]?=?)([0-5])|([0-5])\+|([0-5])(?:-|\.\.)([0-5]))$/.exec(text)
  if (!match) return undefined
  const [, sign, bound, atLeast, from, to] = match
  const stars = Number(bound ?? atLeast ?? from)
  const isWanted = (rating: number) => {
    if (to !== undefined)
      return rating >= Math.min(stars, Number(to)) && rating <= Math.max(stars, Number(to))
    if (atLeast !== undefined || sign === '>=') return rating >= stars
    if (sign === '>') return rating > stars
    if (sign === '<=') return rating <= stars
    if (sign === '<') return rating < stars
    return rating === stars
  }
  const ratings = [0, 1, 2, 3, 4, 5].filter(isWanted)
  return ratings.length > 0 ? ratings : undefined
}

function parseDate(piece: Piece): { fromMs: number | null; beforeMs: number | null } | undefined {
  const { field, negated } = piece
  if (field !== 'before' && field !== 'after' && field !== 'date') return undefined
  const match = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(piece.value.trim())
  if (!match) return undefined
  const year = Number(match[1])
  const month = Number(match[2] ?? 1) - 1
  const day = Number(match[3] ?? 1)
  if (month < 0 || month > 11 || day < 1 || day > 31) return undefined
  const startMs = Date.UTC(year, month, day)
  const endMs =
    match[3] !== undefined
      ? Date.UTC(year, month, day + 1)
      : match[2] !== undefined
        ? Date.UTC(year, month + 1, 1)
        : Date.UTC(year + 1, 0, 1)
  if (field === 'date') return negated ? undefined : { fromMs: startMs, beforeMs: endMs }
  const isBefore = (field === 'before') !== negated
  return isBefore ? { fromMs: null, beforeMs: startMs } : { fromMs: startMs, beforeMs: null }
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

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}
