import type { Token } from './words.ts'

/** What a term matches in a text: tokens in a row, the last one possibly only begun. */
export interface Pattern {
  stems: readonly string[]
  /** A folded beginning that also matches as the last token; null where the word must be whole. */
  lastPrefix: string | null
}

export type Marks = [start: number, end: number][]

const longestSnippet = 160
const shownBefore = 40

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

/** An excerpt of at most about 160 characters around the first mark, cut between words where it can be. */
export function excerpt(text: string, marks: Marks): { snippet: string; marks: Marks } {
  if (text.length <= longestSnippet) return { snippet: text, marks }
  const first = marks[0]?.[0] ?? 0
  let start = first <= longestSnippet - shownBefore ? 0 : first - shownBefore
  if (start > 0) start = nextBreak(text, start, first)
  let end = Math.min(text.length, start + longestSnippet)
  if (end < text.length) {
    const space = text.lastIndexOf(' ', end)
    if (space > start + longestSnippet / 2) end = space
    else if (isLowSurrogate(text, end)) end--
  }
  const lead = start > 0 ? '…' : ''
  const shifted = marks
    .filter(([markStart, markEnd]) => markStart >= start && markEnd <= end)
    .map(([markStart, markEnd]): Marks[number] => [
      markStart - start + lead.length,
      markEnd - start + lead.length,
    ])
  return { snippet: `${lead}${text.slice(start, end)}${end < text.length ? '…' : ''}`, marks: shifted }
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

function nextBreak(text: string, from: number, before: number): number {
  const space = text.indexOf(' ', from)
  if (space >= 0 && space < before) return space + 1
  return isLowSurrogate(text, from) ? from - 1 : from
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}
