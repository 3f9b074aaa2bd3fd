type Span = readonly [start: number, end: number]

export interface Piece {
  text: string
  isDoubted: boolean
  isMatched: boolean
}

/** A match further on is not seen in the two lines that a tile has. */
const leadLength = 48

/**
 * A caption in pieces of one look each. Where the first match lies far behind the beginning, that is left out.
 * @param doubts UTF-16 offsets, as `marks` are; both ascending
 */
export function piecesOf(caption: string, doubts: readonly Span[], marks: readonly Span[]): Piece[] {
  const start = marks[0] && marks[0][0] > leadLength ? wordBefore(caption, marks[0][0] - leadLength / 2) : 0
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
  return start > 0 ? [{ text: '… ', isDoubted: false, isMatched: false }, ...pieces] : pieces
}

function wordBefore(text: string, index: number): number {
  return text.lastIndexOf(' ', index) + 1
}
