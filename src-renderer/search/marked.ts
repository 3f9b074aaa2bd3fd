export interface MarkedPart {
  text: string
  isMarked: boolean
}

/** A text cut at its marks, in order; what lies outside of it is left out. */
export function cutAtMarks(text: string, marks: readonly (readonly [start: number, end: number])[]): MarkedPart[] {
  const parts: MarkedPart[] = []
  let at = 0
  for (const [start, end] of marks) {
    const from = Math.max(at, start)
    const to = Math.min(text.length, end)
    if (to <= from) continue
    if (from > at) parts.push({ text: text.slice(at, from), isMarked: false })
    parts.push({ text: text.slice(from, to), isMarked: true })
    at = to
  }
  if (at < text.length) parts.push({ text: text.slice(at), isMarked: false })
  return parts
}
