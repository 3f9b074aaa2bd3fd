import { lstatSync, type Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { FSWatcher } from 'chokidar'
import { displayFileName } from '../../contract/file-name.ts'
import { isPairVideoName } from '../../contract/file-pairs.ts'
import { isPictureName } from '../../contract/picture-names.ts'
import { isSidecarName } from '../metadata/sidecar-names.ts'
import { createDirectoryLister } from './directory-lister.ts'
import { isInLeftAlone } from './excludes.ts'
import { createLeftAlone } from './left-alone.ts'
import { isRemote, volumeOf } from './volume.ts'
import { errorCode } from './walk.ts'

/** `polling` folders are looked through from time to time by whoever asked for the watch. */
export type WatchMode = { mode: 'watching'; reason: null } | { mode: 'polling'; reason: string }

export interface WatchedFolder {
  id: number
  path: string
  excludes: readonly string[]
  /** Paths of other file systems that are mounted below it. */
  mounts: readonly string[]
}

export interface WatchListener {
  /** Something changed in these directories, below the folder; the folder itself stands for all of it. */
  onDirty(directories: string[]): void
  onMode(mode: WatchMode): void
}

export interface FolderWatch {
  /** Settles when every directory is watched, or the folder is polled. */
  ready: Promise<void>
  close(): Promise<void>
}

/** Each directory is a handle of the system, which every program of the person shares. */
const directoriesAtMost = 50_000

/**
 * Watches the directories of one folder and says which of them to look at again; it tells nothing of what
 * changed in them. Where the system has no more handles, or would not tell of what other machines do to a
 * network drive, the mode is `polling`.
 *
 * Only directories are held in memory. Left alone, chokidar stats every file of a folder when it starts (100,000
 * files: 8 s of processor time and 350 MB) to tell later what changed, which the library itself knows better.
 * @param fileSystemAt such as `ext4`; null where it is not known.
 */
export function watchFolder(
  folder: WatchedFolder,
  listener: WatchListener,
  fileSystemAt: (path: string) => string | null = fileSystemOf,
): FolderWatch {
  const leftAlone = createLeftAlone(folder.excludes)
  const remote = [folder.path, ...folder.mounts]
    .map((path) => ({ path, fileSystem: fileSystemAt(path) }))
    .find(({ fileSystem }) => isRemote(fileSystem))
  if (remote) {
    const reason = `${displayFileName(remote.path)} is on a network drive (${remote.fileSystem}), where changes are not told.`
    listener.onMode({ mode: 'polling', reason })
    return { ready: Promise.resolve(), close: () => Promise.resolve() }
  }

  const below = (path: string) => relative(folder.path, path).split(sep).join('/')
  const isIgnored = (path: string, stats?: Stats) => {
    const pathBelow = below(path)
    if (pathBelow === '' || pathBelow.startsWith('..')) return false
    if (watcher.listed > directoriesAtMost) {
      giveUp(`${displayFileName(folder.path)} has more than ${directoriesAtMost} directories.`)
      return true
    }
    return (stats !== undefined && !stats.isDirectory()) || isInLeftAlone(leftAlone, pathBelow)
  }
  const watcher = new DirectoryWatcher({
    ignored: isIgnored,
    ignoreInitial: true,
    followSymlinks: false,
    atomic: false,
    ignorePermissionErrors: true,
  })
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  let isReady = false
  let isOver = false

  function dirty(...paths: string[]): void {
    const found = paths.map(below).filter((path) => !path.startsWith('..') && !isInLeftAlone(leftAlone, path))
    if (isReady && found.length > 0) listener.onDirty(found)
  }

  function giveUp(reason: string): void {
    if (isOver) return
    isOver = true
    listener.onMode({ mode: 'polling', reason })
    resolve()
    watcher.lister.endThread()
    void watcher.close()
  }

  watcher.on('raw', (event, name, details) => {
    const { watchedPath } = details as { watchedPath: string }
    if (name === null) return dirty(watchedPath)
    const path = join(watchedPath, name)
    if (isPictureName(name) || isSidecarName(basename(name)) || isPairVideoName(name)) dirty(dirname(path))
    // Told of as directories only when they are watched, which takes a while.
    else if (event === 'rename' && isDirectory(path)) dirty(path, dirname(path))
  })
  watcher.on('addDir', (path) => {
    if (path === folder.path) dirty(path)
    else dirty(path, dirname(path))
  })
  watcher.on('unlinkDir', (path) => {
    dirty(path === folder.path ? path : dirname(path))
  })
  watcher.on('error', (thrown) => {
    const code = errorCode(thrown)
    if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') {
      giveUp(`The system has no handles left to watch ${displayFileName(folder.path)} (${code}).`)
    }
  })
  watcher.on('ready', () => {
    isReady = true
    watcher.lister.endThread()
    if (!isOver) listener.onMode({ mode: 'watching', reason: null })
    resolve()
  })
  watcher.add(folder.path)

  return {
    ready,
    async close() {
      isOver = true
      resolve()
      watcher.lister.endThread()
      await watcher.close()
    },
  }
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return false
  }
}

function fileSystemOf(path: string): string | null {
  try {
    return volumeOf(path).fileSystem
  } catch {
    // Not there at present: the watch waits for it.
    return null
  }
}

type ScanStream = NonNullable<ReturnType<FSWatcher['createScanStream']>>

interface ScanOptions {
  directoryFilter?: (entry: ScanEntry) => boolean
}

interface ScanEntry {
  /** Below the directory that is read. */
  path: string
  fullPath: string
  basename: string
  stats: Stats
}

/**
 * Lists directories without a stat of every file. A version of chokidar that no longer asks in this way lists
 * them itself, which is only slower.
 */
class DirectoryWatcher extends FSWatcher {
  /** Directories listed so far; each is watched. */
  listed = 0
  readonly lister = createDirectoryLister()

  override createScanStream(...[root, options = {}]: Parameters<FSWatcher['createScanStream']>) {
    // Named and undefined means without end; not named, only what is right below.
    const depth = 'depth' in options ? (options.depth ?? Number.POSITIVE_INFINITY) : 0
    // What chokidar uses of its own stream is that of any: data, end, close, error, destroy.
    const stream = Readable.from(this.#list(root, options as ScanOptions, depth)) as ScanStream
    this.streams.add(stream)
    stream.once('close', () => this.streams.delete(stream))
    return stream
  }

  async *#list(root: string, options: ScanOptions, depth: number): AsyncGenerator<ScanEntry> {
    for await (const entry of this.#listBelow(root, root, options, depth)) {
      this.listed++
      yield entry
    }
  }

  async *#listBelow(
    root: string,
    directory: string,
    options: ScanOptions,
    depth: number,
  ): AsyncGenerator<ScanEntry> {
    for (const name of await this.lister.directoriesIn(directory)) {
      const fullPath = join(directory, name)
      try {
        const stats = await lstat(fullPath)
        const found = { path: relative(root, fullPath), fullPath, basename: name, stats }
        if (options.directoryFilter && !options.directoryFilter(found)) continue
        yield found
        if (depth > 0) yield* this.#listBelow(root, fullPath, options, depth - 1)
      } catch {
        // Gone since it was listed, or not to be read: the next event, or the next scan, tells more.
      }
    }
  }
}
