import { type NamedFilter, namedFilters, type QueryPiece, splitQuery } from '../../contract/query-grammar.ts'
import type { Suggestion } from '../../contract/records.ts'
import type { Database } from '../store/database.ts'
import { type Bits, countBits, countShared, unite } from './bits.ts'
import { tokenOf, wholeName } from './match.ts'
import type { PostingsReader } from './postings.ts'
import { tokenize } from './words.ts'

/** Of what is ranked by old counts more is looked at than is shown. */
const lookedAtPerShown = 3

const wordsSql = `SELECT word, stem, captions FROM search_words WHERE word >= ? AND word < ?
  ORDER BY captions + others DESC LIMIT ?`
const begunSql = `SELECT kind, name FROM search_names WHERE begin >= ? AND begin < ?
  AND kind IN (SELECT value FROM json_each(?)) ORDER BY photos DESC LIMIT ?`
const frequentSql = `SELECT kind, name FROM search_names INDEXED BY search_names_by_kind
  WHERE kind = ? ORDER BY photos DESC LIMIT ?`

const kindOfName: Readonly<Record<NamedFilter, Suggestion['kind']>> = {
  people: 'person',
  keyword: 'keyword',
  folder: 'folder',
  camera: 'camera',
  lens: 'lens',
}

export interface SuggestOptions {
  postings: PostingsReader
  /** The photos that a query finds. */
  setOf(query: string): Bits
  /** What is searched for instead of a query, where a word of it is found nowhere. */
  correctionOf(query: string): string | null
}

/** A suggestion before it is known how many photos it finds together with the rest of the query. */
interface Candidate {
  kind: Suggestion['kind']
  text: string
  /** What it is in a query. */
  typed: string
  /** How many of a set have it. */
  countIn(bits: Bits): number
}

export function createSuggest(
  { prepare }: Database,
  { postings, setOf, correctionOf }: SuggestOptions,
): (query: string, limit: number) => Suggestion[] {
  /** @param wordsOfNames are suggested by the whole name, unless captions have them too. */
  function begunWords(
    { field, value }: QueryPiece,
    limit: number,
    wordsOfNames: ReadonlySet<string>,
  ): Candidate[] {
    const [token, ...others] = tokenize(value)
    if (field !== null || !token || others.length > 0) return []
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
        typed: word,
        countIn(bits) {
          const photos = postings.bitsOf(tokenOf(stem, 'caption')).slice()
          unite(photos, postings.bitsOf(tokenOf(stem, 'others')))
          return countShared(bits, photos)
        },
      }))
  }

  function begunNames({ field, value }: QueryPiece, limit: number): Candidate[] {
    const kinds = namedFilters.filter((name) => field === null || field === name)
    const begin = tokenize(value)
      .map((token) => token.text)
      .join(' ')
    if (kinds.length === 0 || (begin === '' && field === null)) return []
    const wanted = limit * lookedAtPerShown
    const found =
      begin === ''
        ? prepare<{ kind: NamedFilter; name: string }>(frequentSql).all(kinds[0]!, wanted)
        : prepare<{ kind: NamedFilter; name: string }>(begunSql).all(
            begin,
            `${begin}\u{10ffff}`,
            JSON.stringify(kinds),
            wanted,
          )
    const byToken = new Map(found.map((each) => [wholeName(each.kind, each.name), each]))
    return [...byToken].flatMap(([token, { kind, name }]) => {
      const written = quote(name)
      if (written === null) return []
      return {
        kind: kindOfName[kind],
        text: name,
        typed: `${kind}:${written}`,
        countIn: (bits) => postings.countIn(token, bits),
      }
    })
  }

  function goOn(text: string, limit: number): Suggestion[] {
    const pieces = splitQuery(text)
    const piece = pieces.at(-1)
    if (!piece || !isBeingTyped(piece, text)) return []
    const before = text.slice(0, piece.start)
    const isAlternative = pieces.at(-2)?.isOr === true
    const others = isAlternative ? null : setOf(before)
    const ofOthers = others && piece.negated ? countBits(others) : 0
    const sign = piece.negated ? '-' : ''

    function suggest({ kind, text: shown, typed, countIn }: Candidate): Suggestion {
      const query = before + sign + typed
      const photos = others === null ? countBits(setOf(query)) : countIn(others)
      return { kind, text: shown, query, photos: others && piece!.negated ? ofOthers - photos : photos }
    }
    const counted = (candidates: Candidate[]) =>
      candidates
        .map(suggest)
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

  return (text, limit) => {
    postings.refresh()
    const suggestions = goOn(text, limit)
    if (suggestions.length > 0) return suggestions
    const corrected = correctionOf(text)
    if (corrected === null) return []
    const photos = countBits(setOf(corrected))
    return photos > 0 ? [{ kind: 'correction', text: corrected, query: corrected, photos }] : []
  }
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
