import { type ErrorRecord, LensloreError, toErrorRecord } from '../../src-main/contract/errors.ts'
import { mostPictureBytes } from '../../src-main/contract/picture-size.ts'
import type { QueryNote } from '../../src-main/contract/query-filters.ts'
import type { AlikePage, SearchPage, Suggestion } from '../../src-main/contract/records.ts'
import { perWindow, type WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'
import { addFilter, readChips } from './query-chips.ts'
import { RecentSearches } from './recent-searches.svelte.ts'

export interface Found {
  query: string
  hits: SearchPage['photos']
  cursor: string | null
  total: number
  isExact: boolean
  corrected: string | null
  notes: readonly QueryNote[]
  /** From asking to the answer. */
  elapsedMs: number
}

/** Of a first page; more are read as they are scrolled to. */
const hitsOfPage = 60
/** While nothing is typed for so long, all matches are counted. */
const restMs = 400
/** A person who waits longer is told so; before that, the old result stands. */
const lateMs = 300
/** Photos that change come many at a time. */
const refreshMs = 1000
const suggestionsShown = 6
const layoutKey = 'lenslore.search.layout'
/** Of searches for what photos look like, which are put in order by it. */
const likeLayoutKey = 'lenslore.search.layout.like'
const builderKey = 'lenslore.search.filters'
const alikeKey = 'lenslore.search.alike'
/** In one row below what says the words. */
const alikeShown = 12
/** Narrower windows have no room for filters beside photos: they open when they are asked for. */
const roomyPx = 1000

export type SearchLayout = 'date' | 'relevance'

/** What is being searched for in this window, from the box to the photos. */
export class SearchState {
  /** What the box holds. */
  text = $state('')
  /** Of the suggestions, the one that Tab takes. */
  chosen = $state(0)
  /** What Enter takes where nothing was found. */
  wayOut = $state.raw<string | null>(null)
  readonly recent = new RecentSearches()
  readonly #window: WindowState
  #found = $state.raw<Found | null>(null)
  #isLate = $state(false)
  #problem = $state.raw<ErrorRecord | null>(null)
  #suggestions = $state.raw<readonly Suggestion[]>([])
  #layout = $state<SearchLayout>(localStorage.getItem(layoutKey) === 'relevance' ? 'relevance' : 'date')
  #likeLayout = $state<SearchLayout>(localStorage.getItem(likeLayoutKey) === 'date' ? 'date' : 'relevance')
  #isLooking = $state(false)
  #alike = $state.raw<AlikePage | null>(null)
  #showsAlike = $state(localStorage.getItem(alikeKey) !== 'off')
  #isBuilderOpen = $state(innerWidth >= roomyPx && localStorage.getItem(builderKey) !== 'closed')
  #asked: string | null = null
  #asking: AbortController | undefined
  #suggesting: AbortController | undefined
  #reading: Promise<void> | undefined
  #restTimer: ReturnType<typeof setTimeout> | undefined
  #refreshTimer: ReturnType<typeof setTimeout> | undefined

  constructor(window: WindowState) {
    this.#window = window
    for (const event of ['photosChanged', 'foldersChanged', 'changedElsewhere', 'libraryReopened'] as const) {
      window.api.on(event, () => this.#refreshSoon())
    }
  }

  /** The last answer, which stays until the next is there. */
  get found(): Found | null {
    return this.#found
  }

  get isLate(): boolean {
    return this.#isLate
  }

  get problem(): ErrorRecord | null {
    return this.#problem
  }

  get suggestions(): readonly Suggestion[] {
    return this.#suggestions
  }

  /** Of what is being searched for: who asks what photos look like sees the nearest first, until they want it otherwise. */
  get layout(): SearchLayout {
    return this.#asksLike() ? this.#likeLayout : this.#layout
  }

  showBy(layout: SearchLayout): void {
    if (this.#asksLike()) this.#likeLayout = layout
    else this.#layout = layout
    localStorage.setItem(this.#asksLike() ? likeLayoutKey : layoutKey, layout)
  }

  #asksLike(): boolean {
    return readChips(this.#found?.query ?? '').chips.some(({ group }) => group === 'like')
  }

  /** A picture that a person gave is being looked at. */
  get isLooking(): boolean {
    return this.#isLooking
  }

  /** Adds to the search that photos are to look like a picture, of the library or not. */
  async addPicture(file: File): Promise<void> {
    const { api, notices, router } = this.#window
    if (file.size > mostPictureBytes) {
      const message = text.search.tooLarge(file.name, mostPictureBytes / 2 ** 20)
      notices.fail(new LensloreError('FILE_TOO_LARGE', message))
      return
    }
    this.#isLooking = true
    try {
      const { term } = await api.likePicture({ bytes: new Uint8Array(await file.arrayBuffer()) })
      this.go(addFilter(router.route.view === 'search' ? router.route.query : this.text, term))
    } catch (thrown) {
      const { code, message } = toErrorRecord(thrown)
      notices.fail(new LensloreError(code, text.search.refusedPicture(file.name, message)))
    } finally {
      this.#isLooking = false
    }
  }

  /** Photos that look like the words of the last answer and do not say them; null where nobody asked yet, or there are none to be had. */
  get alike(): AlikePage | null {
    return this.#alike
  }

  get showsAlike(): boolean {
    return this.#showsAlike
  }

  switchAlike(isOn: boolean): void {
    this.#showsAlike = isOn
    localStorage.setItem(alikeKey, isOn ? 'on' : 'off')
    this.#alike = null
    if (isOn && this.#found && this.#asking) void this.#lookAlike(this.#found.query, this.#asking.signal)
  }

  get isBuilderOpen(): boolean {
    return this.#isBuilderOpen
  }

  openBuilder(): void {
    this.#isBuilderOpen = true
    localStorage.setItem(builderKey, 'open')
  }

  closeBuilder(): void {
    this.#isBuilderOpen = false
    localStorage.setItem(builderKey, 'closed')
  }

  /** What a person typed: shown at once, with what may go on with it. */
  type(text: string): void {
    this.text = text
    this.#suggest(text)
    this.go(text)
  }

  /** Another query from anywhere in the window. */
  go(query: string): void {
    const { router } = this.#window
    this.text = query
    router.go({ view: 'search', query }, { replace: router.route.view === 'search' })
  }

  take(suggestion: Suggestion): void {
    this.forgetSuggestions()
    this.go(suggestion.query)
  }

  forgetSuggestions(): void {
    this.#suggesting?.abort()
    this.#suggestions = []
    this.chosen = 0
  }

  /** Finds photos for a query; an older search that is under way is given up. */
  async show(query: string): Promise<void> {
    if (query === this.#asked) return
    this.#asked = query
    await this.#ask(query)
  }

  /** Reads the next hits of the list. */
  readMore(): Promise<void> {
    this.#reading ??= this.#readMore().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #ask(query: string): Promise<void> {
    this.#asking?.abort()
    clearTimeout(this.#restTimer)
    const asking = new AbortController()
    this.#asking = asking
    const late = setTimeout(() => {
      this.#isLate = true
    }, lateMs)
    const startedMs = performance.now()
    try {
      const page = await this.#window.api.search(
        { query, limit: hitsOfPage, countAll: false },
        { signal: asking.signal },
      )
      if (asking.signal.aborted) return
      this.#problem = null
      if (query !== this.#found?.query) this.#alike = null
      this.#found = {
        query,
        hits: page.photos,
        cursor: page.cursor,
        total: page.total,
        isExact: page.totalIsExact,
        corrected: page.corrected,
        notes: page.notes,
        elapsedMs: performance.now() - startedMs,
      }
      this.#isLate = false
      this.#restTimer = setTimeout(() => void this.#rest(query, asking.signal), restMs)
    } catch (thrown) {
      if (asking.signal.aborted) return
      this.#isLate = false
      this.#problem = toErrorRecord(thrown)
      this.#asked = null
    } finally {
      clearTimeout(late)
    }
  }

  /** The typing rests: all are counted, and the search is one to be remembered. */
  async #rest(query: string, signal: AbortSignal): Promise<void> {
    const found = this.#found
    if (!found || found.query !== query) return
    if (found.total > 0) this.recent.rememberSoon(query)
    if (this.#showsAlike) void this.#lookAlike(query, signal)
    if (found.isExact) return
    const counted = await this.#window.notices.orTell(
      this.#window.api.search({ query, limit: 1, countAll: true }, { signal }),
    )
    if (counted && !signal.aborted && this.#found === found) {
      this.#found = { ...found, total: counted.total, isExact: counted.totalIsExact }
    }
  }

  /** It comes beside what was found: without a model that can do it there is nothing, and nothing to be told. */
  async #lookAlike(query: string, signal: AbortSignal): Promise<void> {
    const alike = await this.#window.api.alike({ query, limit: alikeShown }, { signal }).catch(() => null)
    if (!signal.aborted && this.#showsAlike) this.#alike = alike
  }

  async #readMore(): Promise<void> {
    const found = this.#found
    if (!found?.cursor) return
    const page = await this.#window.notices.orTell(
      this.#window.api.search({
        query: found.query,
        limit: hitsOfPage * 2,
        cursor: found.cursor,
        countAll: false,
      }),
    )
    // Another query was answered meanwhile; a count that came leaves the hits as they are.
    if (!page || this.#found?.cursor !== found.cursor || this.#found.query !== found.query) return
    this.#found = { ...this.#found, hits: [...this.#found.hits, ...page.photos], cursor: page.cursor }
  }

  #suggest(query: string): void {
    this.#suggesting?.abort()
    this.chosen = 0
    if (query.trim() === '') {
      this.#suggestions = []
      return
    }
    const suggesting = new AbortController()
    this.#suggesting = suggesting
    this.#window.api.suggest({ query, limit: suggestionsShown }, { signal: suggesting.signal }).then(
      (suggestions) => {
        if (!suggesting.signal.aborted) this.#suggestions = suggestions
      },
      () => {
        if (!suggesting.signal.aborted) this.#suggestions = []
      },
    )
  }

  #refreshSoon(): void {
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = undefined
      const { route } = this.#window.router
      if (route.view === 'search') void this.#ask(route.query)
      else this.#asked = null
    }, refreshMs)
  }
}

/** The search of this window: box, view and photo share it. */
export const useSearch = perWindow((window) => new SearchState(window))
