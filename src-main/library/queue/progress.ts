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
  current(): Progress
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
  let phase: Progress['phase'] = 'idle'
  let done = 0
  let total = 0
  let failed = 0
  let reportedMs = Number.NEGATIVE_INFINITY
  /** When how many were done, over the last half minute. */
  let samples: { ms: number; done: number }[] = []

  function current(): Progress {
    const now = nowMs()
    while (samples.length > 1 && now - samples[0]!.ms > rateWindowMs) samples.shift()
    const first = samples[0]
    const elapsedMs = first ? now - first.ms : 0
    const photosPerSecond = first && elapsedMs > 0 ? ((done - first.done) * 1000) / elapsedMs : 0
    const remainingMs = photosPerSecond > 0 ? ((total - done) * 1000) / photosPerSecond : null
    return { phase, done, total, failed, photosPerSecond, remainingMs }
  }

  function tell(atOnce: boolean): void {
    const now = nowMs()
    if (!atOnce && now - reportedMs < reportEveryMs) return
    reportedMs = now
    samples.push({ ms: now, done })
    report(current())
  }

  return {
    begin(next, expected = 0) {
      phase = next
      done = failed = 0
      total = expected
      samples = []
      tell(true)
    },
    add(more, moreFailed = 0) {
      done += more
      failed += moreFailed
      total = Math.max(total, done)
      tell(done === total)
    },
    setTotal(value) {
      total = Math.max(value, done)
      tell(false)
    },
    current,
  }
}
