import type { NamedFilter } from '../../src-main/contract/query-filters.ts'
import {
  type QueryPiece,
  readQuery,
  saysAnything,
  splitQuery,
  withoutPieces,
} from '../../src-main/contract/query-grammar.ts'

/** Filters that are chosen together, as alternatives of each other. */
export type ChipGroup =
  | NamedFilter
  | 'dates'
  | 'caption'
  | 'rating'
  | 'favorite'
  | 'state'
  | 'like'
  | 'unlike'

/** A filter of a query, or several of one group of which any may hold. */
export interface Chip {
  /** Null: of several groups, as only a person writes it. */
  group: ChipGroup | null
  /** As they were typed. */
  pieces: readonly QueryPiece[]
}

export interface QueryParts {
  /** What is no filter, as it was typed. */
  words: string
  chips: readonly Chip[]
}

/** Takes the text of a query apart. A clause that has words among its alternatives is words as a whole. */
export function readChips(text: string): QueryParts {
  const { clauses, dates, likes } = readQuery(text, (piece) => (saysAnything(piece) ? piece : undefined))
  const filters = clauses.filter((clause) => clause.every((piece) => piece.filter !== null))
  const chips = filters.map((pieces) => ({ group: groupOf(pieces), pieces }))
  const all: Chip[] = [...chips, ...likes.map((piece) => ({ group: groupOfPiece(piece), pieces: [piece] }))]
  if (dates.length > 0) all.push({ group: 'dates', pieces: dates })
  all.sort((a, b) => a.pieces[0]!.start - b.pieces[0]!.start)
  return {
    words: without(
      text,
      all.flatMap((chip) => chip.pieces),
    ),
    chips: all,
  }
}

function groupOf(pieces: readonly QueryPiece[]): ChipGroup | null {
  const groups = new Set(pieces.map(groupOfPiece))
  return groups.size === 1 ? [...groups][0]! : null
}

function groupOfPiece(piece: QueryPiece): ChipGroup {
  const filter = piece.filter!
  switch (filter.kind) {
    case 'named':
      return filter.field
    case 'rating':
      return 'rating'
    case 'date':
      return 'dates'
    case 'by':
      return 'caption'
    case 'has':
      return filter.what === 'caption' ? 'caption' : 'state'
    case 'is':
      if (filter.state === 'favorite') return 'favorite'
      return filter.state === 'unsure' || filter.state === 'captioned' ? 'caption' : 'state'
    case 'copies':
      return 'state'
    case 'like':
      return piece.negated ? 'unlike' : 'like'
  }
}

/** The query with the other sign before what photos are to look like, or not. */
export function turnLike(text: string, { start, end, text: source, negated }: QueryPiece): string {
  return `${text.slice(0, start)}${negated ? source.slice(1) : `-${source}`}${text.slice(end)}`
}

/** The query without some chips; everything else stays as it was typed. */
export function dropChips(text: string, chips: readonly Chip[]): string {
  return without(
    text,
    chips.flatMap((chip) => chip.pieces),
  )
}

/**
 * The query with other filters in the place of all of a group.
 * @param alternatives as `filterText` writes them; none takes the filter away. Of dates all hold, of others any.
 */
export function setFilter(text: string, group: ChipGroup, alternatives: readonly string[]): string {
  const kept = dropChips(
    text,
    readChips(text).chips.filter((chip) => chip.group === group),
  )
  return addClause(kept, alternatives.join(group === 'dates' ? ' ' : ' OR '))
}

/** The query with one more filter, which must hold beside all others. */
export function addFilter(text: string, filter: string): string {
  return addClause(text, filter)
}

function addClause(text: string, clause: string): string {
  if (clause === '') return text
  const kept = text.trim()
  if (kept === '') return clause
  if (standsAlone(`${kept} is:failed`, kept.length + 1)) return `${kept} ${clause}`
  // What is typed at the end is not done: it goes on there.
  const pieces = splitQuery(kept)
  const first = pieces.find((piece) => !piece.isOr && saysAnything(piece))
  return `${clause} ${kept.slice(first?.start ?? kept.length)}`.trim()
}

/** Whether the filter that begins there is joined to nothing before it. */
function standsAlone(text: string, start: number): boolean {
  return readChips(text).chips.some(({ pieces }) => pieces.length === 1 && pieces[0]!.start === start)
}

function without(text: string, pieces: readonly QueryPiece[]): string {
  if (pieces.length === 0) return text
  const gone = new Set(pieces.map((piece) => piece.start))
  return withoutPieces(text, (piece) => gone.has(piece.start))
}

/** A filter as it is typed. Signs that end a quoted value become spaces, which no name is told apart by. */
export function filterText(field: string, value: string): string {
  const plain = value.replaceAll(/["“”„]/g, ' ').trim()
  return /^[^\s-][^\s]*$/u.test(plain) ? `${field}:${plain}` : `${field}:"${plain}"`
}

/** A month, or a whole year: what dates are chosen by. @param first `YYYY-MM`, as `last`, which is still in */
export function datesText(first: string | null, last: string | null): string[] {
  if (first !== null && first === last) return [`date:${first}`]
  const isOneYear = first?.endsWith('-01') && last?.endsWith('-12') && first.slice(0, 4) === last.slice(0, 4)
  if (isOneYear) return [`date:${first!.slice(0, 4)}`]
  return [
    ...(first === null ? [] : [`after:${first}`]),
    ...(last === null ? [] : [`before:${monthAfter(last)}`]),
  ]
}

function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number)
  return new Date(Date.UTC(year!, number!, 1)).toISOString().slice(0, 7)
}

/** What the dates of a query leave: at or after, and before, as if UTC; null where there is no bound. */
export function datesOf(chip: Chip | undefined): { fromMs: number | null; beforeMs: number | null } {
  let fromMs: number | null = null
  let beforeMs: number | null = null
  for (const { filter } of chip?.pieces ?? []) {
    if (filter?.kind !== 'date') continue
    if (filter.fromMs !== null) fromMs = Math.max(fromMs ?? filter.fromMs, filter.fromMs)
    if (filter.beforeMs !== null) beforeMs = Math.min(beforeMs ?? filter.beforeMs, filter.beforeMs)
  }
  return { fromMs, beforeMs }
}

/** The chip of a group, where the query has one. */
export function chipOf(parts: QueryParts, group: ChipGroup): Chip | undefined {
  return parts.chips.find((chip) => chip.group === group)
}
