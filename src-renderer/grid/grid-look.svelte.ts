const key = 'lenslore.grid'
export const smallestPx = 96
export const largestPx = 320
const stepPx = 16
const linesOfCaption = 2
const withoutCopies = '-is:copy'

/** Whether a grid is of all photos, with or without those for which a copy stands. */
export const isOfAll = (query: string) => query === '' || query === withoutCopies

interface Kept {
  heightPx: number | null
  showsCaptions: boolean
  isStacked: boolean
}

/** How the person wants photos to be laid out; the same in every view and at the next start. */
class GridLook {
  #kept = $state.raw<Kept>(read())

  get showsCaptions(): boolean {
    return this.#kept.showsCaptions
  }

  /** Whether of all photos those are left out for which a copy stands. What a search finds is shown whole. */
  get isStacked(): boolean {
    return this.#kept.isStacked
  }

  /** What a grid asks for where this is asked for. */
  queryOf(query: string): string {
    return query === '' && this.isStacked ? withoutCopies : query
  }

  /** How high rows are wished to be. Until the person says, a larger window has larger photos. */
  get heightPx(): number {
    return this.#kept.heightPx ?? Math.round(Math.min(240, Math.max(136, 0.08 * window.innerWidth + 64)))
  }

  /** The space for words below each row. */
  captionPx(isAlwaysShown: boolean): number {
    return isAlwaysShown || this.showsCaptions ? 6 + 18 * linesOfCaption : 0
  }

  setHeight(heightPx: number): void {
    this.#keep({ ...this.#kept, heightPx: Math.min(largestPx, Math.max(smallestPx, heightPx)) })
  }

  step(direction: 1 | -1): void {
    this.setHeight(this.heightPx + direction * stepPx)
  }

  toggleCaptions(): void {
    this.#keep({ ...this.#kept, showsCaptions: !this.#kept.showsCaptions })
  }

  toggleStacks(): void {
    this.#keep({ ...this.#kept, isStacked: !this.isStacked })
  }

  #keep(kept: Kept): void {
    this.#kept = kept
    localStorage.setItem(key, JSON.stringify(kept))
  }
}

function read(): Kept {
  const initial: Kept = { heightPx: null, showsCaptions: false, isStacked: false }
  try {
    return { ...initial, ...JSON.parse(localStorage.getItem(key) ?? '{}') }
  } catch {
    return initial
  }
}

export const gridLook = new GridLook()
