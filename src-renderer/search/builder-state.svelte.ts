import type { SearchFacets, Timeline } from '../../src-main/contract/records.ts'
import type { WindowState } from '../state/window-state.svelte.ts'
import { type ChipGroup, chipOf, readChips, setFilter } from './query-chips.ts'

/** While a person types, nobody reads the counts. */
const restMs = 250

/**
 * Of what a query finds, how many have what. Where a group of alternatives is chosen, its own counts are of the query without
 * it: what else could be chosen.
 */
export class BuilderState {
  #facets = $state.raw<ReadonlyMap<string, SearchFacets>>(new Map())
  #timeline = $state.raw<Timeline | null>(null)
  #query = $state('')
  readonly #window: WindowState

  constructor(window: WindowState) {
    this.#window = window
  }

  /** Of all dates that the rest of the query leaves. */
  get timeline(): Timeline | null {
    return this.#timeline
  }

  /** Null until they were counted. */
  facetsOf(group: ChipGroup | null): SearchFacets | null {
    return this.#facets.get(queryWithout(this.#query, group)) ?? this.#facets.get(this.#query) ?? null
  }

  /** @returns what calls it off, as for another query */
  readSoon(query: string): () => void {
    const reading = new AbortController()
    const timer = setTimeout(() => void this.#read(query, reading.signal), restMs)
    return () => {
      clearTimeout(timer)
      reading.abort()
    }
  }

  async #read(query: string, signal: AbortSignal): Promise<void> {
    const { api, notices } = this.#window
    const groups = readChips(query).chips.map((chip) => chip.group)
    const queries = new Set([null, ...groups].map((group) => queryWithout(query, group)))
    const counted = [...queries].map(
      async (query) => [query, await api.facets({ query }, { signal })] as const,
    )
    const timeline = api.timeline({ query: queryWithout(query, 'dates') }, { signal })
    const read = await notices.orTell(Promise.all([timeline, ...counted]))
    if (!read || signal.aborted) return
    const [newTimeline, ...facets] = read
    this.#timeline = newTimeline
    this.#facets = new Map(facets)
    this.#query = query
  }
}

/** Alternatives of each other; people and keywords must all be there. */
const alternatives: readonly (ChipGroup | null)[] = [
  'dates',
  'camera',
  'lens',
  'folder',
  'caption',
  'rating',
  'state',
  'favorite',
]

function queryWithout(query: string, group: ChipGroup | null): string {
  if (group === null || !alternatives.includes(group)) return query
  return chipOf(readChips(query), group) ? setFilter(query, group, []) : query
}
