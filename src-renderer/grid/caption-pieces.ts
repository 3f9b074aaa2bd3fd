type Span = readonly [start: number, end: number]

export interface Piece {
  text: string
  isDoubted: boolean
  isMatched: boolean
}

const ellipsis = '… '
/** Of a letter in the face of captions, rather too much. */
const letterPx = 7.5
const wideLetters = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u
/** What a line leaves free at its end, where the next word had no room. */
const raggedLetters = 3

/** How many letters of a caption are surely seen in so many lines. */
export function lettersSeen(caption: string, widthPx: number, lines: number): number {
  const eachPx = wideLetters.test(caption) ? 2 * letterPx : letterPx
  return lines * Math.max(4, Math.floor(widthPx / eachPx) - raggedLetters)
}

/**
 * A caption in pieces of one look each. Where the first match lies farther behind than is seen, what is before it is left out.
 * @param doubts UTF-16 offsets, as `marks` are; both ascending
 * @param seen how many letters are seen
 */
export function piecesOf(
  caption: string,
  doubts: readonly Span[],
  marks: readonly Span[],
  seen: number,
): Piece[] {
  const start = startOf(caption, marks[0], seen)
  const edges = [start, caption.length, ...doubts.flat(), ...marks.flat()].filter(
    (edge) => edge >= start && edge <= caption.length,
  )
  const sorted = [...new Set(edges)].sort((a, b) => a - b)
  const covers = (spans: readonly Span[], at: number) => spans.some(([from, to]) => from <= at && at < to)
  const pieces = sorted.slice(0, -1).map((from, at) => ({
    text: caption.slice(from, sorted[at + 1]),
    isDoubted: covers(doubts, from),
    isMatched: covers(marks, from),
  }))
  return start > 0 ? [{ text: ellipsis, isDoubted: false, isMatched: false }, ...pieces] : pieces
}

/** A third of what is seen leads to the match, or more where little comes behind it, from the beginning of a word on. */
function startOf(caption: string, match: Span | undefined, seen: number): number {
  if (!match || match[1] < seen) return 0
  const lead = Math.max(Math.floor(seen / 3), seen - ellipsis.length - (caption.length - match[0]))
  const wanted = Math.max(0, match[0] - lead)
  const space = caption.indexOf(' ', wanted)
  if (space >= 0 && space < match[0]) return space + 1
  // No word begins between; where none is told from the next, anything may begin a line.
  return wideLetters.test(caption) ? wanted : match[0]
}
