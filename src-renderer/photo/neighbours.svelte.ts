import type { Timeline, TimelinePage } from '../../src-main/contract/records.ts'
import { tileFlags } from '../../src-main/contract/tile-flags.ts'
import type { Api } from '../connection.ts'
import { colorAt, hashAt } from '../grid/columns.ts'
import { isOfAll } from '../grid/grid-look.svelte.ts'

export interface Neighbour {
  photo: number
  place: number
  /** Width by height; that of most photos where it is not known yet. */
  ratio: number
  color: string
  hash: string | null
  sortMs: number
  /** Its drive is not connected, or its file is gone. */
  isAway: boolean
}

/** So many on either side of the photo are at hand. */
const reach = 60
/** Nearer than this to the end of what is at hand, more is read. */
const nearEnd = 20
const usualRatio = 4 / 3

/** The photos around one, in the order of a query's timeline as it was when they were read. */
export class Neighbours {
  #query: string
  #photos = $state.raw<readonly Neighbour[]>([])
  #timeline = $state.raw<Timeline | null>(null)
  #reading: AbortController | undefined
  readonly #api: Api

  constructor(api: Api, query: string) {
    this.#api = api
    this.#query = query
  }

  get photos(): readonly Neighbour[] {
    return this.#photos
  }

  /** Those before and after one that is near, itself in the middle; fewer at the ends. */
  around(photo: number, each: number): readonly Neighbour[] {
    const at = this.#indexOf(photo)
    return at < 0 ? [] : this.#photos.slice(Math.max(0, at - each), at + each + 1)
  }

  of(photo: number): Neighbour | undefined {
    return this.#photos[this.#indexOf(photo)]
  }

  /** @param steps before it where negative; undefined beyond the ends */
  beside(photo: number, steps: number): Neighbour | undefined {
    const at = this.#indexOf(photo)
    return at < 0 ? undefined : this.#photos[at + steps]
  }

  /** Which photo of which month it is, and of how many. */
  placeInMonth(photo: number): { place: number; of: number; month: string } | null {
    const neighbour = this.of(photo)
    if (!neighbour || !this.#timeline) return null
    let before = 0
    for (const [at, month] of this.#timeline.months.entries()) {
      const photos = this.#timeline.photos[at]!
      if (neighbour.place < before + photos) {
        return { place: neighbour.place - before + 1, of: photos, month }
      }
      before += photos
    }
    return null
  }

  /** Reads what is around a photo, unless enough of it is at hand. */
  async readAround(photo: number): Promise<void> {
    const at = this.#indexOf(photo)
    const isAtEnd = (distance: number, isLast: boolean) => distance < nearEnd && !isLast
    const last = this.#photos.at(-1)
    if (
      at >= 0 &&
      !isAtEnd(at, this.#photos[0]!.place === 0) &&
      !isAtEnd(this.#photos.length - 1 - at, last!.place + 1 >= (this.#timeline?.total ?? 0))
    )
      return
    this.#reading?.abort()
    const reading = new AbortController()
    this.#reading = reading
    const { signal } = reading
    const found = await this.#find(photo, signal)
    if (signal.aborted || found === null) return
    const { query, place } = found
    const offset = Math.max(0, place - reach)
    const known = query === this.#query ? this.#timeline : null
    const [page, timeline] = await Promise.all([
      this.#api.timelinePage({ query, offset, limit: 2 * reach + 1 }, { signal }),
      known ?? this.#api.timeline({ query }, { signal }),
    ])
    if (signal.aborted) return
    this.#query = query
    this.#photos = neighboursOf(page)
    this.#timeline = timeline.token === page.token ? timeline : await this.#api.timeline({ query })
  }

  /** In the timeline of the query; of all photos where the query does not find it and nothing is at hand. */
  async #find(photo: number, signal: AbortSignal): Promise<{ query: string; place: number } | null> {
    const query = this.#query
    const place = await this.#api.placeOf({ query, photo }, { signal })
    if (place !== null) return { query, place }
    // One that is left out of all photos, for which another stands, is among them all the same.
    if (query === '' || (this.#photos.length > 0 && !isOfAll(query))) return null
    const ofAll = await this.#api.placeOf({ query: '', photo }, { signal })
    return ofAll === null ? null : { query: '', place: ofAll }
  }

  #indexOf(photo: number): number {
    return this.#photos.findIndex((neighbour) => neighbour.photo === photo)
  }
}

function neighboursOf(page: TimelinePage): Neighbour[] {
  return Array.from(page.ids, (photo, index) => ({
    photo,
    place: page.offset + index,
    ratio: page.ratios[index]! || usualRatio,
    color: colorAt({ page, index }),
    hash: hashAt({ page, index }),
    sortMs: page.sortMs[index]!,
    isAway: (page.flags[index]! & (tileFlags.offline | tileFlags.missing)) !== 0,
  }))
}
