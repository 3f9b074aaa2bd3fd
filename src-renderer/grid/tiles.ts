import type { Tile } from '../../src-main/contract/records.ts'

const keptTiles = 3000
const tilesOfBatch = 250

/** What tiles show besides the picture, of the photos in sight and some that were. */
export class Tiles {
  readonly #read: (photos: number[], signal: AbortSignal) => Promise<Tile[]>
  readonly #onRead: (tiles: Tile[], before: (Tile | undefined)[]) => void
  #tiles = new Map<number, Tile>()
  #stale = new Set<number>()
  #batches = new Set<{ photos: Set<number>; stop: AbortController }>()

  constructor(
    read: (photos: number[], signal: AbortSignal) => Promise<Tile[]>,
    onRead: (tiles: Tile[], before: (Tile | undefined)[]) => void,
  ) {
    this.#read = read
    this.#onRead = onRead
  }

  get(photo: number): Tile | undefined {
    return this.#tiles.get(photo)
  }

  /** Asks for those that are missing, and no longer for batches of which none is wanted now. */
  want(photos: readonly number[]): void {
    const wanted = new Set(photos)
    const asked = new Set<number>()
    for (const batch of this.#batches) {
      if (batch.photos.isDisjointFrom(wanted)) this.#end(batch)
      else for (const photo of batch.photos) asked.add(photo)
    }
    const missing = photos.filter((photo) => {
      const known = this.#tiles.get(photo)
      if (known) this.#touch(known)
      return (!known || this.#stale.has(photo)) && !asked.has(photo)
    })
    for (let at = 0; at < missing.length; at += tilesOfBatch) {
      void this.#readBatch(missing.slice(at, at + tilesOfBatch))
    }
  }

  /** Lets these be read again when they are wanted next; all of them without a list. */
  distrust(photos: Iterable<number> = this.#tiles.keys()): void {
    for (const photo of photos) this.#stale.add(photo)
    // What is on its way may be of the moment before.
    for (const batch of this.#batches) if (!batch.photos.isDisjointFrom(this.#stale)) this.#end(batch)
  }

  close(): void {
    for (const batch of this.#batches) this.#end(batch)
  }

  async #readBatch(photos: number[]): Promise<void> {
    const batch = { photos: new Set(photos), stop: new AbortController() }
    this.#batches.add(batch)
    try {
      const tiles = await this.#read(photos, batch.stop.signal)
      if (batch.stop.signal.aborted) return
      const before = tiles.map(({ id }) => this.#tiles.get(id))
      for (const photo of photos) this.#stale.delete(photo)
      for (const tile of tiles) this.#touch(tile)
      this.#letGo()
      this.#onRead(tiles, before)
    } catch {
      // They are asked for again when they are wanted next.
    } finally {
      this.#batches.delete(batch)
    }
  }

  #end(batch: { photos: Set<number>; stop: AbortController }): void {
    batch.stop.abort()
    this.#batches.delete(batch)
  }

  #touch(tile: Tile): void {
    this.#tiles.delete(tile.id)
    this.#tiles.set(tile.id, tile)
  }

  #letGo(): void {
    for (const old of this.#tiles.keys()) {
      if (this.#tiles.size <= keptTiles) break
      this.#tiles.delete(old)
      this.#stale.delete(old)
    }
  }
}
