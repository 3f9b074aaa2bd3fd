import type { EngineInfo } from '../contract/engine-calls.ts'
import { type ErrorRecord, toErrorRecord } from '../contract/errors.ts'
import type { CaptionSummary, ScanSummary } from '../contract/library-calls.ts'
import { forgetLongMissing } from './folders/forget.ts'
import { watchLibrary } from './folders/library-watcher.ts'
import type { Reconciler } from './folders/reconcile.ts'
import { exportWaiting } from './metadata/exchange.ts'
import type { MetadataStore } from './metadata/metadata-store.ts'
import { type Captioning, startCaptioning } from './queue/captioning.ts'
import type { SupervisedEngine } from './queue/engine-supervisor.ts'
import { indexAll } from './queue/indexer.ts'
import { createContentKeeper, createContentReader } from './queue/photo-content.ts'
import type { ProgressMeter } from './queue/progress.ts'
import { modelKey } from './store/captions.ts'
import { lockForWork } from './store/lock.ts'
import type { Store } from './store/store.ts'

export interface WorkerOptions {
  /** The library's own, which only one worker may work on. */
  directory: string
  store: Store
  metadata: MetadataStore
  reconciler: Reconciler
  progress: ProgressMeter
  openEngine(): Promise<{ engine: SupervisedEngine; info: EngineInfo }>
  onPhotosChanged(photoIds: number[]): void
  onFoldersChanged(): void
  onProblem(problem: ErrorRecord): void
}

/** The long work of a library. Each call holds the worker's lock and ends early through its signal. */
export interface Worker {
  /** @throws LensloreError `LIBRARY_LOCKED`, `CANCELLED` */
  scan(folderIds: number[] | undefined, signal: AbortSignal): Promise<ScanSummary>
  /** @throws LensloreError `LIBRARY_LOCKED`, `CANCELLED`, `MODEL_NOT_FOUND`, `ENGINE_DIED` … */
  captionAll(signal: AbortSignal): Promise<CaptionSummary>
  /** Scans, captions, and goes on with whatever changes in the folders, until the signal ends it. */
  watch(signal: AbortSignal): Promise<CaptionSummary>
}

export function createWorker(options: WorkerOptions): Worker {
  const {
    directory,
    store,
    metadata,
    reconciler,
    progress,
    openEngine,
    onPhotosChanged,
    onFoldersChanged,
    onProblem,
  } = options
  const { queue, photos, captions } = store

  async function scan(folderIds: number[] | undefined, signal: AbortSignal): Promise<ScanSummary> {
    progress.begin('scan')
    let counted = 0
    const summary = await reconciler.scan(folderIds, {
      signal,
      onPhotosChanged,
      onProgress: (files) => {
        progress.add(files - counted)
        counted = files
      },
    })
    forgetLongMissing(store.database, Date.now())
    onFoldersChanged()
    progress.begin('idle')
    return summary
  }

  function index(signal: AbortSignal, wakeCaptioning: () => void): Promise<void> {
    return indexAll({
      photos,
      queue,
      readContent: createContentReader(),
      apply: createContentKeeper(store, metadata),
      write: (work) => store.database.write(work),
      onPhotosChanged: (ids, failed) => {
        progress.add(failed, failed)
        onPhotosChanged(ids)
        wakeCaptioning()
      },
      signal,
    })
  }

  /**
   * Reads what is new and captions it, at the same time: the first words come long before the last file is read.
   * @param fill puts photos into the queue, and settles when there will be no more.
   */
  async function caption(
    signal: AbortSignal,
    fill: (signal: AbortSignal, wakeCaptioning: () => void) => Promise<void>,
  ): Promise<CaptionSummary> {
    const { engine, info } = await openEngine()
    queue.retryUnreadable()
    progress.begin('caption', queue.counts(modelKey(info.modelId, info.adapterId)).waiting)
    const stop = new AbortController()
    let captioning: Captioning | undefined
    const filling = fill(AbortSignal.any([signal, stop.signal]), () => captioning?.wake())
    try {
      captioning = startCaptioning({
        engine,
        photos,
        captions,
        queue,
        progress,
        onPhotosChanged,
        onProblem,
        filling,
        signal,
      })
      const summary = await captioning.finished
      await exportWaiting(store, { signal })
      tidyUp()
      return summary
    } finally {
      stop.abort()
      await filling.catch(() => {})
      progress.begin('idle')
    }
  }

  /** What many small commits left to do in the search index; for when nothing else is. */
  function tidyUp(): void {
    store.searchIndex.renewAll()
    store.searchIndex.tidy()
  }

  async function watch(signal: AbortSignal): Promise<CaptionSummary> {
    let changed = Promise.withResolvers<void>()
    const watcher = watchLibrary({
      database: store.database,
      reconciler,
      onPhotosChanged,
      onScanned: () => {
        onFoldersChanged()
        changed.resolve()
      },
      onModeChange: onFoldersChanged,
      onError: (thrown) => onProblem(toErrorRecord(thrown)),
    })
    signal.addEventListener('abort', () => changed.resolve(), { once: true })
    try {
      await watcher.ready
      await scan(undefined, signal)
      return await caption(signal, async (either, wakeCaptioning) => {
        either.addEventListener('abort', () => changed.resolve(), { once: true })
        while (!either.aborted) {
          changed = Promise.withResolvers()
          await index(either, wakeCaptioning)
          await exportWaiting(store, { signal: either })
          tidyUp()
          await changed.promise
        }
      })
    } finally {
      await watcher.close()
    }
  }

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = lockForWork(directory)
    try {
      return await work()
    } finally {
      lock.release()
    }
  }

  return {
    scan: (folderIds, signal) => locked(() => scan(folderIds, signal)),
    captionAll: (signal) => locked(() => caption(signal, index)),
    watch: (signal) => locked(() => watch(signal)),
  }
}
