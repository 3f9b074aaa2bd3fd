import { perWindow, type WindowState } from '../state/window-state.svelte.ts'
import { isOfAll } from './grid-look.svelte.ts'
import { TimelineState } from './timeline.svelte.ts'

/** Besides all photos, whose timeline is always kept. */
const keptSearches = 2

/** The timelines of a window: one that is gone back to has its place, its focus and its selection. */
class Timelines {
  readonly #window: WindowState
  #kept: TimelineState[] = []

  constructor(window: WindowState) {
    this.#window = window
  }

  /** That of a query which was shown already. */
  known(query: string): TimelineState | undefined {
    return this.#kept.find((timeline) => timeline.query === query)
  }

  of(query: string): TimelineState {
    const timeline = this.known(query) ?? new TimelineState(this.#window.api, query)
    this.#kept = [timeline, ...this.#kept.filter((other) => other !== timeline)]
    const searches = this.#kept.filter((other) => !isOfAll(other.query))
    for (const old of searches.slice(keptSearches)) {
      old.close()
      this.#kept = this.#kept.filter((other) => other !== old)
    }
    return timeline
  }
}

export const useTimelines = perWindow((window) => new Timelines(window))
