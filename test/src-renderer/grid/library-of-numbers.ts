import { setImmediate as turn } from 'node:timers/promises'
import type { Tile, TimelinePage } from '../../../src-main/contract/records.ts'
import { tileFlags } from '../../../src-main/contract/tile-flags.ts'
import type { TimelineApi } from '../../../src-renderer/grid/timeline.svelte.ts'

const ratios = [1.5, 0.667, 1.333, 2.1, 1]

/**
 * Photos that are only numbers, by month, behind the calls of the timeline: what the grid asks for can be counted, and photos can
 * come and go.
 */
export class LibraryOfNumbers {
  #months: { month: string; ids: number[] }[]
  #listeners = new Map<string, Set<(data: never) => void>>()
  readonly captions = new Map<number, string>()
  asked: { call: string; offset?: number; isCancelled: boolean }[] = []
  /** Answers wait until this is resolved. */
  gate: Promise<void> = Promise.resolve()

  constructor(counts: readonly number[]) {
    let id = 0
    this.#months = counts.map((count, at) => ({
      month: `${2026 - Math.floor(at / 12)}-${String(12 - (at % 12)).padStart(2, '0')}`,
      ids: Array.from({ length: count }, () => ++id),
    }))
  }

  get ids(): number[] {
    return this.#months.flatMap(({ ids }) => ids)
  }

  get token(): string {
    return `${this.ids.length}:${this.ids[0]}:${this.#changes}`
  }
  #changes = 0

  add(month: number, ...ids: number[]): void {
    this.#months[month]!.ids.unshift(...ids)
    this.#changes++
  }

  remove(...ids: number[]): void {
    for (const month of this.#months) month.ids = month.ids.filter((id) => !ids.includes(id))
    this.#months = this.#months.filter((month) => month.ids.length > 0)
    this.#changes++
  }

  tell(change: { photoIds?: number[]; removedIds?: number[]; all?: boolean }): void {
    const event = { photoIds: [], removedIds: [], all: false, ...change }
    for (const listener of this.#listeners.get('photosChanged') ?? []) listener(event as never)
  }

  readonly api: TimelineApi = {
    timeline: () =>
      this.#answer('timeline', undefined, () => ({
        months: this.#months.map(({ month }) => month),
        photos: this.#months.map(({ ids }) => ids.length),
        total: this.ids.length,
        isExact: true,
        token: this.token,
      })),
    months: ({ months }, options) =>
      this.#answer('months', options?.signal, () => {
        const ids = months.map((name) => this.#months.find(({ month }) => month === name)?.ids ?? [])
        return {
          captioned: ids.map((of) => of.filter((id) => this.captions.has(id)).length),
          unsure: ids.map(() => 0),
          offline: ids.map(() => 0),
        }
      }),
    timelinePage: ({ offset = 0, limit = 200 }, options) =>
      this.#answer('timelinePage', options?.signal, () => this.#page(offset, limit), offset),
    placeOf: ({ photo }) =>
      this.#answer('placeOf', undefined, () => {
        const place = this.ids.indexOf(photo)
        return place < 0 ? null : place
      }),
    tiles: ({ photos }, options) =>
      this.#answer('tiles', options?.signal, () => photos.map((id) => this.#tile(id))),
    on: (name, listener) => {
      const event = String(name)
      const set = this.#listeners.get(event) ?? new Set()
      this.#listeners.set(event, set.add(listener))
      return () => set.delete(listener)
    },
  }

  async #answer<T>(
    call: string,
    signal: AbortSignal | undefined,
    make: () => T,
    offset?: number,
  ): Promise<T> {
    const asked = { call, isCancelled: false, ...(offset === undefined ? {} : { offset }) }
    this.asked.push(asked)
    signal?.addEventListener('abort', () => {
      asked.isCancelled = true
    })
    await this.gate
    await turn()
    signal?.throwIfAborted()
    return make()
  }

  #page(offset: number, limit: number): TimelinePage {
    const ids = Uint32Array.from(this.ids.slice(offset, offset + limit))
    return {
      offset,
      token: this.token,
      ids,
      sortMs: Float64Array.from(ids, (id) => 1.7e12 - id * 60_000),
      ratios: Float32Array.from(ids, (id) => ratios[(id * 7) % 5]!),
      colors: new Uint8Array(ids.length * 3).fill(100),
      hashes: new Uint8Array(ids.length * 8).fill(7),
      flags: Uint16Array.from(ids, (id) => (this.captions.has(id) ? tileFlags.byModel : 0)),
      stacked: new Uint16Array(ids.length),
    }
  }

  #tile(id: number): Tile {
    return {
      id,
      name: `IMG_${id}.jpg`,
      caption: this.captions.get(id) ?? null,
      captionSource: this.captions.has(id) ? 'model' : null,
      isUnsure: false,
      doubtfulWords: [],
      rating: null,
      isFavorite: false,
      stacked: 0,
      thumbhash: null,
      error: null,
    }
  }
}
