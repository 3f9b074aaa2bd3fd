import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../contract/errors.ts'
import type { ScanSummary } from '../contract/rooms/folders.ts'
import type { CaptionSummary } from '../contract/rooms/work.ts'
import {
  type CaptioningService,
  type CaptioningServiceOptions,
  createCaptioningService,
} from './captioning-service.ts'
import { createStackFinder } from './copies/find-stacks.ts'
import { forgetLongMissing } from './folders/forget.ts'
import type { ReconcileOptions, Reconciler } from './folders/reconcile.ts'
import { relocateFolder } from './folders/relocate.ts'
import type { EmbedText, Hubness } from './meaning/hubness.ts'
import type { MeaningIndex } from './meaning/meaning-index.ts'
import type { WaitingExporter } from './metadata/exchange.ts'
import type { MetadataStore } from './metadata/metadata-store.ts'
import { readerVersion } from './metadata/read.ts'
import { countToPlace, findPlaces } from './places/find-places.ts'
import { indexAll } from './queue/indexer.ts'
import { createContentKeeper, createContentReader } from './queue/photo-content.ts'
import type { ProgressMeter, WorkCount } from './queue/progress.ts'
import { readFileOnce } from './queue/read-photo.ts'
import type { SearchIndexer } from './search/search-index.ts'
import { backUpInThread, isBackupDue } from './store/backups.ts'
import { createCompanionStore } from './store/companions.ts'
import type { FileLock } from './store/database.ts'
import { lockForWork } from './store/lock.ts'
import { markReadByOlder } from './store/reader-state.ts'
import { inSlices } from './store/slices.ts'
import type { Store } from './store/store.ts'
import { removeLeftThumbnails } from './thumbnails.ts'

/** Of one run, no more sentences about sidecars than these are worth reading; `status` has all of them. */
const toldRefusals = 10
/** Captions come in batches: those of a second are one export. */
const writeOutAfterMs = 1000
const keepHouseEveryMs = 3_600_000
/** Places of photos, and what is found by meaning: so that nobody waits for them until a large library is read. */
const deriveEveryMs = 60_000
/**
 * Of some work nobody tells: words that were taken back, also by another process, and a picture that turned out
 * to be another one than the engine had.
 */
const lookAgainEveryMs = 5000

/** A model that was put in its place meanwhile, a driver that was mended. */
const tryEngineAgainMs = 60_000

export interface LongWorkOptions {
  /** The library's own, which only one process may work on. */
  directory: string
  thumbnailDirectory: string
  /** Of whole copies of pictures. */
  previewDirectory: string
  /** Of what models saw. */
  memoryDirectory: string
  store: Store
  searchIndex: SearchIndexer
  meaningIndex: MeaningIndex
  hubness: Hubness
  embedText: EmbedText
  metadata: MetadataStore
  reconciler: Reconciler
  progress: ProgressMeter
  exporter: WaitingExporter
  openEngine: CaptioningServiceOptions['openEngine']
  closeEngine: CaptioningServiceOptions['closeEngine']
  onPhotosChanged(photoIds: number[]): void
  /** Photos changed before, and searches find them as they are only now. */
  onSearchRenewed(): void
  onFoldersChanged(): void
  onProblem(problem: ErrorRecord): void
}

/** The long work of a library. Each call holds the lock of the process that works, and ends early through its signal. */
export interface LongWork {
  /** @throws LensloreError `LIBRARY_LOCKED`, `CANCELLED` */
  scan(folderIds: number[] | undefined, signal: AbortSignal): Promise<ScanSummary>
  /** @throws LensloreError `LIBRARY_LOCKED`, `CANCELLED`, `MODEL_NOT_FOUND`, `ENGINE_DIED` … */
  captionAll(signal: AbortSignal): Promise<CaptionSummary>
  /** Scans, captions, and goes on with whatever changes in the folders, until the signal ends it. */
  watch(signal: AbortSignal): Promise<CaptionSummary>
  readonly captioning: CaptioningService
  /** Somebody wrote into the library: a watch looks for work at once. */
  lookAgain(): void
  /** Tells of what failed beside other work, once where it fails again and again. */
  orTell(thrown: unknown): void
  /** Tells the library where a folder went. */
  relocate(folderId: number, path: string): Promise<void>
  /** The folders are others now, or at other places: what watches them is to follow. */
  foldersChanged(): void
  /** Forgets the photos of folders that a person removed; what a stop leaves is done by the next work. */
  forgetLeft(signal: AbortSignal): Promise<void>
  /** Makes photos of folders that lie in one that was added a part of it; what a stop leaves is done by the next work. */
  joinLeft(signal: AbortSignal): Promise<void>
  /** Brings the search index up to date; what a stop leaves is done by the next work. */
  renewSearch(signal?: AbortSignal): Promise<void>
  /** Makes the search index anew; what a stop leaves is done by the next work. */
  rebuildSearch(signal: AbortSignal): Promise<null>
}

export function createLongWork(options: LongWorkOptions): LongWork {
  const {
    directory,
    thumbnailDirectory,
    previewDirectory,
    memoryDirectory,
    store,
    searchIndex,
    meaningIndex,
    hubness,
    embedText,
    metadata,
    reconciler,
    progress,
    exporter,
    openEngine,
    closeEngine,
    onPhotosChanged,
    onSearchRenewed,
    onFoldersChanged,
    onProblem,
  } = options
  const { queue, photos } = store
  /** Who asks while it is under way waits for that. What fails is told. */
  function oneAtATime(work: (signal: AbortSignal) => Promise<unknown>) {
    let underWay: Promise<void> | undefined
    return {
      run(signal: AbortSignal): Promise<void> {
        underWay ??= work(signal)
          .then(() => {}, orTell)
          .finally(() => {
            underWay = undefined
          })
        return underWay
      },
      ended: async () => underWay,
    }
  }

  let lastTold: string | undefined
  let isCaptioning = false
  let lookAgain: () => void = () => {}
  let refreshWatch: () => void = () => {}
  let lock: { held: FileLock; calls: number } | undefined
  const backingUp = oneAtATime((signal) => backUpInThread(store.database.file, 'daily', { signal }))
  /** Of photos whose files were read; beside whatever else there is to do. */
  const placing = oneAtATime(async (signal) => {
    if ((await findAllPlaces(signal)) > 0) await renewSearch(signal)
  })
  /** What was embedded since is in the index of meanings, too. */
  const keepingMeaning = oneAtATime(async (signal) => {
    const space = captioning.space()
    if (space === null) return
    await meaningIndex.keepUp(space, { signal })
    await hubness.keepUp(space, embedText, signal)
  })
  const stackFinder = createStackFinder(store.database, store.stacks)
  /** Photos that came or changed, beside those that are nearly the same. */
  const stacking = oneAtATime(async (signal) => {
    const waiting = stackFinder.waiting()
    if (waiting === 0) return
    const way = { space: captioning.space(), onStacked: searchIndex.leaveStale }
    await progress.during('stack', waiting, ({ onProgress }) =>
      stackFinder.keepUp({ ...way, signal, onProgress }),
    )
    await renewSearch(signal)
  })
  /** What commits left to do in the search index, and what is to be in it; beside whatever else there is to do. */
  const tidying = oneAtATime(async (signal) => {
    await placing.run(signal)
    await renewSearch(signal)
    await searchIndex.tidy({ signal })
    await keepingMeaning.run(signal)
    await stacking.run(signal)
  })

  async function scan(
    signal: AbortSignal,
    look: (options: ReconcileOptions) => Promise<ScanSummary>,
  ): Promise<ScanSummary> {
    await joinLeft(signal)
    return progress.during('scan', 0, async ({ onProgress }) => {
      const summary = await look({ signal, onPhotosChanged, onProgress })
      await renewSearch(signal)
      await forget(signal)
      onFoldersChanged()
      return summary
    })
  }

  /** What was missing for long enough, and what only it had. */
  async function forget(signal: AbortSignal): Promise<void> {
    await forgetLongMissing(store.database, Date.now(), { signal })
    await forgetLeft(signal)
  }

  async function forgetLeft(signal: AbortSignal): Promise<void> {
    const { folders } = store
    for (const { id, photos: left } of folders.leaving()) {
      await progress.during('forget', left, ({ onProgress }) =>
        inSlices(store.database, (limit) => folders.forgetSome(id, limit), { signal, onProgress }),
      )
    }
    await removeLeftThumbnails(
      store.database,
      { thumbnailDirectory, previewDirectory, memoryDirectory },
      signal,
    )
  }

  async function joinLeft(signal: AbortSignal): Promise<void> {
    const { folders } = store
    const joining = folders.joining()
    if (joining.length === 0) return
    const photos = joining.reduce((sum, each) => sum + each.photos, 0)
    await progress.during('join', photos, async ({ onProgress }) => {
      let before = 0
      for (const { id } of joining) {
        const joinSome = (limit: number) => {
          const { done, photoIds } = folders.joinSome(id, limit)
          onPhotosChanged(photoIds)
          return done
        }
        before += await inSlices(store.database, joinSome, {
          signal,
          onProgress: (done) => onProgress(before + done),
        })
      }
    })
    refreshWatch()
    onFoldersChanged()
    await renewSearch(signal)
  }

  /** Shows work on the search index, after which searches may find other photos. */
  async function indexing(photos: number, work: (count: WorkCount) => Promise<unknown>): Promise<void> {
    try {
      await progress.during('search', photos, work)
    } finally {
      onSearchRenewed()
    }
  }

  async function renewSearch(signal?: AbortSignal): Promise<void> {
    const stale = searchIndex.stale()
    if (stale === 0) return
    try {
      await indexing(stale, ({ onProgress }) => searchIndex.renewAll({ signal, onProgress }))
    } catch (thrown) {
      if (!signal?.aborted) throw thrown
    }
  }

  /** Beside the work, once a day. A backup that fails spoils nothing else. */
  async function backUpIfDue(signal: AbortSignal): Promise<void> {
    try {
      const { file } = store.database
      if (queue.counts(null).photos === 0 || !isBackupDue(file, Date.now())) return
      await backingUp.run(signal)
    } catch (thrown) {
      orTell(thrown)
    }
  }

  async function keepHouse(signal: AbortSignal): Promise<void> {
    await forget(signal).catch(orTell)
    await backUpIfDue(signal)
  }

  /** Not the same sentence again and again, as of a full disk. */
  function orTell(thrown: unknown): void {
    tell(toErrorRecord(thrown))
  }

  function tell(error: ErrorRecord): void {
    if (error.code === 'CANCELLED' || error.message === lastTold) return
    lastTold = error.message
    onProblem(error)
  }

  let writingOut: ReturnType<typeof writeOutBeside> | undefined
  const captioning = createCaptioningService({
    store,
    progress,
    thumbnailDirectory,
    openEngine,
    closeEngine,
    onPhotosChanged(photoIds) {
      for (const id of photoIds) unavailable.delete(id)
      onPhotosChanged(photoIds)
      writingOut?.soon()
    },
    onUnavailable: (id) => unavailable.add(id),
    onProblem: tell,
  })

  async function writeOut(signal: AbortSignal): Promise<void> {
    await exporter.write({ signal, isAutomatic: true }).catch(orTell)
  }

  /** Could not be reached in the present run, and not read since. */
  const unavailable = new Set<number>()

  function index(signal: AbortSignal): Promise<void> {
    let told = 0
    const keep = createContentKeeper(store, metadata, {
      thumbnailDirectory,
      onRefused: ({ error }) => {
        if (told++ < toldRefusals) onProblem(error)
      },
    })
    const read = createContentReader()
    const companions = createCompanionStore(store.database)
    return indexAll({
      photos,
      queue,
      readContent: (path, file, photoId) => read(path, file, companions.beside(photoId)),
      apply(item, file, content) {
        keep(item, file, content)
        unavailable.delete(item.photoId)
      },
      write: (work) => store.database.write(work),
      onPhotosChanged: (ids) => {
        onPhotosChanged(ids)
        captioning.wake()
      },
      onUnavailable: (id) => unavailable.add(id),
      signal,
    })
  }

  /**
   * Reads what is new and captions it, at the same time: the first words come long before the last file is read. Where there
   * is no engine to be had, all that needs none is done all the same.
   * @param fill puts photos into the queue, and settles when there will be no more.
   * @param tryAgainMs how long to wait before another engine is tried; null: not at all.
   */
  async function caption(
    signal: AbortSignal,
    fill: (signal: AbortSignal) => Promise<void>,
    tryAgainMs: number | null,
  ): Promise<CaptionSummary> {
    if (isCaptioning) {
      throw new LensloreError('LIBRARY_LOCKED', 'This library is being captioned already; stop that first.')
    }
    isCaptioning = true
    try {
      await queue.retryUnreadable(signal)
      const markSome = (limit: number) => markReadByOlder(store.database, readerVersion, limit)
      await inSlices(store.database, markSome, { signal })
      exporter.retryRefused()
      unavailable.clear()
      return await captionFilled(signal, fill, tryAgainMs)
    } finally {
      isCaptioning = false
    }
  }

  async function captionFilled(
    signal: AbortSignal,
    fill: (signal: AbortSignal) => Promise<void>,
    tryAgainMs: number | null,
  ): Promise<CaptionSummary> {
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    const filling = fill(either)
    filling.catch(() => {})
    const keepingHouse = setInterval(() => void keepHouse(either), keepHouseEveryMs)
    const deriving = setInterval(() => {
      void placing.run(either)
      void keepingMeaning.run(either)
      void stacking.run(either)
    }, deriveEveryMs)
    writingOut = writeOutBeside(either)
    try {
      const summary = await captioning.run({ filling, signal, tryAgainMs })
      return { ...summary, unavailable: unavailable.size }
    } finally {
      if (!signal.aborted) {
        await writeOut(signal)
        await tidying.run(signal)
        await backUpIfDue(signal)
      }
      clearInterval(keepingHouse)
      clearInterval(deriving)
      stop.abort()
      await filling.catch(() => {})
      await writingOut.ended()
      writingOut = undefined
      for (const each of [backingUp, tidying, placing, keepingMeaning, stacking]) await each.ended()
    }
  }

  async function fillOnce(signal: AbortSignal): Promise<void> {
    await index(signal)
    // Beside captioning, which may take days.
    void tidying.run(signal)
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

  function findAllPlaces(signal: AbortSignal): Promise<number> {
    const { database } = store
    const waiting = countToPlace(database)
    const find = (onProgress?: (done: number) => void) =>
      findPlaces(database, { signal, onProgress, onPlaced: searchIndex.leaveStale })
    // It also finds out whether there is another gazetteer than before.
    return waiting === 0 ? find() : progress.during('places', waiting, ({ onProgress }) => find(onProgress))
  }

  async function watch(signal: AbortSignal): Promise<CaptionSummary> {
    let changed = Promise.withResolvers<void>()
    // A library begins the sooner without what watches.
    const { watchLibrary } = await import('./folders/library-watcher.ts')
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
    refreshWatch = watcher.refresh
    signal.addEventListener('abort', () => changed.resolve(), { once: true })
    try {
      await watcher.ready
      await scan(signal, watcher.scan)
      return await caption(signal, fill, tryEngineAgainMs)
    } finally {
      refreshWatch = () => {}
      await watcher.close()
    }

    async function fill(either: AbortSignal) {
      either.addEventListener('abort', () => changed.resolve(), { once: true })
      lookAgain = () => {
        if (queue.counts(captioning.key()).waiting === 0) void writeOut(either)
        else changed.resolve()
      }
      const lookingAgain = setInterval(() => {
        try {
          lookAgain()
        } catch (thrown) {
          orTell(thrown)
        }
      }, lookAgainEveryMs)
      try {
        while (!either.aborted) {
          changed = Promise.withResolvers()
          captioning.wake()
          await index(either)
          await writeOut(either)
          void tidying.run(either)
          void backUpIfDue(either)
          await changed.promise
        }
      } finally {
        clearInterval(lookingAgain)
        lookAgain = () => {}
      }
    }
  }

  async function rebuildSearch(signal: AbortSignal): Promise<null> {
    const { photos: present, missing } = queue.counts(null)
    await indexing(present + missing, ({ onProgress }) => searchIndex.rebuild({ signal, onProgress }))
    return null
  }

  /** The lock is this process's: calls of its own work beside each other. */
  async function locked<T>(work: () => Promise<T>): Promise<T> {
    lock ??= { held: lockForWork(directory), calls: 0 }
    const mine = lock
    mine.calls++
    try {
      return await work()
    } finally {
      if (--mine.calls === 0) {
        lock = undefined
        mine.held.release()
      }
    }
  }

  return {
    captioning,
    scan: (folderIds, signal) => locked(() => scan(signal, (options) => reconciler.scan(folderIds, options))),
    captionAll: (signal) => locked(() => caption(signal, fillOnce, null)),
    watch: (signal) => locked(() => watch(signal)),
    lookAgain: () => lookAgain(),
    orTell,
    foldersChanged: () => refreshWatch(),
    forgetLeft,
    joinLeft,
    renewSearch,
    relocate: (folderId, path) =>
      locked(() =>
        relocateFolder(
          store.database,
          folderId,
          path,
          async (file) => (await readFileOnce(file)).contentHash,
        ),
      ),
    rebuildSearch: (signal) => locked(() => rebuildSearch(signal)),
  }
}
