import { Worker } from 'node:worker_threads'
import type { DirectoryReport, ScannedFolder, Visit } from './compare.ts'

export interface ScanThreadData {
  databaseFile: string
}

/** Answered by one array of reports, in the order of the visits. */
export interface ScanRequest {
  folder: ScannedFolder
  visits: Visit[]
}

/** A stat waits for the disk more than for the processor, so two threads are faster than one even there. */
const threadCount = 2
/** A thread has one request under way and one ahead, so that it never waits for this one's answer. */
const requestsPerThread = 2
const visitsPerRequest = 16
/** The threads of one scan are there for the next one that follows soon, as when files keep coming in. */
const keptIdleMs = 3000

/** What a thread makes is short-lived: more room for it would be memory taken and not given back. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

// Source and build have other endings: the thread's program is this file's sibling, whichever we run from.
const threadModule = new URL(`./scan-thread${import.meta.url.slice(-3)}`, import.meta.url)

/** Threads that look at the disk while this one stays free for searches. Started when needed. */
export interface ScanThreads {
  /**
   * Visits directories and what they lead to, in no certain order; one call at a time. Every report is taken
   * by `onReport` before more is asked for, which bounds what waits in memory.
   * @param onReport answers with the directories to visit next.
   * @throws whatever `onReport` or the signal throws, or the error that ended a thread.
   */
  visit(
    folder: ScannedFolder,
    start: readonly Visit[],
    onReport: (report: DirectoryReport) => Promise<Visit[]>,
    signal: AbortSignal,
  ): Promise<void>
  close(): Promise<void>
}

interface Thread {
  worker: Worker
  requests: number
}

export function createScanThreads(databaseFile: string): ScanThreads {
  const threads: Thread[] = []
  let idleTimer: NodeJS.Timeout | undefined
  let onAnswer: (reports: DirectoryReport[]) => void = () => {}
  let onBroken: (error: Error) => void = () => {}

  function startThread(): Thread {
    const workerData: ScanThreadData = { databaseFile }
    const worker = new Worker(threadModule, { workerData, resourceLimits })
    const thread: Thread = { worker, requests: 0 }
    worker.on('message', (reports: DirectoryReport[]) => {
      thread.requests--
      onAnswer(reports)
    })
    worker.on('error', (error) => onBroken(error))
    threads.push(thread)
    return thread
  }

  /** The least busy thread; another one is started while all are busy. */
  function freeThread(): Thread | undefined {
    const [least] = threads.toSorted((a, b) => a.requests - b.requests)
    if (least?.requests === 0) return least
    if (threads.length < threadCount) return startThread()
    return least && least.requests < requestsPerThread ? least : undefined
  }

  async function visit(
    folder: ScannedFolder,
    start: readonly Visit[],
    onReport: (report: DirectoryReport) => Promise<Visit[]>,
    signal: AbortSignal,
  ): Promise<void> {
    // Last in, first out: what waits is one path from the top with its siblings, never a whole level.
    const waiting = start.toReversed()
    const reports: DirectoryReport[] = []
    let broken: Error | undefined
    let wake: () => void = () => {}
    const onAbort = () => wake()

    function give(): void {
      while (waiting.length > 0) {
        const thread = freeThread()
        if (!thread) return
        const share = Math.min(visitsPerRequest, Math.ceil(waiting.length / threadCount))
        thread.requests++
        thread.worker.postMessage({
          folder,
          visits: waiting.splice(-share).toReversed(),
        } satisfies ScanRequest)
      }
    }

    clearTimeout(idleTimer)
    for (const { worker } of threads) worker.ref()
    onAnswer = (answered) => {
      reports.push(...answered)
      wake()
    }
    onBroken = (error) => {
      broken = error
      wake()
    }
    signal.addEventListener('abort', onAbort)
    try {
      for (;;) {
        signal.throwIfAborted()
        if (broken) throw broken
        const report = reports.shift()
        if (report) {
          waiting.push(...(await onReport(report)).toReversed())
          continue
        }
        give()
        if (threads.every((thread) => thread.requests === 0)) break
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
      }
      for (const { worker } of threads) worker.unref()
      idleTimer = setTimeout(() => void close(), keptIdleMs).unref()
    } catch (thrown) {
      // Answers to what is still under way must not reach the next visit.
      await close()
      throw thrown
    } finally {
      signal.removeEventListener('abort', onAbort)
      onAnswer = () => {}
    }
  }

  async function close(): Promise<void> {
    clearTimeout(idleTimer)
    onBroken(new Error('The threads were closed.'))
    await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()))
  }

  return { visit, close }
}
