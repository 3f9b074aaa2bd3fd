import { type ErrorRecord, toErrorRecord } from '../../src-main/contract/errors.ts'
import type { PhotoDetails, Reading, TextAttention } from '../../src-main/contract/records.ts'
import type { MarksChange } from '../../src-main/contract/rooms/marks.ts'
import type { WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'
import { Neighbours } from './neighbours.svelte.ts'

/** A person who looks through photos is not to set the model to work on each. */
const restMs = 600
const readingsShown = 4
const lookedKey = 'lenslore.photo.looked'

/** One photo and those beside it, and what a person does to it. */
export class PhotoState {
  readonly query: string
  readonly neighbours: Neighbours
  readonly #window: WindowState
  #photo = $state.raw(0)
  #known = $state.raw<ReadonlyMap<number, PhotoDetails>>(new Map())
  #isUnknown = $state(false)
  #written = $state.raw(0)
  #readings = $state.raw<readonly Reading[] | null>(null)
  #readingsProblem = $state.raw<ErrorRecord | null>(null)
  #attention = $state.raw<TextAttention | null>(null)
  #word = $state.raw<number | null>(null)
  #isLookedShown = $state(localStorage.getItem(lookedKey) !== 'off')
  #reads = 0
  /** Of each photo, which of the reads is shown. */
  readonly #readAt = new Map<number, number>()
  #asking: AbortController | undefined
  #attending: { text: string; stop: AbortController } | undefined
  #restTimer: ReturnType<typeof setTimeout> | undefined
  readonly #subscriptions: (() => void)[]

  constructor(window: WindowState, query: string) {
    this.#window = window
    this.query = query
    this.neighbours = new Neighbours(window.api, query)
    this.#subscriptions = [
      window.api.on('photosChanged', ({ photoIds, removedIds, all }) => {
        if (all) this.#distrust()
        else if ([...photoIds, ...removedIds].some((id) => this.#known.has(id))) {
          this.#distrust([...photoIds, ...removedIds])
        }
      }),
      ...(['changedElsewhere', 'libraryReopened', 'foldersChanged'] as const).map((event) =>
        window.api.on(event, () => this.#distrust()),
      ),
    ]
  }

  close(): void {
    for (const end of this.#subscriptions) end()
    this.#asking?.abort()
    this.#attending?.stop.abort()
    clearTimeout(this.#restTimer)
  }

  get photo(): number {
    return this.#photo
  }

  get details(): PhotoDetails | undefined {
    return this.#known.get(this.#photo)
  }

  /** Of one beside the photo too, once it was read. */
  detailsOf(photo: number): PhotoDetails | undefined {
    return this.#known.get(photo)
  }

  get isUnknown(): boolean {
    return this.#isUnknown
  }

  /** How often a caption was saved here: what stands in the field is that from then on. */
  get written(): number {
    return this.#written
  }

  /** Other than what the photo says already; null until the model was asked. */
  get readings(): readonly Reading[] | null {
    const current = this.details?.caption?.text
    return this.#readings?.filter((reading) => reading.text !== current).slice(0, readingsShown) ?? null
  }

  get readingsProblem(): ErrorRecord | null {
    return this.#readingsProblem
  }

  /** Of the words that are shown, where the model looks while it says them; null until it was asked. */
  get attention(): TextAttention | null {
    return this.#attention
  }

  /** Of the attention's words, the one that is looked at. */
  get word(): number | null {
    return this.#word
  }

  get isLookedShown(): boolean {
    return this.#isLookedShown
  }

  toggleLooked(): void {
    this.#isLookedShown = !this.#isLookedShown
    localStorage.setItem(lookedKey, this.#isLookedShown ? 'on' : 'off')
  }

  /** Goes to a photo; its words and those of the photos beside it are read. */
  async open(photo: number): Promise<void> {
    await Promise.all([this.openAlone(photo), this.#window.notices.orTell(this.neighbours.readAround(photo))])
    const beside = [1, -1].map((steps) => this.neighbours.beside(photo, steps)?.photo)
    for (const other of beside) if (other !== undefined) void this.#read(other)
  }

  /** For where other photos than those of a timeline stand beside it. */
  async openAlone(photo: number): Promise<void> {
    this.#photo = photo
    this.#isUnknown = false
    this.#forgetModel()
    clearTimeout(this.#restTimer)
    this.#restTimer = setTimeout(() => void this.askReadings(), restMs)
    await this.#read(photo)
  }

  async askReadings(): Promise<void> {
    this.#asking?.abort()
    const asking = new AbortController()
    this.#asking = asking
    this.#readingsProblem = null
    try {
      const readings = await this.#window.api.readings({ photo: this.#photo }, { signal: asking.signal })
      if (!asking.signal.aborted) this.#readings = readings
    } catch (thrown) {
      if (!asking.signal.aborted) this.#readingsProblem = toErrorRecord(thrown)
    }
  }

  /** Asks where the model looks while it says these words, once for each text. */
  async attend(words: string): Promise<void> {
    const wanted = words.trim()
    if (wanted === '' || this.#attention?.text === wanted || this.#attending?.text === wanted) return
    this.#attending?.stop.abort()
    const stop = new AbortController()
    this.#attending = { text: wanted, stop }
    try {
      const { photo } = this
      const isOwn = this.details?.caption?.text === wanted
      const attention = await this.#window.api.attention(isOwn ? { photo } : { photo, text: wanted }, {
        signal: stop.signal,
      })
      if (!stop.signal.aborted) this.#attention = attention
    } catch (thrown) {
      if (stop.signal.aborted) return
      this.#attending = undefined
      this.#window.notices.fail(thrown)
    }
  }

  look(word: number | null): void {
    this.#word = word
  }

  /** @returns whether it was saved */
  async write(words: string): Promise<boolean> {
    const { photo } = this
    if (words.trim() === (this.details?.caption?.text ?? '')) return true
    const caption = await this.#window.notices.orTell(
      this.#window.api.setCaption({ photo, text: words.trim() }),
    )
    if (!caption) return false
    await this.#reread(photo)
    this.#written++
    return true
  }

  async take(reading: number): Promise<void> {
    const taken = this.readings?.[reading]
    if (taken) await this.write(taken.text)
  }

  /** Whether somebody's words are there that the person may make their own as they stand. */
  get canConfirm(): boolean {
    const caption = this.details?.caption
    return caption != null && caption.source !== 'person' && caption.text !== '' && !caption.isCut
  }

  /** "This is right". @returns whether it is now the person's own */
  async confirm(): Promise<boolean> {
    const { photo } = this
    const caption = await this.#window.notices.orTell(this.#window.api.confirmCaption({ photo }))
    if (!caption) return false
    await this.#reread(photo)
    return true
  }

  async regenerate(): Promise<void> {
    const { photo } = this
    const asked = await this.#window.notices.orTell(
      this.#window.api.regenerate({ selection: { photos: [photo] } }),
    )
    if (!asked) return
    const { asked: told, nothingToAsk } = text.photo.caption
    this.#window.notices.tell(asked.photos > 0 ? told : nothingToAsk)
    await this.#reread(photo)
  }

  async mark(change: MarksChange): Promise<void> {
    const { photo } = this
    const marked = await this.#window.notices.orTell(
      this.#window.api.setMarks({ selection: { photos: [photo] }, change }),
    )
    if (!marked) return
    const { rated, favorite } = text.photo.marks
    if (change.rating !== undefined) this.#window.notices.tell(rated(change.rating))
    if (change.isFavorite !== undefined) this.#window.notices.tell(favorite(change.isFavorite))
    await this.#reread(photo)
  }

  async #read(photo: number): Promise<void> {
    if (!this.#known.has(photo)) await this.#reread(photo)
  }

  async #reread(photo: number): Promise<void> {
    const reading = ++this.#reads
    try {
      const details = await this.#window.api.photo({ photo })
      // An answer that was asked for later may come first, and knows more.
      if (reading < (this.#readAt.get(photo) ?? 0)) return
      this.#readAt.set(photo, reading)
      const kept = [...this.#known].filter(([id]) => id !== photo).slice(-8)
      this.#known = new Map([...kept, [photo, details]])
    } catch (thrown) {
      if (toErrorRecord(thrown).code !== 'PHOTO_NOT_FOUND') this.#window.notices.fail(thrown)
      else if (photo === this.#photo) this.#isUnknown = true
    }
  }

  /** Shown until it is read again. */
  #distrust(ids?: readonly number[]): void {
    const isStale = (id: number) => ids === undefined || ids.includes(id)
    this.#known = new Map([...this.#known].filter(([id]) => !isStale(id) || id === this.#photo))
    if (isStale(this.#photo)) void this.#reread(this.#photo)
  }

  #forgetModel(): void {
    this.#asking?.abort()
    this.#attending?.stop.abort()
    this.#attending = undefined
    this.#readings = null
    this.#readingsProblem = null
    this.#attention = null
    this.#word = null
  }
}
