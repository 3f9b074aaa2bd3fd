import { isLongEnough, type Pattern, patternsOf, withoutLoneEnd } from '../../contract/matched-words.ts'
import type { Query, Term } from '../../contract/query.ts'
import { isWholePath, type PhotoPossession, type PhotoState } from '../../contract/query-grammar.ts'
import { type Token, tokenize, tokenizeParts } from '../../contract/words.ts'
import {
  allOf,
  anyOf,
  flag,
  flagged,
  type Match,
  type NamedKind,
  neighbours,
  type Place,
  ratingsGiven,
  type Scope,
  without,
  words,
} from './match.ts'

/** What planning has to ask the library about. */
export interface Surroundings {
  /** Stems of words in captions, or elsewhere, that begin so, the most frequent first, at most `limit`. */
  complete(prefix: string, where: Scope, limit: number): string[]
  /** The same of words that end so. */
  endingWith(end: string, where: Scope, limit: number): { word: string; stem: string }[]
  /** Whether so few entries have words that begin so that to put them all together takes no time. */
  isBegunByFew(prefix: string): boolean
  /** Whether these words stand in a row anywhere. */
  isInARow(stems: readonly string[]): boolean
  /** Whether any photo is missing at all. */
  hasMissing(): boolean
  /** Whether any is left alone. */
  hasExcluded(): boolean
  /** Whether any caption is unsure at all. */
  hasUnsure(): boolean
  folders(): { id: number; path: string; isOffline: boolean }[]
  /** Keys of places on Earth that photos are at and that have a name, in any language, with these words in a row. */
  placesNamed(words: string, how: 'whole' | 'within' | 'begun'): string[]
  /** Whether any photo is below a directory of a folder. */
  hasDirectory(folderId: number, directory: string): boolean
  /** The stack of a photo; null where it has none. */
  stackOf(photoId: number): number | null
}

export interface Plan {
  /** Everything that matches. */
  all: Match
  /** The same in the order of rank: each photo that matches is in exactly one. */
  tiers: Match[]
  /** Ahead of the tiers where a search has few results: these words side by side in the caption. */
  sideBySide: string[] | null
  patterns: Pattern[]
}

/** How many words that begin as typed a search takes in. */
const completions = 24
/** And of compounds that end so. */
const compounds = 24
/** Shorter ends are of words that have nothing to do with them: `rain` is in train. */
const shortestEnd = 4
const shortestBefore = 3
/** These write articles and prepositions in one with the word, and vowels not at all. */
const shortestEndPrefixed = 3
const prefixing = /^[\p{Script=Arabic}\p{Script=Hebrew}]+$/u
/** Units that stand right behind a number in the names of lenses. */
const unitOfLenses = 'mm'

/** Of all that a plan matches, what has this, too. */
export function narrowPlan(plan: Plan, match: Match): Plan {
  const narrow = (each: Match) => allOf([each, match])
  return { ...plan, all: narrow(plan.all), tiers: plan.tiers.map(narrow) }
}

type WordsTerm = Term & { kind: 'words' }
type FieldTerm = Term & { kind: 'field' }

/** What to match, in two strengths. */
interface Strengths {
  /** The word itself, by its stem. */
  exact: Match
  /** Also words that begin with it. */
  wide: Match
}

/** Turns a query into what to match. All words in it are tokens made by `tokenize`. */
export function planSearch(query: Query, around: Surroundings): Plan {
  if (query.isUnsearchable) {
    const nothing = flagged(flag.nothing)
    return { all: nothing, tiers: [nothing], sideBySide: null, patterns: [] }
  }
  const texts: { caption: Strengths; anywhere: Strengths }[] = []
  const required: Match[] = []
  const excluded: Match[] = []
  for (const clause of query.clauses) {
    const [only] = clause
    if (clause.length === 1 && only!.negated) {
      excluded.push(expressTerm(only!, around).exact)
      continue
    }
    const wanted = clause.filter((term): term is WordsTerm => term.kind === 'words' && !term.negated)
    if (wanted.length === clause.length) {
      // One match for both, so that its set is worked out once.
      const caption = anyStrengths(wanted.map((term) => expressWords(term, 'caption', around)))
      const others = wanted.flatMap((term) => [
        expressWords(term, 'others', around),
        ...expressKeys(term.text, 'whole', around),
      ])
      texts.push({ caption, anywhere: anyStrengths([caption, ...others]) })
    } else {
      const expressions = clause.map((term) => expressTerm(term, around))
      required.push(anyOf(expressions.map((e, i) => (clause[i]!.negated ? allBut(e.exact) : e.wide))))
    }
  }
  // The time of a file is not when a photo was taken, though it stands there among others.
  if (query.fromMs !== null || query.beforeMs !== null) required.push(flagged(flag.dated))
  if (!mentions(query, 'missing') && around.hasMissing()) excluded.push(flagged(flag.missing))
  if (!mentions(query, 'excluded') && around.hasExcluded()) excluded.push(flagged(flag.excluded))

  const restrict = (match: Match | null, ...ranked: Match[]) => {
    const wanted = match === null ? required : [match, ...required]
    const base = wanted.length > 0 ? allOf(wanted) : flagged(flag.everyPhoto)
    const unwanted = [...excluded, ...ranked]
    return unwanted.length > 0 ? without(base, anyOf(unwanted)) : base
  }
  if (texts.length === 0) {
    const all = restrict(null)
    return { all, tiers: [all], sideBySide: null, patterns: patternsOf(query) }
  }

  const caption = allStrengths(texts.map((text) => text.caption))
  const anywhere = allStrengths(texts.map((text) => text.anywhere))
  // What a model doubts comes after what it is sure of, where the words are in the caption.
  const hasUnsure = around.hasUnsure()
  const bySureness = (match: Match): Match[] =>
    hasUnsure ? [without(match, flagged(flag.unsure)), allOf([match, flagged(flag.unsure)])] : [match]
  const tiers = bySureness(restrict(caption.exact))
  if (caption.wide !== caption.exact) tiers.push(...bySureness(restrict(caption.wide, caption.exact)))
  tiers.push(restrict(anywhere.exact, caption.wide))
  if (anywhere.wide !== anywhere.exact) tiers.push(restrict(anywhere.wide, caption.wide, anywhere.exact))
  return { all: restrict(anywhere.wide), tiers, sideBySide: wholePhrase(query), patterns: patternsOf(query) }
}

/** One token in any form: whether a word is known at all. */
export function expressToken(token: Token, around: Surroundings): Match {
  return expressText(token.text, [token], false, around).wide
}

function expressTerm(term: Term, around: Surroundings): Strengths {
  switch (term.kind) {
    case 'words':
      return expressText(term.text, term.tokens, term.isPhrase, around)
    case 'field': {
      if (term.field === 'people' || term.field === 'keyword') {
        return expressNamed(term.tokens, term.isPhrase, term.field, around)
      }
      if (term.field === 'place') return expressNamedPlace(term, around)
      const directories = term.field === 'folder' ? expressDirectory(term.text, around) : []
      if (directories.length > 0) return both(anyOf(directories))
      const below = term.field === 'folder' ? expressPath(term, around) : []
      if (below.length > 0) return both(anyOf(below))
      return expressPlaced(term.tokens, term.isPhrase, term.field, around)
    }
    case 'by':
      return both(flagged(flag.by(term.by)))
    case 'rating':
      return both(
        anyOf(
          term.ratings.map((rating) =>
            rating === 0 ? allBut(anyOf(ratingsGiven.map(rated))) : rated(rating),
          ),
        ),
      )
    case 'has':
      return both(flagged(flagOf[term.what]))
    case 'copies': {
      const stack = around.stackOf(term.photo)
      return both(flagged(stack === null ? flag.nothing : flag.stack(stack)))
    }
    case 'is': {
      if (term.state !== 'offline') return both(flagged(flag[term.state]))
      const offline = around.folders().filter((folder) => folder.isOffline)
      const flags = offline.map(({ id }) => flag.folder(id))
      return both(anyOf((flags.length > 0 ? flags : [flag.nothing]).map(flagged)))
    }
  }
}

/** A name that a file states or the gazetteer has, or one in another language. */
function expressNamedPlace({ text, tokens, isPhrase }: FieldTerm, around: Surroundings): Strengths {
  const { exact, wide } = anyStrengths([
    expressNamed(tokens, isPhrase, 'place', around),
    ...expressKeys(text, 'within', around),
  ])
  if (isPhrase) return both(exact)
  const begun = expressKeys(text, 'begun', around).map((each) => each.wide)
  return { exact, wide: anyOf([wide, ...begun]) }
}

/** @returns none or one */
function expressKeys(text: string, how: 'whole' | 'within' | 'begun', around: Surroundings): Strengths[] {
  const keys = around.placesNamed(text, how)
  return keys.length > 0 ? [both(anyOf(keys.map((key) => flagged(flag.at(key)))))] : []
}

const flagOf: Readonly<Record<PhotoPossession, string>> = {
  caption: flag.captioned,
  date: flag.dated,
  raw: flag.raw,
  video: flag.video,
  copies: flag.stacked,
}

const rated = (rating: number): Match => flagged(flag.rating(rating))

/** Words side by side in one name. */
function expressNamed(
  tokens: readonly Token[],
  isPhrase: boolean,
  kind: NamedKind,
  around: Surroundings,
): Strengths {
  const wanted = withoutLoneEnd(tokens)
  const last = wanted.at(-1)!
  const before = wanted.slice(0, -1).map((token) => token.stem)
  const named = (lastStem: string, isBegun = false): Match => {
    const pairs = neighbours([...before, lastStem])
    return allOf(pairs.map((pair, at) => words([pair], kind, isBegun && at === pairs.length - 1)))
  }
  const exact = named(last.stem)
  if (last.kind === 'gram') return both(named(last.stem, [...last.text].length === 1))
  if (isPhrase || last.kind !== 'word') return both(exact)
  const begun = around.complete(last.text, 'others', completions).filter((stem) => stem !== last.stem)
  return begun.length > 0 ? { exact, wide: anyOf([exact, ...begun.map((stem) => named(stem))]) } : both(exact)
}

function expressWords(term: WordsTerm, where: Scope, around: Surroundings): Strengths {
  return expressPlaced(term.tokens, term.isPhrase, where, around)
}

/** In the caption or anywhere else. */
function expressText(
  text: string,
  tokens: readonly Token[],
  isPhrase: boolean,
  around: Surroundings,
): Strengths {
  return anyStrengths([
    expressPlaced(tokens, isPhrase, 'caption', around),
    expressPlaced(tokens, isPhrase, 'others', around),
    ...expressKeys(text, 'whole', around),
  ])
}

function expressPlaced(
  tokens: readonly Token[],
  isPhrase: boolean,
  where: Place,
  around: Surroundings,
): Strengths {
  const wanted = withoutLoneEnd(tokens)
  const stems = wanted.map((token) => token.stem)
  const before = stems.slice(0, -1)
  const last = wanted.at(-1)!
  const exact = words(stems, where)
  // A single character begins the pair it forms with the next one.
  if (last.kind === 'gram') return both(words(stems, where, [...last.text].length === 1))
  if (isPhrase) return both(exact)
  // What a filter says is so, or it is not: only letters are still being typed.
  const isField = where !== 'caption' && where !== 'others'
  if (last.kind === 'number') return expressNumber(wanted, where, isField, around)
  const alternatives = [exact]
  if (last.kind === 'code') {
    if (isLongEnough(last) && !isField) alternatives.push(words(stems, where, true))
  } else {
    const scope = where === 'caption' ? where : 'others'
    const begun = around.complete(last.text, scope, before.length > 0 ? completions / 2 : completions)
    const ended = before.length > 0 || isField ? [] : expressEnd(last, scope, around)
    const others = new Set([...begun, ...ended])
    others.delete(last.stem)
    for (const other of others) alternatives.push(words([...before, other], where))
  }
  const parts = tokenizeParts(last.text).map((token) => token.stem)
  if (parts.length > 1) alternatives.push(words([...before, ...parts], where))
  return alternatives.length > 1 ? { exact, wide: anyOf(alternatives) } : both(exact)
}

/** A number as the last of some words, or alone. */
function expressNumber(
  wanted: readonly Token[],
  where: Place,
  isField: boolean,
  around: Surroundings,
): Strengths {
  const stems = wanted.map((token) => token.stem)
  const before = stems.slice(0, -1)
  const number = wanted.at(-1)!
  const said = [words(stems, where)]
  if (before.length > 0 && (where === 'lens' || where === 'others')) {
    said.push(words([...before, number.stem + unitOfLenses], where))
  }
  const exact = anyOf(said)
  if (isField) return both(exact)
  // A short one is what it says wherever that is: `IMG_2` is not being typed where there is an IMG_2. Alone it begins too many.
  const isTyped = before.length > 0 && around.isBegunByFew(number.stem) && !around.isInARow(stems)
  const isBegun = isLongEnough(number) || isTyped
  return isBegun ? { exact, wide: anyOf([exact, words(stems, where, true)]) } : both(exact)
}

/** Stems of compounds that end with a word, as `Schäferhund` does. */
function expressEnd({ text, stem }: Token, where: Scope, around: Surroundings): string[] {
  const [end, least] = prefixing.test(text) ? [shortestEndPrefixed, 1] : [shortestEnd, shortestBefore]
  if ([...text].length < end) return []
  return around
    .endingWith(text, where, compounds)
    .filter((word) => [...word.word].length >= [...text].length + least && word.stem.endsWith(stem))
    .map((word) => word.stem)
}

/**
 * `Pictures/2019` as the value of `folder:`, where a folder is called so and has such a directory: all below it and nothing else,
 * which words in a row would not tell from `Pictures/2019 Italy`.
 */
function expressDirectory(text: string, around: Surroundings): Match[] {
  const wanted = text.replaceAll('\\', '/').trim()
  const names = wanted.split('/').filter(Boolean)
  return around.folders().flatMap(({ id, path }) => {
    const root = path.replaceAll('\\', '/').split('/').filter(Boolean)
    const named = wanted.startsWith('/') ? [root.length] : names.keys().drop(1)
    for (const length of named) {
      const isCalledSo = root.slice(-length).join('/') === names.slice(0, length).join('/')
      const directory = names.slice(length).join('/')
      if (isCalledSo && directory !== '' && around.hasDirectory(id, directory)) {
        return [flagged(flag.directory(id, directory))]
      }
    }
    return []
  })
}

/**
 * A whole path as the value of `folder:`, of which the index has only the part below a folder's parent. In quotes it is that
 * directory alone: one that has no photos is not to find those of others that are called alike.
 */
function expressPath({ text, tokens, isPhrase }: FieldTerm, around: Surroundings): Match[] {
  if (!isWholePath(text)) return []
  const wanted = text.replaceAll('\\', '/').replace(/\/+$/, '')
  const isExact = isPhrase || tokens.length === 0
  const found = around.folders().flatMap(({ id, path }) => {
    const root = path.replaceAll('\\', '/').replace(/\/+$/, '')
    const inRoot = flagged(flag.folder(id))
    if (root === wanted || root.startsWith(`${wanted}/`)) return [inRoot]
    if (isExact || !wanted.startsWith(`${root}/`)) return []
    const below = tokenize(wanted.slice(root.lastIndexOf('/') + 1))
    const stems = below.map((token) => token.stem)
    return [stems.length > 0 ? allOf([inRoot, words(stems, 'folder')]) : inRoot]
  })
  return isExact && found.length === 0 ? [flagged(flag.nothing)] : found
}

/** The stems of several plain words, or null where the search is anything else. */
function wholePhrase(query: Query): string[] | null {
  const stems: string[] = []
  let terms = 0
  for (const clause of query.clauses) {
    const [term] = clause
    if (term!.kind !== 'words') continue
    if (clause.length > 1) return null
    if (term!.negated) continue
    terms++
    stems.push(...withoutLoneEnd(term!.tokens).map((token) => token.stem))
  }
  return terms > 1 ? stems : null
}

function mentions(query: Query, state: PhotoState): boolean {
  return query.clauses.flat().some((term) => term.kind === 'is' && term.state === state)
}

function both(match: Match): Strengths {
  return { exact: match, wide: match }
}

function anyStrengths(choices: readonly Strengths[]): Strengths {
  return {
    exact: anyOf(choices.map((choice) => choice.exact)),
    wide: anyOf(choices.map((choice) => choice.wide)),
  }
}

function allStrengths(parts: readonly Strengths[]): Strengths {
  return {
    exact: allOf(parts.map((part) => part.exact)),
    wide: allOf(parts.map((part) => part.wide)),
  }
}

function allBut(match: Match): Match {
  return without(flagged(flag.everyPhoto), match)
}
