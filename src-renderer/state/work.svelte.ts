import { type ErrorRecord, fromErrorRecord } from '../../src-main/contract/errors.ts'
import type { LibraryStatus, Progress } from '../../src-main/contract/records.ts'
import type { Api } from '../connection.ts'
import { text } from '../text/text.ts'
import { nameOfDevice } from './devices.ts'
import type { Notices } from './notices.svelte.ts'
import { noteSpeed, type SpeedHistory } from './speed-history.ts'
import { readWhileStale } from './while-stale.ts'
import { type CaptioningShown, captioningShown } from './work-shown.ts'

/** While much changes the status is asked for no more often. */
const askEveryMs = 1500
const problemsKept = 50

export interface Problem extends ErrorRecord {
  atMs: number
}

/** What the library is at, and how much of it is done. */
export class WorkState {
  #status = $state.raw<LibraryStatus | null>(null)
  #progress = $state.raw<Progress[]>([])
  #speed = $state.raw<SpeedHistory>([])
  #problems = $state.raw<readonly Problem[]>([])
  readonly #api: Api
  readonly #notices: Notices
  /** Asks for the status, and once more where something changed meanwhile. */
  readonly refresh: () => Promise<void>

  constructor(api: Api, notices: Notices) {
    this.#api = api
    this.#notices = notices
    this.refresh = readWhileStale({
      everyMs: askEveryMs,
      read: async () => {
        this.#status = await api.status({})
        this.#progress = this.#status.progress
      },
      onFailure: (thrown) => notices.fail(thrown),
    })
    const changes = [
      'photosChanged',
      'foldersChanged',
      'captioningChanged',
      'changedElsewhere',
      'libraryReopened',
    ] as const
    for (const event of changes) api.on(event, () => void this.refresh())
    api.on('progress', (progress) => {
      const before = this.#progress
      this.#progress = progress
      const captioning = progress.find(({ phase }) => phase === 'caption')
      if (captioning) this.#speed = noteSpeed(this.#speed, Date.now(), captioning.perSecond)
      if (phasesOf(before) !== phasesOf(progress)) void this.refresh()
    })
    api.on('problem', (problem) => {
      // Whoever paused knows, and the state of captioning says so everywhere.
      if (problem.code === 'CAPTIONING_PAUSED') return
      this.#problems = [{ ...problem, atMs: Date.now() }, ...this.#problems].slice(0, problemsKept)
      notices.fail(fromErrorRecord(problem))
    })
  }

  /** Null until it was read. */
  get status(): LibraryStatus | null {
    return this.#status
  }

  get progress(): readonly Progress[] {
    return this.#progress
  }

  /** Of captioning, since the window is open. */
  get speed(): SpeedHistory {
    return this.#speed
  }

  /** What went wrong since the window is open, the newest first. */
  get problems(): readonly Problem[] {
    return this.#problems
  }

  readonly captioning: CaptioningShown | null = $derived(
    this.#status && captioningShown(this.#status, this.#progress),
  )

  /** What the model runs on in the open session; null while none is open. */
  get device(): string | null {
    const engine = this.#status?.engine
    return engine ? nameOfDevice(engine) : null
  }

  forgetProblems(): void {
    this.#problems = []
  }

  async togglePause(): Promise<void> {
    const isPaused = this.#status?.captioning.state === 'paused'
    const call = isPaused ? this.#api.resumeCaptioning({}) : this.#api.pauseCaptioning({})
    if ((await this.#notices.orTell(call)) === undefined) return
    this.#notices.tell(isPaused ? text.status.resumed : text.status.pausedNow)
  }
}

function phasesOf(progress: readonly Progress[]): string {
  return progress.map(({ phase }) => phase).join()
}
