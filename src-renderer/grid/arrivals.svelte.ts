import type { Tile } from '../../src-main/contract/records.ts'

const shownMs = 4000

/** Captions that came over photos that are in sight, each shown for a while. */
export class Arrivals {
  #shown = $state.raw<ReadonlySet<number>>(new Set())
  #count = $state.raw(0)

  /** How many there were since the photos were opened. */
  get count(): number {
    return this.#count
  }

  has(photo: number): boolean {
    return this.#shown.has(photo)
  }

  /** @param before what was known of each tile */
  note(tiles: readonly Tile[], before: readonly (Tile | undefined)[]): void {
    const came = tiles.filter(
      ({ caption }, at) => caption !== null && before[at] && before[at].caption !== caption,
    )
    if (came.length === 0) return
    this.#shown = new Set([...this.#shown, ...came.map(({ id }) => id)])
    this.#count += came.length
    setTimeout(() => {
      const left = new Set(this.#shown)
      for (const { id } of came) left.delete(id)
      this.#shown = left
    }, shownMs)
  }
}
