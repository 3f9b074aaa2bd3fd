import { Worker } from 'node:worker_threads'
import type { DirectoryReport, ScannedFolder, Visit } from './compare.ts'

export interface ScanThreadData {
  databaseFile: string
  reachable: number[]
}

export interface ScanRequest {
  folder: ScannedFolder
  visits: Visit[]
}

/** A stat waits for the disk more than for the processor, so two threads are faster than one even there. */
const threadCount = 2
/** Directories a thread is given ahead, so that it never waits for this one's answer. */
const visitsAhead = 12

// Source and build have other endings: the thread's program is this file's sibling, whichever we run from.
const threadModule = new URL(`./scan-thread${import.meta.url.slice(-3)}`, import.meta.url)

/** Threads that look at the disk while this one stays free for searches. */
export interface ScanThreads extends AsyncDisposable {
  /**
   * Visits directories and what they lead to, in no certain order. Every report is taken by `onReport` before
   * more is asked for, which bounds what waits in memory.
   * @param onReport answers with the directories to visit next.
   * @throws whatever `onReport` throws, or the error that ended a thread.
   */
  visit(
    folder: ScannedFolder,
    start: readonly Visit[],
    onReport: (report: DirectoryReport) => Promise<Visit[]> | Visit[],
    signal: AbortSignal,
  ): Promise<void>
}

export function startScanThreads(databaseFile: string, reachable: Iterable<number>): ScanThreads {
  const workerData: ScanThreadData = { databaseFile, reachable: [...reachable] }
  const threads: Worker[] = []
  let broken: Error | undefined

  function startThread(): Worker {
    const thread = new Worker(threadModule, { workerData })
    thread.on('error', (error) => {
      broken = error
    })
    threads.push(thread)
    return thread
  }

  async function visit(
    folder: ScannedFolder,
    start: readonly Visit[],
    onReport: (report: DirectoryReport) => Promise<Visit[]> | Visit[],
    signal: AbortSignal,
  ): Promise<void> {
    // Last in, first out: what waits is one path from the top with its siblings, never a whole level.
    const waiting = [...start].reverse()
    const reports: DirectoryReport[] = []
    const underWay = new Map<Worker, number>()
    let wake: () => void = () => {}
    const takeReport = (thread: Worker) => (report: DirectoryReport) => {
      underWay.set(thread, underWay.get(thread)! - 1)
      reports.push(report)
      wake()
    }
    const listeners = new Map<Worker, (report: DirectoryReport) => void>()
    const onAbort = () => wake()
    const onBroken = () => wake()

    function give(): void {
      while (waiting.length > 0) {
        let thread = threads
          .filter((known) => listeners.has(known))
          .sort((a, b) => underWay.get(a)! - underWay.get(b)!)[0]
        const isBusy = !thread || underWay.get(thread)! >= visitsAhead / 2
        if (isBusy && listeners.size < threadCount) {
          thread = threads.find((known) => !listeners.has(known)) ?? startThread()
          const listener = takeReport(thread)
          listeners.set(thread, listener)
          underWay.set(thread, 0)
          thread.on('message', listener)
          thread.on('error', onBroken)
        }
        if (!thread || underWay.get(thread)! >= visitsAhead) return
        const share = Math.max(1, Math.min(visitsAhead / 2, Math.ceil(waiting.length / threadCount)))
        const visits = waiting.splice(-share).reverse()
        underWay.set(thread, underWay.get(thread)! + visits.length)
        thread.postMessage({ folder, visits } satisfies ScanRequest)
      }
    }

    const isUnderWay = () => [...underWay.values()].some((count) => count > 0)

    signal.addEventListener('abort', onAbort)
    try {
      give()
      while (isUnderWay() || reports.length > 0) {
        signal.throwIfAborted()
        if (broken) throw broken
        const report = reports.shift()
        if (!report) {
          const { promise, resolve } = Promise.withResolvers<void>()
          wake = resolve
          await promise
          continue
        }
        waiting.push(...(await onReport(report)).reverse())
        give()
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      for (const [thread, listener] of listeners) {
        thread.off('message', listener)
        thread.off('error', onBroken)
        // What it still has under way belongs to this visit and must not reach the next one.
        if (isUnderWay()) await end(thread)
      }
    }
  }

  async function end(thread: Worker): Promise<void> {
    threads.splice(threads.indexOf(thread), 1)
    await thread.terminate()
  }

  return {
    visit,
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map((thread) => thread.terminate()))
    },
  }
}
