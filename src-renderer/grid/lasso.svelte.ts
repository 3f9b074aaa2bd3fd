import type { Ranges } from './ranges.ts'
import { noPlaces } from './ranges.ts'
import type { TimelineState } from './timeline.svelte.ts'

export interface Box {
  leftPx: number
  topPx: number
  widthPx: number
  heightPx: number
}

/** Less is a press that shook. */
const leastPx = 4
/** So near an edge the grid begins to scroll. */
const edgePx = 48
const fastestPx = 24

/** Photos are selected by drawing a box over the desk. */
export class Lasso {
  readonly #timeline: TimelineState
  readonly #scroller: HTMLElement
  readonly #content: HTMLElement
  readonly #isAdding: boolean
  readonly #before: Ranges
  /** Where it began: across in the content, down in the whole library, which stays where it is when the runway does not. */
  readonly #start: { xPx: number; yPx: number }
  #pointer: { xPx: number; yPx: number }
  #frame = 0
  #isDrawn = false
  #box = $state.raw<Box | null>(null)

  constructor(
    timeline: TimelineState,
    elements: { scroller: HTMLElement; content: HTMLElement },
    event: PointerEvent,
  ) {
    this.#timeline = timeline
    this.#scroller = elements.scroller
    this.#content = elements.content
    this.#isAdding = event.ctrlKey || event.metaKey || event.shiftKey
    this.#before = this.#isAdding ? timeline.selection.ranges : noPlaces
    this.#pointer = { xPx: event.clientX, yPx: event.clientY }
    this.#start = this.#at()
  }

  /** In pixels of the runway; null until the pointer was moved. */
  get box(): Box | null {
    return this.#box
  }

  move(event: PointerEvent): void {
    this.#pointer = { xPx: event.clientX, yPx: event.clientY }
    this.#select()
    this.#frame ||= requestAnimationFrame(() => this.#scroll())
  }

  /** A press without a move takes the selection away. */
  end(): void {
    cancelAnimationFrame(this.#frame)
    if (!this.#isDrawn && !this.#isAdding) this.#timeline.selection.clear()
    this.#box = null
  }

  #at(): { xPx: number; yPx: number } {
    const { left, top } = this.#content.getBoundingClientRect()
    return { xPx: this.#pointer.xPx - left, yPx: this.#pointer.yPx - top + this.#timeline.basePx }
  }

  #select(): void {
    const now = this.#at()
    const leftPx = Math.min(now.xPx, this.#start.xPx)
    const topPx = Math.min(now.yPx, this.#start.yPx) - this.#timeline.basePx
    const widthPx = Math.abs(now.xPx - this.#start.xPx)
    const heightPx = Math.abs(now.yPx - this.#start.yPx)
    this.#isDrawn ||= widthPx > leastPx || heightPx > leastPx
    if (!this.#isDrawn) return
    this.#box = { leftPx, topPx, widthPx, heightPx }
    const runs = this.#timeline.placesIn({
      leftPx,
      rightPx: leftPx + widthPx,
      topPx,
      bottomPx: topPx + heightPx,
    })
    this.#timeline.selection.lasso(this.#before, runs)
  }

  #scroll(): void {
    this.#frame = 0
    const { top, bottom } = this.#scroller.getBoundingClientRect()
    const beyondPx =
      Math.min(0, this.#pointer.yPx - top - edgePx) + Math.max(0, this.#pointer.yPx - bottom + edgePx)
    if (beyondPx === 0 || !this.#isDrawn) return
    this.#scroller.scrollTop += Math.sign(beyondPx) * Math.min(fastestPx, Math.abs(beyondPx) / 2)
    this.#select()
    this.#frame = requestAnimationFrame(() => this.#scroll())
  }
}
