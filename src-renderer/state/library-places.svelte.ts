import type { SavedSearch, SearchFacets } from '../../src-main/contract/records.ts'
import type { Api } from '../connection.ts'
import type { Notices } from './notices.svelte.ts'

/** Counting a large library takes a moment, and nobody reads the counts more often. */
const countEveryMs = 5000

/** Where a person can go in this library: its saved searches, its people, and how many photos there are to look over. */
export class LibraryPlaces {
  #saved = $state.raw<readonly SavedSearch[]>([])
  #facets = $state.raw<SearchFacets | null>(null)
  #found = $state.raw<ReadonlyMap<string, number>>(new Map())
  #counting: Promise<void> | undefined
  #isStale = false
  readonly #api: Api
  readonly #notices: Notices

  constructor(api: Api, notices: Notices) {
    this.#api = api
    this.#notices = notices
    for (const event of ['savedSearchesChanged', 'changedElsewhere', 'libraryReopened'] as const) {
      api.on(event, () => void this.readSaved().then(() => this.count()))
    }
    for (const event of ['photosChanged', 'foldersChanged', 'changedElsewhere', 'libraryReopened'] as const) {
      api.on(event, () => void this.count())
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

  async readSaved(): Promise<void> {
    this.#saved = (await this.#notices.orTell(this.#api.savedSearches({}))) ?? this.#saved
  }

  count(): Promise<void> {
    this.#isStale = true
    this.#counting ??= this.#countWhileStale()
    return this.#counting
  }

  async #countWhileStale(): Promise<void> {
    try {
      while (this.#isStale) {
        this.#isStale = false
        this.#facets = await this.#api.facets({ query: '' })
        // While photos change all the time, saved searches are counted once and then when that is over.
        if (this.#saved.some(({ query }) => !this.#found.has(query))) await this.#countSaved()
        await new Promise((resolve) => setTimeout(resolve, countEveryMs))
        if (!this.#isStale) await this.#countSaved()
      }
    } catch (thrown) {
      this.#notices.fail(thrown)
    } finally {
      this.#counting = undefined
    }
  }

  async #countSaved(): Promise<void> {
    const found = new Map<string, number>()
    for (const { query } of this.#saved) {
      const { total } = await this.#api.search({ query, limit: 1 })
      found.set(query, total)
    }
    this.#found = found
  }
}
