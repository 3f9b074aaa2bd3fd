import { toErrorRecord } from '../../src-main/contract/errors.ts'
import { text } from '../text/text.ts'

export interface Notice {
  text: string
  isProblem: boolean
}

/** How long what was told stands in the status line. */
const shownMs = 12_000

/** What the status line tells beside the state of the work: of the line to the library first, then what was told last. */
export class Notices {
  #told = $state.raw<Notice | null>(null)
  #isUp = $state(true)
  #timer: ReturnType<typeof setTimeout> | undefined

  get shown(): Notice | null {
    return this.#isUp ? this.#told : { text: text.line.lost, isProblem: true }
  }

  tell(text: string): void {
    this.#show({ text, isProblem: false })
  }

  /** What a person stopped is no problem to tell. */
  fail(thrown: unknown): void {
    const { code, message } = toErrorRecord(thrown)
    if (code !== 'CANCELLED') this.#show({ text: message, isProblem: true })
  }

  /** For what the window asks for by itself: tells where it fails. */
  async orTell<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (thrown) {
      this.fail(thrown)
      return undefined
    }
  }

  lineIs(isUp: boolean): void {
    if (isUp && !this.#isUp) this.tell(text.line.regained)
    this.#isUp = isUp
  }

  #show(notice: Notice): void {
    this.#told = notice
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#told = null
    }, shownMs)
  }
}
