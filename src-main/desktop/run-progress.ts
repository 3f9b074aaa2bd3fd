import type { Progress } from '../contract/records.ts'

/** A run of at least so long is worth a word when it ends. */
const longRunMs = 60_000

export interface ShownProgress {
  /** 0 to 1; -1: none, 2: under way, with no telling how far. As Electron has it. */
  bar: number
  /** Photos of a long run that has just ended; null at any other time. */
  endedRun: number | null
}

/**
 * What dock and taskbar show of the work under way.
 * @returns to be called with each event of progress. @param now milliseconds, of any clock that only goes on
 */
export function progressShown(now: () => number = () => performance.now()) {
  let run: { startedMs: number; done: number } | undefined
  return (works: readonly Progress[]): ShownProgress => {
    const captions = works.find(({ phase }) => phase === 'caption')
    if (captions) {
      run ??= { startedMs: now(), done: 0 }
      run.done = Math.max(run.done, captions.done)
      const bar = captions.total > 0 ? Math.min(captions.done / captions.total, 1) : 2
      return { bar, endedRun: null }
    }
    const isLong = run !== undefined && now() - run.startedMs >= longRunMs && run.done > 0
    const endedRun = isLong ? run!.done : null
    run = undefined
    const other = works[0]
    if (!other) return { bar: -1, endedRun }
    return { bar: other.total > 0 ? Math.min(other.done / other.total, 1) : 2, endedRun }
  }
}
