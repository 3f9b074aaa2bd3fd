export interface ChangedPart {
  text: string
  kind: 'same' | 'gone' | 'new'
}

/** Longer texts are compared at their ends alone: what lies between counts as changed. */
const mostPieces = 600

/** What became of a text, piece by piece: what is gone stands before what came in its place. */
export function changedWords(before: string, after: string): ChangedPart[] {
  const [old, next] = [piecesOf(before), piecesOf(after)]
  let start = 0
  while (start < old.length && start < next.length && old[start] === next[start]) start++
  let end = 0
  while (
    end < old.length - start &&
    end < next.length - start &&
    old[old.length - 1 - end] === next[next.length - 1 - end]
  )
    end++
  const parts: ChangedPart[] = [
    { text: old.slice(0, start).join(''), kind: 'same' },
    ...between(old.slice(start, old.length - end), next.slice(start, next.length - end)),
    { text: old.slice(old.length - end).join(''), kind: 'same' },
  ]
  return joined(parts)
}

const piecesOf = (text: string) => text.match(/[\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]/gu) ?? []

/** The longest that both have in common stays. */
function between(old: string[], next: string[]): ChangedPart[] {
  if (old.length > mostPieces || next.length > mostPieces) {
    return [
      { text: old.join(''), kind: 'gone' },
      { text: next.join(''), kind: 'new' },
    ]
  }
  const common = Array.from({ length: old.length + 1 }, () => new Uint16Array(next.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = next.length - 1; j >= 0; j--) {
      common[i]![j] =
        old[i] === next[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!)
    }
  }
  const parts: ChangedPart[] = []
  let i = 0
  let j = 0
  while (i < old.length || j < next.length) {
    if (i < old.length && j < next.length && old[i] === next[j]) {
      parts.push({ text: old[i++]!, kind: 'same' })
      j++
    } else if (i < old.length && (j === next.length || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      parts.push({ text: old[i++]!, kind: 'gone' })
    } else parts.push({ text: next[j++]!, kind: 'new' })
  }
  return parts
}

function joined(parts: ChangedPart[]): ChangedPart[] {
  const result: ChangedPart[] = []
  for (const part of parts) {
    if (part.text === '') continue
    const last = result.at(-1)
    if (last?.kind === part.kind) last.text += part.text
    else result.push({ ...part })
  }
  return result
}
