import { statSync } from 'node:fs'
import { nativePath } from '../../contract/native-path.ts'
import type { ScanSummary } from '../../contract/rooms/folders.ts'
import type { Database } from '../store/database.ts'
import { createRootState } from '../store/root-state.ts'
import type { ReconcileOptions, Reconciler } from './reconcile.ts'
import { probeRoot } from './roots.ts'
import { type FolderWatch, type WatchMode, watchFolder } from './watch.ts'

export interface LibraryWatcherOptions {
  database: Database
  reconciler: Reconciler
  onPhotosChanged?: (photoIds: number[]) => void
  /** After every comparison that found anything, and after a folder went offline or came back. */
  onScanned?: () => void
  onModeChange?: (folderId: number, mode: WatchMode) => void
  onError?: (thrown: unknown) => void
}

export interface LibraryWatcher {
  /** Settles when every folder of the start is watched, or polled. */
  ready: Promise<void>
  /**
   * Compares all folders, and what changed meanwhile with them; nothing else is looked at while it runs.
   * @throws whatever the comparison throws.
   */
  scan(options: ReconcileOptions): Promise<ScanSummary>
  /** The folders are others now, or their excludes are: what is new is watched, and compared at once. */
  refresh(): void
  close(): Promise<void>
}

/** A directory is looked at when nothing was told of it for this long: thousands of events are one look. */
const quietMs = 500
/** Where it is never quiet, it is looked at all the same. */
const longestWaitMs = 3000
/** A file that was written to this recently may still be copied. */
const settleMs = 1000
/** Whether a drive came or went is told by no event of a directory. */
const probeEveryMs = 5000
/** Where changes are not told, the folder is looked through this often, but never for more than a twentieth of the time. */
const pollEveryMs = 60_000
const pollShare = 20
/** Watched folders too, in case an event got lost. */
const lookThroughEveryMs = 6 * 3_600_000

interface Watched {
  watch: FolderWatch
  path: string
  excludes: readonly string[]
  isPolled: boolean
  isOffline: boolean
  device: number | null
  /** Of the directory that is watched: another may take its place. */
  inode: bigint | null
  nextWholeMs: number
  /** When each directory was told of first and last; the monotonic clock. */
  dirty: Map<string, { firstMs: number; lastMs: number }>
}

/**
 * Keeps the library true while it is open: every folder is watched, and what the watch tells of is compared by
 * the same comparison that a scan makes. Does not scan at the start: whoever starts it does, once it is ready.
 */
export function watchLibrary(options: LibraryWatcherOptions): LibraryWatcher {
  const { database, reconciler } = options
  const roots = createRootState(database)
  const folders = new Map<number, Watched>()
  const stop = new AbortController()
  /** Not kept yet. */
  const modes = new Map<number, WatchMode>()
  let isBusy: Promise<void> | undefined
  let nextProbeMs = 0

  function keepModes(): void {
    for (const [folderId, mode] of modes) {
      roots.setWatchMode(folderId, mode.mode, mode.reason)
      modes.delete(folderId)
      options.onModeChange?.(folderId, mode)
    }
  }

  function start(folderId: number): Watched {
    const isOffline = probeRoot(roots, folderId).offline !== null
    const root = roots.byId(folderId)
    const watched: Omit<Watched, 'watch'> = {
      path: root.path,
      excludes: root.excludes,
      isPolled: false,
      isOffline,
      device: root.device,
      inode: inodeOf(root.path),
      nextWholeMs: performance.now() + lookThroughEveryMs,
      dirty: new Map(),
    }
    const watch = watchFolder(
      {
        id: folderId,
        path: root.path,
        excludes: root.excludes,
        mounts: roots.mounts(folderId).map(({ directory }) => `${root.path}/${directory}`),
      },
      {
        onDirty: (directories) => markDirty(watched.dirty, directories),
        onMode: (mode) => {
          watched.isPolled = mode.mode === 'polling'
          if (watched.isPolled) watched.nextWholeMs = performance.now() + pollEveryMs
          modes.set(folderId, mode)
          try {
            keepModes()
          } catch (thrown) {
            // In an event of the watch, where nobody would catch it; it is kept with the next look.
            options.onError?.(thrown)
          }
        },
      },
    )
    return Object.assign(watched, { watch })
  }

  /** In place of a watch, or for a folder that is new: it is looked through at once, and again when it is watched. */
  function startAnew(folderId: number): void {
    const watched = start(folderId)
    const lookThrough = () => {
      watched.nextWholeMs = 0
    }
    lookThrough()
    void watched.watch.ready.then(lookThrough)
    folders.set(folderId, watched)
  }

  function markDirty(dirty: Watched['dirty'], directories: readonly string[]): void {
    const nowMs = performance.now()
    for (const directory of directories) {
      const known = dirty.get(directory)
      if (known) known.lastMs = nowMs
      else dirty.set(directory, { firstMs: nowMs, lastMs: nowMs })
    }
  }

  /**
   * When one directory is due, all that were told of are looked at with it, quiet or not: a file that is gone
   * from here, with another one in its place, may be there.
   */
  function takeDue(): Map<number, string[]> {
    const nowMs = performance.now()
    const isDue = [...folders.values()].some(({ dirty }) =>
      [...dirty.values()].some(
        ({ firstMs, lastMs }) => nowMs - lastMs >= quietMs || nowMs - firstMs >= longestWaitMs,
      ),
    )
    return isDue ? takeAll() : new Map()
  }

  function takeAll(): Map<number, string[]> {
    const taken = new Map<number, string[]>()
    for (const [folderId, { dirty }] of folders) {
      if (dirty.size > 0) taken.set(folderId, [...dirty.keys()])
      dirty.clear()
    }
    return taken
  }

  /** A drive that came, went, or is another now: the watch sits on what was there before. */
  async function probe(folderId: number, watched: Watched): Promise<void> {
    if (!roots.ids().includes(folderId)) return
    const isOffline = probeRoot(roots, folderId).offline !== null
    const { device, path } = roots.byId(folderId)
    const isSame = device === watched.device && inodeOf(path) === watched.inode
    if (isOffline === watched.isOffline && isSame) return
    await watched.watch.close()
    if (folders.get(folderId) === watched) startAnew(folderId)
  }

  async function lookWhereDue(): Promise<void> {
    keepModes()
    const isProbing = performance.now() >= nextProbeMs
    if (isProbing) {
      nextProbeMs = performance.now() + probeEveryMs
      // Another process may have added a folder, or changed what is left alone.
      refresh()
      // Nobody tells when they can be.
      for (const { folderId, directory } of roots.unreadable()) remind(folderId, [directory])
    }
    for (const [folderId, before] of [...folders]) {
      if (stop.signal.aborted) return
      if (isProbing) await probe(folderId, before)
      const watched = folders.get(folderId)
      if (!watched) continue
      const startedMs = performance.now()
      if (startedMs < watched.nextWholeMs) continue
      watched.dirty.clear()
      watched.nextWholeMs = Number.POSITIVE_INFINITY
      try {
        await compare((also) => reconciler.scan([folderId], also))
      } catch (thrown) {
        watched.nextWholeMs = 0
        throw thrown
      }
      const tookMs = performance.now() - startedMs
      const everyMs = watched.isPolled ? Math.max(pollEveryMs, tookMs * pollShare) : lookThroughEveryMs
      // Sooner where it was asked for meanwhile, as by a watch that got ready.
      watched.nextWholeMs = Math.min(watched.nextWholeMs, performance.now() + everyMs)
    }
    if (stop.signal.aborted) return
    const due = takeDue()
    if (due.size > 0) await compare((also) => reconciler.rescan(due, also), due)
  }

  function remind(folderId: number, directories: readonly string[]): void {
    const watched = folders.get(folderId)
    if (watched) markDirty(watched.dirty, directories)
  }

  /**
   * What changes while something is compared is compared with it; what was away is looked through when it is back.
   * @param taken is told of again where it fails, for nobody else would.
   */
  async function withMeanwhile<T>(
    taken: ReadonlyMap<number, readonly string[]>,
    look: (options: Pick<ReconcileOptions, 'changedMeanwhile' | 'onOffline'>) => Promise<T>,
  ): Promise<T> {
    const all = [...taken]
    try {
      return await look({
        changedMeanwhile: () => {
          const meanwhile = takeAll()
          all.push(...meanwhile)
          return meanwhile
        },
        // It may be back before the next probe, which is to see that it was away.
        onOffline: (folderId) => {
          const watched = folders.get(folderId)
          if (watched) watched.isOffline = true
        },
      })
    } catch (thrown) {
      for (const [folderId, directories] of all) remind(folderId, directories)
      throw thrown
    }
  }

  async function compare(
    look: (options: ReconcileOptions) => Promise<ScanSummary>,
    taken: ReadonlyMap<number, readonly string[]> = new Map(),
  ): Promise<void> {
    const unsettled: [number, string][] = []
    const summary = await withMeanwhile(taken, (meanwhile) =>
      look({
        ...meanwhile,
        signal: stop.signal,
        settleMs,
        arriveFirst: true,
        onUnsettled: (id, directory) => unsettled.push([id, directory]),
        ...(options.onPhotosChanged && { onPhotosChanged: options.onPhotosChanged }),
      }),
    ).finally(() => {
      // Told of any sooner, they would be looked at again and again until they are settled.
      for (const [folderId, directory] of unsettled) remind(folderId, [directory])
    })
    const { added, changed, moved, joined, separated, missing, excluded, restored, offlineFolders } = summary
    const found = added + changed + moved + joined + separated + missing + excluded + restored
    if (found + offlineFolders.length > 0) options.onScanned?.()
  }

  function refresh(): void {
    const ids = roots.ids()
    for (const [id, { watch, path, excludes }] of [...folders]) {
      const present = ids.includes(id) ? roots.byId(id) : undefined
      if (present?.path === path && present.excludes.join('\n') === excludes.join('\n')) continue
      void watch.close()
      folders.delete(id)
    }
    for (const id of ids) {
      if (!folders.has(id)) startAnew(id)
    }
  }

  for (const id of roots.ids()) folders.set(id, start(id))
  const ready = Promise.all([...folders.values()].map(({ watch }) => watch.ready)).then(() => {})
  const timer = setInterval(() => {
    isBusy ??= untilDone(
      lookWhereDue().catch((thrown: unknown) => {
        if (!stop.signal.aborted) options.onError?.(thrown)
      }),
    )
  }, quietMs / 2)

  async function untilDone(work: Promise<unknown>): Promise<void> {
    await work.catch(() => {})
    isBusy = undefined
  }

  async function scan(options: ReconcileOptions): Promise<ScanSummary> {
    await isBusy
    const summary = withMeanwhile(new Map(), (meanwhile) =>
      reconciler.scan(undefined, { ...options, ...meanwhile }),
    )
    isBusy = untilDone(summary)
    return summary
  }

  return {
    ready,
    scan,
    refresh,
    async close() {
      clearInterval(timer)
      stop.abort()
      await Promise.all([...folders.values()].map(({ watch }) => watch.close()))
      await isBusy
      for (const id of roots.ids()) roots.setWatchMode(id, null, null)
    },
  }
}

function inodeOf(path: string): bigint | null {
  try {
    return statSync(nativePath(path), { bigint: true }).ino
  } catch {
    return null
  }
}
