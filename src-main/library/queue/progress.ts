import type { Progress } from '../../contract/records.ts'

const rateWindowMs = 30_000
/** People read no faster, and every report crosses a channel. */
const reportEveryMs = 250

export interface ProgressMeter {
  /** Begins a phase; what an earlier one counted is forgotten. */
  begin(phase: Progress['phase'], total?: number): void
  /** Some more are done, of which some failed. */
  add(done: number, failed?: number): void
  /** How many there are in all, when that becomes known or changes. */
  setTotal(total: number): void
  /**
   * Shows other work in place of the phase, for as long as it takes: the last one that was begun. The phase counts on
   * meanwhile.
   */
  during<T>(phase: Progress['phase'], total: number, work: (count: WorkCount) => Promise<T>): Promise<T>
  current(): Progress
}

export interface WorkCount {
  /** Gets what is done so far. */
  onProgress(done: number): void
  setTotal(total: number): void
}

/** One work that is counted. */
interface Count {
  phase: Progress['phase']
  done: number
  total: number
  failed: number
  /** When how many were done, over the last half minute. */
  samples: { ms: number; done: number }[]
}

/**
 * Counts work and tells of it a few times a second.
 * @param report gets every change of phase and, between them, at most one report in 250 ms.
 * @param nowMs a clock that never goes back.
 */
export function createProgressMeter(
  report: (progress: Progress) => void,
  nowMs: () => number = () => performance.now(),
): ProgressMeter {
  let phase = createCount('idle', 0)
  const works: Count[] = []
  let reportedMs = Number.NEGATIVE_INFINITY

  const shown = () => works.at(-1) ?? phase

  function current(): Progress {
    const { samples, ...count } = shown()
    const now = nowMs()
    while (samples.length > 1 && now - samples[0]!.ms > rateWindowMs) samples.shift()
    const first = samples[0]
    const elapsedMs = first ? now - first.ms : 0
    const photosPerSecond = first && elapsedMs > 0 ? ((count.done - first.done) * 1000) / elapsedMs : 0
    const remainingMs = photosPerSecond > 0 ? ((count.total - count.done) * 1000) / photosPerSecond : null
    return { ...count, photosPerSecond, remainingMs }
  }

  function tell(count: Count, atOnce: boolean): void {
    if (count !== shown()) return
    const now = nowMs()
    if (!atOnce && now - reportedMs < reportEveryMs) return
    reportedMs = now
    count.samples.push({ ms: now, done: count.done })
    report(current())
  }

  function add(count: Count, done: number, failed: number): void {
    count.done += done
    count.failed += failed
    count.total = Math.max(count.total, count.done)
    tell(count, count.done === count.total)
  }

  function setTotal(count: Count, total: number): void {
    count.total = Math.max(total, count.done)
    tell(count, false)
  }

  return {
    begin(next, expected = 0) {
      phase = createCount(next, expected)
      tell(phase, true)
    },
    add: (done, failed = 0) => add(phase, done, failed),
    setTotal: (total) => setTotal(phase, total),
    async during(next, expected, work) {
      const count = createCount(next, expected)
      works.push(count)
      tell(count, true)
      try {
        return await work({
          onProgress: (done) => add(count, done - count.done, 0),
          setTotal: (total) => setTotal(count, total),
        })
      } finally {
        works.splice(works.indexOf(count), 1)
        tell(shown(), true)
      }
    },
    current,
  }
}

function createCount(phase: Progress['phase'], total: number): Count {
  return { phase, done: 0, total, failed: 0, samples: [] }
}
