import { moduleBeside, startThread, type Thread } from '../../channels/message-port.ts'
import { unchecked } from '../../contract/rpc.ts'
import type { DirectoryReport, ScannedFolder, Visit } from './compare.ts'

export interface ScanThreadData {
  databaseFile: string
}

export const scanCalls = {
  /** Reports come in the order of the visits. */
  compare: unchecked<{ folder: ScannedFolder; visits: Visit[] }, DirectoryReport[]>(),
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

interface ScanThread extends Thread<typeof scanCalls> {
  requests: number
}

export function createScanThreads(databaseFile: string): ScanThreads {
  const threads: ScanThread[] = []
  let idleTimer: NodeJS.Timeout | undefined

  function startScanThread(): ScanThread {
    const data: ScanThreadData = { databaseFile }
    const thread = startThread(moduleBeside(import.meta.url, 'scan-thread'), scanCalls, {
      data,
      resourceLimits,
    })
    const scanThread = { ...thread, requests: 0 }
    threads.push(scanThread)
    return scanThread
  }

  /** The least busy thread; another one is started while all are busy. */
  function freeThread(): ScanThread | undefined {
    const [least] = threads.toSorted((a, b) => a.requests - b.requests)
    if (least?.requests === 0) return least
    if (threads.length < threadCount) return startScanThread()
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
    let broken: unknown
    let wake: () => void = () => {}
    const onAbort = () => wake()

    function give(): void {
      while (waiting.length > 0) {
        const thread = freeThread()
        if (!thread) return
        const share = Math.min(visitsPerRequest, Math.ceil(waiting.length / threadCount))
        void compare(thread, waiting.splice(-share).toReversed())
      }
    }

    async function compare(thread: ScanThread, visits: Visit[]): Promise<void> {
      thread.requests++
      try {
        reports.push(...(await thread.calls.compare({ folder, visits })))
      } catch (thrown) {
        broken ??= thrown
      }
      thread.requests--
      wake()
    }

    clearTimeout(idleTimer)
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
      idleTimer = setTimeout(() => void close(), keptIdleMs).unref()
    } catch (thrown) {
      // What is still under way would keep the next visit waiting.
      await close()
      throw thrown
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async function close(): Promise<void> {
    clearTimeout(idleTimer)
    await Promise.all(threads.splice(0).map((thread) => thread.end()))
  }

  return { visit, close }
}
