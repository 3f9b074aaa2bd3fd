import { stat } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
// Its library is loaded for as long as this thread is there, and so outlives every thread that uses it.
import 'sharp'
import { moduleBeside, startThread, type Thread } from '../../channels/message-port.ts'
import { LensloreError } from '../../contract/errors.ts'
import { nativePath } from '../../contract/native-path.ts'
import { type ByteClaim, createByteBudget } from './byte-budget.ts'
import { type ImagingEvents, imagingCalls } from './imaging-calls.ts'
import { maxFileBytes } from './read-bytes.ts'

/**
 * The threads that decode: one picture each, from its file to the model's pixels and the thumbnail, so that the engine's own
 * thread does none of it. How many pictures are decoded at once is bounded by the processors, and by the memory that they need.
 */

type Calls = Thread<typeof imagingCalls, ImagingEvents>['calls']

interface ImagingThread {
  calls: Calls
  end(): Promise<void>
  /** Of what it works at. */
  claim: ByteClaim | null
  hasEnded: boolean
}

/** What a thread makes is pixels, which are not among its objects, and little else. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }
/** Between two folders, or while the model is slower, they are kept; then their memory is worth more. */
const keptIdleMs = 10_000
const budget = createByteBudget(Math.min(2 ** 31, Math.max(2 ** 28, machineBytes() / 8)))

const idle: ImagingThread[] = []
const waiting: (() => void)[] = []
let busy = 0
let mostBusy = availableParallelism()
let idleTimer: NodeJS.Timeout | undefined

/** @param threads null: as many as there are processors */
export function allowImagingThreads(threads: number | null): void {
  mostBusy = threads ?? availableParallelism()
  while (busy < mostBusy && waiting.length > 0) {
    busy++
    waiting.shift()!()
  }
}

/**
 * Gives a thread to some work on a file when it is its turn.
 * @param path in the form of `contract/file-name.ts`
 * @param isUrgent before all that wait
 * @throws LensloreError what the work throws; `INTERNAL` where the thread ended
 */
export async function inImagingThread<T>(
  path: string,
  isUrgent: boolean,
  work: (calls: Calls) => Promise<T>,
): Promise<T> {
  await takeTurn(isUrgent)
  const thread = idle.pop() ?? startImagingThread()
  try {
    thread.claim = await budget.claim(await fileBytes(path), isUrgent)
    return await work(thread.calls)
  } finally {
    thread.claim?.giveBack()
    thread.claim = null
    if (!thread.hasEnded) idle.push(thread)
    passTurn()
  }
}

async function takeTurn(isUrgent: boolean): Promise<void> {
  clearTimeout(idleTimer)
  if (busy < mostBusy) busy++
  else await new Promise<void>((resolve) => waiting[isUrgent ? 'unshift' : 'push'](resolve))
}

function passTurn(): void {
  const next = busy <= mostBusy ? waiting.shift() : undefined
  if (next) next()
  else busy--
  if (busy === 0) idleTimer = setTimeout(endIdleThreads, keptIdleMs).unref()
}

function endIdleThreads(): void {
  for (const thread of idle.splice(0)) void thread.end()
}

function startImagingThread(): ImagingThread {
  const { calls, end } = startThread<typeof imagingCalls, ImagingEvents>(
    moduleBeside(import.meta.url, 'imaging-thread'),
    imagingCalls,
    {
      resourceLimits,
      closedError(cause) {
        thread.hasEnded = true
        return new LensloreError('INTERNAL', `Decoding stopped: ${cause?.message ?? 'its thread ended'}.`)
      },
    },
  )
  const thread: ImagingThread = { calls, end, claim: null, hasEnded: false }
  calls.on('needsBytes', async (bytes) => {
    await thread.claim?.grow(bytes)
    // One that has ended needs nothing any more.
    await calls.allow(null).catch(() => {})
  })
  return thread
}

/** 0 where it cannot be told; reading it says why. */
async function fileBytes(path: string): Promise<number> {
  const found = await stat(nativePath(path)).catch(() => null)
  return found?.isFile() ? Math.min(found.size, maxFileBytes) : 0
}

/** What this process may have of the machine's memory. */
function machineBytes(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}
