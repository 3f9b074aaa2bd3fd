import type { Adapter, AdapterList, LearnedName } from '../../src-main/contract/rooms/adapters.ts'
import type { NameInLabels, Teaching, Training } from '../../src-main/contract/rooms/teaching.ts'
import { readWhileStale } from '../state/while-stale.ts'
import { perWindow, type WindowState } from '../state/window-state.svelte.ts'
import { text } from '../text/text.ts'
import { followed } from './followed-training.ts'

/** While much changes it is asked for no more often. */
const askEveryMs = 1500
const askNamesEveryMs = 5000

type Start = Parameters<WindowState['api']['startTraining']>[0]

/** What there is to learn from, the last training, and what came of all of them. */
export class TeachState {
  #teaching = $state.raw<Teaching | null>(null)
  #list = $state.raw<AdapterList | null>(null)
  #names = $state.raw<readonly LearnedName[]>([])
  #found = $state.raw<readonly NameInLabels[]>([])
  readonly #window: WindowState
  /** Asks for labels and training, and once more where something changed meanwhile. */
  readonly read: () => Promise<void>
  readonly #readAdapters: () => Promise<void>
  /** Looks through all labels. */
  readonly #readNames: () => Promise<void>

  constructor(window: WindowState) {
    const { api, notices } = window
    this.#window = window
    const onFailure = (thrown: unknown) => notices.fail(thrown)
    this.read = readWhileStale({
      everyMs: askEveryMs,
      read: async () => {
        this.#teaching = await api.teaching({})
      },
      onFailure,
    })
    this.#readNames = readWhileStale({
      everyMs: askNamesEveryMs,
      read: async () => {
        this.#found = (await api.foundNames({})).names
      },
      onFailure,
    })
    this.#readAdapters = readWhileStale({
      everyMs: askEveryMs,
      read: async () => {
        ;[this.#list, this.#names] = await Promise.all([api.adapters({}), api.learnedNames({})])
      },
      onFailure,
    })
    api.on('trainingProgress', ({ training, progress }) => this.#follow(training, progress))
    api.on('teachingChanged', () => void this.read())
    api.on('adaptersChanged', () => void this.#readAdapters())
    for (const event of ['changedElsewhere', 'libraryReopened'] as const) {
      api.on(event, () => {
        void this.read()
        if (this.#list) void this.#readAdapters()
      })
    }
  }

  /** While the view is there: also what photos say counts. @returns a function that ends it */
  watch(): () => void {
    void this.read()
    void this.#readAdapters()
    void this.#readNames()
    const { api } = this.#window
    const ends = [
      api.on('photosChanged', () => void this.read()),
      ...(['editChanged', 'adaptersChanged'] as const).map((event) =>
        api.on(event, () => void this.#readNames()),
      ),
    ]
    return () => {
      for (const end of ends) end()
    }
  }

  /** Null until it was read. */
  get teaching(): Teaching | null {
    return this.#teaching
  }

  get training(): Training | null {
    return this.#teaching?.training ?? null
  }

  get isRunning(): boolean {
    return this.training?.state === 'running'
  }

  /** Null until they were read. */
  get list(): AdapterList | null {
    return this.#list
  }

  get names(): readonly LearnedName[] {
    return this.#names
  }

  /** What labels call by a name, most photos first. */
  get found(): readonly NameInLabels[] {
    return this.#found
  }

  /** What an adapter is called; null is what came with the model. */
  nameOf(id: string | null): string {
    if (id === null) return text.teach.adapters.base
    return calledOf(this.#list?.adapters.find((adapter) => adapter.id === id) ?? { id, name: '' })
  }

  async start(wish: Start): Promise<void> {
    const training = await this.#window.notices.orTell(this.#window.api.startTraining(wish))
    if (training) this.#window.notices.tell(text.teach.train.began)
    this.#put(training)
  }

  async cancel(): Promise<void> {
    const training = await this.#window.notices.orTell(this.#window.api.cancelTraining({}))
    if (training) this.#window.notices.tell(text.teach.train.cancelled)
    this.#put(training)
  }

  /** @returns whether what was learned is in use */
  async accept(training: number, name: string, anyway: boolean): Promise<boolean> {
    const accepted = await this.#window.notices.orTell(
      this.#window.api.acceptTraining({ training, name, anyway }),
    )
    if (!accepted) return false
    this.#put(accepted)
    // Without a name it keeps the one that it has.
    const called = name === '' ? this.nameOf(accepted.adapterId) : name
    this.#window.notices.tell(text.teach.verdict.accepted(called))
    return true
  }

  async discard(training: number): Promise<void> {
    const discarded = await this.#window.notices.orTell(this.#window.api.discardTraining({ training }))
    if (discarded) this.#window.notices.tell(text.teach.verdict.discarded)
    this.#put(discarded)
  }

  async describe(adapter: Adapter, texts: { name?: string; note?: string }): Promise<void> {
    await this.#window.notices.orTell(this.#window.api.describeAdapter({ adapter: adapter.id, ...texts }))
  }

  async activate(id: string, anyway: boolean): Promise<void> {
    await this.#change(this.#window.api.activateAdapter({ adapter: id, anyway }), () =>
      text.teach.adapters.used(this.nameOf(id)),
    )
  }

  async rollBack(): Promise<void> {
    await this.#change(this.#window.api.rollBackAdapter({}), (list) =>
      text.teach.adapters.rolledBack(list.active === null ? null : this.nameOf(list.active)),
    )
  }

  async discardAdapter(id: string): Promise<void> {
    const told = text.teach.adapters.discarded(this.nameOf(id))
    await this.#change(this.#window.api.discardAdapter({ adapter: id }), () => told)
  }

  async forget(name: string): Promise<void> {
    const forgotten = await this.#window.notices.orTell(this.#window.api.forgetName({ name }))
    if (!forgotten) return
    const { active, adapters } = forgotten
    const left = adapters.filter((id) => id !== active).map((id) => this.nameOf(id))
    this.#window.notices.tell(text.teach.names.forgotten(name, left))
  }

  async #change(work: Promise<AdapterList>, told: (list: AdapterList) => string): Promise<void> {
    const list = await this.#window.notices.orTell(work)
    if (!list) return
    this.#list = list
    this.#window.notices.tell(told(list))
  }

  /** @param training none where what is shown had changed meanwhile */
  #put(training: Training | null | undefined): void {
    if (!training) void this.read()
    else if (this.#teaching) this.#teaching = { ...this.#teaching, training }
  }

  #follow(id: number, progress: NonNullable<Training['progress']>): void {
    const { training } = this
    if (training?.id === id && training.state === 'running') {
      this.#teaching = { ...this.#teaching!, training: followed(training, progress) }
    } else if (training?.id !== id) void this.read()
  }
}

/** What an adapter is called, whether it was given a name or not. */
export function calledOf({ id, name }: Pick<Adapter, 'id' | 'name'>): string {
  return name === '' ? text.teach.adapters.unnamed(id) : name
}

/** What a window knows of what is taught. */
export const useTeach = perWindow((window) => new TeachState(window))
