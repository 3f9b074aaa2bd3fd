/** A photo among those with exactly the same content. */
export interface Copy {
  id: number
  path: string
  isMissing: boolean
}

export interface Match {
  photoId: number
  /** Whether more than the file name, or that no other is left, tells it from its copies; a folder's name does. */
  isSure: boolean
}

/**
 * Which copy of a picture each path of a table is for. The table may be of another machine, or of before a move: a
 * path that is the photo's own goes first, then the longest common end. Each path gets one photo and each photo
 * one path; what two could claim at the same length is for neither.
 * @param paths of one content, each once, '' where it is not known.
 * @returns without those that are unclear.
 */
export function matchCopies(paths: readonly string[], copies: readonly Copy[]): Map<string, Match> {
  const matches = new Map<string, Match>()
  const left = new Set(paths)
  const free = new Set(presentFirst(copies))
  const match = (path: string, copy: Copy, isSure: boolean) => {
    matches.set(path, { photoId: copy.id, isSure })
    left.delete(path)
    free.delete(copy)
  }

  const byPath = new Map([...free].toReversed().map((copy) => [copy.path, copy]))
  for (const path of paths) {
    const copy = byPath.get(path)
    if (copy) match(path, copy, true)
  }
  if (paths.length === 1 && copies.length === 1 && left.size === 1) match(paths[0]!, copies[0]!, true)
  let isContested = false
  for (let length = longestLength(left); length > 0 && left.size > 0; length--) {
    const rivals = byEnd(left, (path) => path, length)
    for (const [end, claimed] of byEnd(free, ({ path }) => path, length)) {
      const claimants = rivals.get(end)
      if (!claimants) continue
      const there = claimed.filter(({ isMissing }) => !isMissing)
      const candidates = there.length > 0 ? there : claimed
      if (claimants.length === 1 && candidates.length === 1) {
        match(claimants[0]!, candidates[0]!, length > 1)
        continue
      }
      isContested = true
      for (const path of claimants) left.delete(path)
      for (const copy of candidates) free.delete(copy)
    }
  }
  const [path] = left
  const [copy] = free
  if (!isContested && left.size === 1 && free.size === 1) match(path!, copy!, false)
  return matches
}

function presentFirst(copies: readonly Copy[]): Copy[] {
  return copies.toSorted((a, b) => Number(a.isMissing) - Number(b.isMissing))
}

/** By their last names, so many of them; without what has fewer. */
function byEnd<Item>(
  items: Iterable<Item>,
  pathOf: (item: Item) => string,
  length: number,
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const names = namesOf(pathOf(item))
    if (names.length < length) continue
    const end = names.slice(-length).join('/')
    const group = groups.get(end)
    if (group) group.push(item)
    else groups.set(end, [item])
  }
  return groups
}

function longestLength(paths: Iterable<string>): number {
  let longest = 0
  for (const path of paths) longest = Math.max(longest, namesOf(path).length)
  return longest
}

/** The root before the first separator is a name, too, the empty one. */
function namesOf(path: string): string[] {
  return path.split(/[\\/]/)
}
