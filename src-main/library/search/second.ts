import { rowsPerSecond } from './rows.ts'

/** A photo among those of its second. */
export interface InSecond {
  id: number
  sortMs: number
  name: string
  /** Its row in the index, if it has one. */
  row: number | null
}

/** `IMG_9` before `IMG_10`. */
const byNumbers = new Intl.Collator('en', { numeric: true })
/** Between two of a burst that comes one by one, so that what is found later between them has room. */
const widestStep = 16

/**
 * Rows of the index for photos of one second, the newest first: by the fraction of the second, and where that is the same as a
 * camera counts, by names with their numbers. Who has a row keeps it wherever it fits.
 * @param firstRow of the second.
 * @param taken rows that photos of other seconds spilled over into.
 * @returns by photo; undefined where there is no room.
 */
export function orderSecond(
  photos: readonly InSecond[],
  firstRow: number,
  taken: ReadonlySet<number>,
): Map<number, number> | undefined {
  const ordered = photos.toSorted(
    (a, b) => b.sortMs - a.sortMs || byNumbers.compare(b.name, a.name) || b.id - a.id,
  )
  const rows = fillGaps(ordered, firstRow, taken) ?? spread(ordered.length, firstRow, taken)
  return rows && new Map(ordered.map(({ id }, at) => [id, rows[at]!]))
}

/** @returns undefined where those that have rows are in another order, or stand too close. */
function fillGaps(
  ordered: readonly InSecond[],
  firstRow: number,
  taken: ReadonlySet<number>,
): number[] | undefined {
  const end = firstRow + rowsPerSecond
  const rows = ordered.map(({ row }) => (row !== null && row >= firstRow && row < end ? row : null))
  for (let at = 0; at < rows.length; ) {
    let next = at
    while (next < rows.length && rows[next] === null) next++
    const before = rows[at - 1] ?? null
    const after = rows[next] ?? null
    if (before !== null && after !== null && after <= before) return undefined
    const wanted = next - at
    const low = before ?? firstRow - 1
    const high = after ?? end
    const step = Math.min(widestStep, Math.floor((high - low) / (wanted + 1)))
    if (wanted > 0 && step < 1) return undefined
    const room = step * (wanted + 1)
    // Beside the neighbour that there is, or in the middle of all.
    const start =
      before !== null ? low : after !== null ? high - room : low + Math.floor((high - low - room) / 2)
    for (let added = 0; added < wanted; added++) {
      const row = start + step * (added + 1)
      if (taken.has(row)) return undefined
      rows[at + added] = row
    }
    at = next + 1
  }
  return rows as number[]
}

function spread(photos: number, firstRow: number, taken: ReadonlySet<number>): number[] | undefined {
  const free: number[] = []
  for (let row = firstRow; row < firstRow + rowsPerSecond; row++) if (!taken.has(row)) free.push(row)
  if (free.length < photos) return undefined
  return Array.from({ length: photos }, (_, at) => free[Math.floor(((at + 0.5) * free.length) / photos)]!)
}
