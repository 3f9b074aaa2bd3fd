import type { MonthCounts } from '../../src-main/contract/records.ts'

/** Of a month, what its head says besides how many photos it has. */
export interface MonthCount {
  captioned: number
  unsure: number
  offline: number
}

const keptMonths = 200

/** Counts of the months in sight, and of some that were. */
export class MonthHeads {
  readonly #read: (months: string[], signal: AbortSignal) => Promise<MonthCounts>
  readonly #onRead: () => void
  #counts = new Map<string, MonthCount>()
  #stale = new Set<string>()
  #asked: { months: ReadonlySet<string>; stop: AbortController } | undefined

  constructor(read: (months: string[], signal: AbortSignal) => Promise<MonthCounts>, onRead: () => void) {
    this.#read = read
    this.#onRead = onRead
  }

  /** Of all these months together; undefined until each was counted. */
  of(months: readonly string[]): MonthCount | undefined {
    const sum = { captioned: 0, unsure: 0, offline: 0 }
    for (const month of months) {
      const counted = this.#counts.get(month)
      if (!counted) return undefined
      sum.captioned += counted.captioned
      sum.unsure += counted.unsure
      sum.offline += counted.offline
    }
    return sum
  }

  /** Asks for those that are missing, and no longer for what was wanted before. */
  want(months: readonly string[]): void {
    const missing = months.filter((month) => !this.#counts.has(month) || this.#stale.has(month))
    if (missing.length === 0 || missing.every((month) => this.#asked?.months.has(month))) return
    void this.#ask(missing)
  }

  /** Lets all be counted again when they are wanted next. */
  distrust(): void {
    for (const month of this.#counts.keys()) this.#stale.add(month)
    this.close()
  }

  close(): void {
    this.#asked?.stop.abort()
    this.#asked = undefined
  }

  async #ask(months: string[]): Promise<void> {
    this.close()
    const asked = { months: new Set(months), stop: new AbortController() }
    this.#asked = asked
    try {
      const { captioned, unsure, offline } = await this.#read(months, asked.stop.signal)
      if (asked.stop.signal.aborted) return
      for (const [at, month] of months.entries()) {
        this.#counts.delete(month)
        this.#counts.set(month, { captioned: captioned[at]!, unsure: unsure[at]!, offline: offline[at]! })
        this.#stale.delete(month)
      }
      this.#letGo()
      this.#onRead()
    } catch {
      // They are asked for again when they are wanted next.
    } finally {
      if (this.#asked === asked) this.#asked = undefined
    }
  }

  #letGo(): void {
    for (const old of this.#counts.keys()) {
      if (this.#counts.size <= keptMonths) break
      this.#counts.delete(old)
      this.#stale.delete(old)
    }
  }
}
