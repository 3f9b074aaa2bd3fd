import type { NameWithPhotos } from '../../src-main/contract/rooms/teaching.ts'
import { readWhileStale } from '../state/while-stale.ts'
import { perWindow, type WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'
import { answered, inPlace, kindOfOffers, type OffersOfName } from './offers.ts'

const askEveryMs = 3000
/** Each name is a search of its own. */
const namesAtFirst = 8
const pageSize = 12

/** Photos that may show what a person gave a name, and what the person says of them. */
export class OffersState {
  #names = $state.raw<readonly NameWithPhotos[] | null>(null)
  #offers = $state.raw<readonly OffersOfName[]>([])
  #isRead = $state(false)
  #asked = $state(namesAtFirst)
  /** By name, what was refused here last: to be asked for again. */
  #refused = $state.raw<ReadonlyMap<string, readonly number[]>>(new Map())
  #isPerson = $state.raw<ReadonlyMap<string, boolean>>(new Map())
  readonly #window: WindowState
  readonly read: () => Promise<void>

  constructor(window: WindowState) {
    this.#window = window
    this.read = readWhileStale({
      everyMs: askEveryMs,
      read: () => this.#readNow(),
      onFailure: (thrown) => window.notices.fail(thrown),
    })
  }

  /** While they are in sight. @returns a function that ends it */
  watch(): () => void {
    void this.read()
    const { api } = this.#window
    const events = [
      'photosChanged',
      'editChanged',
      'teachingChanged',
      'changedElsewhere',
      'libraryReopened',
    ] as const
    const ends = events.map((event) => api.on(event, () => void this.read()))
    return () => {
      for (const end of ends) end()
    }
  }

  /** Whether a person gave any name, and what is offered was asked for. */
  get isKnown(): boolean {
    return this.#isRead && (this.#names ?? []).length > 0
  }

  get offers(): readonly OffersOfName[] {
    return this.#offers
  }

  /** Names that nothing was asked for yet. */
  get left(): number {
    return Math.max(0, (this.#names?.length ?? 0) - this.#asked)
  }

  refusedOf(name: string): readonly number[] {
    return this.#refused.get(name) ?? []
  }

  isPerson(offers: OffersOfName): boolean {
    return kindOfOffers(offers, this.#isPerson) === 'person'
  }

  setPerson(name: string, isPerson: boolean): void {
    this.#isPerson = new Map([...this.#isPerson, [name, isPerson]])
  }

  askMore(): void {
    this.#asked += namesAtFirst
    void this.read()
  }

  async accept(offers: OffersOfName, photos: readonly number[]): Promise<void> {
    const { name } = offers
    this.#offers = answered(this.#offers, name, photos)
    const kind = kindOfOffers(offers, this.#isPerson)
    const done = this.#window.api.acceptOffers({ name, kind, photos: [...photos] })
    const accepted = await this.#window.notices.orTell(done)
    if (accepted) this.#window.notices.tell(text.teach.offers.accepted(name, accepted.photos))
    void this.read()
  }

  async refuse(name: string, photos: readonly number[]): Promise<void> {
    this.#offers = answered(this.#offers, name, photos)
    const done = this.#window.api.refuseOffers({ name, photos: [...photos] })
    if (await this.#window.notices.orTell(done)) {
      this.#refused = new Map([...this.#refused, [name, [...this.refusedOf(name), ...photos]]])
      this.#window.notices.tell(text.teach.offers.refused(name, photos.length))
    }
    void this.read()
  }

  /** About those that were refused here. */
  async askAgain(name: string): Promise<void> {
    const photos = this.refusedOf(name)
    const done = this.#window.api.refuseOffers({ name, photos: [...photos], isRefused: false })
    if (!(await this.#window.notices.orTell(done))) return
    this.#refused = new Map([...this.#refused, [name, []]])
    void this.read()
  }

  async #readNow(): Promise<void> {
    const { api } = this.#window
    const { names } = await api.givenNames({})
    this.#names = names
    const now: OffersOfName[] = []
    // One after the other: a search goes before them.
    for (const { text: name } of names.slice(0, this.#asked)) {
      const { photos, ...about } = await api.nameOffers({ name, limit: pageSize })
      const tiles = photos.length > 0 ? await api.tiles({ photos }) : []
      now.push({ name, ...about, page: tiles.map(({ id, caption }) => ({ id, caption: caption ?? '' })) })
    }
    this.#offers = inPlace(this.#offers, now)
    this.#isRead = true
  }
}

/** The offers of a window. */
export const useOffers = perWindow((window) => new OffersState(window))
