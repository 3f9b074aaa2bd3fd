import type { Progress } from '../../src-main/contract/records.ts'
import type { MarksChange } from '../../src-main/contract/rooms/marks.ts'
import type { Selection } from '../../src-main/contract/rooms/parameters.ts'
import { perWindow, type WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'

/** Photos that something is to be done with. */
export interface BatchTarget {
  selection: Selection
  photos: number
  /** When it is done, in the view that asked for it. */
  ondone?(): void
}

export type BatchKind = 'caption' | 'replace' | 'export' | 'trash'

/** Of a view: what is selected, or for what is done to single photos the one with the focus; null where all are meant. */
export type ProvidesTarget = (kind: BatchKind) => BatchTarget | null

/** What of the library's work a batch may be. */
const batchPhases: ReadonlySet<Progress['phase']> = new Set(['change', 'plan', 'import', 'export', 'undo'])

/** What is done to many photos at once: the dialog that asks, what is under way, and how it is ended. */
export class BatchState {
  #dialog = $state.raw<{ kind: BatchKind; target: BatchTarget } | null>(null)
  #running = $state.raw<{ title: string; stop: AbortController } | null>(null)
  #targets = $state.raw<readonly ProvidesTarget[]>([])
  #endUndo: (() => void) | undefined
  readonly #window: WindowState

  constructor(window: WindowState) {
    this.#window = window
    window.api.on('editChanged', () => this.#endUndo?.())
  }

  get dialog(): { kind: BatchKind; target: BatchTarget } | null {
    return this.#dialog
  }

  get running(): { title: string; stop: AbortController } | null {
    return this.#running
  }

  /** A change of many photos that this window did not begin. */
  get change(): Progress | undefined {
    if (this.#running) return undefined
    return this.#window.work.progress.findLast(({ phase }) => phase === 'change')
  }

  /** Whether this is shown as what is done for many photos. */
  has(progress: Progress): boolean {
    return this.#running === null ? progress.phase === 'change' : batchPhases.has(progress.phase)
  }

  /** Ends what is under way, whoever began it. */
  stop(): void {
    if (this.#running) this.#running.stop.abort()
    else if (this.change) void this.#window.notices.orTell(this.#window.api.stopChange({}))
  }

  /** A view says what of it is meant where nothing is named. @returns a function that takes it back */
  provide(target: ProvidesTarget): () => void {
    this.#targets = [...this.#targets, target]
    return () => {
      this.#targets = this.#targets.filter((other) => other !== target)
    }
  }

  open(kind: BatchKind, target: BatchTarget): void {
    this.#dialog = { kind, target }
  }

  close(): void {
    this.#dialog = null
  }

  /** Whether a view with photos is shown. */
  get hasPhotos(): boolean {
    return this.#targets.length > 0
  }

  /** For what is meant in the view that is shown: what is selected in it, or else all that it shows. */
  async openHere(kind: BatchKind): Promise<void> {
    const target = this.#targets.at(-1)?.(kind) ?? (await this.#window.notices.orTell(this.#allShown()))
    if (target && target.photos > 0) this.open(kind, target)
    else if (target) this.#window.notices.tell(text.batch.noPhotos)
  }

  async mark(target: BatchTarget, change: MarksChange): Promise<void> {
    const { api } = this.#window
    const title = text.batch.marking(target.photos)
    const marked = await this.run(title, (signal) =>
      api.setMarks({ selection: target.selection, change }, { signal }),
    )
    if (!marked) return
    const { rated, favorite } = text.photo.marks
    const told = [
      text.batch.marked(marked.photos),
      change.rating !== undefined && rated(change.rating),
      change.isFavorite !== undefined && favorite(change.isFavorite),
    ]
    this.#window.notices.tell(told.filter(Boolean).join(' '))
  }

  /**
   * Does something that may take long, with its name and an end to it in the status line.
   * @returns undefined where it failed or was ended, which is told
   */
  async run<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const running = { title, stop: new AbortController() }
    this.#running = running
    try {
      return await this.#window.notices.orTell(work(running.stop.signal))
    } finally {
      if (this.#running === running) this.#running = null
    }
  }

  async trash(target: BatchTarget): Promise<void> {
    const { api, notices } = this.#window
    const done = await this.run(text.batch.trashing(target.photos), (signal) =>
      api.trash({ selection: target.selection }, { signal }),
    )
    if (!done) return
    const { trashed, failed, undo } = done
    notices.tell(text.batch.trashed(trashed, failed, undo !== null))
    if (trashed === 0) return
    if (undo !== null) this.#offerUndo(text.batch.untrash, () => void this.#untrash(undo))
    target.ondone?.()
  }

  /** What an export wrote is taken back. */
  exported(files: number, refused: number): void {
    this.#window.notices.tell(text.batch.export.done(files, refused))
    if (files > 0) this.#offerUndo(text.batch.export.undo, () => void this.#undoExport())
  }

  /** For what is no edit of the library's: until the next edit, Ctrl Z is for this. */
  #offerUndo(title: string, run: () => void): void {
    this.#endUndo?.()
    const end = this.#window.commands.register([
      { id: 'undo-batch', group: 'everywhere', title, keys: ['Mod+z'], icon: 'back', run },
    ])
    this.#endUndo = () => {
      this.#endUndo = undefined
      end()
    }
  }

  async #untrash(undo: string): Promise<void> {
    this.#endUndo?.()
    const { api, notices } = this.#window
    const back = await notices.orTell(api.untrash({ undo }))
    if (back) notices.tell(text.batch.untrashed(back.restored))
  }

  async #undoExport(): Promise<void> {
    this.#endUndo?.()
    const { api, notices } = this.#window
    const undone = await this.run(text.batch.export.undo, (signal) => api.undoExport({}, { signal }))
    if (undone) notices.tell(text.batch.export.undone(undone.restored + undone.removed, undone.left.length))
  }

  async #allShown(): Promise<BatchTarget> {
    const { route } = this.#window.router
    const query = route.view === 'search' ? route.query : ''
    const { token, total } = await this.#window.api.timeline({ query })
    return { selection: { query, token, ranges: [[0, Math.max(1, total)]] }, photos: total }
  }
}

/** What is done to many photos in this window. */
export const useBatch = perWindow((window) => new BatchState(window))
