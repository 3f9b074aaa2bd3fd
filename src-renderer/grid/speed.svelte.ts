import type { Timers } from './timers.ts'

const settleMs = 120

/** Whether photos pass too quickly to be looked at. */
export class Speed {
  #isFast = $state.raw(false)
  #lastTopPx = 0
  readonly #timers: Timers
  readonly #onSettled: () => void

  constructor(timers: Timers, onSettled: () => void) {
    this.#timers = timers
    this.#onSettled = onSettled
  }

  get isFast(): boolean {
    return this.#isFast
  }

  look(topPx: number, viewPx: number): void {
    if (Math.abs(topPx - this.#lastTopPx) > viewPx) this.#isFast = true
    this.#lastTopPx = topPx
    if (!this.#isFast) return
    const settle = () => {
      this.#isFast = false
      this.#onSettled()
    }
    this.#timers.later('settle', settleMs, settle, true)
  }
}
