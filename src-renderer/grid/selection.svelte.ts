import type { Selection } from '../../src-main/contract/rooms/parameters.ts'
import {
  countPlaces,
  hasPlace,
  noPlaces,
  type Ranges,
  rangesOf,
  withoutPlaces,
  withPlaces,
} from './ranges.ts'

/** A selection of no more photos than these is known by their ids too, and follows them wherever they go. */
export const smallSelection = 200
/** What one call may name. */
const mostRanges = 10_000

/** What is selected in: places mean something only together with the timeline they are of. */
export interface Places {
  readonly query: string
  readonly token: string
  readonly total: number
  idAt(place: number): number | undefined
}

/** A selection's way into another timeline. */
export interface Move {
  /** False where the person selected something else since. */
  isCurrent(): boolean
  /**
   * At the moment the timeline changes. @returns false where the selection had to be given up, as nobody can say of a great many
   * photos where each of them went
   */
  apply(total: number): boolean
}

/** Photos that are selected, as runs of places: a million are one run. */
export class SelectionState {
  readonly #places: Places
  #ranges = $state.raw<Ranges>(noPlaces)
  #ids: readonly number[] | null = null
  /** All that the query finds, and what it will find: said once, by the person. */
  #isAll = false
  /** Where a range begins that Shift extends. */
  #pivot = 0
  /** What was selected before the range that is being extended. */
  #kept: Ranges = noPlaces

  constructor(places: Places) {
    this.#places = places
  }

  get ranges(): Ranges {
    return this.#ranges
  }

  // No derived: it would end with the view in which the selection was made, and the selection outlives that.
  get count(): number {
    return countPlaces(this.#ranges)
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0
  }

  has(place: number): boolean {
    return hasPlace(this.#ranges, place)
  }

  clear(): void {
    this.#set(noPlaces)
  }

  all(): void {
    const { total } = this.#places
    this.#set(total > 0 ? [[0, total]] : noPlaces)
    this.#isAll = true
  }

  /** This photo alone. */
  only(place: number): void {
    this.#pivot = place
    this.#kept = noPlaces
    this.#set([[place, place + 1]])
  }

  toggle(place: number): void {
    this.toggleRun(place, place + 1)
  }

  /** Takes a run in, or out where all of it is in. */
  toggleRun(start: number, end: number): void {
    const isIn = countPlaces(withPlaces(this.#ranges, start, end)) === this.count
    this.#pivot = start
    this.#set(isIn ? withoutPlaces(this.#ranges, start, end) : withPlaces(this.#ranges, start, end))
    this.#kept = this.#ranges
  }

  /** From where the last selection began to a photo. */
  extendTo(place: number): void {
    this.#set(withPlaces(this.#kept, Math.min(this.#pivot, place), Math.max(this.#pivot, place) + 1))
  }

  /** Begins a range at a photo, which Shift then extends; what is selected already stays. */
  begin(place: number): void {
    this.#pivot = place
    this.#kept = this.#ranges
  }

  /** Photos under a lasso, besides those selected before it. */
  lasso(before: Ranges, runs: Ranges): void {
    this.#set(runs.reduce((all, [start, end]) => withPlaces(all, start, end), before))
    this.#kept = this.#ranges
    this.#pivot = runs[0]?.[0] ?? this.#pivot
  }

  /**
   * What a call for the selected photos takes. Few are named by their ids, so that photos which come meanwhile do not make it
   * stale; null where nothing is selected.
   */
  asSelection(): Selection | null {
    if (this.isEmpty) return null
    this.#learnIds()
    if (this.#ids) return { photos: [...this.#ids] }
    const { query, token } = this.#places
    return { query, token, ranges: this.#ranges.map(([start, end]) => [start, end - start]) }
  }

  /** Asks where the selected photos will be, before the timeline changes. */
  async prepareMove(placeOf: (photo: number) => Promise<number | null>): Promise<Move> {
    const before = this.#ranges
    const isCurrent = () => this.#ranges === before
    if (this.#isAll)
      return { isCurrent, apply: (total) => this.#moveTo(total > 0 ? [[0, total]] : noPlaces, true) }
    if (before.length === 0) return { isCurrent, apply: () => true }
    this.#learnIds()
    const ids = this.#ids
    if (!ids) {
      return {
        isCurrent,
        apply: () => {
          this.#moveTo(noPlaces, false)
          return false
        },
      }
    }
    const places = await Promise.all(ids.map(placeOf))
    return {
      isCurrent,
      apply: () => {
        this.#moveTo(rangesOf(places.filter((place) => place !== null)), false)
        this.#ids = ids.filter((_, at) => places[at] !== null)
        return true
      },
    }
  }

  #moveTo(ranges: Ranges, isAll: boolean): boolean {
    this.#set(ranges)
    this.#kept = ranges
    this.#pivot = ranges[0]?.[0] ?? 0
    this.#isAll = isAll
    return true
  }

  #set(ranges: Ranges): void {
    if (ranges.length > mostRanges) return
    this.#isAll = false
    this.#ids = null
    this.#ranges = ranges
    if (ranges.length === 0) this.#kept = noPlaces
    this.#learnIds()
  }

  #learnIds(): void {
    if (this.#ids || this.#isAll || countPlaces(this.#ranges) > smallSelection) return
    const ids: number[] = []
    for (const [start, end] of this.#ranges) {
      for (let place = start; place < end; place++) {
        const id = this.#places.idAt(place)
        if (id === undefined) return
        ids.push(id)
      }
    }
    this.#ids = ids
  }
}
