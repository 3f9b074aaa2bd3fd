import type { SearchFacets, Subfolders, Timeline } from '../../src-main/contract/records.ts'
import type { WindowState } from '../state/window-state.svelte.ts'
import { type ChipGroup, chipOf, readChips, setFilter } from './query-chips.ts'

/** A folder, or one of its directories with `/` between names; '' is the folder itself. */
export interface FolderPlace {
  folderId: number
  directory: string
}

const within = (query: string, { folderId, directory }: FolderPlace) => ({
  query,
  folderId,
  below: directory,
})
export const keyOfFolder = ({ folderId, directory }: FolderPlace) => `${folderId}/${directory}`

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
  /** By the keys of folders whose sub-folders are shown. */
  #below = $state.raw<ReadonlyMap<string, Subfolders>>(new Map())
  #opened = new Map<string, FolderPlace>()
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

  /** What stands right below a folder or directory; null where it is closed, or was not read yet. */
  below(place: FolderPlace): Subfolders | null {
    return this.#below.get(keyOfFolder(place)) ?? null
  }

  async openFolder(place: FolderPlace): Promise<void> {
    const key = keyOfFolder(place)
    if (this.#opened.has(key)) return
    this.#opened.set(key, place)
    const query = queryWithout(this.#query, 'folder')
    const read = await this.#window.notices.orTell(this.#window.api.subfolders(within(query, place)))
    if (!read) this.#opened.delete(key)
    else if (this.#opened.has(key)) this.#below = new Map([...this.#below, [key, read]])
  }

  closeFolder(place: FolderPlace): void {
    const key = keyOfFolder(place)
    this.#opened.delete(key)
    this.#below = new Map([...this.#below].filter(([other]) => other !== key))
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
    const opened = [...this.#opened].map(async ([key, place]) => {
      const subfolders = await api.subfolders(within(queryWithout(query, 'folder'), place), { signal })
      return [key, subfolders] as const
    })
    const read = await notices.orTell(
      Promise.all([timeline, Promise.all(counted), Promise.all(opened)] as const),
    )
    if (!read || signal.aborted) return
    const [newTimeline, facets, below] = read
    this.#below = new Map(below.filter(([key]) => this.#opened.has(key)))
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
  'place',
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
