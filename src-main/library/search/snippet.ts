import type { Marks } from '../../contract/matched-words.ts'

const longestSnippet = 160
const shownBefore = 40

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

function nextBreak(text: string, from: number, before: number): number {
  const space = text.indexOf(' ', from)
  if (space >= 0 && space < before) return space + 1
  return isLowSurrogate(text, from) ? from - 1 : from
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}
