import type { IconName } from '../parts/icons.ts'

/** One line of the palette. */
export interface PaletteEntry {
  id: string
  /** Under which heading it stands. */
  heading: string
  title: string
  icon: IconName | null
  keys: string | null
  run(): void
}

export interface FoundEntry extends PaletteEntry {
  /** What was typed of the title, as UTF-16 offsets. */
  marks: [start: number, end: number][]
}

/**
 * The entries that have every typed word in their title or heading. Headings keep their order; below one, titles where the words
 * begin words come first.
 */
export function findEntries(entries: readonly PaletteEntry[], typed: string): FoundEntry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const found = entries.flatMap((entry, at) => {
    const match = matchTitle(entry, words)
    return match ? [{ entry: { ...entry, marks: match.marks }, worth: match.worth, at }] : []
  })
  const headings = [...new Set(entries.map(({ heading }) => heading))]
  const rank = (heading: string) => headings.indexOf(heading)
  return found
    .sort((a, b) => rank(a.entry.heading) - rank(b.entry.heading) || b.worth - a.worth || a.at - b.at)
    .map(({ entry }) => entry)
}

function matchTitle(
  { title, heading }: PaletteEntry,
  words: readonly string[],
): { marks: [number, number][]; worth: number } | undefined {
  const lower = title.toLowerCase()
  const marks: [number, number][] = []
  let worth = 0
  for (const word of words) {
    const atStart = startOfWord(lower, word)
    const at = atStart >= 0 ? atStart : lower.indexOf(word)
    if (at >= 0) marks.push([at, at + word.length])
    else if (!heading.toLowerCase().includes(word)) return undefined
    if (atStart === 0) worth += 3
    else if (atStart > 0) worth += 2
    else if (at >= 0) worth += 1
  }
  return { marks: joined(marks), worth }
}

function startOfWord(text: string, word: string): number {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1]!)) return at
  }
  return -1
}

function joined(marks: [number, number][]): [number, number][] {
  const sorted = marks.sort(([a], [b]) => a - b)
  const result: [number, number][] = []
  for (const [start, end] of sorted) {
    const last = result.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else result.push([start, end])
  }
  return result
}
