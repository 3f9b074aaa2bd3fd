import { perWindow, type WindowState } from '../state/window-state.svelte.ts'
import {
  type DeskMark,
  type DeskQueue,
  emptyQueue,
  goneBack,
  marked,
  photoOf,
  unmarked,
  withMore,
  without,
} from './desk-queue.ts'

const askedAtOnce = 50

/** Photos that are labelled one after the other; going elsewhere and back finds the same one. */
export class DeskState {
  #queue = $state.raw<DeskQueue>(emptyQueue)
  #isReading = $state(false)
  #wasRead = $state(false)
  readonly #window: WindowState

  constructor(window: WindowState) {
    this.#window = window
    window.api.on('photosChanged', ({ photoIds, removedIds, all }) => {
      if (removedIds.length > 0) this.#queue = without(this.#queue, removedIds)
      const done = [...this.#queue.marks.keys()]
      const looked = all ? done : done.filter((photo) => photoIds.includes(photo))
      if (looked.length > 0) void this.#lookAgain(looked)
    })
  }

  get queue(): DeskQueue {
    return this.#queue
  }

  get photo(): number | undefined {
    return photoOf(this.#queue)
  }

  get next(): number | undefined {
    return this.#queue.photos[this.#queue.at + 1]
  }

  get isReading(): boolean {
    return this.#isReading || !this.#wasRead
  }

  /** Asks for more where all that are there were gone through. */
  async read(): Promise<void> {
    if (this.#isReading || this.photo !== undefined) return
    this.#isReading = true
    const found = await this.#window.notices.orTell(this.#window.api.worthLabelling({ limit: askedAtOnce }))
    this.#isReading = false
    this.#wasRead = true
    if (found) this.#queue = withMore(this.#queue, found.photos)
  }

  /** Goes on to the next. @param work what makes it so, which is not waited for; where it failed, nothing was done */
  mark(mark: DeskMark, work?: Promise<boolean>): void {
    const { photo } = this
    if (photo === undefined) return
    this.#queue = marked(this.#queue, mark)
    void this.read()
    void work?.then((isDone) => {
      if (!isDone) this.#queue = unmarked(this.#queue, [photo])
    })
  }

  back(): void {
    this.#queue = goneBack(this.#queue)
  }

  /** Words that were taken back are no longer the person's. */
  async #lookAgain(photos: readonly number[]): Promise<void> {
    const tiles = await this.#window.notices.orTell(
      this.#window.api.tiles({ photos: photos.slice(-askedAtOnce) }),
    )
    const { marks } = this.#queue
    const others = (tiles ?? [])
      .filter(({ id, captionSource }) => captionSource !== 'person' && marks.get(id) !== 'skipped')
      .map(({ id }) => id)
    if (others.length > 0) this.#queue = unmarked(this.#queue, others)
  }
}

/** The desk of a window. */
export const useDesk = perWindow((window) => new DeskState(window))
