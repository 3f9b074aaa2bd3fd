import type { Query, Term } from './query.ts'
import { flag, type Scope, scope } from './search-index.ts'
import type { Pattern } from './snippet.ts'
import { type Token, tokenize, tokenizeParts } from './words.ts'

/** What planning has to ask the library about. */
export interface Surroundings {
  /** Stems of words in captions, or elsewhere, that begin so, the most frequent first, at most `limit`. */
  complete(prefix: string, where: Scope, limit: number): string[]
  /** Whether any photo is missing at all. */
  hasMissing(): boolean
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
const completions = 24

type WordsTerm = Term & { kind: 'words' }

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
  const texts: { caption: Expression; anywhere: Expression }[] = []
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
      const inCaption = clause.map((term) => expressWords(term as WordsTerm, 'caption', around))
      texts.push({ caption: anyExpression(inCaption), anywhere: anyExpression(expressions) })
    } else {
      required.push(anyOf(expressions.map((e, i) => (clause[i]!.negated ? allBut(e.exact) : e.wide))))
    }
  }
  if (!mentionsMissing(query) && around.hasMissing()) excluded.push(quote([flag.missing]))

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

  const caption = allExpressions(texts.map((text) => text.caption))
  const anywhere = allExpressions(texts.map((text) => text.anywhere))
  const tiers = [restrict(caption.exact)]
  if (caption.wide !== caption.exact) tiers.push(restrict(caption.wide, caption.exact))
  tiers.push(restrict(anywhere.exact, caption.wide))
  if (anywhere.wide !== anywhere.exact) tiers.push(restrict(anywhere.wide, caption.wide, anywhere.exact))
  const phrase = wholePhrase(query)
  return {
    all: restrict(anywhere.wide),
    tiers,
    sideBySide: phrase === null ? null : restrict(phrase),
    patterns,
  }
}

/** A match expression for one token, in any form: whether a word is known at all. */
export function expressToken(token: Token, around: Surroundings): string {
  return expressTokens([token], false, around).wide
}

function expressTerm(term: Term, around: Surroundings): Expression {
  switch (term.kind) {
    case 'words':
      return expressTokens(term.tokens, term.isPhrase, around)
    case 'field': {
      const { exact, wide } = expressScoped(term.tokens, false, 'others', around)
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

function expressWords(term: WordsTerm, where: Scope, around: Surroundings): Expression {
  return expressScoped(term.tokens, term.isPhrase, where, around)
}

/** In the caption or anywhere else. */
function expressTokens(tokens: readonly Token[], isPhrase: boolean, around: Surroundings): Expression {
  return anyExpression([
    expressScoped(tokens, isPhrase, 'caption', around),
    expressScoped(tokens, isPhrase, 'others', around),
  ])
}

function expressScoped(
  tokens: readonly Token[],
  isPhrase: boolean,
  where: Scope,
  around: Surroundings,
): Expression {
  const wanted = withoutLoneEnd(tokens)
  const stems = wanted.map((token) => token.stem)
  const before = stems.slice(0, -1)
  const last = wanted.at(-1)!
  const quoteWords = (words: readonly string[]) => quote(words.map((word) => scope[where] + word))
  const exact = quoteWords(stems)
  // A single character begins the pair it forms with the next one.
  if (last.kind === 'gram') return both([...last.text].length === 1 ? `${exact} *` : exact)
  if (isPhrase) return both(exact)
  if (last.kind === 'number') {
    // Beginnings of one or two digits would gather a good part of all file names.
    if (last.text.length >= 3) return { exact, wide: `${exact} *` }
    return { exact, wide: before.length > 0 ? quoteWords(before) : exact }
  }
  const begun = around.complete(last.text, where, before.length > 0 ? completions / 2 : completions)
  const alternatives = new Set([exact, ...begun.map((begunStem) => quoteWords([...before, begunStem]))])
  const parts = tokenizeParts(last.text).map((token) => token.stem)
  if (parts.length > 1) alternatives.add(quoteWords([...before, ...parts]))
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
    return [`(${inRoot} AND folder : ${quote(below.map((token) => scope.others + token.stem))})`]
  })
}

function patternsOf(term: WordsTerm): Pattern[] {
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

function anyExpression(expressions: readonly Expression[]): Expression {
  return {
    exact: anyOf(expressions.map((expression) => expression.exact)),
    wide: anyOf(expressions.map((expression) => expression.wide)),
  }
}

function allExpressions(expressions: readonly Expression[]): Expression {
  return {
    exact: allOf(expressions.map((expression) => expression.exact)),
    wide: allOf(expressions.map((expression) => expression.wide)),
  }
}

function allOf(expressions: readonly string[]): string {
  return expressions.length === 1 ? expressions[0]! : `(${expressions.join(' AND ')})`
}

function allBut(expression: string): string {
  return `(${quote([flag.everyPhoto])} NOT ${expression})`
}
