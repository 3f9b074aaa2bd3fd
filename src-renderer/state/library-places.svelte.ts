import type { LibraryEvents, PageCalls } from '../../src-main/contract/library-calls.ts'
import type { SavedSearch, SearchFacets } from '../../src-main/contract/records.ts'
import type { Client } from '../../src-main/contract/rpc.ts'
import type { Notices } from './notices.svelte.ts'
import { readWhileStale } from './while-stale.ts'

export type PlacesApi = Pick<
  Client<PageCalls, LibraryEvents>,
  'savedSearches' | 'removeSavedSearch' | 'facets' | 'search' | 'on'
>

/** Counting a large library takes a moment, and nobody reads the counts more often. */
const countEveryMs = 5000

/** Where a person can go in this library: its saved searches, its people, and how many photos there are to look over. */
export class LibraryPlaces {
  #saved = $state.raw<readonly SavedSearch[]>([])
  #facets = $state.raw<SearchFacets | null>(null)
  #found = $state.raw<ReadonlyMap<string, number>>(new Map())
  /** Whether something changed since the saved searches were counted. */
  #areSavedStale = true
  readonly #api: PlacesApi
  readonly #notices: Notices
  readonly #count: () => Promise<void>

  constructor(api: PlacesApi, notices: Notices) {
    this.#api = api
    this.#notices = notices
    this.#count = readWhileStale({
      everyMs: countEveryMs,
      read: async () => {
        this.#facets = await api.facets({ query: '' })
        // While photos change all the time, saved searches are counted once and then when that is over.
        if (this.#saved.some(({ query }) => !this.#found.has(query))) await this.#countSaved()
      },
      whenQuiet: async () => {
        if (this.#areSavedStale) await this.#countSaved()
      },
      onFailure: (thrown) => notices.fail(thrown),
    })
    for (const event of ['photosChanged', 'foldersChanged'] as const) {
      api.on(event, () => void this.#countAnew())
    }
    for (const event of ['savedSearchesChanged', 'changedElsewhere', 'libraryReopened'] as const) {
      api.on(event, () => void this.read())
    }
  }

  get saved(): readonly SavedSearch[] {
    return this.#saved
  }

  /** Of all photos; null until they were counted. */
  get facets(): SearchFacets | null {
    return this.#facets
  }

  /** How many photos a saved search finds; undefined until it was counted. */
  foundBy(query: string): number | undefined {
    return this.#found.get(query)
  }

  /** @returns whether it is gone; what went wrong is told */
  async removeSaved(id: number): Promise<boolean> {
    const done = await this.#notices.orTell(this.#api.removeSavedSearch({ id }))
    return done !== undefined
  }

  async read(): Promise<void> {
    this.#saved = (await this.#notices.orTell(this.#api.savedSearches({}))) ?? this.#saved
    await this.#countAnew()
  }

  #countAnew(): Promise<void> {
    this.#areSavedStale = true
    return this.#count()
  }

  async #countSaved(): Promise<void> {
    this.#areSavedStale = false
    const found = new Map<string, number>()
    for (const { query } of this.#saved) {
      const { total } = await this.#api.search({ query, limit: 1 })
      found.set(query, total)
    }
    this.#found = found
  }
}
