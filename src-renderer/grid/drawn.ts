import type { Section } from './sections.ts'

/** What of the library is on the page, in pixels of the runway. */
export interface DrawnTile {
  place: number
  id: number
  leftPx: number
  widthPx: number
  sortMs: number
  flags: number
  /** The first 16 hex digits of the content's hash. */
  hash: string | null
  color: string
}

export interface DrawnRow {
  /** Elements are kept by this, so that those of a row that left serve one that comes. */
  slot: number
  /** Below the top of its section's box. */
  topPx: number
  heightPx: number
  /** From 1, over the whole grid, as far as heights were read. */
  rowIndex: number
  tiles: readonly DrawnTile[]
}

/** Photos whose columns are not there yet. */
export interface DrawnBlank {
  part: number
  topPx: number
  heightPx: number
}

/** What of a section is near what is seen. */
export interface DrawnSection extends Section {
  topPx: number
  heightPx: number
  rowIndex: number
  rows: readonly DrawnRow[]
  blanks: readonly DrawnBlank[]
}

/** Gives each row a slot and keeps it while the row is drawn. */
export class Slots {
  #slots = new Map<string, number>()

  /** @returns the slots of these rows, and lets go of all others */
  assign(keys: readonly string[]): number[] {
    const kept = new Set(keys)
    for (const key of this.#slots.keys()) if (!kept.has(key)) this.#slots.delete(key)
    const taken = new Set(this.#slots.values())
    let free = 0
    return keys.map((key) => {
      const known = this.#slots.get(key)
      if (known !== undefined) return known
      while (taken.has(free)) free++
      taken.add(free)
      this.#slots.set(key, free)
      return free
    })
  }
}
