import { type ErrorRecord, toErrorRecord } from '../../src-main/contract/errors.ts'
import type { HostCalls, HostEvents } from '../../src-main/contract/host-calls.ts'
import type { LibraryEvents, PageCalls } from '../../src-main/contract/library-calls.ts'
import type { Tile, Timeline, TimelinePage } from '../../src-main/contract/records.ts'
import type { Client } from '../../src-main/contract/rpc.ts'
import { Arrivals } from './arrivals.svelte.ts'
import { Columns } from './columns.ts'
import { Composer, reachOf, usualRatio } from './composer.ts'
import type { DrawnSection } from './drawn.ts'
import { Layout, type Position } from './layout.ts'
import { type MonthCount, MonthHeads } from './month-heads.ts'
import { blocksOfPart, breakPart, readPart } from './parts.ts'
import { type Measure, shownRatio } from './rows.ts'
import { sectionsOf } from './sections.ts'
import { SelectionState } from './selection.svelte.ts'
import { Speed } from './speed.svelte.ts'
import { Tiles } from './tiles.ts'
import { Timers } from './timers.ts'
import { anchorPx, type Scroller, Viewport } from './viewport.ts'
import { type LibraryBox, monthAround, nearestBeyond, placeByScreen, runsWithin } from './walks.ts'

export type TimelineApi = Pick<
  Client<PageCalls & HostCalls, LibraryEvents & HostEvents>,
  'timeline' | 'months' | 'timelinePage' | 'placeOf' | 'tiles' | 'on'
>

const tilesAfterMs = 40
/** From the first photos that are in sight to those around them, which would keep their pictures waiting. */
const aroundAfterMs = 100
const freshenAfterMs = 200
/** While captions come, the heads of months are counted no more often. */
const countEveryMs = 1000
const triesToFocus = 5
/** The least time between two looks at whether photos came or went. */
const refreshEveryMs = 1000

const noTimeline: Timeline = { months: [], photos: [], total: 0, isExact: true, token: '' }

/** The photos of a query, newest first: what of them is on the page, where, and what is known of them. */
export class TimelineState {
  readonly query: string
  readonly selection: SelectionState
  readonly #api: TimelineApi

  #phase = $state.raw<'reading' | 'ready' | 'failed'>('reading')
  #problem = $state.raw<ErrorRecord | null>(null)
  #timeline = $state.raw<Timeline>(noTimeline)
  #drawn = $state.raw<readonly DrawnSection[]>([])
  #rowTotal = $state.raw(0)
  #topPlace = $state.raw(0)
  #tileEpoch = $state.raw(0)
  #headEpoch = $state.raw(0)
  #focusPlace = $state.raw(0)
  #tabPlace = $state.raw(0)
  #wishedFocus = $state.raw<number | null>(null)
  #lostSelections = $state.raw(0)

  #layout: Layout | undefined
  #columns: Columns
  readonly #tiles: Tiles
  readonly #heads: MonthHeads
  #measure: Measure | undefined
  #meanRatio: number | undefined
  #hasFocus = false
  #isAroundDrawn = false
  readonly #view = new Viewport()
  readonly #composer = new Composer()
  readonly #timers = new Timers()
  readonly #arrivals = new Arrivals()
  readonly #speed = new Speed(this.#timers, () => this.#wantTiles())
  readonly #reading = new AbortController()
  #refreshing: Promise<void> | undefined
  #isOutdated = false
  #refreshedMs = 0
  #refreshTookMs = 0
  readonly #stopHearing: (() => void)[]

  constructor(api: TimelineApi, query: string) {
    this.#api = api
    this.query = query
    this.#columns = this.#newColumns()
    this.#tiles = new Tiles(
      (photos, signal) => api.tiles({ photos }, { signal }),
      (tiles, before) => this.#hearTiles(tiles, before),
    )
    this.#heads = new MonthHeads(
      (months, signal) => api.months({ query, months }, { signal }),
      () => {
        this.#headEpoch++
      },
    )
    const state = this
    this.selection = new SelectionState({
      query,
      get token() {
        return state.#timeline.token
      },
      get total() {
        return state.#timeline.total
      },
      idAt: (place) => this.#columns.idAt(place),
    })
    this.#stopHearing = [
      api.on('photosChanged', (change) => this.#hearChange(change)),
      api.on('changedElsewhere', () => this.#distrustAll()),
      api.on('foldersChanged', () => this.#distrustAll()),
      api.on('libraryReopened', () => this.#distrustAll()),
    ]
    void this.#refresh()
  }

  get phase() {
    return this.#phase
  }
  /** Why there is nothing to be seen. */
  get problem() {
    return this.#problem
  }
  get timeline(): Timeline {
    return this.#timeline
  }
  get total(): number {
    return this.#timeline.total
  }
  get drawn(): readonly DrawnSection[] {
    return this.#drawn
  }
  get rowTotal(): number {
    return this.#rowTotal
  }
  /** The first photo that is seen. */
  get topPlace(): number {
    return this.#topPlace
  }
  /** Photos pass too quickly to be looked at. */
  get isFast(): boolean {
    return this.#speed.isFast
  }
  get focusPlace(): number {
    return this.#focusPlace
  }
  /** The photo that Tab reaches: the one with the focus, or the first in sight where that is not. */
  get tabPlace(): number {
    return this.#tabPlace
  }
  /** The photo that is to have the focus as soon as it is on the page. */
  get wishedFocus(): number | null {
    return this.#wishedFocus
  }
  get focusId(): number | undefined {
    return this.#columns.idAt(this.#focusPlace)
  }
  /** How many captions came over photos that were in sight. */
  get arrivals(): number {
    return this.#arrivals.count
  }
  /** How often a selection had to be given up. */
  get lostSelections(): number {
    return this.#lostSelections
  }

  idAt(place: number): number | undefined {
    return this.#columns.idAt(place)
  }

  /** Bits of `tile-flags.ts`, of a photo that was read. */
  flagsAt(place: number): number | undefined {
    const found = this.#columns.at(place)
    return found?.page.flags[found.index]
  }

  /** When a photo that was read was taken. */
  sortMsAt(place: number): number | undefined {
    const found = this.#columns.at(place)
    return found?.page.sortMs[found.index]
  }

  focusIsAt(place: number): void {
    this.#wishedFocus = null
    this.#hasFocus = true
    this.#focusPlace = place
    this.#tabPlace = place
  }

  /** The photo is in sight, and something else has the focus. */
  forgetWish(): void {
    this.#wishedFocus = null
  }

  focusLeft(): void {
    this.#hasFocus = false
  }

  tileOf(photo: number): Tile | undefined {
    void this.#tileEpoch
    return this.#tiles.get(photo)
  }

  /** What of these months has a caption, and the like; undefined until all were counted. */
  countsOf(months: readonly string[]): MonthCount | undefined {
    void this.#headEpoch
    return this.#heads.of(months)
  }

  hasArrived(photo: number): boolean {
    return this.#arrivals.has(photo)
  }

  /** Begins to draw into an element; ends with the function it answers. */
  attach(scroller: Scroller): () => void {
    this.#view.attach(scroller)
    if (this.#layout) this.#goTo(this.#view.topOfPosition(this.#layout))
    // A photo that was looked at meanwhile is gone back to.
    if (this.#wishedFocus !== null) void this.focusOn(this.#wishedFocus)
    return () => {
      this.#view.detach()
      this.#columns.want(new Set())
      this.#tiles.want([])
      this.#heads.close()
    }
  }

  /** The space there is, and how high rows shall be. */
  resize(measure: Measure, viewPx: number): void {
    const { widthPx, targetPx, captionPx } = this.#measure ?? {}
    this.#view.viewPx = viewPx
    const isSame =
      measure.widthPx === widthPx && measure.targetPx === targetPx && measure.captionPx === captionPx
    if (!isSame) {
      this.#measure = measure
      this.#layAnew()
    }
    if (this.#layout && isSame) this.#draw()
  }

  onScroll(): void {
    if (!this.#layout || !this.#view.scroller) return
    this.#isAroundDrawn = true
    this.#view.follow(this.#layout)
    this.#draw()
  }

  close(): void {
    for (const stop of this.#stopHearing) stop()
    this.#reading.abort()
    this.#timers.clear()
    this.#columns.close()
    this.#tiles.close()
    this.#heads.close()
  }

  tryAgain(): void {
    this.#phase = 'reading'
    void this.#refresh()
  }

  /** Brings a place to the top, as a scrubber does. */
  jumpTo(place: number): void {
    const layout = this.#layout
    if (!layout || layout.photos === 0) return
    const bound = Math.min(layout.photos - 1, Math.max(0, Math.floor(place)))
    this.#readPart(layout.partOf(bound))
    this.#goTo(layout.topOfPlace(bound) - anchorPx, { place: bound, offsetPx: 0 })
  }

  /** The month that holds a place: its first place, and that of the month after it. */
  monthOf(place: number): { index: number; start: number; end: number } {
    return monthAround(this.#timeline.photos, place)
  }

  /** Moves the focus to a photo and brings it into sight. */
  async focusOn(place: number): Promise<void> {
    const layout = this.#layout
    if (!layout || layout.photos === 0) return
    const bound = Math.min(layout.photos - 1, Math.max(0, place))
    this.#focusPlace = bound
    this.#wishedFocus = bound
    // Photos may come or go while those around it are read.
    for (let tries = 0; tries < triesToFocus && this.#view.scroller && this.#layout; tries++) {
      if (this.#wishedFocus === null || this.#layout.photos === 0) return
      const wished = Math.min(this.#wishedFocus, this.#layout.photos - 1)
      this.#wishedFocus = wished
      const part = this.#layout.partOf(wished)
      if (this.#readPart(part)) {
        this.#reveal(wished)
        return
      }
      this.jumpTo(wished)
      await this.#columns.load(blocksOfPart(this.#layout, part)).catch(() => {})
    }
  }

  /** The same of a photo that was looked at elsewhere. @returns whether the query finds it */
  async focusOnPhoto(photo: number): Promise<boolean> {
    const known = this.#columns.placeOf(photo)
    const place = known ?? (await this.#api.placeOf({ query: this.query, photo }))
    if (place === null) return false
    await this.focusOn(place)
    return true
  }

  /** The first photo of a day or before it. @param beforeMs the end of the day, as cameras' clocks are kept */
  async focusOnDate(beforeMs: number): Promise<void> {
    const page = await this.#api.timelinePage({ query: this.query, beforeMs, limit: 1 })
    await this.focusOn(Math.min(page.offset, this.total - 1))
  }

  /** The photo above or below, the nearest by its middle. @returns the place itself where there is none */
  async placeBeyond(place: number, step: 1 | -1): Promise<number> {
    const layout = this.#layout
    if (!layout || layout.photos === 0) return place
    const part = layout.partOf(place)
    for (const near of [part, part + step]) {
      if (near < 0 || near >= layout.parts || this.#readPart(near)) continue
      await this.#columns.load(blocksOfPart(layout, near)).catch(() => {})
      this.#readPart(near)
    }
    return nearestBeyond(layout, place, step)
  }

  /** About a screen further. */
  async placeByScreen(place: number, step: 1 | -1): Promise<number> {
    const layout = this.#layout
    if (!layout || layout.photos === 0) return place
    const at = placeByScreen(layout, place, step, this.#view.viewPx)
    return at === place ? this.placeBeyond(place, step) : at
  }

  /** Runs of places whose photos lie in a box, in pixels of the runway. */
  placesIn(box: LibraryBox): [number, number][] {
    const layout = this.#layout
    if (!layout) return []
    const { basePx } = this.#view
    const inLibrary = { ...box, topPx: box.topPx + basePx, bottomPx: box.bottomPx + basePx }
    return runsWithin(layout, inLibrary, (part) => this.#readPart(part))
  }

  /** How far what is drawn moved against the library since the last time, which whoever keeps pixels must follow. */
  get basePx(): number {
    return this.#view.basePx
  }

  #newColumns(): Columns {
    const columns: Columns = new Columns(
      (offset, limit, signal) => this.#api.timelinePage({ query: this.query, offset, limit }, { signal }),
      {
        onRead: (page) => {
          if (columns === this.#columns) this.#hearPage(page)
        },
        onProblem: () => this.#timers.later('read', refreshEveryMs, () => this.#draw()),
      },
    )
    return columns
  }

  #newLayout(timeline: Timeline): Layout | undefined {
    return this.#measure && new Layout(sectionsOf(timeline), this.#measure, this.#meanRatio ?? usualRatio)
  }

  /** The same photos in another space. */
  #layAnew(): void {
    if (this.#phase !== 'ready') return
    const { place } = this.#view.position
    this.#layout = this.#newLayout(this.#timeline)
    this.#composer.renew()
    if (!this.#layout) return
    if (this.#layout.photos > 0) this.#readPart(this.#layout.partOf(Math.min(place, this.#layout.photos - 1)))
    this.#goTo(this.#view.topOfPosition(this.#layout))
  }

  #readPart(part: number): boolean {
    return readPart(this.#layout!, this.#columns, part)
  }

  #reveal(place: number): void {
    const layout = this.#layout
    const row = layout?.rowOfPlace(place)
    if (!layout || !row || !this.#view.scroller) return
    const { topPx, viewPx } = this.#view
    const bottomPx = topPx + viewPx
    const rowBottomPx = row.topPx + row.heightPx + layout.measure.captionPx
    const marginPx = this.selection.isEmpty ? 8 : 80
    if (row.topPx < topPx + anchorPx) this.#goTo(row.topPx - anchorPx)
    else if (rowBottomPx > bottomPx - marginPx) this.#goTo(rowBottomPx + marginPx - viewPx)
    else this.#draw()
  }

  /** @param position what is to stand at the top, where that is said more exactly than in pixels */
  #goTo(topPx: number, position?: Position): void {
    if (!this.#layout) return
    this.#view.goTo(this.#layout, topPx, position)
    this.#draw()
  }

  /** Puts on the page what is near the view, and asks for what is missing of it. */
  #draw(): void {
    const layout = this.#layout
    if (!layout || !this.#view.scroller) return
    if (layout.photos === 0) {
      this.#drawn = []
      this.#rowTotal = 0
      return
    }
    const [fromPart, toPart] = this.#settleParts(layout)
    const blocks = new Set<number>()
    for (let part = fromPart; part <= toPart; part++) {
      for (const block of blocksOfPart(layout, part)) blocks.add(block)
    }
    this.#columns.want(blocks)
    this.#compose(layout)
  }

  /** Reads the parts near the view, and keeps the first visible photo where it is, whatever they turn out to be. */
  #settleParts(layout: Layout): [number, number] {
    for (;;) {
      const { topPx, viewPx } = this.#view
      const reachPx = this.#reachPx(layout)
      const fromPart = layout.partAt(topPx - reachPx)
      const toPart = layout.partAt(topPx + viewPx + reachPx)
      let isChanged = false
      for (let part = fromPart; part <= toPart; part++) {
        if (!layout.rowsOf(part) && this.#readPart(part)) isChanged = true
      }
      if (isChanged) this.#view.moveBy(this.#view.topOfPosition(layout) - topPx)
      this.#view.settle(layout)
      if (!isChanged) return [fromPart, toPart]
    }
  }

  #compose(layout: Layout): void {
    const { basePx, topPx, viewPx, position } = this.#view
    const focusPlace = Math.min(this.#focusPlace, layout.photos - 1)
    const { drawn, isFocusNear } = this.#composer.compose({
      layout,
      columns: this.#columns,
      basePx,
      topPx,
      viewPx,
      reachPx: this.#reachPx(layout),
      focusPlace,
      hasFocus: this.#hasFocus,
    })
    if (!this.#isAroundDrawn) this.#timers.later('around', aroundAfterMs, () => this.#drawAround())
    this.#tabPlace = this.#hasFocus || isFocusNear ? focusPlace : position.place
    this.#drawn = drawn
    this.#rowTotal = layout.rowTotal
    this.#topPlace = position.place
    this.#speed.look(topPx, viewPx)
    this.#timers.later('tiles', tilesAfterMs, () => this.#wantTiles())
  }

  #reachPx(layout: Layout): number {
    return this.#isAroundDrawn ? reachOf(layout, this.#view.viewPx) : 0
  }

  #drawAround(): void {
    this.#isAroundDrawn = true
    this.#draw()
  }

  #wantTiles(): void {
    if (!this.#view.scroller || this.isFast) return
    this.#tiles.want(this.#drawnIds())
    this.#heads.want(this.#drawn.flatMap(({ months }) => months))
  }

  #drawnIds(): number[] {
    return this.#drawn.flatMap(({ rows }) => rows.flatMap(({ tiles }) => tiles.map(({ id }) => id)))
  }

  #hearTiles(tiles: Tile[], before: (Tile | undefined)[]): void {
    this.#tileEpoch++
    this.#arrivals.note(tiles, before)
  }

  #hearPage(page: TimelinePage): void {
    const layout = this.#layout
    if (page.token !== this.#timeline.token) this.#refreshSoon()
    if (!layout || !this.#view.scroller) return
    const wasPx = this.#view.topOfPosition(layout)
    if (this.#meanRatio === undefined) this.#learnMeanRatio(layout, page)
    this.#composer.renew()
    const [first, end] = [page.offset, page.offset + page.ids.length]
    for (let part = layout.partOf(first); part < layout.parts && layout.partStarts[part]! < end; part++) {
      if (layout.rowsOf(part)) breakPart(layout, this.#columns, part)
    }
    this.#view.moveBy(this.#view.topOfPosition(layout) - wasPx)
    this.#draw()
  }

  /** Guesses are better once some photos were seen. */
  #learnMeanRatio(layout: Layout, { ratios }: TimelinePage): void {
    const known = ratios.filter((ratio) => ratio > 0)
    if (known.length === 0) return
    this.#meanRatio = known.reduce((sum, ratio) => sum + shownRatio(ratio), 0) / known.length
    layout.guess(this.#meanRatio)
  }

  #hearChange({ photoIds, removedIds, all }: LibraryEvents['photosChanged']): void {
    if (all) {
      this.#distrustAll()
      return
    }
    this.#tiles.distrust([...photoIds, ...removedIds])
    this.#columns.distrust()
    const shown = new Set(this.#drawnIds())
    if (removedIds.length > 0 || photoIds.some((id) => !shown.has(id))) this.#refreshSoon()
    this.#freshenSoon()
  }

  #distrustAll(): void {
    this.#tiles.distrust()
    this.#columns.distrust()
    this.#freshenSoon()
    this.#refreshSoon()
  }

  #freshenSoon(): void {
    this.#timers.later('count', countEveryMs, () => {
      this.#heads.distrust()
      this.#wantTiles()
    })
    this.#timers.later('freshen', freshenAfterMs, () => {
      this.#draw()
      this.#wantTiles()
    })
  }

  /** Looks whether photos came or went, no more often than looking is cheap. */
  #refreshSoon(): void {
    const pauseMs = Math.max(refreshEveryMs, 10 * this.#refreshTookMs)
    const waitMs = Math.max(0, this.#refreshedMs + pauseMs - performance.now())
    this.#isOutdated = true
    this.#timers.later('refresh', waitMs, () => void this.#refresh())
  }

  /** Reads the months, and where they are others moves all that is kept into them. */
  #refresh(): Promise<void> {
    this.#isOutdated = false
    this.#refreshing ??= this.#readMonths().finally(() => {
      this.#refreshing = undefined
      this.#refreshedMs = performance.now()
      if (this.#isOutdated) this.#refreshSoon()
    })
    return this.#refreshing
  }

  async #readMonths(): Promise<void> {
    const startMs = performance.now()
    try {
      const { signal } = this.#reading
      // The first photos are asked for beside the months, so that there is something to be seen at once.
      const first = this.#phase === 'ready' ? undefined : this.#newColumns()
      const months = this.#api.timeline({ query: this.query }, { signal })
      if (first) signal.addEventListener('abort', () => first.close(), { once: true })
      const [timeline] = await Promise.all([months, first?.load([0])])
      this.#refreshTookMs = performance.now() - startMs
      if (!first && timeline.token === this.#timeline.token) return
      if (!first && this.#layout && this.total > 0) await this.#moveInto(timeline)
      else await this.#begin(timeline, first ?? this.#newColumns())
    } catch (thrown) {
      if (this.#reading.signal.aborted) return
      if (this.#phase === 'ready') {
        this.#refreshSoon()
        return
      }
      this.#phase = 'failed'
      this.#problem = toErrorRecord(thrown)
    }
  }

  async #begin(timeline: Timeline, columns: Columns): Promise<void> {
    if (timeline.total > 0) await columns.load([0])
    this.#columns.close()
    this.#columns = columns
    this.#timeline = timeline
    if (columns.at(0) && columns.at(0)?.page.token !== timeline.token) this.#isOutdated = true
    this.#phase = 'ready'
    this.#problem = null
    this.#layAnew()
  }

  /** Photos came or went: the first visible photo, the focus and the selection stay with the photos they were with. */
  async #moveInto(timeline: Timeline): Promise<void> {
    const placeOf = (photo: number) => this.#api.placeOf({ query: this.query, photo })
    const follow = async (place: number) => {
      const id = this.#columns.idAt(place)
      return (id === undefined ? null : await placeOf(id)) ?? Math.min(place, Math.max(0, timeline.total - 1))
    }
    const anchor = this.#view.position
    let move = await this.selection.prepareMove(placeOf)
    while (!move.isCurrent()) move = await this.selection.prepareMove(placeOf)
    const focusBefore = this.#focusPlace
    const [place, focusPlace] = await Promise.all([follow(anchor.place), follow(focusBefore)])
    const columns = this.#newColumns()
    const layout = this.#newLayout(timeline)!
    if (timeline.total > 0) {
      // What is seen is there at once when it changes, so that nothing flickers.
      const part = layout.partOf(this.#view.isAtTop ? 0 : place)
      const near = [part - 1, part, part + 1].filter((part) => part >= 0 && part < layout.parts)
      await columns.load(near.flatMap((part) => blocksOfPart(layout, part)))
    }
    if (!move.isCurrent()) move = await this.selection.prepareMove(placeOf)
    const { place: placeNow, offsetPx } = this.#view.position
    const movedPlaces = placeNow - anchor.place
    this.#columns.close()
    this.#columns = columns
    this.#timeline = timeline
    this.#layout = layout
    this.#composer.renew()
    const focus = this.#focusPlace === focusBefore ? focusPlace : this.#focusPlace
    this.#focusPlace = Math.max(0, Math.min(focus, layout.photos - 1))
    if (this.#wishedFocus !== null) this.#wishedFocus = this.#focusPlace
    const placeThen = Math.max(0, Math.min(layout.photos - 1, place + movedPlaces))
    this.#view.standAt({ place: placeThen, offsetPx })
    if (!move.apply(timeline.total)) this.#lostSelections++
    if (columns.at(placeThen)?.page.token !== timeline.token) this.#isOutdated = true
    if (layout.photos === 0) {
      this.#goTo(0)
      return
    }
    this.#readPart(layout.partOf(placeThen))
    if (this.#view.scroller) {
      this.#view.moveUnder(layout)
      this.#draw()
    }
  }
}
