import { headPx, type Layout, type Position } from './layout.ts'
import { isNearEnd, layRunway, runwayLengthPx } from './runway.ts'

/** The element that scrolls, or what stands for it. */
export interface Scroller {
  scrollPx: number
  setLengthPx(lengthPx: number): void
}

/** So that the last row can be seen above the bar of the selection. */
const endPx = 96
/** Where the first photo is that is seen: below the head of its month. */
export const anchorPx = headPx + 4

/** What of the library is looked at: the runway that scrolls, where on the library it lies, and what stands at the top of the view. */
export class Viewport {
  viewPx = 0
  #scroller: Scroller | undefined
  #basePx = 0
  /** How long what scrolls is. */
  #lengthPx = 0
  /** What stands at `anchorPx` below the top of the view. */
  #position: Position = { place: 0, offsetPx: 0 }
  #isAtTop = true

  get scroller(): Scroller | undefined {
    return this.#scroller
  }

  /** The height of the library at which the runway begins. */
  get basePx(): number {
    return this.#basePx
  }

  /** The height of the library at the top of the view. */
  get topPx(): number {
    return this.#basePx + (this.#scroller?.scrollPx ?? 0)
  }

  get position(): Position {
    return this.#position
  }

  get isAtTop(): boolean {
    return this.#isAtTop
  }

  attach(scroller: Scroller): void {
    this.#scroller = scroller
    this.#lengthPx = 0
  }

  detach(): void {
    this.#scroller = undefined
  }

  /** The person scrolled. */
  follow(layout: Layout): void {
    const { topPx } = this
    this.#position = positionBelow(layout, topPx)
    this.#isAtTop = topPx <= 0
  }

  /** The top of the view for what is seen now. */
  topOfPosition(layout: Layout): number {
    return this.#isAtTop || layout.photos === 0 ? 0 : layout.topOfPosition(this.#position) - anchorPx
  }

  /** @param position what is to stand at the top, where that is said more exactly than in pixels */
  goTo(layout: Layout, topPx: number, position?: Position): void {
    const boundPx = Math.round(Math.max(0, Math.min(topPx, totalPxOf(layout) - this.viewPx)))
    const scrollPx = boundPx - this.#basePx
    const isOnRunway =
      this.#lengthPx > 0 && scrollPx >= 0 && scrollPx <= this.#lengthPx - this.viewPx && this.#scroller
    if (layout.photos > 0) {
      const isExact = position && boundPx === Math.round(topPx)
      this.#position = isExact ? position : positionBelow(layout, boundPx)
    }
    this.#isAtTop = boundPx === 0
    if (isOnRunway) this.#scroller!.scrollPx = scrollPx
    else this.#layRunwayAt(layout, boundPx)
  }

  /** What is seen came to be so much lower in the library: the runway moves with it, so that nothing moves on the screen. */
  moveBy(px: number): void {
    this.#basePx += Math.round(px)
  }

  /** The photos are others: what is seen is at this position, and the runway moves below the library, so that a scroll goes on. */
  standAt(position: Position): void {
    this.#position = position
  }

  moveUnder(layout: Layout): void {
    if (this.#scroller) this.#basePx = Math.round(this.topOfPosition(layout) - this.#scroller.scrollPx)
  }

  /** Lays the runway on where the person comes near an end of it. */
  settle(layout: Layout): void {
    this.#stretch(layout)
    const runway = { basePx: this.#basePx, scrollPx: this.#scroller?.scrollPx ?? 0 }
    if (isNearEnd(runway, totalPxOf(layout), this.viewPx)) this.#layRunwayAt(layout, this.topPx)
  }

  #layRunwayAt(layout: Layout, topPx: number): void {
    const { basePx, scrollPx } = layRunway(topPx, totalPxOf(layout), this.viewPx)
    this.#basePx = basePx
    this.#stretch(layout)
    if (this.#scroller) this.#scroller.scrollPx = scrollPx
  }

  #stretch(layout: Layout): void {
    this.#lengthPx = Math.round(runwayLengthPx(this.#basePx, totalPxOf(layout), this.viewPx))
    this.#scroller?.setLengthPx(this.#lengthPx)
  }
}

function totalPxOf(layout: Layout): number {
  return layout.photos > 0 ? layout.totalPx + endPx : 0
}

function positionBelow(layout: Layout, topPx: number): Position {
  return layout.positionAt(Math.min(topPx + anchorPx, layout.totalPx - 1))
}
