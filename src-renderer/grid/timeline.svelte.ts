import { type ErrorRecord, toErrorRecord } from '../../src-main/contract/errors.ts'
import type { HostCalls, HostEvents } from '../../src-main/contract/host-calls.ts'
import type { LibraryEvents, PageCalls } from '../../src-main/contract/library-calls.ts'
import type { Tile, Timeline, TimelinePage } from '../../src-main/contract/records.ts'
import type { Client } from '../../src-main/contract/rpc.ts'
import { blocksOf, Columns, colorAt, hashAt } from './columns.ts'
import { type DrawnBlank, type DrawnMonth, type DrawnRow, type DrawnTile, Slots } from './drawn.ts'
import { headPx, Layout, type PlacedRow, type Position } from './layout.ts'
import { type MonthCount, MonthHeads } from './month-heads.ts'
import { breakRows, type Measure, shownRatio, spansOf } from './rows.ts'
import { isNearEnd, layRunway, runwayLengthPx } from './runway.ts'
import { SelectionState } from './selection.svelte.ts'
import { Tiles } from './tiles.ts'

export type TimelineApi = Pick<
  Client<PageCalls & HostCalls, LibraryEvents & HostEvents>,
  'timeline' | 'months' | 'timelinePage' | 'placeOf' | 'tiles' | 'on'
>

/** The element that scrolls, or what stands for it. */
export interface Scroller {
  scrollPx: number
  setLengthPx(lengthPx: number): void
}

/** So that the last row can be seen above the bar of the selection. */
const endPx = 96
/** Of a photo, before any was seen. */
const usualRatio = 1.4
/** Where the first photo is that is seen: below the head of its month. */
const anchorPx = headPx + 4
const mostTiles = 360
/** How far the boxes of months reach in steps, so that they rarely change while scrolling. */
const boxStepPx = 1024
const settleMs = 120
const tilesAfterMs = 40
const freshenAfterMs = 200
/** While captions come, the heads of months are counted no more often. */
const countEveryMs = 1000
const arrivalMs = 4000
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
  #drawn = $state.raw<readonly DrawnMonth[]>([])
  #rowTotal = $state.raw(0)
  #topPlace = $state.raw(0)
  #isFast = $state.raw(false)
  #tileEpoch = $state.raw(0)
  #headEpoch = $state.raw(0)
  #focusPlace = $state.raw(0)
  #tabPlace = $state.raw(0)
  #wishedFocus = $state.raw<number | null>(null)
  #arrived = $state.raw<ReadonlySet<number>>(new Set())
  #arrivals = $state.raw(0)
  #lostSelections = $state.raw(0)

  #layout: Layout | undefined
  #columns: Columns
  readonly #tiles: Tiles
  readonly #heads: MonthHeads
  #measure: Measure | undefined
  #viewPx = 0
  /** How long what scrolls is. */
  #lengthPx = 0
  #meanRatio: number | undefined
  #scroller: Scroller | undefined
  #basePx = 0
  /** What stands at `anchorPx` below the top of the view. */
  #position: Position = { place: 0, offsetPx: 0 }
  #isAtTop = true
  #hasFocus = false
  readonly #reading = new AbortController()
  readonly #slots = new Slots()
  #rows = new Map<string, { row: DrawnRow; stamp: number }>()
  #stamp = 0
  #lastTopPx = 0
  #timers = new Map<string, ReturnType<typeof setTimeout>>()
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
  get drawn(): readonly DrawnMonth[] {
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
    return this.#isFast
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
    return this.#arrivals
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

  /** What of a month has a caption, and the like; undefined until it was counted. */
  countsOf(month: string): MonthCount | undefined {
    void this.#headEpoch
    return this.#heads.of(month)
  }

  hasArrived(photo: number): boolean {
    return this.#arrived.has(photo)
  }

  /** Begins to draw into an element; ends with the function it answers. */
  attach(scroller: Scroller): () => void {
    this.#scroller = scroller
    this.#lengthPx = 0
    if (this.#layout) this.#goTo(this.#topOfPosition(this.#layout))
    // A photo that was looked at meanwhile is gone back to.
    if (this.#wishedFocus !== null) void this.focusOn(this.#wishedFocus)
    return () => {
      this.#scroller = undefined
      this.#columns.want(new Set())
      this.#tiles.want([])
      this.#heads.close()
    }
  }

  /** The space there is, and how high rows shall be. */
  resize(measure: Measure, viewPx: number): void {
    const { widthPx, targetPx, captionPx } = this.#measure ?? {}
    this.#viewPx = viewPx
    const isSame =
      measure.widthPx === widthPx && measure.targetPx === targetPx && measure.captionPx === captionPx
    if (!isSame) {
      this.#measure = measure
      this.#layAnew()
    }
    if (this.#layout && isSame) this.#draw()
  }

  onScroll(): void {
    if (!this.#layout || !this.#scroller) return
    const topPx = this.#basePx + this.#scroller.scrollPx
    this.#position = positionBelow(this.#layout, topPx)
    this.#isAtTop = topPx <= 0
    this.#draw()
  }

  close(): void {
    for (const stop of this.#stopHearing) stop()
    this.#reading.abort()
    for (const timer of this.#timers.values()) clearTimeout(timer)
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

  /** The first place of the month that holds a place, and of the months around it. */
  monthOf(place: number): { index: number; start: number; end: number } {
    const layout = this.#layout
    if (!layout || layout.photos === 0) return { index: 0, start: 0, end: 0 }
    const index = layout.monthOfPart[layout.partOf(place)]!
    const [from, to] = [layout.partOfMonth[index]!, layout.partOfMonth[index + 1]!]
    return { index, start: layout.partStarts[from]!, end: layout.partStarts[to]! }
  }

  /** Moves the focus to a photo and brings it into sight. */
  async focusOn(place: number): Promise<void> {
    const layout = this.#layout
    if (!layout || layout.photos === 0) return
    const bound = Math.min(layout.photos - 1, Math.max(0, place))
    this.#focusPlace = bound
    this.#wishedFocus = bound
    // Photos may come or go while those around it are read.
    for (let tries = 0; tries < triesToFocus && this.#scroller && this.#layout; tries++) {
      if (this.#wishedFocus === null || this.#layout.photos === 0) return
      const wished = Math.min(this.#wishedFocus, this.#layout.photos - 1)
      this.#wishedFocus = wished
      const part = this.#layout.partOf(wished)
      if (this.#readPart(part)) {
        this.#reveal(wished)
        return
      }
      this.jumpTo(wished)
      await this.#columns.load(this.#blocksOfPart(this.#layout, part)).catch(() => {})
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
      await this.#columns.load(this.#blocksOfPart(layout, near)).catch(() => {})
      this.#readPart(near)
    }
    const from = layout.rowOfPlace(place)
    const to = from && layout.neighbour(from, step)
    if (!to) return place
    const middlePx = middleOf(layout, from, place - from.firstPlace)
    let [best, bestPx] = [to.firstPlace, Infinity]
    for (let at = to.firstPlace; at < to.endPlace; at++) {
      const awayPx = Math.abs(middleOf(layout, to, at - to.firstPlace) - middlePx)
      if (awayPx < bestPx) [best, bestPx] = [at, awayPx]
    }
    return best
  }

  /** About a screen further. */
  async placeByScreen(place: number, step: 1 | -1): Promise<number> {
    const layout = this.#layout
    if (!layout || layout.photos === 0) return place
    const topPx = layout.topOfPlace(place) + step * Math.max(100, this.#viewPx - 2 * headPx)
    const bound = Math.min(layout.totalPx - 1, Math.max(0, topPx))
    const at = layout.positionAt(bound).place
    return at === place ? this.placeBeyond(place, step) : at
  }

  /** Runs of places whose photos lie in a box, in pixels of the runway. */
  placesIn(box: { leftPx: number; rightPx: number; topPx: number; bottomPx: number }): [number, number][] {
    const layout = this.#layout
    if (!layout) return []
    const [fromPx, toPx] = [box.topPx + this.#basePx, box.bottomPx + this.#basePx]
    const runs: [number, number][] = []
    for (let part = layout.partAt(fromPx); part < layout.parts && layout.topOf(part) < toPx; part++) {
      this.#readPart(part)
      for (const row of layout.rowsBetween(part, fromPx, toPx)) {
        if (row.topPx + row.heightPx <= fromPx) continue
        const hit = spansOf(layout.rowsOf(part)!, row.row).flatMap(({ leftPx, widthPx }, at) =>
          leftPx < box.rightPx && leftPx + widthPx > box.leftPx ? [row.firstPlace + at] : [],
        )
        if (hit.length > 0) runs.push([hit[0]!, hit.at(-1)! + 1])
      }
    }
    return runs
  }

  /** How far what is drawn moved against the library since the last time, which whoever keeps pixels must follow. */
  get basePx(): number {
    return this.#basePx
  }

  #newColumns(): Columns {
    const columns: Columns = new Columns(
      (offset, limit, signal) => this.#api.timelinePage({ query: this.query, offset, limit }, { signal }),
      {
        onRead: (page) => {
          if (columns === this.#columns) this.#hearPage(page)
        },
        onProblem: () => this.#later('read', refreshEveryMs, () => this.#draw()),
      },
    )
    return columns
  }

  #newLayout(timeline: Timeline): Layout | undefined {
    return this.#measure && new Layout(timeline.photos, this.#measure, this.#meanRatio ?? usualRatio)
  }

  /** The same photos in another space. */
  #layAnew(): void {
    if (this.#phase !== 'ready') return
    const { place } = this.#position
    this.#layout = this.#newLayout(this.#timeline)
    this.#stamp++
    if (!this.#layout) return
    if (this.#layout.photos > 0) this.#readPart(this.#layout.partOf(Math.min(place, this.#layout.photos - 1)))
    this.#goTo(this.#topOfPosition(this.#layout))
  }

  #blocksOfPart(layout: Layout, part: number): number[] {
    return blocksOf(layout.partStarts[part]!, layout.partStarts[part + 1]!)
  }

  /** Makes the rows of a part whose columns are at hand. @returns whether there are rows */
  #readPart(part: number): boolean {
    const layout = this.#layout!
    return layout.rowsOf(part) !== undefined || this.#breakPart(layout, part)
  }

  #breakPart(layout: Layout, part: number): boolean {
    const ratios = this.#columns.ratios(layout.partStarts[part]!, layout.partStarts[part + 1]!)
    if (ratios) layout.setRows(part, breakRows(ratios, layout.measure, layout.endsMonth(part)))
    return ratios !== undefined
  }

  /** The top of the view for what is seen now. */
  #topOfPosition(layout: Layout): number {
    return this.#isAtTop || layout.photos === 0 ? 0 : layout.topOfPosition(this.#position) - anchorPx
  }

  #reveal(place: number): void {
    const layout = this.#layout
    const row = layout?.rowOfPlace(place)
    if (!layout || !row || !this.#scroller) return
    const topPx = this.#basePx + this.#scroller.scrollPx
    const bottomPx = topPx + this.#viewPx
    const rowBottomPx = row.topPx + row.heightPx + layout.measure.captionPx
    const marginPx = this.selection.isEmpty ? 8 : 80
    if (row.topPx < topPx + anchorPx) this.#goTo(row.topPx - anchorPx)
    else if (rowBottomPx > bottomPx - marginPx) this.#goTo(rowBottomPx + marginPx - this.#viewPx)
    else this.#draw()
  }

  get #totalPx(): number {
    return this.#layout && this.#layout.photos > 0 ? this.#layout.totalPx + endPx : 0
  }

  /** @param position what is to stand at the top, where that is said more exactly than in pixels */
  #goTo(topPx: number, position?: Position): void {
    const layout = this.#layout
    if (!layout) return
    const boundPx = Math.round(Math.max(0, Math.min(topPx, this.#totalPx - this.#viewPx)))
    const scrollPx = boundPx - this.#basePx
    const isOnRunway =
      this.#lengthPx > 0 && scrollPx >= 0 && scrollPx <= this.#lengthPx - this.#viewPx && this.#scroller
    if (layout.photos > 0) {
      const isExact = position && boundPx === Math.round(topPx)
      this.#position = isExact ? position : positionBelow(layout, boundPx)
    }
    this.#isAtTop = boundPx === 0
    if (isOnRunway) this.#scroller!.scrollPx = scrollPx
    else this.#layRunwayAt(boundPx)
    this.#draw()
  }

  #layRunwayAt(topPx: number): void {
    const { basePx, scrollPx } = layRunway(topPx, this.#totalPx, this.#viewPx)
    this.#basePx = basePx
    this.#stretch()
    if (this.#scroller) this.#scroller.scrollPx = scrollPx
  }

  #stretch(): void {
    this.#lengthPx = Math.round(runwayLengthPx(this.#basePx, this.#totalPx, this.#viewPx))
    this.#scroller?.setLengthPx(this.#lengthPx)
  }

  /** Puts on the page what is near the view, and asks for what is missing of it. */
  #draw(): void {
    const layout = this.#layout
    if (!layout || !this.#scroller) return
    if (layout.photos === 0) {
      this.#drawn = []
      this.#rowTotal = 0
      return
    }
    const [fromPart, toPart] = this.#settleParts(layout, this.#scroller)
    const blocks = new Set<number>()
    for (let part = fromPart; part <= toPart; part++) {
      for (const block of this.#blocksOfPart(layout, part)) blocks.add(block)
    }
    this.#columns.want(blocks)
    this.#compose(layout, this.#scroller)
  }

  /** Reads the parts near the view, and keeps the first visible photo where it is, whatever they turn out to be. */
  #settleParts(layout: Layout, scroller: Scroller): [number, number] {
    for (;;) {
      const topPx = this.#basePx + scroller.scrollPx
      const overPx = this.#overPx(layout)
      const fromPart = layout.partAt(topPx - overPx)
      const toPart = layout.partAt(topPx + this.#viewPx + overPx)
      let isChanged = false
      for (let part = fromPart; part <= toPart; part++) {
        if (!layout.rowsOf(part) && this.#readPart(part)) isChanged = true
      }
      if (isChanged) {
        this.#basePx += Math.round(this.#topOfPosition(layout) - topPx)
      }
      this.#stretch()
      if (isNearEnd({ basePx: this.#basePx, scrollPx: scroller.scrollPx }, this.#totalPx, this.#viewPx)) {
        this.#layRunwayAt(this.#basePx + scroller.scrollPx)
      }
      if (!isChanged) return [fromPart, toPart]
    }
  }

  #overPx(layout: Layout): number {
    const { widthPx, targetPx } = layout.measure
    const tilesPerPx = widthPx / (usualRatio * targetPx * targetPx)
    return Math.max(160, Math.min(this.#viewPx, (mostTiles / tilesPerPx - this.#viewPx) / 2))
  }

  #compose(layout: Layout, scroller: Scroller): void {
    const topPx = this.#basePx + scroller.scrollPx
    const overPx = this.#overPx(layout)
    const [fromPx, toPx] = [Math.max(0, topPx - overPx), topPx + this.#viewPx + overPx]
    const boxFromPx = Math.floor(fromPx / boxStepPx) * boxStepPx
    const boxToPx = Math.ceil(toPx / boxStepPx) * boxStepPx
    const placed: PlacedRow[] = []
    const blanks: { part: number; topPx: number; heightPx: number }[] = []
    const fromPart = layout.partAt(fromPx)
    const toPart = layout.partAt(toPx)
    for (let part = fromPart; part <= toPart; part++) {
      if (layout.rowsOf(part)) placed.push(...layout.rowsBetween(part, fromPx, toPx))
      else {
        const blankFromPx = Math.max(layout.rowsTopOf(part), boxFromPx)
        const blankToPx = Math.min(layout.rowsTopOf(part) + layout.rowsHeightOf(part), boxToPx)
        if (blankToPx > blankFromPx)
          blanks.push({ part, topPx: blankFromPx, heightPx: blankToPx - blankFromPx })
      }
    }
    const focusPlace = Math.min(this.#focusPlace, layout.photos - 1)
    const isInSight = placed.some(
      ({ firstPlace, endPlace }) => firstPlace <= focusPlace && focusPlace < endPlace,
    )
    this.#tabPlace = this.#hasFocus || isInSight ? focusPlace : this.#position.place
    const focused = this.#hasFocus ? layout.rowOfPlace(focusPlace) : undefined
    // The element with the focus must stay, wherever the person scrolls.
    if (focused && !placed.some(({ part, row }) => part === focused.part && row === focused.row)) {
      placed.push(focused)
    }
    const months = new Map<number, { topPx: number; endPx: number; rows: DrawnRow[]; blanks: DrawnBlank[] }>()
    for (let part = fromPart; part <= toPart; part++) {
      const month = layout.monthOfPart[part]!
      if (!months.has(month))
        months.set(month, { ...this.#boxOf(layout, month, boxFromPx, boxToPx), rows: [], blanks: [] })
    }
    if (focused) {
      const month = layout.monthOfPart[focused.part]!
      const endPx = focused.topPx + focused.heightPx
      if (!months.has(month)) months.set(month, { topPx: focused.topPx, endPx, rows: [], blanks: [] })
    }
    const slots = this.#slots.assign(placed.map(({ part, row }) => `${part}:${row}`))
    const before = this.#rows
    this.#rows = new Map()
    for (const [at, row] of placed.entries()) {
      const box = months.get(layout.monthOfPart[row.part]!)!
      box.rows.push(this.#drawRow(layout, row, slots[at]!, row.topPx - box.topPx, before))
    }
    for (const { part, topPx, heightPx } of blanks) {
      const box = months.get(layout.monthOfPart[part]!)!
      box.blanks.push({ part, topPx: topPx - box.topPx, heightPx })
    }
    this.#drawn = [...months].map(([index, { topPx, endPx, rows, blanks }]) => {
      const part = layout.partOfMonth[index]!
      return {
        month: this.#timeline.months[index]!,
        photos: this.#timeline.photos[index]!,
        topPx: topPx - this.#basePx,
        heightPx: endPx - topPx,
        rowIndex: layout.rowsBefore(part),
        rows,
        blanks,
      }
    })
    this.#rowTotal = layout.rowTotal
    this.#topPlace = this.#position.place
    this.#lookAtSpeed(topPx)
    this.#later('tiles', tilesAfterMs, () => this.#wantTiles())
  }

  #boxOf(layout: Layout, month: number, fromPx: number, toPx: number): { topPx: number; endPx: number } {
    const [first, next] = [layout.partOfMonth[month]!, layout.partOfMonth[month + 1]!]
    return {
      topPx: Math.max(layout.topOf(first), fromPx),
      endPx: Math.min(layout.topOf(next), toPx),
    }
  }

  #drawRow(
    layout: Layout,
    placed: PlacedRow,
    slot: number,
    topPx: number,
    before: ReadonlyMap<string, { row: DrawnRow; stamp: number }>,
  ): DrawnRow {
    const key = `${placed.part}:${placed.row}`
    const rowIndex = layout.rowsBefore(placed.part) + placed.row + 1
    const known = before.get(key)
    const isSame =
      known?.stamp === this.#stamp && known.row.topPx === topPx && known.row.rowIndex === rowIndex
    const tiles = known?.stamp === this.#stamp ? known.row.tiles : this.#drawTiles(layout, placed)
    const row = isSame ? known.row : { slot, topPx, heightPx: placed.heightPx, rowIndex, tiles }
    this.#rows.set(key, { row, stamp: this.#stamp })
    return row
  }

  #drawTiles(layout: Layout, { part, row, firstPlace }: PlacedRow): DrawnTile[] {
    return spansOf(layout.rowsOf(part)!, row).flatMap(({ leftPx, widthPx }, at) => {
      const found = this.#columns.at(firstPlace + at)
      if (!found) return []
      const { page, index } = found
      return {
        place: firstPlace + at,
        id: page.ids[index]!,
        leftPx,
        widthPx,
        sortMs: page.sortMs[index]!,
        flags: page.flags[index]!,
        hash: hashAt(found),
        color: colorAt(found),
      }
    })
  }

  #lookAtSpeed(topPx: number): void {
    if (Math.abs(topPx - this.#lastTopPx) > this.#viewPx) this.#isFast = true
    this.#lastTopPx = topPx
    if (!this.#isFast) return
    const settle = () => {
      this.#isFast = false
      this.#wantTiles()
    }
    this.#later('settle', settleMs, settle, true)
  }

  #wantTiles(): void {
    if (!this.#scroller || this.#isFast) return
    this.#tiles.want(this.#drawnIds())
    this.#heads.want(this.#drawn.map(({ month }) => month))
  }

  #drawnIds(): number[] {
    return this.#drawn.flatMap(({ rows }) => rows.flatMap(({ tiles }) => tiles.map(({ id }) => id)))
  }

  #hearTiles(tiles: Tile[], before: (Tile | undefined)[]): void {
    const came = tiles.filter(
      ({ caption }, at) => caption !== null && before[at] && before[at].caption !== caption,
    )
    this.#tileEpoch++
    if (came.length === 0) return
    this.#arrived = new Set([...this.#arrived, ...came.map(({ id }) => id)])
    this.#arrivals += came.length
    setTimeout(() => {
      const left = new Set(this.#arrived)
      for (const { id } of came) left.delete(id)
      this.#arrived = left
    }, arrivalMs)
  }

  #hearPage(page: TimelinePage): void {
    const layout = this.#layout
    if (page.token !== this.#timeline.token) this.#refreshSoon()
    if (!layout || !this.#scroller) return
    const wasPx = this.#topOfPosition(layout)
    if (this.#meanRatio === undefined) this.#learnMeanRatio(layout, page)
    this.#stamp++
    const [first, end] = [page.offset, page.offset + page.ids.length]
    for (let part = layout.partOf(first); part < layout.parts && layout.partStarts[part]! < end; part++) {
      if (layout.rowsOf(part)) this.#breakPart(layout, part)
    }
    this.#basePx += Math.round(this.#topOfPosition(layout) - wasPx)
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
    this.#later('count', countEveryMs, () => {
      this.#heads.distrust()
      this.#wantTiles()
    })
    this.#later('freshen', freshenAfterMs, () => {
      this.#draw()
      this.#wantTiles()
    })
  }

  /** Looks whether photos came or went, no more often than looking is cheap. */
  #refreshSoon(): void {
    const pauseMs = Math.max(refreshEveryMs, 10 * this.#refreshTookMs)
    const waitMs = Math.max(0, this.#refreshedMs + pauseMs - performance.now())
    this.#isOutdated = true
    this.#later('refresh', waitMs, () => void this.#refresh())
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
      const isFirst = this.#phase !== 'ready'
      const columns = this.#newColumns()
      const months = this.#api.timeline({ query: this.query }, { signal })
      if (isFirst) signal.addEventListener('abort', () => columns.close(), { once: true })
      const [timeline] = await Promise.all([months, isFirst && columns.load([0])])
      this.#refreshTookMs = performance.now() - startMs
      if (!isFirst && timeline.token === this.#timeline.token) return
      if (!isFirst && this.#layout && this.total > 0) await this.#moveInto(timeline)
      else await this.#begin(timeline, columns)
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
    const anchor = this.#position
    let move = await this.selection.prepareMove(placeOf)
    while (!move.isCurrent()) move = await this.selection.prepareMove(placeOf)
    const focusBefore = this.#focusPlace
    const [place, focusPlace] = await Promise.all([follow(anchor.place), follow(focusBefore)])
    const columns = this.#newColumns()
    const layout = this.#newLayout(timeline)!
    if (timeline.total > 0) {
      // What is seen is there at once when it changes, so that nothing flickers.
      const part = layout.partOf(this.#isAtTop ? 0 : place)
      const near = [part - 1, part, part + 1].filter((part) => part >= 0 && part < layout.parts)
      await columns.load(near.flatMap((part) => this.#blocksOfPart(layout, part)))
    }
    if (!move.isCurrent()) move = await this.selection.prepareMove(placeOf)
    const movedPlaces = this.#position.place - anchor.place
    this.#columns.close()
    this.#columns = columns
    this.#timeline = timeline
    this.#layout = layout
    this.#stamp++
    const focus = this.#focusPlace === focusBefore ? focusPlace : this.#focusPlace
    this.#focusPlace = Math.max(0, Math.min(focus, layout.photos - 1))
    if (this.#wishedFocus !== null) this.#wishedFocus = this.#focusPlace
    this.#position = {
      place: Math.max(0, Math.min(layout.photos - 1, place + movedPlaces)),
      offsetPx: this.#position.offsetPx,
    }
    if (!move.apply(timeline.total)) this.#lostSelections++
    if (columns.at(this.#position.place)?.page.token !== timeline.token) this.#isOutdated = true
    if (layout.photos === 0) {
      this.#goTo(0)
      return
    }
    this.#readPart(layout.partOf(this.#position.place))
    const topPx = this.#topOfPosition(layout)
    if (this.#scroller) {
      // The runway moves below the library, so that a scroll under way goes on.
      this.#basePx = Math.round(topPx - this.#scroller.scrollPx)
      this.#draw()
    }
  }

  /** @param isAnew the time begins again with every call; else the first call counts */
  #later(name: string, ms: number, act: () => void, isAnew = false): void {
    if (this.#timers.has(name) && !isAnew) return
    clearTimeout(this.#timers.get(name))
    this.#timers.set(
      name,
      setTimeout(() => {
        this.#timers.delete(name)
        act()
      }, ms),
    )
  }
}

function positionBelow(layout: Layout, topPx: number): Position {
  return layout.positionAt(Math.min(topPx + anchorPx, layout.totalPx - 1))
}

function middleOf(layout: Layout, { part, row }: PlacedRow, at: number): number {
  const { leftPx, widthPx } = spansOf(layout.rowsOf(part)!, row)[at]!
  return leftPx + widthPx / 2
}
