import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineInfo } from '../contract/engine-calls.ts'
import { type ErrorRecord, toErrorRecord } from '../contract/errors.ts'
import type { CaptionSummary, ScanSummary } from '../contract/library-calls.ts'
import { forgetLongMissing } from './folders/forget.ts'
import { watchLibrary } from './folders/library-watcher.ts'
import type { ReconcileOptions, Reconciler } from './folders/reconcile.ts'
import type { WaitingExporter } from './metadata/exchange.ts'
import type { MetadataStore } from './metadata/metadata-store.ts'
import { type Captioning, startCaptioning } from './queue/captioning.ts'
import type { SupervisedEngine } from './queue/engine-supervisor.ts'
import { indexAll } from './queue/indexer.ts'
import { createContentKeeper, createContentReader } from './queue/photo-content.ts'
import type { ProgressMeter } from './queue/progress.ts'
import { backUpInThread, isBackupDue } from './store/backups.ts'
import { modelKey } from './store/captions.ts'
import { lockForWork } from './store/lock.ts'
import type { Store } from './store/store.ts'
import { removeLeftThumbnails } from './thumbnails.ts'

/** Of one run, no more sentences about sidecars than these are worth reading; `status` has all of them. */
const toldRefusals = 10
/** Captions come in batches: those of a second are one export. */
const writeOutAfterMs = 1000
const keepHouseEveryMs = 3_600_000
/**
 * Of some work nobody tells: words that were taken back, also by another process, and a picture that turned out
 * to be another one than the engine had.
 */
const lookAgainEveryMs = 5000

export interface WorkerOptions {
  /** The library's own, which only one worker may work on. */
  directory: string
  thumbnailDirectory: string
  store: Store
  metadata: MetadataStore
  reconciler: Reconciler
  progress: ProgressMeter
  exporter: WaitingExporter
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
  /** Makes the search index anew; what a stop leaves is done by the next work. */
  rebuildSearch(signal: AbortSignal): Promise<null>
}

export function createWorker(options: WorkerOptions): Worker {
  const {
    directory,
    thumbnailDirectory,
    store,
    metadata,
    reconciler,
    progress,
    exporter,
    openEngine,
    onPhotosChanged,
    onFoldersChanged,
    onProblem,
  } = options
  const { queue, photos, captions } = store
  let lastTold: string | undefined
  let backingUp: Promise<void> | undefined

  async function scan(
    signal: AbortSignal,
    look: (options: ReconcileOptions) => Promise<ScanSummary>,
  ): Promise<ScanSummary> {
    progress.begin('scan')
    let counted = 0
    const summary = await look({
      signal,
      onPhotosChanged,
      onProgress: (files) => {
        progress.add(files - counted)
        counted = files
      },
    })
    await forget()
    onFoldersChanged()
    progress.begin('idle')
    return summary
  }

  /** What was missing for long enough, and what only it had. */
  async function forget(): Promise<void> {
    forgetLongMissing(store.database, Date.now())
    await removeLeftThumbnails(store.database, thumbnailDirectory)
  }

  /** Beside the work, once a day. A backup that fails spoils nothing else. */
  async function backUpIfDue(signal: AbortSignal): Promise<void> {
    const { file } = store.database
    if (queue.counts(null).photos === 0 || !isBackupDue(file, Date.now())) return
    backingUp ??= backUpInThread(file, 'daily', signal)
      .then(() => {}, orTell)
      .finally(() => {
        backingUp = undefined
      })
    await backingUp
  }

  async function keepHouse(signal: AbortSignal): Promise<void> {
    await forget().catch(orTell)
    await backUpIfDue(signal)
  }

  /** Not the same sentence again and again, as of a full disk. */
  function orTell(thrown: unknown): void {
    const error = toErrorRecord(thrown)
    if (error.code === 'CANCELLED' || error.message === lastTold) return
    lastTold = error.message
    onProblem(error)
  }

  async function writeOut(signal: AbortSignal): Promise<void> {
    await exporter.write({ signal, isAutomatic: true }).catch(orTell)
  }

  /** Could not be reached in the present run, and not read since. */
  const unavailable = new Set<number>()

  function index(signal: AbortSignal, wakeCaptioning: () => void): Promise<void> {
    let told = 0
    const keep = createContentKeeper(store, metadata, {
      thumbnailDirectory,
      onRefused: ({ error }) => {
        if (told++ < toldRefusals) onProblem(error)
      },
    })
    return indexAll({
      photos,
      queue,
      readContent: createContentReader(),
      apply(item, file, content) {
        keep(item, file, content)
        unavailable.delete(item.photoId)
      },
      write: (work) => store.database.write(work),
      onPhotosChanged: (ids, failed) => {
        progress.add(failed, failed)
        onPhotosChanged(ids)
        wakeCaptioning()
      },
      onUnavailable: (id) => unavailable.add(id),
      signal,
    })
  }

  /**
   * Reads what is new and captions it, at the same time: the first words come long before the last file is read.
   * @param fill puts photos into the queue, and settles when there will be no more.
   */
  async function caption(
    signal: AbortSignal,
    fill: (signal: AbortSignal, wakeCaptioning: () => void, key: string) => Promise<void>,
  ): Promise<CaptionSummary> {
    const { engine, info } = await openEngine()
    queue.retryUnreadable()
    exporter.retryRefused()
    unavailable.clear()
    const key = modelKey(info.modelId, info.adapterId)
    progress.begin('caption', queue.counts(key).waiting)
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    let captioning: Captioning | undefined
    const filling = fill(either, () => captioning?.wake(), key)
    const keepingHouse = setInterval(() => void keepHouse(either), keepHouseEveryMs)
    const writingOut = writeOutBeside(either)
    try {
      captioning = startCaptioning({
        engine,
        photos,
        captions,
        queue,
        progress,
        onPhotosChanged: (photoIds) => {
          for (const id of photoIds) unavailable.delete(id)
          onPhotosChanged(photoIds)
          writingOut.soon()
        },
        onUnavailable: (id) => unavailable.add(id),
        onProblem,
        filling,
        signal,
      })
      const summary = await captioning.finished
      await writeOut(signal)
      tidyUp()
      await backUpIfDue(signal)
      return { ...summary, unavailable: unavailable.size }
    } finally {
      clearInterval(keepingHouse)
      stop.abort()
      await filling.catch(() => {})
      await writingOut.ended()
      await backingUp
      progress.begin('idle')
    }
  }

  /** Captions of folders that are always exported are written out while others are still being made. */
  function writeOutBeside(signal: AbortSignal) {
    let underWay: Promise<void> | undefined
    async function write(): Promise<void> {
      await sleep(writeOutAfterMs, undefined, { signal }).catch(orTell)
      underWay = undefined
      if (!signal.aborted) await writeOut(signal)
    }
    return {
      soon() {
        underWay ??= write()
      },
      ended: async () => underWay,
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
      await scan(signal, watcher.scan)
      return await caption(signal, async (either, wakeCaptioning, key) => {
        either.addEventListener('abort', () => changed.resolve(), { once: true })
        const lookingAgain = setInterval(() => {
          if (queue.counts(key).waiting === 0) void writeOut(either)
          else changed.resolve()
        }, lookAgainEveryMs)
        try {
          while (!either.aborted) {
            changed = Promise.withResolvers()
            wakeCaptioning()
            await index(either, wakeCaptioning)
            await writeOut(either)
            tidyUp()
            void backUpIfDue(either)
            await changed.promise
          }
        } finally {
          clearInterval(lookingAgain)
        }
      })
    } finally {
      await watcher.close()
    }
  }

  async function rebuildSearch(signal: AbortSignal): Promise<null> {
    const { photos: present, missing } = queue.counts(null)
    progress.begin('search', present + missing)
    let counted = 0
    await store.searchIndex.rebuild({
      signal,
      onProgress: (done) => {
        progress.add(done - counted)
        counted = done
      },
    })
    progress.begin('idle')
    return null
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
    scan: (folderIds, signal) => locked(() => scan(signal, (options) => reconciler.scan(folderIds, options))),
    captionAll: (signal) => locked(() => caption(signal, index)),
    watch: (signal) => locked(() => watch(signal)),
    rebuildSearch: (signal) => locked(() => rebuildSearch(signal)),
  }
}
