import {
  type FilterName,
  filterNames,
  type NamedFilter,
  namedFilters,
  type QueryNote,
} from './query-filters.ts'
import { type CaptionSource, captionSources } from './records.ts'
import { editDistance, slipsAllowed } from './spelling.ts'
import { hasWords } from './words.ts'

export const photoStates = [
  'missing',
  'excluded',
  'failed',
  'unsure',
  'offline',
  'favorite',
  'captioned',
  'duplicate',
  'copy',
  'cut',
  'pair',
] as const
export type PhotoState = (typeof photoStates)[number]

/**
 * `date` is one that the file, or what lies beside it, gives: never the file's own time. `raw`: it is a raw file, or has one beside
 * it; `video`: that of a Live Photo; `copies`: it is in a stack.
 */
export const photoPossessions = ['caption', 'date', 'raw', 'video', 'copies'] as const
export type PhotoPossession = (typeof photoPossessions)[number]

/** What `name:value` asks for, where the value is understood. */
export type QueryFilter =
  | { kind: 'named'; field: NamedFilter; text: string }
  /** Any of these: -1 is rejected, 0 not rated. */
  | { kind: 'rating'; ratings: number[] }
  | { kind: 'by'; by: CaptionSource }
  | { kind: 'is'; state: PhotoState }
  | { kind: 'has'; what: PhotoPossession }
  /** Of a photo's stack. */
  | { kind: 'copies'; photo: number }
  /** Wall-clock times as if UTC: at or after, and before. */
  | { kind: 'date'; fromMs: number | null; beforeMs: number | null }
  | { kind: 'like'; like: Likeness }

/** What photos are to look like: what words say, or some pictures together. */
export type Likeness = { kind: 'words'; text: string } | { kind: 'pictures'; pictures: ExamplePicture[] }

/** A photo by its id, or a picture from outside by what the library calls it. */
export type ExamplePicture = { photo: number } | { outside: string }

/** One word, quoted phrase, sign or filter as it was typed. */
export interface QueryPiece {
  /** With everything, from `start` to `end` (UTF-16) in the query. */
  text: string
  start: number
  end: number
  negated: boolean
  /** What stood before the colon, in lower case; null for plain words. */
  field: string | null
  value: string
  isQuoted: boolean
  isOr: boolean
  filter: QueryFilter | null
}

const dateExamples = ['2019', '2019-06', '2019-06-30']
/** What filters take that do not take any words. */
export const filterValues: Readonly<Partial<Record<FilterName, readonly string[]>>> = {
  rating: ['4', '4+', '2-4', '<3', 'rejected', 'unrated'],
  before: dateExamples,
  after: dateExamples,
  date: dateExamples,
  by: captionSources,
  is: photoStates,
  has: photoPossessions,
  copies: ['12'],
}

export interface ReadQuery<Term> {
  /** All must hold; of the alternatives in one, any. */
  clauses: Term[][]
  /** They bound the whole search, also beside an OR. */
  dates: (QueryPiece & { filter: QueryFilter & { kind: 'date' } })[]
  /** As dates are, for they bring the whole search into an order. */
  likes: (QueryPiece & { filter: QueryFilter & { kind: 'like' } })[]
  notes: QueryNote[]
  /** Something was asked for, of which nothing can be searched: that finds nothing, where an empty query is everything. */
  isUnsearchable: boolean
}

/** What a pasted page goes beyond is left out: nothing would hold all of it. */
export const termsRead = 32
/** Pictures that one `like:` may name. */
export const mostExamples = 500

/** A name before a colon that a value follows at once. What has a slash behind it is an address. */
const fieldName = /^(-?)(\p{L}{2,20}):(?![\s/\\:]|$)/u
/** A filter that is there may also be without its value yet. */
const knownFieldName = new RegExp(`^(-?)(${filterNames.join('|')}):`, 'i')
const longestFieldName = 23
const quotes = '"“”„'

/** Names of filters in other programs, and what else people call them. */
const otherNames: Readonly<Record<string, FilterName>> = {
  person: 'people',
  persons: 'people',
  who: 'people',
  face: 'people',
  faces: 'people',
  tag: 'keyword',
  tags: 'keyword',
  keywords: 'keyword',
  subject: 'keyword',
  places: 'place',
  location: 'place',
  city: 'place',
  town: 'place',
  country: 'place',
  near: 'place',
  where: 'place',
  file: 'name',
  filename: 'name',
  ext: 'name',
  type: 'name',
  filetype: 'name',
  path: 'folder',
  dir: 'folder',
  directory: 'folder',
  album: 'folder',
  in: 'folder',
  model: 'camera',
  make: 'camera',
  device: 'camera',
  stars: 'rating',
  rated: 'rating',
  since: 'after',
  from: 'after',
  newer: 'after',
  until: 'before',
  to: 'before',
  older: 'before',
  year: 'date',
  month: 'date',
  day: 'date',
  taken: 'date',
  on: 'date',
  author: 'by',
  source: 'by',
  state: 'is',
  status: 'is',
  stack: 'copies',
  alike: 'like',
  similar: 'like',
  looks: 'like',
  resembles: 'like',
}

/**
 * Reads what a person typed, for the library and for the window alike. There is no syntax error: whatever is no operator is
 * words. A filter that there is not, or has no such value, is left out and noted; one without a value yet says nothing.
 * @param termOf undefined for what says nothing
 */
export function readQuery<Term>(
  text: string,
  termOf: (piece: QueryPiece) => Term | undefined,
): ReadQuery<Term> {
  const clauses: Term[][] = []
  const dates: ReadQuery<Term>['dates'] = []
  const likes: ReadQuery<Term>['likes'] = []
  const notes: QueryNote[] = []
  const signs: string[] = []
  let joinsNext = false
  let joinable = false
  let terms = 0
  let leftOut = 0
  const pieces = splitQuery(text)
  for (const [at, piece] of pieces.entries()) {
    if (piece.isOr) {
      joinsNext = joinable
      signs.push(piece.text)
      continue
    }
    if (isLike(piece) && saysAnything(piece)) {
      if (likes.length < termsRead) likes.push(piece)
      else leftOut++
      if (pieces[at - 1]?.isOr || pieces[at + 1]?.isOr) notes.push({ kind: 'or', text: piece.text })
      joinsNext = false
      joinable = false
      continue
    }
    if (isDate(piece)) {
      dates.push(piece)
      joinsNext = false
      joinable = false
      continue
    }
    if (piece.field !== null && piece.value.trim() === '') continue
    if (piece.field !== null && piece.filter === null) {
      notes.push(noteOf(piece, piece.field))
      joinsNext = false
      joinable = false
      continue
    }
    const term = termOf(piece)
    if (term === undefined) {
      signs.push(piece.text)
      continue
    }
    if (terms === termsRead) {
      leftOut++
      continue
    }
    terms++
    if (joinsNext) clauses.at(-1)!.push(term)
    else clauses.push([term])
    joinsNext = false
    joinable = true
  }
  const isUnsearchable = clauses.length + dates.length + likes.length === 0 && notes.length + signs.length > 0
  if (isUnsearchable && notes.length === 0) notes.push({ kind: 'signs', text: signs.join(' ') })
  if (leftOut > 0) notes.push({ kind: 'length', read: termsRead, leftOut })
  return { clauses, dates, likes, notes, isUnsearchable }
}

/** Whether there is anything in it to search for: a word, a value, or a path, whose names may be signs alone. */
export function saysAnything({ field, value, filter }: QueryPiece): boolean {
  if (field !== null && filter === null) return false
  const isOnlyWords =
    filter === null || filter.kind === 'named' || (filter.kind === 'like' && filter.like.kind === 'words')
  return !isOnlyWords || hasWords(value) || (field === 'folder' && isWholePath(value))
}

/** Whether the value of `folder:` is a path from the top, rather than names of folders. */
export function isWholePath(value: string): boolean {
  return /^(?:[a-z]:)?[/\\]/i.test(value)
}

function noteOf({ text }: QueryPiece, field: string): QueryNote {
  const known = filterNames.find((name) => name === field)
  return known
    ? { kind: 'value', text, name: known }
    : { kind: 'filter', text, name: field, meant: nearestFilter(field) }
}

function nearestFilter(field: string): FilterName | null {
  if (Object.hasOwn(otherNames, field)) return otherNames[field]!
  const near = filterNames
    .map((name) => ({ name, slips: editDistance(field, name, slipsAllowed(name.length)) }))
    .filter(({ name, slips }) => slips <= slipsAllowed(name.length))
    .sort((a, b) => a.slips - b.slips)
  return near[0]?.name ?? null
}

function isDate(piece: QueryPiece): piece is ReadQuery<unknown>['dates'][number] {
  return piece.filter?.kind === 'date'
}

function isLike(piece: QueryPiece): piece is ReadQuery<unknown>['likes'][number] {
  return piece.filter?.kind === 'like'
}

/** Takes pieces out of a query, with any OR beside them: it joined nothing, and must not begin to. */
export function withoutPieces(text: string, isGone: (piece: QueryPiece) => boolean): string {
  const pieces = splitQuery(text)
  const isBeside = (at: number) => [at - 1, at + 1].some((other) => pieces[other] && isGone(pieces[other]))
  return pieces
    .filter((piece, at) => !isGone(piece) && !(piece.isOr && isBeside(at)))
    .map((piece) => piece.text)
    .join(' ')
}

/** All of a query but what photos are to look like. */
export function withoutLikes(text: string): string {
  return withoutPieces(text, isLike)
}

export function splitQuery(text: string): QueryPiece[] {
  const pieces: QueryPiece[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    const start = at
    const ahead = text.slice(at, at + longestFieldName)
    const field = knownFieldName.exec(ahead) ?? fieldName.exec(ahead)
    const isNegated = text[at] === '-' && at + 1 < text.length && !/\s/.test(text[at + 1]!)
    at += field ? field[0].length : isNegated ? 1 : 0
    const isQuoted = at < text.length && quotes.includes(text[at]!)
    const valueStart = isQuoted ? at + 1 : at
    at = valueStart
    while (at < text.length && !(isQuoted ? quotes.includes(text[at]!) : /[\s"“”]/.test(text[at]!))) at++
    const value = text.slice(valueStart, at)
    if (isQuoted && at < text.length) at++
    const source = text.slice(start, at)
    const piece = {
      text: source,
      start,
      end: at,
      negated: isNegated,
      field: field?.[2]?.toLowerCase() ?? null,
      value,
      isQuoted,
      isOr: source === 'OR' || source === '|',
    }
    pieces.push({ ...piece, filter: filterOf(piece) })
  }
  return pieces
}

function filterOf({
  field,
  value,
  negated,
  isQuoted,
}: Pick<QueryPiece, 'field' | 'value' | 'negated' | 'isQuoted'>): QueryFilter | null {
  if (field === null || value.trim() === '') return null
  const word = value.toLowerCase()
  const named = namedFilters.find((name) => name === field)
  if (named) return { kind: 'named', field: named, text: value }
  if (field === 'rating') {
    const ratings = parseRatings(word)
    return ratings ? { kind: 'rating', ratings } : null
  }
  if (field === 'by') {
    const by = captionSources.find((candidate) => candidate === word)
    return by ? { kind: 'by', by } : null
  }
  if (field === 'is') {
    const state = photoStates.find((candidate) => candidate === word.replace('favourite', 'favorite'))
    return state ? { kind: 'is', state } : null
  }
  if (field === 'has') {
    const what = photoPossessions.find((candidate) => candidate === word)
    return what ? { kind: 'has', what } : null
  }
  if (field === 'copies') {
    const photo = /^\d{1,15}$/.test(word) ? Number(word) : 0
    return photo > 0 ? { kind: 'copies', photo } : null
  }
  if (field === 'like') return { kind: 'like', like: parseLikeness(value, isQuoted) }
  return field === 'date' || field === 'before' || field === 'after' ? parseDate(field, value, negated) : null
}

/** `123`, `12,15,picture-0123456789abcdef`; in quotes, or of anything else, they are words. */
function parseLikeness(value: string, isQuoted: boolean): Likeness {
  const names = value.split(',').filter(Boolean)
  const pictures = names.flatMap((name) => parseExample(name) ?? [])
  const areAll = pictures.length === names.length && names.length > 0
  if (isQuoted || !areAll) return { kind: 'words', text: value }
  return { kind: 'pictures', pictures: pictures.slice(0, mostExamples) }
}

function parseExample(name: string): ExamplePicture | undefined {
  const [, photo, outside] = /^(?:([1-9]\d{0,14})|picture-([0-9a-f]{16}))$/.exec(name) ?? []
  if (photo !== undefined) return { photo: Number(photo) }
  return outside === undefined ? undefined : { outside }
}

/** As `splitQuery` reads it again. @param isUnlike photos are not to look like it */
export function likeText(like: Likeness, isUnlike = false): string {
  const sign = isUnlike ? '-' : ''
  if (like.kind === 'words') return `${sign}like:"${like.text.replaceAll(/["“”„]/g, ' ').trim()}"`
  return `${sign}like:${like.pictures.map((each) => ('photo' in each ? each.photo : `picture-${each.outside}`)).join(',')}`
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

function parseDate(field: string, value: string, negated: boolean): QueryFilter | null {
  const match = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(value.trim())
  if (!match) return null
  const year = Number(match[1])
  const month = Number(match[2] ?? 1) - 1
  const day = Number(match[3] ?? 1)
  if (month < 0 || month > 11 || day < 1 || day > 31) return null
  const startMs = Date.UTC(year, month, day)
  const endMs =
    match[3] !== undefined
      ? Date.UTC(year, month, day + 1)
      : match[2] !== undefined
        ? Date.UTC(year, month + 1, 1)
        : Date.UTC(year + 1, 0, 1)
  if (field === 'date') return negated ? null : { kind: 'date', fromMs: startMs, beforeMs: endMs }
  const isBefore = (field === 'before') !== negated
  return { kind: 'date', fromMs: isBefore ? null : startMs, beforeMs: isBefore ? startMs : null }
}
