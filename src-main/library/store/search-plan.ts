import type { Query, Term } from './query.ts'
import { flag } from './search-index.ts'
import type { Pattern } from './snippet.ts'
import { type Token, tokenize, tokenizeParts } from './words.ts'

/** What planning has to ask the library about. */
export interface Surroundings {
  /** Stems of words that begin so, the most frequent first, at most `limit`. */
  complete(prefix: string, limit: number): string[]
  folders(): { id: number; path: string; isOffline: boolean }[]
}

export interface Plan {
  /** Everything that matches. */
  all: string
  /** The same in the order of rank: each photo that matches is in exactly one. */
  tiers: string[]
  /** Ahead of the tiers where a search has few results: the words side by side in the caption. */
  sideBySide: string | null
  patterns: Pattern[]
}

/** How many words that begin as typed a search takes in. */
const completions = 32

/** A match expression of FTS5, in two strengths. */
interface Expression {
  /** The word itself, by its stem. */
  exact: string
  /** Also words that begin with it. */
  wide: string
}

/**
 * Turns a query into match expressions for the index. All strings in them are tokens made by `tokenize`, in
 * quotes, so that nothing a person types is ever an operator.
 */
export function planSearch(query: Query, around: Surroundings): Plan {
  const patterns: Pattern[] = []
  const texts: Expression[] = []
  const required: string[] = []
  const excluded: string[] = []
  for (const clause of query.clauses) {
    const [only] = clause
    if (clause.length === 1 && only!.negated) {
      excluded.push(expressTerm(only!, around).exact)
      continue
    }
    const expressions = clause.map((term) => expressTerm(term, around))
    for (const term of clause) {
      if (term.kind === 'words' && !term.negated) patterns.push(...patternsOf(term))
    }
    if (clause.every((term) => term.kind === 'words' && !term.negated)) {
      texts.push({
        exact: anyOf(expressions.map((expression) => expression.exact)),
        wide: anyOf(expressions.map((expression) => expression.wide)),
      })
    } else {
      required.push(anyOf(expressions.map((e, i) => (clause[i]!.negated ? allBut(e.exact) : e.wide))))
    }
  }
  if (!mentionsMissing(query)) excluded.push(quote([flag.missing]))

  const restrict = (expression: string | null, ...without: string[]) => {
    const wanted = expression === null ? required : [expression, ...required]
    const base = wanted.length > 0 ? allOf(wanted) : quote([flag.everyPhoto])
    const unwanted = [...excluded, ...without]
    return unwanted.length > 0 ? `(${base}) NOT (${anyOf(unwanted)})` : base
  }
  if (texts.length === 0) {
    const all = restrict(null)
    return { all, tiers: [all], sideBySide: null, patterns }
  }

  const exact = allOf(texts.map((text) => text.exact))
  const wide = allOf(texts.map((text) => text.wide))
  const isWider = exact !== wide
  const inCaption = (expression: string) => `caption : (${expression})`
  const tiers = [restrict(inCaption(exact))]
  if (isWider) tiers.push(restrict(inCaption(wide), inCaption(exact)))
  tiers.push(restrict(exact, inCaption(wide)))
  if (isWider) tiers.push(restrict(wide, inCaption(wide), exact))
  const phrase = wholePhrase(query)
  return {
    all: restrict(wide),
    tiers,
    sideBySide: phrase === null ? null : restrict(inCaption(phrase)),
    patterns,
  }
}

/** A match expression for one token, in any form: whether a word is known at all. */
export function expressToken(token: Token, around: Surroundings): string {
  return expressWords([token], false, around).wide
}

function expressTerm(term: Term, around: Surroundings): Expression {
  switch (term.kind) {
    case 'words':
      return expressWords(term.tokens, term.isPhrase, around)
    case 'field': {
      const { exact, wide } = expressWords(term.tokens, false, around)
      const below = term.field === 'folder' ? expressPath(term.text, around) : []
      return {
        exact: anyOf([`${term.field} : (${exact})`, ...below]),
        wide: anyOf([`${term.field} : (${wide})`, ...below]),
      }
    }
    case 'by':
      return both(quote([flag.by(term.by)]))
    case 'has':
      return both(quote([flag.captioned]))
    case 'is': {
      if (term.state === 'missing') return both(quote([flag.missing]))
      const offline = around.folders().filter((folder) => folder.isOffline)
      // No folder has the number 0: nothing is offline.
      return both(
        anyOf((offline.length > 0 ? offline : [{ id: 0 }]).map(({ id }) => quote([flag.folder(id)]))),
      )
    }
  }
}

function expressWords(tokens: readonly Token[], isPhrase: boolean, around: Surroundings): Expression {
  const wanted = withoutLoneEnd(tokens)
  const stems = wanted.map((token) => token.stem)
  const before = stems.slice(0, -1)
  const last = wanted.at(-1)!
  if (last.kind === 'gram') {
    // A single character begins the pair it forms with the next one.
    return both([...last.text].length === 1 ? `${quote(stems)} *` : quote(stems))
  }
  const exact = quote(stems)
  if (isPhrase) return both(exact)
  if (last.kind === 'number') {
    // Beginnings of one or two digits would gather a good part of all file names.
    if (last.text.length >= 3) return { exact, wide: `${exact} *` }
    return { exact, wide: before.length > 0 ? quote(before) : exact }
  }
  const begun = around.complete(last.text, before.length > 0 ? completions / 2 : completions)
  const alternatives = new Set([exact, ...begun.map((begunStem) => quote([...before, begunStem]))])
  const parts = tokenizeParts(last.text).map((token) => token.stem)
  if (parts.length > 1) alternatives.add(quote([...before, ...parts]))
  return { exact, wide: anyOf([...alternatives]) }
}

/** The last of several characters of a run is indexed alone only where the run ends. */
function withoutLoneEnd(tokens: readonly Token[]): readonly Token[] {
  const last = tokens.at(-1)!
  const previous = tokens.at(-2)
  return last.kind === 'gram' && previous?.kind === 'gram' && previous.end === last.end
    ? tokens.slice(0, -1)
    : tokens
}

/** A whole path as the value of `folder:`, of which the index has only the part below a folder's parent. */
function expressPath(text: string, around: Surroundings): string[] {
  const wanted = text.replaceAll('\\', '/').replace(/\/+$/, '')
  if (!/^(?:\/|[a-z]:\/)/i.test(text.replaceAll('\\', '/'))) return []
  return around.folders().flatMap(({ id, path }) => {
    const root = path.replaceAll('\\', '/').replace(/\/+$/, '')
    const inRoot = quote([flag.folder(id)])
    if (root === wanted || root.startsWith(`${wanted}/`)) return [inRoot]
    if (!wanted.startsWith(`${root}/`)) return []
    const below = tokenize(wanted.slice(root.lastIndexOf('/') + 1))
    return [`(${inRoot} AND folder : ${quote(below.map((token) => token.stem))})`]
  })
}

function patternsOf(term: Term & { kind: 'words' }): Pattern[] {
  const wanted = withoutLoneEnd(term.tokens)
  const last = wanted.at(-1)!
  const isSingle = last.kind === 'gram' && [...last.text].length === 1
  const isBegun = last.kind === 'word' || (last.kind === 'number' && last.text.length >= 3)
  const lastPrefix = isSingle || (isBegun && !term.isPhrase) ? last.text : null
  const patterns = [{ stems: wanted.map((token) => token.stem), lastPrefix }]
  const parts = tokenizeParts(last.text).map((token) => token.stem)
  if (parts.length > 1) patterns.push({ stems: parts, lastPrefix: null })
  return patterns
}

/** Several plain words as one phrase, or null where the search is anything else. */
function wholePhrase(query: Query): string | null {
  const stems: string[] = []
  let words = 0
  for (const clause of query.clauses) {
    const [term] = clause
    if (term!.kind !== 'words') continue
    if (clause.length > 1) return null
    if (term!.negated) continue
    words++
    stems.push(...withoutLoneEnd(term!.tokens).map((token) => token.stem))
  }
  return words > 1 ? quote(stems) : null
}

function mentionsMissing(query: Query): boolean {
  return query.clauses.flat().some((term) => term.kind === 'is' && term.state === 'missing')
}

function quote(tokens: readonly string[]): string {
  return `"${tokens.join(' ').replaceAll('"', '')}"`
}

function both(expression: string): Expression {
  return { exact: expression, wide: expression }
}

function anyOf(expressions: readonly string[]): string {
  return expressions.length === 1 ? expressions[0]! : `(${expressions.join(' OR ')})`
}

function allOf(expressions: readonly string[]): string {
  return expressions.length === 1 ? expressions[0]! : `(${expressions.join(' AND ')})`
}

function allBut(expression: string): string {
  return `(${quote([flag.everyPhoto])} NOT ${expression})`
}
