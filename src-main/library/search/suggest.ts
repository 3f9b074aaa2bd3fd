import { type SharedFilter, sharedFilters } from '../../contract/query-filters.ts'
import { type QueryPiece, readQuery, saysAnything, splitQuery } from '../../contract/query-grammar.ts'
import type { Suggestion } from '../../contract/records.ts'
import { foldName, tokenize } from '../../contract/words.ts'
import type { Database } from '../store/database.ts'
import { type Bits, countBits, countShared, unite } from './bits.ts'
import { tokenOf, wholeName } from './match.ts'
import { frequentNames } from './names.ts'
import type { PostingsReader } from './postings.ts'

/** Of what is ranked by old counts more is looked at than is shown. */
const lookedAtPerShown = 2

const wordsSql = `SELECT word, stem, captions FROM search_words WHERE word >= ? AND word < ?
  ORDER BY captions + others DESC LIMIT ?`
const begunSql = `SELECT kind, name FROM search_names WHERE begin >= ? AND begin < ?
  AND kind IN (SELECT value FROM json_each(?)) ORDER BY photos DESC LIMIT ?`

/** By what they are called in any language. */
const placesSql = `SELECT DISTINCT 'place' AS kind, name FROM (
  SELECT key FROM gazetteer_names WHERE begin >= ? AND begin < ? LIMIT ?) JOIN gazetteer USING (key)`

const kindOfName: Readonly<Record<SharedFilter, Suggestion['kind']>> = {
  people: 'person',
  keyword: 'keyword',
  place: 'place',
  folder: 'folder',
  camera: 'camera',
  lens: 'lens',
}

export interface SuggestOptions {
  postings: PostingsReader
  /** The photos that are left by what stands before something that is being typed. */
  setOf(begun: string): Bits
  /** What is searched for instead of a query, where a word of it is found nowhere, and how many photos that finds. */
  correctionOf(query: string): { query: string; photos: number } | null
}

/** A suggestion before it is known how many photos it finds together with the rest of the query. */
interface Candidate {
  kind: Suggestion['kind']
  text: string
  /** What it is in a query. */
  typed: string
  /** What stands for it in the index, one or two tokens. */
  tokens: readonly string[]
}

export function createSuggest(
  database: Database,
  { postings, setOf, correctionOf }: SuggestOptions,
): (query: string, limit: number) => Suggestion[] {
  const { prepare } = database

  /** @param wordsOfNames are suggested by the whole name, unless captions have them too. */
  function begunWords(
    { field, value }: QueryPiece,
    limit: number,
    wordsOfNames: ReadonlySet<string>,
  ): Candidate[] {
    const [token, ...others] = tokenize(value)
    const isLike = field === 'like'
    if ((field !== null && !isLike) || !token || others.length > 0) return []
    const found = prepare<{ word: string; stem: string; captions: number }>(wordsSql)
      .all(token.text, `${token.text}\u{10ffff}`, limit * lookedAtPerShown)
      .filter(({ word, captions }) => captions > 0 || !wordsOfNames.has(word))
    // Of words with one stem, which find the same, the most frequent.
    const byStem = new Map(found.toReversed().map((each) => [each.stem, each.word]))
    return found
      .filter(({ word, stem }) => byStem.get(stem) === word && word !== token.text)
      .map(({ word, stem }) => ({
        kind: 'word',
        text: word,
        typed: isLike ? `like:${word}` : word,
        tokens: [tokenOf(stem, 'caption'), tokenOf(stem, 'others')],
      }))
  }

  function begunNames({ field, value }: QueryPiece, limit: number): Candidate[] {
    const kinds = sharedFilters.filter((name) => field === null || field === name)
    const begin = tokenize(value)
      .map((token) => token.text)
      .join(' ')
    if (kinds.length === 0 || (begin === '' && field === null)) return []
    const wanted = limit * lookedAtPerShown
    const found =
      begin === ''
        ? frequentNames(database, kinds[0]!, wanted).map((name): { kind: SharedFilter; name: string } => ({
            kind: kinds[0]!,
            name,
          }))
        : prepare<{ kind: SharedFilter; name: string }>(begunSql).all(
            begin,
            `${begin}\u{10ffff}`,
            JSON.stringify(kinds),
            wanted,
          )
    if (begin !== '' && kinds.includes('place')) {
      const name = foldName(value)
      found.push(
        ...prepare<{ kind: 'place'; name: string }>(placesSql).all(name, `${name}\u{10ffff}`, wanted),
      )
    }
    const byToken = new Map(found.map((each) => [wholeName(each.kind, each.name), each]))
    return [...byToken].flatMap(([token, { kind, name }]) => {
      const written = quote(name)
      if (written === null) return []
      return {
        kind: kindOfName[kind],
        text: name,
        typed: `${kind}:${written}`,
        tokens: [token],
      }
    })
  }

  function goOn(text: string, limit: number): Suggestion[] {
    const piece = lastBeingTyped(text)
    if (!piece) return []
    const before = text.slice(0, piece.start)
    const sign = piece.negated ? '-' : ''
    const count = createCounter(before, piece.negated)
    const counted = (candidates: Candidate[]) =>
      count(candidates)
        .map(({ kind, text: shown, typed, photos }) => ({
          kind,
          text: shown,
          query: before + sign + typed,
          photos,
        }))
        .filter(({ photos }) => photos > 0)
        .sort((a, b) => b.photos - a.photos)
    const names = counted(begunNames(piece, limit))
    const wordsOfNames = new Set(names.flatMap(({ text: name }) => tokenize(name).map((token) => token.text)))
    const words = counted(begunWords(piece, limit, wordsOfNames))
    // Words are in most photos: they leave half of the room to names.
    const room = limit - Math.min(names.length, Math.floor(limit / 2))
    const shown = words.slice(0, room)
    return [...shown, ...names.slice(0, limit - shown.length)].sort((a, b) => b.photos - a.photos)
  }

  /** @returns what counts how many photos the query finds with each of the candidates in the place of its last piece. */
  function createCounter(before: string, isNegated: boolean) {
    const alternatives = startOfAlternatives(before)
    // The sets of one search are those of the next.
    const found = setOf(before).slice()
    const others = alternatives === null ? found : setOf(before.slice(0, alternatives)).slice()

    return (candidates: readonly Candidate[]) => {
      const inOthers = countHaving(candidates, others, isNegated)
      const inFound = alternatives === null ? null : countHaving(candidates, found, isNegated)
      return candidates.map((candidate, at) => {
        const photos = inOthers[at]!
        return { ...candidate, photos: inFound === null ? photos : countBits(found) + photos - inFound[at]! }
      })
    }
  }

  /** How many of a set have each of the candidates, or have not. */
  function countHaving(candidates: readonly Candidate[], set: Bits, isNegated: boolean): number[] {
    const names = postings.countEach(
      candidates.flatMap(({ tokens }) => (tokens.length === 1 ? tokens : [])),
      set,
    )
    const all = countBits(set)
    return candidates.map(({ tokens }) => {
      const having = names.get(tokens[0]!) ?? countShared(set, uniteAll(tokens))
      return isNegated ? all - having : having
    })
  }

  function uniteAll([first, ...others]: readonly string[]): Bits {
    const bits = postings.bitsOf(first!).slice()
    for (const other of others) unite(bits, postings.bitsOf(other))
    return bits
  }

  return (text, limit) => {
    const suggestions = goOn(text, limit)
    if (suggestions.length > 0) return suggestions
    const corrected = correctionOf(text)
    if (corrected === null || corrected.photos === 0) return []
    return [{ kind: 'correction', text: corrected.query, ...corrected }]
  }
}

/** The queries of which each suggestion for this one is a part. */
export function queriesBefore(text: string): string[] {
  const piece = lastBeingTyped(text)
  if (!piece) return []
  const before = text.slice(0, piece.start)
  const alternatives = startOfAlternatives(before)
  return alternatives === null ? [before] : [before, before.slice(0, alternatives)]
}

function lastBeingTyped(text: string): QueryPiece | undefined {
  const piece = splitQuery(text).at(-1)
  return piece && isBeingTyped(piece, text) ? piece : undefined
}

/** Where the first of the alternatives begins that what comes next is one of; null where it is none. */
function startOfAlternatives(before: string): number | null {
  const { clauses } = readQuery(`${before}x`, (piece) => (saysAnything(piece) ? piece : undefined))
  const [first, ...others] = clauses.at(-1) ?? []
  return first && others.at(-1)?.start === before.length ? first.start : null
}

/** A word or filter at the very end, not a phrase, and none that its quotes have ended. */
function isBeingTyped(piece: QueryPiece, text: string): boolean {
  if (piece.end < text.length || piece.isOr) return false
  if (piece.isQuoted)
    return piece.field !== null && !/.["“”„]$/s.test(piece.text.slice(piece.field.length + 1))
  return true
}

/** As the value of a filter; null where no word would be left. */
function quote(name: string): string | null {
  const plain = name.replaceAll(/["“”„]/g, ' ').trim()
  if (tokenize(plain).length === 0) return null
  return /^[\p{L}\p{N}]+$/u.test(plain) ? plain : `"${plain}"`
}
