import { join } from 'node:path'
import { LensloreError, recordedError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { findMarks, type Pattern } from '../../contract/matched-words.ts'
import { parseQuery, type Query } from '../../contract/query.ts'
import type { QueryNote } from '../../contract/query-filters.ts'
import { withoutLikes } from '../../contract/query-grammar.ts'
import type {
  CaptionSource,
  FolderState,
  MonthCounts,
  SearchFacets,
  SearchHit,
  SearchPage,
  Subfolders,
  Suggestion,
  Timeline,
  TimelinePage,
} from '../../contract/records.ts'
import { editDistance, slipsAllowed } from '../../contract/spelling.ts'
import { spanOfDate } from '../../contract/taken-date.ts'
import { foldName, tokenize, tokenizeName } from '../../contract/words.ts'
import type { Database } from '../store/database.ts'
import { type Bits, countBits, intersect, isEmpty, subtract, unite } from './bits.ts'
import { createDocumentPhotos, type PhotoBits } from './document-photos.ts'
import { createFacets } from './facets.ts'
import {
  allOf,
  anyOf,
  flag,
  flagged,
  hasPhrase,
  type Match,
  toExpression,
  tokenOf,
  without,
  words,
} from './match.ts'
import { createMonths } from './months.ts'
import { otherCaptionsSql } from './other-captions.ts'
import { type PlaceRanges, type RowsOfPlaces, rowsOfPlaces } from './places.ts'
import { expressToken, narrowPlan, type Plan, planSearch, type Surroundings } from './plan.ts'
import { createPostingsReader } from './postings.ts'
import { createLikesOfQueries, type LikesOfQueries, type ResolvedLikes } from './resolved-likes.ts'
import { reverse } from './reverse.ts'
import { everyRow, farthestRow, type RowRange, rowOfEnd } from './rows.ts'
import { excerpt } from './snippet.ts'
import { createSubfolders } from './subfolders.ts'
import { createSuggest } from './suggest.ts'
import {
  type EachRows,
  monthsOf,
  type Order,
  orderRows,
  type Survey,
  surveyChange,
  surveyRows,
} from './timeline.ts'
import { readColumns } from './timeline-page.ts'

export interface SearchOptions {
  /** 1 to 1000. */
  limit?: number
  /** From the page before. */
  cursor?: string | null
  /** Counts all matches, however many there are; else only up to `countedMatches`, for answers while typing. */
  countAll?: boolean
}

/** The n-th photo, or the first that is older than a moment; the newest where neither is given. */
export interface TimelinePlace {
  offset?: number | undefined
  beforeMs?: number | undefined
  limit: number
}

/**
 * Of a query with `like:` each call wants to know beforehand what that comes to (`resolved-likes.ts`). One that says what photos are to look
 * like finds those alone, and ranks them by it.
 */
export interface Searcher {
  /**
   * Ranked: all words in the caption before words elsewhere, whole words before begun ones, captions that their model is
   * sure of before those that it doubts, and among equals the newest first. An empty query is every photo. Photos that
   * are missing or excluded are left out unless the query says `is:missing` or `is:excluded`.
   * @throws LensloreError `INVALID_ARGUMENT` for a cursor that is none of ours; never for a query.
   */
  search(query: string, options?: SearchOptions): SearchPage
  /** Which of these photos a search for this finds. Words in a row are sought for each, which takes some tenths of a millisecond. */
  findsOf(query: string, photoIds: readonly number[]): Set<number>
  /**
   * How much of a text each of these photos says, in its caption or elsewhere: the share of the text's words by their stems, each of
   * which weighs as much as it is rare in the library (inverse document frequency, as in BM25). 0 to 1.
   */
  sharesOf(text: string, photoIds: readonly number[]): Map<number, number>
  /** All photos that a search for this finds, in no order; null where they are more than so many, or too many to be told. */
  findsAtMost(query: string, most: number): number[] | null
  /**
   * All photos that a search for this finds, however many, in milliseconds; null where words in a row are in too many to be told so.
   * @param turn lets others have theirs
   */
  photosFound(query: string, turn: () => Promise<void>): Promise<PhotoBits | null>
  /** The same one after the other, which takes some seconds for a million. */
  listPhotosFound(query: string, turn: () => Promise<void>): Promise<PhotoBits>
  /** Before a query for which photos were found out that it leaves out: else it does the same without turns. */
  readPhotos(turn: () => Promise<void>): Promise<void>
  /** Photos as a search shows them, in their order; those that are gone are left out. */
  hitsOf(photoIds: readonly number[]): SearchHit[]
  /** How many of the photos that a search for this finds have each value of the filters. */
  facets(query: string): SearchFacets
  /** How many of them are below each directory that stands right below one of a folder; '' is the folder itself. */
  subfolders(query: string, folderId: number, directory: string): Subfolders
  /** What the library has to go on with what is being typed at the end of a query, that finds photos. */
  suggest(query: string, limit: number): Suggestion[]
  /** How many of the photos that match there are of each month, the newest first. */
  timeline(query: string): Timeline
  /** Of the photos that match, how many of these months have what. @param months `YYYY-MM` */
  months(query: string, months: readonly string[]): MonthCounts
  /** The photos that match, the newest first whatever their rank, from a place or a moment on. */
  timelinePage(query: string, place: TimelinePlace): TimelinePage
  /** The place of a photo among those; null where it is not one of them. */
  placeOf(query: string, photoId: number): number | null
  /**
   * Rows of the index at places among those.
   * @param token of the timeline that the places are of.
   * @throws LensloreError `SELECTION_STALE` where it is another by now.
   */
  rowsAtPlaces(query: string, token: string, ranges: PlaceRanges): RowsOfPlaces
}

/**
 * Where counting ends unless all matches are asked for: to walk through the hundred thousands of photos with
 * a man and a dog takes longer than anyone wants to wait while typing.
 */
export const countedMatches = 250
/** A search with at most so many matches ranks words side by side first. */
const fewMatches = 250
const suggestionsTried = 5
/** Few queries combine more sets than this. */
const scratchKept = 16
/** Queries whose timelines are looked at, or were just now. */
const foundKept = 8
/** Rows of them that are put down in order, 8 bytes each. */
const mostOrdered = 2 ** 21
/** Of photos that only FTS5 finds, the newest are counted by facets: each is looked up. */
const facetsCountedFromIndex = 10_000
/** Of what begins with one letter there may be thousands. */
const placesTried = 200
/** Of words in a row, each of which is looked up. */
const rowsATurn = 2000
/** Of words that are gone from all photos the list knows still: more are read than are wanted. */
const completionsRead = 4

export const pageSql = `SELECT rowid FROM search_index
  WHERE search_index MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid LIMIT ?`
/** One after the other, each sought in the index: what matches may be nearly all that there is. */
export const amongSql = `SELECT wanted.value AS row FROM json_each(?) AS wanted
    CROSS JOIN search_index ON search_index.rowid = wanted.value
  WHERE search_index MATCH ?`
export const countSql = `SELECT count(*) AS n FROM (SELECT rowid FROM search_index
  WHERE search_index MATCH ? AND rowid >= ? AND rowid < ? LIMIT ?)`
export const hitsSql = `SELECT photos.id, search_id, folders.path AS folder_path, directory, name, camera, lens,
    captions.text AS caption, caption_source, is_unsure, error_code, error_message
  FROM json_each(?) AS wanted
    JOIN photos ON photos.search_id = wanted.value
    JOIN folders ON folders.id = photos.folder_id
    LEFT JOIN captions ON captions.id = photos.caption_id
  ORDER BY wanted.key`
/** Only for the hits whose caption is not why they were found: it takes as long as all else of a hit. */
export const extraSql = `SELECT concat_ws(' ', (SELECT group_concat(text, ' ') FROM search_extra WHERE photo_id = photos.id),
    (SELECT group_concat(gazetteer.name, ', ') FROM places JOIN gazetteer ON key IN (town, city, country) WHERE places.id = place_id),
    ${otherCaptionsSql}) AS extra FROM photos WHERE id = ?`
/** The two halves of what may be one slip away: the same first letter, or the first letters swapped or lost. */
const sameStartSql = `SELECT word, stem, captions + others AS photos FROM search_words
  WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?`
const otherStartSql = `SELECT word, stem, captions + others AS photos FROM search_words
  WHERE length(word) BETWEEN ? AND ? AND (substr(word, 2, 1) = ? OR substr(word, 1, 1) = ?)`
const captionsSql = `SELECT search_id, text, is_unsure FROM json_each(?) AS wanted
    JOIN photos ON photos.search_id = wanted.value
    JOIN captions ON captions.id = photos.caption_id`
const documentsSql = `SELECT search_document AS document FROM json_each(?) AS wanted
    JOIN photos ON photos.search_id = wanted.value`
const idsSql = `SELECT photos.id FROM json_each(?) AS wanted
    JOIN photos ON photos.search_id = wanted.value`
const rowsSql = `SELECT photos.id, search_id AS row, search_document AS document FROM json_each(?) AS wanted
    JOIN photos ON photos.id = wanted.value WHERE search_id IS NOT NULL ORDER BY wanted.key`
/** By how much of the name there is. */
const placesSql = {
  whole: 'SELECT key FROM gazetteer_names WHERE begin = ? AND is_whole = 1 LIMIT ?',
  within: `SELECT key FROM gazetteer_names WHERE begin = ?
    UNION SELECT key FROM gazetteer_names WHERE begin > ? AND begin < ? LIMIT ?`,
  begun: 'SELECT DISTINCT key FROM gazetteer_names WHERE begin >= ? AND begin < ? LIMIT ?',
}
/** By where the words are to be. */
const endingSql = {
  caption: `SELECT word, stem FROM search_words
    WHERE reversed > ? AND reversed < ? AND captions > 0 ORDER BY captions DESC LIMIT ?`,
  others: `SELECT word, stem FROM search_words
    WHERE reversed > ? AND reversed < ? AND others > 0 ORDER BY others DESC LIMIT ?`,
}
const completeSql = {
  caption: `SELECT DISTINCT stem FROM (SELECT stem FROM search_words
    WHERE word >= ? AND word < ? AND captions > 0 ORDER BY captions DESC LIMIT ?)`,
  others: `SELECT DISTINCT stem FROM (SELECT stem FROM search_words
    WHERE word >= ? AND word < ? AND others > 0 ORDER BY others DESC LIMIT ?)`,
}

/** FTS5 reads all that begins so: of these sets, and of as many bytes. */
const fewTokens = 1000
const fewBytes = 2 ** 16
const begunSql = `SELECT count(*) AS tokens, ifnull(sum(length(documents)), 0) AS bytes
  FROM (SELECT documents FROM search_postings WHERE token >= ? AND token < ? LIMIT ?)`

/** One way to answer a query: rows of photos in the order of the index, tier by tier. */
interface Answer {
  isEmpty(): boolean
  measure(countAll: boolean): { total: number; totalIsExact: boolean }
  /** At most `limit` rows from `fromRow` on. */
  rowsOf(tier: number, fromRow: number, limit: number): number[]
  /**
   * The same for photos with these words side by side in the caption, sure captions and unsure ones; only where few
   * photos match.
   */
  rowsSideBySide(stems: readonly string[]): [sure: number[], unsure: number[]]
  /** The photos as a set, and whether it has all of them. */
  set(): { bits: Bits; isExact: boolean }
  /** The rows of those of some photos that are among them. */
  among(photos: readonly PhotoRow[]): number[]
  /** At most `limit` rows of all of them from `fromRow` on. */
  next(fromRow: number, limit: number): number[]
}

/** Of a photo in the index. */
interface PhotoRow {
  id: number
  row: number
  document: number
}

/** What a query finds in the library as it is. */
interface Understood {
  plan: Plan
  range: RowRange
  answer: Answer
  corrected: string | null
  notes: QueryNote[]
  /** All of it, where photos are to look like something, the nearest first. */
  nearest: { row: number; cosine: number }[] | null
}

/** Where the next page begins, and what the first one found out. */
interface Position {
  tier: number
  afterRow: number
  isSideBySide: boolean
  total: number
  totalIsExact: boolean
}

/** What a query found, of the index as it was. */
interface Found extends Survey {
  version: string
  generation: number
  isExact: boolean
  bits: Bits
  eachRows: EachRows
  /** Once a page was asked for. */
  order: Order | undefined
}

interface HitRow {
  id: number
  search_id: number
  folder_path: string
  directory: string
  name: string
  camera: string | null
  lens: string | null
  caption: string | null
  caption_source: CaptionSource | null
  is_unsure: number | null
  error_code: string | null
  error_message: string | null
}

export function createSearcher(database: Database, likes: LikesOfQueries = createLikesOfQueries()): Searcher {
  const { prepare, read } = database
  const postings = createPostingsReader(database)
  const documentPhotos = createDocumentPhotos(database, postings)
  /** Sets that a search works in, a quarter of a megabyte each in a large library; the next one takes the same. */
  const scratch: Bits[] = []
  let scratchUsed = 0
  /** By query, the one asked for longest ago first. */
  const recent = new Map<string, Found>()

  function keepScratch(bits: Bits): Bits {
    scratch[scratchUsed++] = bits
    return bits
  }

  function copyOf(bits: Bits): Bits {
    const known = scratch[scratchUsed]
    if (known?.length !== bits.length) return keepScratch(bits.slice())
    known.set(bits)
    return keepScratch(known)
  }

  const around: Surroundings = {
    complete: (prefix, where, limit) =>
      prepare<{ stem: string }>(completeSql[where])
        .all(prefix, `${prefix}\u{10ffff}`, limit * completionsRead)
        .values()
        .map((row) => row.stem)
        .filter((stem) => postings.has(tokenOf(stem, where)))
        .take(limit)
        .toArray(),
    endingWith(end, where, limit) {
      const reversed = reverse(end)
      return prepare<{ word: string; stem: string }>(endingSql[where])
        .all(reversed, `${reversed}\u{10ffff}`, limit * completionsRead)
        .filter(({ stem }) => postings.has(tokenOf(stem, where)))
        .slice(0, limit)
    },
    isBegunByFew(prefix) {
      const token = tokenOf(prefix, 'others')
      const { tokens, bytes } = prepare<{ tokens: number; bytes: number }>(begunSql).get(
        token,
        `${token}\u{10ffff}`,
        fewTokens + 1,
      )!
      return tokens <= fewTokens && bytes <= fewBytes
    },
    isInARow: (stems) => isFound(anyOf([words(stems, 'caption'), words(stems, 'others')])),
    hasMissing: () =>
      prepare('SELECT 1 FROM photo_tallies WHERE is_missing = 1 AND photos > 0 LIMIT 1').get() !== undefined,
    hasExcluded: () => postings.has(flag.excluded),
    hasUnsure: () => postings.has(flag.unsure),
    folders: () =>
      prepare<{ id: number; path: string; state: FolderState }>('SELECT id, path, state FROM folders')
        .all()
        .map(({ id, path, state }) => ({ id, path, isOffline: state === 'offline' })),
    placesNamed(words, how) {
      const name = foldName(words)
      if (name === '') return []
      const asked = {
        whole: [name],
        within: [name, `${name} `, `${name}!`],
        begun: [name, `${name}\u{10ffff}`],
      }
      return prepare<{ key: string }>(placesSql[how])
        .all(...asked[how], placesTried)
        .map(({ key }) => key)
        .filter((key) => postings.has(flag.at(key)))
    },
    hasDirectory: (folderId, directory) => postings.has(flag.directory(folderId, directory)),
    stackOf: (photoId) =>
      prepare<{ id: number }>('SELECT stack_id AS id FROM stack_photos WHERE photo_id = ?').get(photoId)
        ?.id ?? null,
  }

  function countUpTo(match: Match, range: RowRange, limit: number): number {
    return prepare<{ n: number }>(countSql).get(
      toExpression(match),
      toRow(range.fromRow),
      toRow(range.beforeRow),
      limit,
    )!.n
  }

  function isFound(match: Match): boolean {
    return countUpTo(match, everyRow, 1) > 0
  }

  /** For words in a row: FTS5 walks through all entries that have them, so it counts no more than it has to. */
  function answerFromIndex(plan: Plan, range: RowRange): Answer {
    const rowsOf = (match: Match, fromRow: number, limit: number) =>
      prepare<{ rowid: number }>(pageSql)
        .all(toExpression(match), toRow(fromRow), toRow(range.beforeRow), limit)
        .map((row) => row.rowid)
    return {
      isEmpty: () => countUpTo(plan.all, range, 1) === 0,
      measure(countAll) {
        const most = countAll ? farthestRow : countedMatches
        const counted = countUpTo(plan.all, range, most + 1)
        return { total: Math.min(counted, most), totalIsExact: counted <= most }
      },
      rowsOf: (tier, fromRow, limit) => rowsOf(plan.tiers[tier]!, fromRow, limit),
      rowsSideBySide(stems) {
        const matches = allOf([words(stems, 'caption'), plan.all])
        const unsure = flagged(flag.unsure)
        return [
          rowsOf(without(matches, unsure), range.fromRow, fewMatches),
          rowsOf(allOf([matches, unsure]), range.fromRow, fewMatches),
        ]
      },
      set() {
        const found = rowsOf(plan.all, range.fromRow, facetsCountedFromIndex + 1)
        const documents = prepare<{ document: number }>(documentsSql).all(
          JSON.stringify(found.slice(0, facetsCountedFromIndex)),
        )
        return {
          bits: postings.bitsOfDocuments(documents.map((row) => row.document)),
          isExact: found.length <= facetsCountedFromIndex,
        }
      },
      among(photos) {
        const rows = photos.map(({ row }) => row)
        const within = rows.filter((row) => row >= range.fromRow && row < range.beforeRow)
        return prepare<{ row: number }>(amongSql)
          .all(JSON.stringify(within), toExpression(plan.all))
          .map(({ row }) => row)
      },
      next: (fromRow, limit) => rowsOf(plan.all, Math.max(fromRow, range.fromRow), limit),
    }
  }

  /** For everything else: sets of bits, which are counted as quickly as they are combined. */
  function answerFromPostings(plan: Plan, range: RowRange, leftOut: Bits | null): Answer {
    const known = new Map<Match, Bits>()
    const living = postings.bitsOf(flag.everyPhoto)
    const livingOf = (match: Match) => {
      const bits = copyOf(bitsOf(match, known))
      intersect(bits, living)
      if (leftOut) subtract(bits, leftOut)
      return bits
    }
    const all = livingOf(plan.all)
    postings.restrict(all, range)
    const { beforeRow } = range
    return {
      isEmpty: () => isEmpty(all),
      measure: () => ({ total: countBits(all), totalIsExact: true }),
      rowsOf: (tier, fromRow, limit) =>
        postings.firstRows(livingOf(plan.tiers[tier]!), { fromRow, beforeRow }, limit),
      rowsSideBySide(stems) {
        const rows = postings.firstRows(all, range, fewMatches)
        const pattern = { stems, lastPrefix: null }
        const found = prepare<{ search_id: number; text: string; is_unsure: number }>(captionsSql)
          .all(JSON.stringify(rows))
          .filter(({ text }) => findMarks(tokenize(text), [pattern]).length > 0)
          .sort((a, b) => a.search_id - b.search_id)
        const rowsWhere = (isUnsure: number) =>
          found.filter((row) => row.is_unsure === isUnsure).map((row) => row.search_id)
        return [rowsWhere(0), rowsWhere(1)]
      },
      set: () => ({ bits: all, isExact: true }),
      among: (photos) => amongBits(all, photos),
      next: (fromRow, limit) => postings.firstRows(all, { fromRow, beforeRow }, limit),
    }
  }

  function amongBits(bits: Bits, photos: readonly PhotoRow[]): number[] {
    const asked = postings.bitsOfDocuments(photos.map(({ document }) => document))
    intersect(asked, bits)
    return listRows(asked)
  }

  /** @param known what has been worked out before; nobody changes the bits in it. */
  function bitsOf(match: Match, known: Map<Match, Bits>): Bits {
    let bits = known.get(match)
    if (bits === undefined) {
      bits = combine(match, known)
      known.set(match, bits)
    }
    return bits
  }

  function combine(match: Match, known: Map<Match, Bits>): Bits {
    switch (match.kind) {
      case 'words': {
        const token = tokenOf(match.stems[0]!, match.where)
        return match.isBegun
          ? keepScratch(postings.bitsOfBegun(token, scratch[scratchUsed]))
          : postings.bitsOf(token)
      }
      case 'flag':
        return postings.bitsOf(match.flag)
      case 'without': {
        const bits = copyOf(bitsOf(match.wanted, known))
        subtract(bits, bitsOf(match.unwanted, known))
        return bits
      }
      case 'all':
      case 'any': {
        const [first, ...others] = match.of
        const bits = copyOf(bitsOf(first!, known))
        for (const other of others) {
          if (match.kind === 'all') intersect(bits, bitsOf(other, known))
          else unite(bits, bitsOf(other, known))
        }
        return bits
      }
    }
  }

  /** The same query with every word that is found nowhere replaced by the nearest one that is. */
  function correct(text: string, query: Query): string | null {
    let corrected = text
    for (const term of query.clauses.flat()) {
      if (term.kind !== 'words' || term.negated) continue
      let source = term.source
      for (const token of term.tokens) {
        if (token.kind !== 'word' || isFound(expressToken(token, around))) continue
        const nearest = findNearest(token.text)
        if (nearest !== null) source = source.replace(term.text.slice(token.start, token.end), () => nearest)
      }
      corrected = corrected.replace(term.source, () => source)
    }
    return corrected === text ? null : corrected
  }

  function findNearest(word: string): string | null {
    const slips = slipsAllowed(word.length)
    if (slips === 0) return null
    const [first = '', second = ''] = word
    const shortest = word.length - slips
    const longest = word.length + slips
    const known = () => prepare<{ word: string; stem: string; photos: number }>(sameStartSql)
    const others = () => prepare<{ word: string; stem: string; photos: number }>(otherStartSql)
    for (const rows of [
      () => known().all(first, `${first}\u{10ffff}`, shortest, longest),
      () => others().all(shortest, longest, second, second),
    ]) {
      const near = rows()
        .map((row) => ({ ...row, distance: editDistance(word, row.word, slips) }))
        .filter((row) => row.distance <= slips)
        .sort((a, b) => a.distance - b.distance || b.photos - a.photos || (a.word < b.word ? -1 : 1))
      // The list remembers words that have since gone from every photo.
      const found = near
        .slice(0, suggestionsTried)
        .find((row) => isFound(anyOf([words([row.stem], 'caption'), words([row.stem], 'others')])))
      if (found) return found.word
    }
    return null
  }

  function readHits(rows: readonly number[], patterns: readonly Pattern[]): SearchHit[] {
    return prepare<HitRow>(hitsSql)
      .all(JSON.stringify(rows))
      .map((row) => toHit(row, patterns, extraOf))
  }

  function extraOf(photoId: number): string | null {
    return prepare<{ extra: string | null }>(extraSql).get(photoId)!.extra
  }

  /**
   * What a query finds in the library as it is now.
   * @param isBegun more of it is still to come: what nothing of can be searched finds nothing, but takes nothing from that.
   */
  function understand(text: string, isBegun = false): Understood {
    postings.refresh()
    scratchUsed = 0
    scratch.splice(scratchKept)
    const query = parseQuery(text)
    if (isBegun) query.isUnsearchable = false
    const known = likesOf(text, query)
    if (known?.nearest) return understandNearest(text, query, known, known.nearest)
    const isNothingLeft = query.clauses.length === 0 && query.fromMs === null && query.beforeMs === null
    if (known?.leftOut === null && isNothingLeft) query.isUnsearchable = true
    const range = rangeOf(query)
    const plan = planSearch(query, around)
    const begun = begunBefore(query)
    const leftOut = known?.leftOut ? livingOf(documentPhotos.documentsOf(known.leftOut)) : null
    const answer = answerFor(plan, range, begun, leftOut)
    const corrected = hasAlternatives(query) || answer.isEmpty() ? correct(text, query) : null
    const notes = [...query.notes, ...(known?.notes ?? [])]
    if (corrected === null) return { plan, range, answer, corrected, notes, nearest: null }
    const correctedPlan = planSearch(parseQuery(corrected), around)
    const correctedAnswer = answerFor(correctedPlan, range, begun, leftOut)
    return { plan: correctedPlan, range, answer: correctedAnswer, corrected, notes, nearest: null }
  }

  /** Where it was found out which photos a query finds, all else of it is to be said beside them alone. */
  function understandNearest(
    text: string,
    query: Query,
    { notes }: ResolvedLikes,
    found: NonNullable<ResolvedLikes['nearest']>,
  ): Understood {
    const { plan, range, corrected } = understand(withoutLikes(text))
    const ids = found.map(({ photoId }) => photoId)
    const photos = new Map(rowsOfPhotos(ids).map((photo) => [photo.id, photo]))
    const nearest = found.flatMap(({ photoId, cosine }) => {
      const photo = photos.get(photoId)
      return photo ? { row: photo.row, cosine } : []
    })
    const bits = postings.bitsOfDocuments([...photos.values()].map(({ document }) => document))
    const answer: Answer = {
      isEmpty: () => nearest.length === 0,
      measure: () => ({ total: nearest.length, totalIsExact: true }),
      rowsOf: () => nearest.map(({ row }) => row),
      rowsSideBySide: () => [[], []],
      set: () => ({ bits, isExact: true }),
      among: (photos) => amongBits(bits, photos),
      next: (fromRow, limit) => postings.firstRows(bits, { fromRow, beforeRow: farthestRow }, limit),
    }
    return {
      plan,
      range,
      answer,
      corrected: corrected === null ? null : correct(text, query),
      notes: [...query.notes, ...notes],
      nearest,
    }
  }

  /** A row of a document that is dead may be another photo's by now. */
  function livingOf(documents: Bits): Bits {
    intersect(documents, postings.bitsOf(flag.everyPhoto))
    return documents
  }

  function likesOf(text: string, query: Query): ResolvedLikes | undefined {
    return query.likes.length > 0 ? likes.of(text) : undefined
  }

  /** All that an answer depends on. */
  function version(text: string): string {
    postings.refresh()
    return JSON.stringify([postings.version(), around.folders(), likesOf(text, parseQuery(text))?.version])
  }

  /** Found and walked through once for all pages, until the index is another one. */
  function find(text: string): Found {
    const now = version(text)
    const before = recent.get(text)
    let found = before
    if (found?.version !== now) {
      const { bits: shared, isExact } = understand(text).answer.set()
      const bits = shared.slice()
      const eachRows: EachRows = (visit) => postings.eachRows(bits, visit)
      const generation = postings.generation()
      const survey = before?.generation === generation ? surveySince(before, bits) : surveyRows(eachRows)
      // Of captions alone the order does not change.
      const order = before?.token === survey.token ? before.order : undefined
      found = { version: now, generation, isExact, bits, eachRows, order, ...survey }
    }
    recent.delete(text)
    recent.set(text, found)
    if (recent.size > foundKept) recent.delete(recent.keys().next().value!)
    return found
  }

  /** Every commit of captions asks for it anew, of a million photos, and changes few. */
  function surveySince(before: Found, bits: Bits): Survey {
    // There may be more documents by now.
    const old = new Uint32Array(bits.length)
    old.set(before.bits)
    const without =
      (set: Bits, other: Bits): EachRows =>
      (visit) => {
        const left = set.slice()
        subtract(left, other)
        postings.eachRows(left, visit)
      }
    return surveyChange(before, without(old, bits), without(bits, old))
  }

  function orderOf(found: Found): Order {
    found.order ??= orderRows(found.eachRows, found)
    let ordered = 0
    for (const each of [...recent.values()].reverse()) {
      ordered += each.order ? each.total : 0
      if (each !== found && ordered > mostOrdered) each.order = undefined
    }
    return found.order
  }

  function timeline(text: string): Timeline {
    const { days, total, token, isExact } = find(text)
    const months = monthsOf(days)
    return {
      months: months.map(([month]) => month),
      photos: months.map(([, photos]) => photos),
      total,
      isExact,
      token,
    }
  }

  function timelinePage(text: string, { offset, beforeMs, limit }: TimelinePlace): TimelinePage {
    const found = find(text)
    const order = orderOf(found)
    const first = beforeMs === undefined ? (offset ?? 0) : order.countBefore(rowOfEnd(beforeMs))
    return { offset: first, token: found.token, ...readColumns(database, order.rowsAt(first, limit)) }
  }

  function placeOf(text: string, photoId: number): number | null {
    const order = orderOf(find(text))
    const row = prepare<{ search_id: number | null }>('SELECT search_id FROM photos WHERE id = ?').get(
      photoId,
    )?.search_id
    return row != null && order.has(row) ? order.countBefore(row) : null
  }

  function rowsAtPlaces(text: string, token: string, ranges: PlaceRanges): RowsOfPlaces {
    const { eachRows, total, token: now } = find(text)
    if (token !== now) {
      throw new LensloreError('SELECTION_STALE', 'Other photos are found by now; choose again.')
    }
    return rowsOfPlaces(eachRows, total, ranges)
  }

  function search(text: string, options: SearchOptions = {}): SearchPage {
    const limit = options.limit ?? 50
    const given = options.cursor == null ? null : parseCursor(options.cursor)
    const { plan, range, answer, corrected, notes, nearest } = understand(text)
    if (nearest) return pageOfNearest(nearest, plan, { corrected, notes, limit, first: given?.afterRow ?? 0 })
    const measured = given ?? answer.measure(options.countAll ?? true)
    const isSideBySide =
      plan.sideBySide !== null &&
      (given?.isSideBySide ?? (measured.totalIsExact && measured.total <= fewMatches))
    const sideBySide = isSideBySide ? answer.rowsSideBySide(plan.sideBySide!) : [[], []]
    const first = sideBySide.flat()

    const found: { row: number; tier: number }[] = []
    // The first tiers are the photos with the words side by side, where they come first.
    const lastTier = sideBySide.length + plan.tiers.length - 1
    for (let tier = given?.tier ?? 0; tier <= lastTier && found.length <= limit; tier++) {
      const fromRow = given !== null && tier === given.tier ? given.afterRow + 1 : range.fromRow
      const wanted = limit + 1 - found.length
      const planned = tier - sideBySide.length
      const others =
        planned < 0
          ? sideBySide[tier]!.filter((row) => row >= fromRow)
          : answer
              .rowsOf(planned, Math.max(fromRow, range.fromRow), wanted + first.length)
              .filter((row) => !first.includes(row))
      for (const row of others.slice(0, wanted)) found.push({ row, tier })
    }
    const shown = found.slice(0, limit)
    const last = found.length > limit ? shown.at(-1)! : undefined
    return {
      total: measured.total,
      totalIsExact: measured.totalIsExact,
      photos: readHits(
        shown.map((hit) => hit.row),
        plan.patterns,
      ),
      cursor: last
        ? formatCursor({
            tier: last.tier,
            afterRow: last.row,
            isSideBySide,
            total: measured.total,
            totalIsExact: measured.totalIsExact,
          })
        : null,
      corrected,
      notes,
    }
  }

  function answerFor(plan: Plan, range: RowRange, begun: Match | null, leftOut: Bits | null): Answer {
    const answer = hasPhrase(plan.all)
      ? withoutSome(answerFromIndex(plan, range), leftOut)
      : answerFromPostings(plan, range, leftOut)
    if (begun === null) return answer
    const older = { fromRow: range.beforeRow, beforeRow: farthestRow }
    return inTurn(answer, answerFor(narrowPlan(plan, begun), older, null, leftOut), older.fromRow)
  }

  /** For FTS5, which cannot be told of many photos: what it finds is looked through. */
  function withoutSome(answer: Answer, leftOut: Bits | null): Answer {
    if (leftOut === null) return answer
    const gone = new Set(listRows(leftOut))
    const isLeft = (row: number) => !gone.has(row)
    function leftOf(read: (fromRow: number) => number[], fromRow: number, limit: number): number[] {
      const rows: number[] = []
      for (let from = fromRow; rows.length < limit; ) {
        const found = read(from)
        rows.push(...found.filter(isLeft))
        if (found.length < limit) break
        from = found.at(-1)! + 1
      }
      return rows.slice(0, limit)
    }
    function set() {
      const { bits: all, isExact } = answer.set()
      const bits = copyOf(all)
      subtract(bits, leftOut!)
      return { bits, isExact }
    }
    return {
      isEmpty: () => isEmpty(set().bits),
      measure() {
        const { bits, isExact } = set()
        return { total: countBits(bits), totalIsExact: isExact }
      },
      rowsOf: (tier, fromRow, limit) => leftOf((from) => answer.rowsOf(tier, from, limit), fromRow, limit),
      rowsSideBySide(stems) {
        const [sure, unsure] = answer.rowsSideBySide(stems)
        return [sure.filter(isLeft), unsure.filter(isLeft)]
      },
      set,
      among: (photos) => answer.among(photos).filter(isLeft),
      next: (fromRow, limit) => leftOf((from) => answer.next(from, limit), fromRow, limit),
    }
  }

  /**
   * What photos have that were taken in a year or a month, no more is known, that begins before the first day asked for and ends
   * after it: they may be of the time asked for. Null where there is none.
   */
  function begunBefore({ fromMs, beforeMs }: Query): Match | null {
    if (fromMs === null || (beforeMs !== null && beforeMs <= fromMs)) return null
    const day = new Date(fromMs).toISOString()
    const around = ['YYYY', 'YYYY-MM'].map((form) => day.slice(0, form.length))
    const flags = around
      .filter((date) => spanOfDate(date)!.fromMs < fromMs)
      .map(flag.datedOnly)
      .filter((each) => postings.has(each))
    return flags.length > 0 ? anyOf(flags.map(flagged)) : null
  }

  /** @param secondFrom the row that all of the second answer are from on, and all of the first before. */
  function inTurn(first: Answer, second: Answer, secondFrom: number): Answer {
    function inOrder(
      read: (answer: Answer, fromRow: number, limit: number) => number[],
      fromRow: number,
      limit: number,
    ): number[] {
      const rows = read(first, fromRow, limit)
      const others = () => read(second, Math.max(fromRow, secondFrom), limit - rows.length)
      return rows.length < limit ? [...rows, ...others()] : rows
    }
    return {
      isEmpty: () => first.isEmpty() && second.isEmpty(),
      measure(countAll) {
        const [one, other] = [first.measure(countAll), second.measure(countAll)]
        return {
          total: one.total + other.total,
          totalIsExact: one.totalIsExact && other.totalIsExact,
        }
      },
      rowsOf: (tier, fromRow, limit) =>
        inOrder((answer, from, limit) => answer.rowsOf(tier, from, limit), fromRow, limit),
      rowsSideBySide(stems) {
        const [[sure, unsure], [otherSure, otherUnsure]] = [first, second].map((each) =>
          each.rowsSideBySide(stems),
        ) as [[number[], number[]], [number[], number[]]]
        return [
          [...sure, ...otherSure],
          [...unsure, ...otherUnsure],
        ]
      },
      set() {
        const [one, other] = [first.set(), second.set()]
        const bits = copyOf(one.bits)
        unite(bits, other.bits)
        return { bits, isExact: one.isExact && other.isExact }
      },
      among: (photos) => [...first.among(photos), ...second.among(photos)],
      next: (fromRow, limit) => inOrder((answer, from, limit) => answer.next(from, limit), fromRow, limit),
    }
  }

  /** @param first of the photos before, in the place of a row */
  function pageOfNearest(
    nearest: NonNullable<Understood['nearest']>,
    { patterns }: Plan,
    {
      corrected,
      notes,
      limit,
      first,
    }: Pick<Understood, 'corrected' | 'notes'> & { limit: number; first: number },
  ): SearchPage {
    const shown = nearest.slice(first, first + limit)
    const hits = readHits(
      shown.map(({ row }) => row),
      patterns,
    )
    const [total, totalIsExact, end] = [nearest.length, true, first + limit]
    return {
      total,
      totalIsExact,
      photos: hits.map((hit, at) => ({ ...hit, cosine: shown[at]!.cosine })),
      cursor:
        end < total
          ? formatCursor({ tier: 0, afterRow: end, isSideBySide: false, total, totalIsExact })
          : null,
      corrected,
      notes,
    }
  }

  function rowsOfPhotos(photoIds: readonly number[]): PhotoRow[] {
    return prepare<PhotoRow>(rowsSql).all(JSON.stringify(photoIds))
  }

  async function photosFound(text: string, turn: () => Promise<void>): Promise<PhotoBits | null> {
    await documentPhotos.keepUp(turn)
    return read(() => {
      const { bits, isExact } = understand(text).answer.set()
      return isExact ? documentPhotos.photosOf(bits) : null
    })
  }

  async function listPhotosFound(text: string, turn: () => Promise<void>): Promise<PhotoBits> {
    const { last } = prepare<{ last: number }>('SELECT max(id) AS last FROM photos').get()!
    const photos = new Uint32Array(Math.floor(last / 32) + 1)
    for (let fromRow = 0; ; ) {
      await turn()
      const rows = read(() => understand(text).answer.next(fromRow, rowsATurn))
      // What came meanwhile is of the next search.
      for (const { id } of prepare<{ id: number }>(idsSql).iterate(JSON.stringify(rows))) {
        if (id <= last) photos[id >>> 5]! |= 1 << id
      }
      if (rows.length < rowsATurn) return photos
      fromRow = rows.at(-1)! + 1
    }
  }

  function findsOf(text: string, photoIds: readonly number[]): Set<number> {
    const { answer } = understand(text)
    const photos = rowsOfPhotos(photoIds)
    const found = new Set(answer.among(photos))
    return new Set(photos.filter(({ row }) => found.has(row)).map(({ id }) => id))
  }

  function sharesOf(text: string, photoIds: readonly number[]): Map<number, number> {
    postings.refresh()
    scratchUsed = 0
    const rowsOf = rowsOfPhotos(photoIds)
    const ids = new Map(rowsOf.map(({ id, row }) => [row, id]))
    const photos = countBits(postings.bitsOf(flag.everyPhoto))
    const shares = new Map(rowsOf.map(({ id }) => [id, 0]))
    let sum = 0
    for (const stem of new Set(tokenize(text).map((token) => token.stem))) {
      const saying = copyOf(postings.bitsOf(tokenOf(stem, 'caption')))
      unite(saying, postings.bitsOf(tokenOf(stem, 'others')))
      // Documents that were of photos before are among these.
      const count = Math.min(countBits(saying), photos)
      const weight = Math.log(1 + (photos - count + 0.5) / (count + 0.5))
      sum += weight
      for (const row of amongBits(saying, rowsOf)) {
        const id = ids.get(row)!
        shares.set(id, shares.get(id)! + weight)
      }
    }
    for (const [id, said] of shares) shares.set(id, sum > 0 ? said / sum : 0)
    return shares
  }

  function findsAtMost(text: string, most: number): number[] | null {
    const { bits, isExact } = understand(text).answer.set()
    if (!isExact || countBits(bits) > most) return null
    return prepare<{ id: number }>(idsSql)
      .all(JSON.stringify(listRows(bits)))
      .map(({ id }) => id)
  }

  function listRows(bits: Bits): number[] {
    const rows: number[] = []
    postings.eachRows(bits, (some) => void rows.push(...some))
    return rows
  }

  function hitsOf(photoIds: readonly number[]): SearchHit[] {
    const rows = rowsOfPhotos(photoIds)
    return readHits(
      rows.map(({ row }) => row),
      [],
    )
  }

  const facets = createFacets(database, {
    postings,
    version,
    find: (text) => understand(text).answer.set(),
  })
  const bitsFound = (text: string) => find(text).bits
  const subfolders = createSubfolders(database, { postings, find: bitsFound })
  const months = createMonths({
    postings,
    find: bitsFound,
    offline: () =>
      around
        .folders()
        .filter((folder) => folder.isOffline)
        .map(({ id }) => id),
  })
  const suggest = createSuggest(database, {
    postings,
    setOf: (begun) => understand(begun, true).answer.set().bits,
    correctionOf(text) {
      const { corrected, answer } = understand(text)
      return corrected === null ? null : { query: corrected, photos: countBits(answer.set().bits) }
    },
  })

  return {
    search: (text, options) => read(() => search(text, options)),
    timeline: (text) => read(() => timeline(text)),
    timelinePage: (text, place) => read(() => timelinePage(text, place)),
    placeOf: (text, photoId) => read(() => placeOf(text, photoId)),
    rowsAtPlaces: (text, token, ranges) => read(() => rowsAtPlaces(text, token, ranges)),
    findsOf: (text, photoIds) => read(() => findsOf(text, photoIds)),
    sharesOf: (text, photoIds) => read(() => sharesOf(text, photoIds)),
    photosFound,
    listPhotosFound,
    readPhotos: documentPhotos.keepUp,
    findsAtMost: (text, most) => read(() => findsAtMost(text, most)),
    hitsOf: (photoIds) => read(() => hitsOf(photoIds)),
    facets: (text) => read(() => facets(text)),
    subfolders: (text, folderId, directory) => read(() => subfolders(text, folderId, directory)),
    months: (text, wanted) => read(() => months(text, wanted)),
    suggest: (text, limit) => read(() => suggest(text, limit)),
  }
}

function hasAlternatives(query: Query): boolean {
  return query.clauses.some((clause) => clause.length > 1)
}

function rangeOf(query: Query): RowRange {
  return {
    fromRow: query.beforeMs === null ? 0 : rowOfEnd(query.beforeMs),
    beforeRow: query.fromMs === null ? farthestRow : rowOfEnd(query.fromMs),
  }
}

/** A number would be bound as a double, and FTS5 seeks to bounds only where they are integers. */
function toRow(row: number): bigint {
  return BigInt(row)
}

function formatCursor(position: Position): string {
  const { tier, afterRow, isSideBySide, total, totalIsExact } = position
  return [tier, afterRow, Number(isSideBySide), total, Number(totalIsExact)].join('.')
}

function parseCursor(cursor: string): Position {
  if (!/^\d{1,2}\.\d{1,16}\.[01]\.\d{1,16}\.[01]$/.test(cursor)) {
    throw new LensloreError('INVALID_ARGUMENT', `${JSON.stringify(cursor)} is no cursor of a search.`)
  }
  const [tier = 0, afterRow = 0, isSideBySide, total = 0, totalIsExact] = cursor.split('.').map(Number)
  return { tier, afterRow, isSideBySide: isSideBySide === 1, total, totalIsExact: totalIsExact === 1 }
}

/** The excerpt comes from the caption where it matches, else from the first other text that does. */
function toHit(
  row: HitRow,
  patterns: readonly Pattern[],
  extraOf: (photoId: number) => string | null,
): SearchHit {
  const path = join(row.folder_path, row.directory, row.name)
  const hit = {
    id: row.id,
    path,
    caption: row.caption,
    captionSource: row.caption_source,
    isUnsure: row.is_unsure === 1,
    error: recordedError(row.error_code, row.error_message),
  }
  const caption = row.caption ?? ''
  const marks = findMarks(tokenize(caption), patterns)
  if (marks.length > 0 || patterns.length === 0) return { ...hit, ...excerpt(caption, marks) }
  const others = [displayFileName(row.name), displayFileName(row.directory), row.camera, row.lens]
  for (const text of [extraOf(row.id), ...others]) {
    if (!text) continue
    const otherMarks = findMarks(tokenizeName(text), patterns)
    if (otherMarks.length > 0) return { ...hit, ...excerpt(text, otherMarks) }
  }
  return { ...hit, ...excerpt(caption, []) }
}
