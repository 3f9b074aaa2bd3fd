import {
  estimateRows,
  gapPx,
  heightPxOf,
  lastAtMost,
  type Measure,
  type Rows,
  rowAt,
  rowCount,
  rowOf,
} from './rows.ts'
import type { Section } from './sections.ts'

/** The head of a section, which stays at the top while its photos pass below it. */
export const headPx = 48
const belowHeadPx = 4
const belowSectionPx = 8
/** No more than twice so many photos are ever laid out together, however many a section has. */
export const photosOfPart = 500
/** Parts whose rows are kept. */
const keptParts = 128

/** A place in the library that does not depend on how high anything is: a photo, and how far below the top of its row. */
export interface Position {
  place: number
  offsetPx: number
}

/** One row of photos as it stands in the whole library. */
export interface PlacedRow {
  part: number
  row: number
  topPx: number
  heightPx: number
  firstPlace: number
  endPlace: number
}

/**
 * The whole library from top to bottom. Sections, which are months or several of them, are cut into parts, counted from their
 * oldest photo so that a new one moves few of them; of a part that was not read yet only the height is guessed. Heights are virtual: no page is ever that tall.
 */
export class Layout {
  readonly sections: readonly Section[]
  readonly measure: Measure
  /** How many photos there are before each part, and after the last. */
  readonly partStarts: Uint32Array
  /** Of each part, the index of its section. */
  readonly sectionOfPart: Uint32Array
  /** Of each section, its first part, and after the last the number of parts. */
  readonly partOfSection: Uint32Array
  #rowsPx: Float64Array
  #rowCounts: Float64Array
  #known = new Map<number, Rows>()
  #isMeasured: Uint8Array
  #topsPx: Float64Array | undefined
  #rowsBefore: Float64Array | undefined

  /** @param given none of them without photos */
  constructor(given: readonly Section[], measure: Measure, meanRatio: number) {
    const [starts, sections, firsts] = [[0], [] as number[], [0]]
    for (const [section, { photos }] of given.entries()) {
      for (const count of cutSection(photos)) {
        starts.push(starts.at(-1)! + count)
        sections.push(section)
      }
      firsts.push(sections.length)
    }
    this.sections = given
    this.measure = measure
    this.partStarts = Uint32Array.from(starts)
    this.sectionOfPart = Uint32Array.from(sections)
    this.partOfSection = Uint32Array.from(firsts)
    this.#isMeasured = new Uint8Array(sections.length)
    this.#rowsPx = new Float64Array(sections.length)
    this.#rowCounts = new Float64Array(sections.length)
    this.guess(meanRatio)
  }

  get parts(): number {
    return this.sectionOfPart.length
  }

  get photos(): number {
    return this.partStarts.at(-1)!
  }

  get totalPx(): number {
    return this.#tops().at(-1)!
  }

  /** Guesses anew how high the parts are that were not read. */
  guess(meanRatio: number): void {
    const { targetPx, captionPx } = this.measure
    for (let part = 0; part < this.parts; part++) {
      if (this.#isMeasured[part]) continue
      this.#rowCounts[part] = estimateRows(
        this.countOf(part),
        meanRatio,
        this.measure,
        this.endsSection(part),
      )
      this.#rowsPx[part] = this.#rowCounts[part]! * (Math.round(targetPx) + captionPx + gapPx)
    }
    this.#forgetTops()
  }

  countOf(part: number): number {
    return this.partStarts[part + 1]! - this.partStarts[part]!
  }

  beginsSection(part: number): boolean {
    return part === 0 || this.sectionOfPart[part - 1] !== this.sectionOfPart[part]
  }

  endsSection(part: number): boolean {
    return part === this.parts - 1 || this.sectionOfPart[part + 1] !== this.sectionOfPart[part]
  }

  partOf(place: number): number {
    return lastAtMost(this.partStarts, place, this.parts)
  }

  partAt(topPx: number): number {
    return lastAtMost(this.#tops(), topPx, this.parts)
  }

  /** Where a part begins, with the head of its section where it has it. */
  topOf(part: number): number {
    return this.#tops()[part]!
  }

  /** Where the photos of a part begin. */
  rowsTopOf(part: number): number {
    return this.topOf(part) + (this.beginsSection(part) ? headPx + belowHeadPx : 0)
  }

  rowsHeightOf(part: number): number {
    return this.#rowsPx[part]!
  }

  rowsOf(part: number): Rows | undefined {
    const rows = this.#known.get(part)
    if (rows) {
      this.#known.delete(part)
      this.#known.set(part, rows)
    }
    return rows
  }

  setRows(part: number, rows: Rows): void {
    this.#known.delete(part)
    this.#known.set(part, rows)
    for (const old of this.#known.keys()) {
      if (this.#known.size <= keptParts) break
      this.#known.delete(old)
    }
    const heightPx = rows.topsPx.at(-1)!
    if (this.#rowsPx[part] !== heightPx || this.#rowCounts[part] !== rowCount(rows)) this.#forgetTops()
    this.#isMeasured[part] = 1
    this.#rowsPx[part] = heightPx
    this.#rowCounts[part] = rowCount(rows)
  }

  /** Rows and heads of sections before the first row of a part, as far as is known. */
  rowsBefore(part: number): number {
    this.#rowsBefore ??= sums(this.parts, (at) => this.#rowCounts[at]! + (this.beginsSection(at) ? 1 : 0))
    return this.#rowsBefore[part]! + (part < this.parts && this.beginsSection(part) ? 1 : 0)
  }

  /** All rows and heads. */
  get rowTotal(): number {
    return this.rowsBefore(this.parts)
  }

  /** What stands at a height of the whole library. */
  positionAt(topPx: number): Position {
    const part = this.partAt(topPx)
    const inRowsPx = topPx - this.rowsTopOf(part)
    const start = this.partStarts[part]!
    const rows = this.rowsOf(part)
    if (rows) {
      const row = rowAt(rows, inRowsPx)
      return { place: start + rows.starts[row]!, offsetPx: inRowsPx - rows.topsPx[row]! }
    }
    const share = Math.min(1, Math.max(0, inRowsPx / this.rowsHeightOf(part)))
    const place = start + Math.min(this.countOf(part) - 1, Math.floor(share * this.countOf(part)))
    return { place, offsetPx: topPx - this.topOfPlace(place) }
  }

  /** The height at which a position stands now. */
  topOfPosition({ place, offsetPx }: Position): number {
    const bound = Math.min(this.photos - 1, place)
    const part = this.partOf(bound)
    const rows = this.rowsOf(part)
    if (!rows) return this.topOfPlace(bound) + offsetPx
    const row = rowOf(rows, bound - this.partStarts[part]!)
    const belowPx = row === rowCount(rows) - 1 && this.endsSection(part) ? belowSectionPx : 0
    const lastPx = rows.topsPx[row + 1]! - rows.topsPx[row]! + belowPx - 1
    return this.topOfPlace(bound) + Math.min(offsetPx, lastPx)
  }

  /** Where the row begins that holds a photo. */
  topOfPlace(place: number): number {
    const part = this.partOf(place)
    const inPart = place - this.partStarts[part]!
    const rows = this.rowsOf(part)
    const belowPx = rows
      ? rows.topsPx[rowOf(rows, inPart)]!
      : Math.floor((inPart / this.countOf(part)) * this.rowsHeightOf(part))
    return this.rowsTopOf(part) + belowPx
  }

  /** The row that holds a photo; undefined where its part was not read. */
  rowOfPlace(place: number): PlacedRow | undefined {
    const part = this.partOf(place)
    const rows = this.rowsOf(part)
    return rows && this.placedRow(part, rows, rowOf(rows, place - this.partStarts[part]!))
  }

  /** The rows of a part that stand between two heights. */
  rowsBetween(part: number, fromPx: number, toPx: number): PlacedRow[] {
    const rows = this.rowsOf(part)
    const topPx = this.rowsTopOf(part)
    if (!rows || topPx >= toPx || topPx + this.rowsHeightOf(part) <= fromPx) return []
    const placed: PlacedRow[] = []
    for (let row = rowAt(rows, fromPx - topPx); row < rowCount(rows); row++) {
      const next = this.placedRow(part, rows, row)
      if (next.topPx >= toPx) break
      placed.push(next)
    }
    return placed
  }

  /** The row before or after another, across sections; undefined at either end, and where it was not read. */
  neighbour({ part, row }: { part: number; row: number }, step: 1 | -1): PlacedRow | undefined {
    const rows = this.rowsOf(part)
    if (!rows) return undefined
    if (row + step >= 0 && row + step < rowCount(rows)) return this.placedRow(part, rows, row + step)
    const next = this.rowsOf(part + step)
    return next && this.placedRow(part + step, next, step > 0 ? 0 : rowCount(next) - 1)
  }

  placedRow(part: number, rows: Rows, row: number): PlacedRow {
    const start = this.partStarts[part]!
    return {
      part,
      row,
      topPx: this.rowsTopOf(part) + rows.topsPx[row]!,
      heightPx: heightPxOf(rows, row),
      firstPlace: start + rows.starts[row]!,
      endPlace: start + rows.starts[row + 1]!,
    }
  }

  #tops(): Float64Array {
    this.#topsPx ??= sums(
      this.parts,
      (part) =>
        (this.beginsSection(part) ? headPx + belowHeadPx : 0) +
        this.#rowsPx[part]! +
        (this.endsSection(part) ? belowSectionPx : 0),
    )
    return this.#topsPx
  }

  #forgetTops(): void {
    this.#topsPx = undefined
    this.#rowsBefore = undefined
  }
}

/** How many photos each part of a section has, the newest first: all but the first have `photosOfPart`. */
export function cutSection(photos: number): number[] {
  const full = Math.floor(photos / photosOfPart)
  const rest = photos % photosOfPart
  // Few photos make no part of their own: nobody should see that a section is cut.
  if (full === 0 || rest >= photosOfPart / 2)
    return [rest, ...Array<number>(full).fill(photosOfPart)].filter(Boolean)
  return [photosOfPart + rest, ...Array<number>(full - 1).fill(photosOfPart)]
}

/** `[n + 1]`: the sum of all values before each, and of all. */
function sums(count: number, valueAt: (index: number) => number): Float64Array {
  const sums = new Float64Array(count + 1)
  for (let i = 0; i < count; i++) sums[i + 1] = sums[i]! + valueAt(i)
  return sums
}
