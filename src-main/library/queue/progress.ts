import type { Progress } from '../../contract/records.ts'

const rateWindowMs = 30_000
/** People read no faster, and every report crosses a channel. */
const reportEveryMs = 250

const unitOf: Partial<Record<Progress['phase'], Progress['unit']>> = {
  scan: 'files',
  undo: 'files',
  import: 'rows',
  backup: 'bytes',
  trial: 'ways',
  teach: 'steps',
}

export interface ProgressMeter {
  /** Begins to show a piece of work. */
  begin(phase: Progress['phase'], total?: number): WorkUnderWay
  /** Shows a piece of work until it settles; it tells how much of it is done. */
  during<T>(phase: Progress['phase'], total: number, work: (count: WorkCount) => T | Promise<T>): Promise<T>
  /** All work under way, the oldest first. */
  current(): Progress[]
}

export interface WorkCount {
  /** Gets what is done so far. */
  onProgress(done: number): void
  /** How many there are in all, where that becomes known later. */
  setTotal(total: number): void
}

export interface WorkUnderWay {
  /** Some more are done, of which some failed. */
  add(done: number, failed?: number): void
  /** So many are done in all. */
  reach(done: number): void
  /** How many there are in all, or still are, when that becomes known or changes. */
  setTotal(total: number): void
  setRemaining(remaining: number): void
  end(): void
}

/**
 * Counts work and tells of it a few times a second.
 * @param report gets every beginning and end and, between them, at most one report in 250 ms.
 * @param nowMs a clock that never goes back.
 */
export function createProgressMeter(
  report: (progress: Progress[]) => void,
  nowMs: () => number = () => performance.now(),
): ProgressMeter {
  const underWay = new Set<ReturnType<typeof countWork>>()
  let reportedMs = Number.NEGATIVE_INFINITY

  const current = () => [...underWay].map((work) => work.current())

  function tell(atOnce: boolean): void {
    const now = nowMs()
    if (!atOnce && now - reportedMs < reportEveryMs) return
    reportedMs = now
    for (const work of underWay) work.takeSample()
    report(current())
  }

  function begin(phase: Progress['phase'], total = 0): WorkUnderWay {
    const work = countWork(phase, total, nowMs)
    underWay.add(work)
    tell(true)
    return {
      add(done, failed = 0) {
        tell(work.add(done, failed))
      },
      reach(done) {
        tell(work.add(done - work.current().done, 0))
      },
      setTotal(total) {
        work.setTotal(total)
        tell(false)
      },
      setRemaining(remaining) {
        work.setTotal(work.current().done + remaining)
        tell(false)
      },
      end() {
        if (underWay.delete(work)) tell(true)
      },
    }
  }

  async function during<T>(
    phase: Progress['phase'],
    total: number,
    work: (count: WorkCount) => T | Promise<T>,
  ): Promise<T> {
    const shown = begin(phase, total)
    try {
      return await work({ onProgress: shown.reach, setTotal: shown.setTotal })
    } finally {
      shown.end()
    }
  }

  return { begin, during, current }
}

function countWork(phase: Progress['phase'], expected: number, nowMs: () => number) {
  let done = 0
  let total = expected
  /** Else every step would be the last of all that is known. */
  let isTotalKnown = expected > 0
  let failed = 0
  /** When how many were done, over the last half minute. */
  const samples: { ms: number; done: number }[] = []

  return {
    /** @returns whether that was the last of it. */
    add(more: number, moreFailed: number): boolean {
      done += more
      failed += moreFailed
      total = Math.max(total, done)
      return isTotalKnown && more > 0 && done === total
    },
    setTotal(value: number): void {
      isTotalKnown = true
      total = Math.max(value, done)
    },
    takeSample(): void {
      samples.push({ ms: nowMs(), done })
    },
    current(): Progress {
      const now = nowMs()
      while (samples.length > 1 && now - samples[0]!.ms > rateWindowMs) samples.shift()
      const first = samples[0]
      const elapsedMs = first ? now - first.ms : 0
      const perSecond = first && elapsedMs > 0 ? ((done - first.done) * 1000) / elapsedMs : 0
      const remainingMs = perSecond > 0 ? ((total - done) * 1000) / perSecond : null
      return { phase, unit: unitOf[phase] ?? 'photos', done, total, failed, perSecond, remainingMs }
    },
  }
}
