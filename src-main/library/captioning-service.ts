import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineInfo } from '../contract/engine-calls.ts'
import { type ErrorCode, type ErrorRecord, LensloreError, toErrorRecord } from '../contract/errors.ts'
import type { CaptioningState } from '../contract/records.ts'
import type { CaptionSummary } from '../contract/rooms/work.ts'
import type { CaptionEngine, PictureDecoder } from './queue/caption-engine.ts'
import { type Captioning, startCaptioning } from './queue/captioning.ts'
import type { ProgressMeter } from './queue/progress.ts'
import { modelKey } from './store/captions.ts'
import type { Store } from './store/store.ts'

/** What says that there is no engine to be had, and nothing about the library. */
const ofEngine = new Set<ErrorCode>([
  'MODEL_NOT_FOUND',
  'MODEL_INCOMPLETE',
  'CHECKPOINT_INVALID',
  'SAFETENSORS_INVALID',
  'PROVIDER_UNAVAILABLE',
  'ENGINE_FAILED',
  'ENGINE_DIED',
])

export interface CaptioningServiceOptions {
  store: Store
  progress: ProgressMeter
  thumbnailDirectory: string
  /** An engine that is at work, or is being opened, is answered with again. */
  openEngine(): Promise<{ decoder: PictureDecoder; engine: CaptionEngine; info: EngineInfo }>
  /** Ends the engine, and whatever it is at. */
  closeEngine(): void
  /** Told of photos that got a caption or an error. */
  onPhotosChanged(photoIds: number[]): void
  /** Told of a photo that cannot be reached at present; it stays work. */
  onUnavailable(photoId: number): void
  onProblem(problem: ErrorRecord): void
}

export interface CaptioningRun {
  /** Settles when nothing more will be added to the queue; until then an empty queue is waited on. */
  filling: Promise<void>
  signal: AbortSignal
  /** How long to wait before another engine is tried where there is none; null: not at all. */
  tryAgainMs: number | null
}

export type CaptioningModel = Pick<EngineInfo, 'modelId' | 'adapterId'>

/** Captioning, whatever else the library is at: it starts, pauses, goes on with another model, and ends. */
export interface CaptioningService {
  /**
   * Captions what is work until nothing is left; waits while it is paused.
   * @throws LensloreError `CANCELLED` by the signal; what says that there is no engine, where none is waited for.
   */
  run(run: CaptioningRun): Promise<Omit<CaptionSummary, 'unavailable'>>
  /** Looks into the queue again: there is new work in it. */
  wake(): void
  /** Ends the engine, which gives its memory back. What it was at is done again later. */
  pause(): void
  /** Goes on, and tries an engine at once that could not be had. */
  resume(): void
  /** As a pause, until the machine is free for it; null: it is. */
  waitFor(hindrance: CaptioningState['waitsFor']): void
  /** The engine is to be opened anew, for it is to be another one. */
  reopen(): void
  /** The model that was opened last; null before the first. */
  model(): CaptioningModel | null
  /** The space in which its pictures meet texts; null before it was open, and for one without. */
  space(): string | null
  /** All that decides its words; null before it was open. */
  key(): string | null
  state(): CaptioningState
}

export function createCaptioningService({
  store,
  progress,
  thumbnailDirectory,
  openEngine,
  closeEngine,
  onPhotosChanged,
  onUnavailable,
  onProblem,
}: CaptioningServiceOptions): CaptioningService {
  const { photos, captions, embeddings, queue } = store
  let isRunning = false
  let isPaused = false
  let waitsFor: CaptioningState['waitsFor'] = null
  let problem: ErrorRecord | null = null
  let opened: EngineInfo | null = null
  let captioning: Captioning | undefined
  /** Another one whenever the engine is to end that is at work: then its end is no fault. */
  let generation = 0
  let endOfGeneration = new AbortController()
  /** Settles when something is to be looked at that was waited for. */
  let nudged = Promise.withResolvers<void>()

  function nudge(): void {
    nudged.resolve()
    nudged = Promise.withResolvers()
  }

  function endEngine(): void {
    generation++
    endOfGeneration.abort()
    endOfGeneration = new AbortController()
    closeEngine()
    nudge()
  }

  async function whilePaused(signal: AbortSignal): Promise<void> {
    if (isPaused)
      onProblem({ code: 'CAPTIONING_PAUSED', message: 'Captioning is paused until it is resumed.' })
    while ((isPaused || waitsFor !== null) && !signal.aborted) await untilNudged(signal)
    if (signal.aborted) throw stopped()
  }

  async function untilNudged(signal: AbortSignal, others: Promise<unknown>[] = []): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const onAbort = () => resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    await Promise.race([nudged.promise, promise, ...others])
    signal.removeEventListener('abort', onAbort)
  }

  async function run({ filling, signal, tryAgainMs }: CaptioningRun) {
    const startedMs = performance.now()
    const summary = { captioned: 0, failed: 0 }
    const shown = progress.begin('caption')

    async function captionOnce(isStill: () => boolean): Promise<void> {
      const { decoder, engine, info } = await openEngine()
      if (!isStill()) return
      problem = null
      opened = info
      captioning = startCaptioning({
        decoder,
        engine,
        thumbnailDirectory,
        photos,
        captions,
        embeddings,
        queue,
        progress: shown,
        beginEmbedding: (count) => progress.begin('embed', count),
        onPhotosChanged,
        onCounted(captioned, failed) {
          summary.captioned += captioned
          summary.failed += failed
        },
        onUnavailable,
        onProblem,
        filling,
        signal: AbortSignal.any([signal, endOfGeneration.signal]),
      })
      await captioning.finished
    }

    async function waitForEngine(thrown: unknown): Promise<void> {
      if (tryAgainMs === null) {
        await filling
        throw thrown
      }
      problem = toErrorRecord(thrown)
      onProblem(problem)
      // The next try is to meet another one.
      closeEngine()
      await untilNudged(signal, [sleep(tryAgainMs, undefined, { ref: false }), filling])
      if (signal.aborted) throw stopped(thrown)
    }

    isRunning = true
    try {
      for (;;) {
        await whilePaused(signal)
        const mine = generation
        const isStill = () => generation === mine
        try {
          await captionOnce(isStill)
          if (isStill()) return { ...summary, elapsedMs: performance.now() - startedMs }
        } catch (thrown) {
          captioning = undefined
          if (signal.aborted) throw thrown
          if (!isStill()) continue
          if (!ofEngine.has(toErrorRecord(thrown).code)) throw thrown
          await waitForEngine(thrown)
        }
      }
    } finally {
      captioning = undefined
      problem = null
      isRunning = false
      shown.end()
    }
  }

  return {
    run,
    wake: () => captioning?.wake(),
    pause() {
      if (isPaused) return
      isPaused = true
      endEngine()
    },
    resume() {
      isPaused = false
      nudge()
    },
    waitFor(hindrance) {
      if (hindrance === waitsFor) return
      const wasFree = waitsFor === null
      waitsFor = hindrance
      if (hindrance === null) nudge()
      else if (wasFree && isRunning) endEngine()
    },
    reopen: endEngine,
    model: () => opened,
    space: () => opened?.spaceId ?? null,
    key: () => opened && modelKey(opened.modelId, opened.adapterId),
    state() {
      if (isPaused) return { state: 'paused', problem: null, waitsFor: null }
      if (!isRunning) return { state: 'stopped', problem: null, waitsFor: null }
      return { state: waitsFor || problem ? 'waiting' : 'running', problem, waitsFor }
    },
  }
}

function stopped(cause?: unknown): LensloreError {
  return new LensloreError('CANCELLED', 'Captioning was stopped; it goes on with the next run.', { cause })
}
