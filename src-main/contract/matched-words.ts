import type { Query, Term } from './query.ts'
import { type Token, tokenizeParts } from './words.ts'

/** What a term matches in a text: tokens in a row, the last one possibly only begun. */
export interface Pattern {
  stems: readonly string[]
  /** A folded beginning that also matches as the last token; null where the word must be whole. */
  lastPrefix: string | null
}

export type Marks = [start: number, end: number][]

/** What of a text the words of a query are, wherever a photo is found by them. */
export function patternsOf(query: Query): Pattern[] {
  return query.clauses
    .flat()
    .flatMap((term) => (term.kind === 'words' && !term.negated ? patternsOfTerm(term) : []))
}

function patternsOfTerm(term: Term & { kind: 'words' }): Pattern[] {
  const wanted = withoutLoneEnd(term.tokens)
  const last = wanted.at(-1)!
  const isSingle = last.kind === 'gram' && [...last.text].length === 1
  const isBegun = last.kind === 'word' || (last.kind !== 'gram' && isLongEnough(last))
  const lastPrefix = isSingle || (isBegun && !term.isPhrase) ? last.text : null
  const patterns = [{ stems: wanted.map((token) => token.stem), lastPrefix }]
  const parts = tokenizeParts(last.text).map((token) => token.stem)
  if (parts.length > 1) patterns.push({ stems: parts, lastPrefix: null })
  return patterns
}

/** Where the patterns match, as merged ranges in order. */
export function findMarks(tokens: readonly Token[], patterns: readonly Pattern[]): Marks {
  const marks: Marks = []
  for (const pattern of patterns) {
    for (let at = 0; at + pattern.stems.length <= tokens.length; at++) {
      const end = matchEnd(tokens, at, pattern)
      if (end !== undefined) marks.push([tokens[at]!.start, end])
    }
  }
  return merge(marks)
}

function matchEnd(tokens: readonly Token[], at: number, pattern: Pattern): number | undefined {
  const last = pattern.stems.length - 1
  for (let offset = 0; offset < last; offset++) {
    if (tokens[at + offset]!.stem !== pattern.stems[offset]) return undefined
  }
  const token = tokens[at + last]!
  if (token.stem === pattern.stems[last]) return token.end
  if (pattern.lastPrefix === null || !token.text.startsWith(pattern.lastPrefix)) return undefined
  return token.kind === 'gram' ? token.start + pattern.lastPrefix.length : token.end
}

function merge(marks: Marks): Marks {
  const merged: Marks = []
  for (const [start, end] of marks.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = merged.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged
}

/** Beginnings of one or two signs would gather a good part of all file names. */
export function isLongEnough({ text }: Token): boolean {
  return text.length >= 3
}

/** The last of several characters of a run is indexed alone only where the run ends. */
export function withoutLoneEnd(tokens: readonly Token[]): readonly Token[] {
  const last = tokens.at(-1)!
  const previous = tokens.at(-2)
  return last.kind === 'gram' && previous?.kind === 'gram' && previous.end === last.end
    ? tokens.slice(0, -1)
    : tokens
}
