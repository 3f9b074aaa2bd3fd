import { createHash } from 'node:crypto'
import type { CaptionSource } from '../../contract/records.ts'

/**
 * What an entry of the index must have, as a tree that two can read: FTS5, for words in a row, and the
 * postings, for everything else.
 */
export type Match =
  | { kind: 'words'; stems: readonly string[]; where: Place; isBegun: boolean }
  | { kind: 'flag'; flag: string }
  | { kind: 'all'; of: readonly Match[] }
  | { kind: 'any'; of: readonly Match[] }
  | { kind: 'without'; wanted: Match; unwanted: Match }

/** Columns of FTS5's. */
export type Field = 'folder' | 'camera' | 'lens'
/** Of these a photo has many, and words of one are not words of another: they are flags, as `namedTokens` makes them. */
export const namedKinds = ['people', 'keyword', 'place'] as const
export type NamedKind = (typeof namedKinds)[number]
/** Words of the caption, all other words together, those of one field, those of a name, or of the file's. */
export type Scope = 'caption' | 'others'
export type Place = Scope | Field | NamedKind | 'name'
/** Their words stand in FTS5 as they do in the sets. */
const flaggedPlaces: readonly Place[] = [...namedKinds, 'name']

/**
 * What stands before a word: words of the caption and other words are different tokens, so that "in the
 * caption" needs no look at columns. Neither sign is in any word.
 */
const marks: Readonly<Record<Place, string>> = {
  caption: '',
  others: ':',
  folder: 'folder=',
  camera: 'camera=',
  lens: 'lens=',
  people: 'people=',
  keyword: 'keyword=',
  place: 'place=',
  name: 'name=',
}

/** Beside none at all, which is 0: rejected and one to five stars. */
export const ratingsGiven = [-1, 1, 2, 3, 4, 5]

/** The token that stands for a filter; '=' is in no word. */
export const flag = {
  everyPhoto: 'is=photo',
  /** No photo has it. */
  nothing: 'is=nothing',
  /** Another photo's file has the same bytes. */
  duplicate: 'is=duplicate',
  /** It is in a stack, for which another photo stands. */
  copy: 'is=copy',
  /** It is in a stack. */
  stacked: 'has=copies',
  stack: (stackId: number) => `stack=${stackId}`,
  missing: 'is=missing',
  /** It is out of sight because its place is left alone. */
  excluded: 'is=excluded',
  /** Its file cannot be read or captioned. */
  failed: 'is=failed',
  /** Its file ends before its picture does. */
  cut: 'is=cut',
  /** It has more files than its own. */
  pair: 'is=pair',
  captioned: 'has=caption',
  raw: 'has=raw',
  video: 'has=video',
  /** Its file, or what lies beside it, says when it was taken. */
  dated: 'has=date',
  /** Of its date no more is known than this, `YYYY` or `YYYY-MM`. FTS5 would cut at a hyphen. */
  datedOnly: (date: string) => `span=${date.replace('-', '')}`,
  /** The current caption is a model's, which doubts it. */
  unsure: 'is=unsure',
  favorite: 'is=favorite',
  /** One of `ratingsGiven`. */
  rating: (rating: number) => (rating < 0 ? 'rating=rejected' : `rating=${rating}`),
  by: (source: CaptionSource) => `by=${source}`,
  /** By a key of the gazetteer. */
  at: (key: string) => `at=${key}`,
  folder: (folderId: number) => `root=${folderId}`,
  /** Anywhere below a directory of a folder. Its path is hashed, for a token has no room for spaces and signs. */
  directory: (folderId: number, directory: string) => `in=${hashOf(`${folderId}/${directory}`)}`,
} as const

/** 64 bits in hex, which FTS5 leaves as they are: no two directories of a library meet. */
const hashOf = (path: string) => createHash('sha256').update(path).digest('hex').slice(0, 16)

/** The token of a word in the postings; those of `caption` and `others` are also FTS5's. */
export function tokenOf(stem: string, where: Place): string {
  return marks[where] + stem
}

/**
 * The words of a name in a row, as one token for each two that are neighbours: so that they are found side by side in one
 * name without a look at where they stand.
 */
export function neighbours(stems: readonly string[]): string[] {
  return stems.length === 1 ? [stems[0]!] : stems.slice(1).map((stem, at) => `${stems[at]}=${stem}`)
}

/** Before a whole name as it is written, which is counted. No word begins with the sign, and FTS5 does not know it. */
export function wholeName(kind: NamedKind | Field, name: string): string {
  return `${marks[kind]}=${name}`
}

/** @param isBegun the last word may also be longer. */
export function words(stems: readonly string[], where: Place, isBegun = false): Match {
  return { kind: 'words', stems, where, isBegun }
}

export function flagged(flag: string): Match {
  return { kind: 'flag', flag }
}

export function allOf(of: readonly Match[]): Match {
  return of.length === 1 ? of[0]! : { kind: 'all', of }
}

export function anyOf(of: readonly Match[]): Match {
  return of.length === 1 ? of[0]! : { kind: 'any', of }
}

export function without(wanted: Match, unwanted: Match): Match {
  return { kind: 'without', wanted, unwanted }
}

/** Of the words of file names those are in the sets that many photos share; numbers and codes are nearly each its own photo's. */
export function isSharedOfName(stem: string): boolean {
  return !/\p{N}/u.test(stem)
}

/** Whether words must stand in a row somewhere, or are of a file's name alone, which only FTS5 knows. */
export function hasPhrase(match: Match): boolean {
  switch (match.kind) {
    case 'words':
      return match.stems.length > 1 || (match.where === 'name' && !isSharedOfName(match.stems[0]!))
    case 'flag':
      return false
    case 'all':
    case 'any':
      return match.of.some(hasPhrase)
    case 'without':
      return hasPhrase(match.wanted) || hasPhrase(match.unwanted)
  }
}

/**
 * The same as an expression of FTS5. All strings in it are tokens, in quotes, so that nothing a person types
 * is ever an operator.
 */
export function toExpression(match: Match): string {
  switch (match.kind) {
    case 'words': {
      const { stems, where, isBegun } = match
      const scope = where === 'caption' ? 'caption' : 'others'
      const isFlagged = flaggedPlaces.includes(where)
      const quoted =
        quote(stems.map((stem) => tokenOf(stem, isFlagged ? where : scope))) + (isBegun ? ' *' : '')
      return where === scope || isFlagged ? quoted : `(${where} : ${quoted})`
    }
    case 'flag':
      return quote([match.flag])
    case 'all':
      return `(${match.of.map(toExpression).join(' AND ')})`
    case 'any':
      return `(${match.of.map(toExpression).join(' OR ')})`
    case 'without':
      return `(${toExpression(match.wanted)} NOT ${toExpression(match.unwanted)})`
  }
}

function quote(tokens: readonly string[]): string {
  return `"${tokens.join(' ').replaceAll('"', '')}"`
}
