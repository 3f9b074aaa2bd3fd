import { setImmediate as nextTurn } from 'node:timers/promises'
import { LensloreError } from '../../contract/errors.ts'
import type { ScanSummary } from '../../contract/rooms/folders.ts'
import { addSkipped } from '../../contract/skipped-files.ts'
import { isInExport } from '../metadata/takeout-parts.ts'
import { createCompanionStore } from '../store/companions.ts'
import type { Database } from '../store/database.ts'
import type { FoundFile } from '../store/found-file.ts'
import { isSamePlace } from '../store/place.ts'
import { createRootState, type RootState } from '../store/root-state.ts'
import { createScanWriter, type LostPlace } from '../store/scan-state.ts'
import { createSidecarState } from '../store/sidecar-state.ts'
import { inSlices } from '../store/slices.ts'
import type { BesideDifference, Difference, DirectoryReport, ScannedFolder, Visit } from './compare.ts'
import { isLeftOut, markExcluded } from './excludes.ts'
import { createLeftAlone, type LeftAlone } from './left-alone.ts'
import { probeRoot, type RootReport, silentFolders } from './roots.ts'
import { createScanThreads } from './scan-threads.ts'
import { settleLost } from './settle-lost.ts'
import { createPairNotes, settlePairs } from './settle-pairs.ts'
import { volumeOf } from './volume.ts'

/** Differences a transaction: few enough that a search never waits noticeably. */
const differencesPerCommit = 200
/** Where something is always told of, it is settled all the same. */
const meanwhileAtMost = 10

export interface ReconcileOptions {
  signal?: AbortSignal
  /** Pictures looked at so far. */
  onProgress?: (files: number) => void
  /** Told of photos that are new, moved, changed, missing or back, a few hundred at a time. */
  onPhotosChanged?: (photoIds: number[]) => void
  /** Told of folders that could not be looked at, or not to the end: nothing is missed there. */
  onOffline?: (folderId: number) => void
  /** What is new or altered comes before the back-fill. */
  arriveFirst?: boolean
  /** Leaves files alone that were written to within this time, and tells of the directories they are in. */
  settleMs?: number
  onUnsettled?: (folderId: number, directory: string) => void
  /**
   * Directories by their folders that something changed in since it was asked last. They are compared too before
   * anything is taken for edited or gone: a file may have moved from where was still to be looked at to where
   * had been looked at already.
   */
  changedMeanwhile?: () => ReadonlyMap<number, readonly string[]>
}

export interface Reconciler {
  /** Compares folders with the disk as a whole; all of them where none is named. */
  scan(folderIds?: readonly number[], options?: ReconcileOptions): Promise<ScanSummary>
  /**
   * Compares single directories by their folders, and those below them that the library does not know: all as
   * one, so that what left one of them for another has moved. A directory that is not there is looked for in
   * the one above.
   */
  rescan(
    directories: ReadonlyMap<number, readonly string[]>,
    options?: ReconcileOptions,
  ): Promise<ScanSummary>
  /** Ends the threads; what is under way fails. */
  close(): Promise<void>
}

/**
 * Makes the library equal to the disk. What is there is written down as it is found, so that photos appear at
 * once; what is not there is only noted, and marked missing when all of the disk has been seen and none of it
 * was the absent file. All of it can be killed at any moment: the next scan sees the same differences.
 *
 * One comparison runs at a time; others wait.
 */
export function createReconciler(database: Database, now: () => number = Date.now): Reconciler {
  const roots = createRootState(database)
  const writer = createScanWriter(database)
  const sidecars = createSidecarState(database)
  const companions = createCompanionStore(database)
  const pairNotes = createPairNotes(database)
  const threads = createScanThreads(database.file)
  let last: Promise<unknown> = Promise.resolve()
  /** When the present comparison began: the time that all it finds arrived at. */
  let scanMs = 0

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work)
    last = turn
    return turn
  }

  async function scanNow(
    folderIds: readonly number[],
    start: (folderId: number) => readonly string[],
    isWhole: boolean,
    options: ReconcileOptions,
  ): Promise<ScanSummary> {
    const startedMs = performance.now()
    scanMs = now()
    const signal = options.signal ?? new AbortController().signal
    const summary = emptySummary()
    const tellAway = ({ folderId, path }: RootReport) => {
      summary.offlineFolders.push(path)
      options.onOffline?.(folderId)
    }
    // All folders are looked at, for a file may have moved here from any.
    const silent = await silentFolders(roots)
    const found = new Map(roots.ids().map((id) => [id, probeRoot(roots, id, silent.has(id))]))
    for (const id of folderIds) {
      const root = found.get(id)
      if (!root) throw new LensloreError('FOLDER_NOT_FOUND', `There is no folder ${id}.`)
      if (root.offline !== null) tellAway(root)
    }
    const isOnline = (id: number) => found.get(id)?.offline === null
    const online = folderIds.filter(isOnline)
    const reachable = [...found.values()].filter((root) => root.isReachable).map((root) => root.folderId)
    const left = new Set<number>()
    const visit = async (id: number, directories: readonly string[], extent: Extent) => {
      if (!roots.has(id)) return
      const { path, excludes } = roots.byId(id)
      const folder = { id, path, excludes, reachable, settleMs: options.settleMs ?? 0, startedMs: scanMs }
      if (!(await scanFolder(folder, directories, extent, summary, options, signal))) left.add(id)
    }
    database.write(() => {
      writer.forgetNotes()
      pairNotes.forget()
    })
    try {
      for (const id of online) await visit(id, start(id), isWhole ? 'whole' : 'part')
      const visited = new Set(online)
      for (let round = 0; options.changedMeanwhile && round < meanwhileAtMost; round++) {
        if (!writer.hasNotes() && !pairNotes.hasApart()) break
        // What the system has told is heard in the next turn of the loop that begins now.
        await nextTurn()
        await nextTurn()
        const changed = [...options.changedMeanwhile()].filter(([id]) => isOnline(id))
        if (changed.length === 0) break
        for (const [id, directories] of changed) {
          visited.add(id)
          await visit(id, directories, 'again')
        }
      }
      // Whatever went away while it was looked at is no reason to miss its photos.
      const gone = new Set(
        [...visited].filter((id) => !roots.has(id) || probeRoot(roots, id).offline !== null || left.has(id)),
      )
      for (const id of gone) if (roots.has(id)) tellAway(found.get(id)!)
      const settling = {
        database,
        writer,
        isExcluded: excludedBy(roots),
        isThere: roots.has,
        summary,
        now,
        scanMs,
        signal,
      }
      const tell = (photoIds: number[]) => tellOf(photoIds, options)
      await settleLost(settling, gone, tell)
      await settlePairs(settling, pairNotes, gone, tell)
      if (isWhole) {
        for (const id of online.filter((each) => !gone.has(each))) {
          if (!roots.has(id)) continue
          await markExcluded(database, id, now(), signal)
          await inSlices(database, companions.sweep(id), { signal })
          if (!roots.has(id)) continue
          roots.setScanned(id, now())
          roots.dropUnreadableBefore(id, scanMs)
          sidecars.forgetStrays(id, (directory) => isInExport(`${roots.byId(id).path}/${directory}`))
          sidecars.dropStraysBefore(id, scanMs)
        }
      }
    } catch (thrown) {
      if (signal.aborted)
        throw new LensloreError('CANCELLED', 'The scan was stopped; it goes on with the next.')
      throw thrown
    }
    return { ...summary, elapsedMs: performance.now() - startedMs }
  }

  /** @returns false where the folder itself went away meanwhile, or a person removed it. */
  async function scanFolder(
    folder: ScannedFolder,
    start: readonly string[],
    extent: Extent,
    summary: ScanSummary,
    options: ReconcileOptions,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { id: folderId, path } = folder
    let isThere = true
    const isWhole = extent === 'whole'
    const mounts = new Map(roots.mounts(folderId).map((mount) => [mount.directory, mount.volumeId]))
    const asked = new Set(start)

    async function take(report: DirectoryReport): Promise<Visit[]> {
      const { directory } = report
      if (!roots.has(folderId) || (directory === '' && isAway(report))) {
        isThere = false
        return []
      }
      if (report.errorCode !== null) {
        const isGone = report.errorCode === 'ENOENT' || report.errorCode === 'ENOTDIR'
        if (!isGone) {
          roots.addUnreadable(folderId, directory, report.errorCode, scanMs)
          summary.unreadable.push({ path: `${path}/${directory}`, code: report.errorCode })
        }
        // Read in full, the one above tells what became of it; what cannot be read says nothing.
        if (isWhole || !isGone) return []
        return askOnce(parentOf(directory))
      }
      roots.dropUnreadable(folderId, directory)
      const isMount = directory !== '' && report.device !== report.parentDevice
      if (isMount ? !knowMount(report) : mounts.has(directory) && !isLeftBehind(report)) return []

      sidecars.noteStrays(folderId, directory, report.strays, scanMs)
      if (extent === 'again') {
        database.write(() => {
          writer.forgetNotesIn(folderId, directory)
          pairNotes.forgetIn(folderId, directory)
        })
      } else {
        addSkipped(summary.skipped, report.skipped)
        summary.straySidecars += report.strays.files
        summary.files += report.files
        summary.companions += report.companions
        summary.unchanged += report.unchanged
        options.onProgress?.(summary.files)
      }
      if (report.unsettled > 0) options.onUnsettled?.(folderId, directory)
      for (const vanished of report.vanished) {
        const below = [...mounts.keys()].filter((mount) => isAtOrBelow(mount, vanished))
        await inSlices(database, writer.noteVanished(folderId, vanished, below), { signal })
      }
      for (const excluded of report.excluded) {
        await inSlices(database, writer.noteVanished(folderId, excluded, []), { signal })
      }
      for (let at = 0; at < report.differences.length; at += differencesPerCommit) {
        const part = report.differences.slice(at, at + differencesPerCommit)
        const changed = database.write(() =>
          roots.has(folderId) ? part.map((each) => apply(folderId, directory, each, summary)) : [],
        )
        tellOf(
          changed.filter((id) => id !== null),
          options,
        )
        if (part.length >= differencesPerCommit / 4) await nextTurn()
        signal.throwIfAborted()
      }
      await takeSidecars(folderId, report, summary, options, signal)
      await notePairs(folderId, report, signal)
      const next = isWhole ? report.subdirectories : report.subdirectories.filter(isUnknown)
      return next.map((below) => ({ directory: below, parentDevice: report.device }))
    }

    /** Whether a folder that was there just now could not be listed, or its empty place was. */
    function isAway({ errorCode, files, subdirectories }: DirectoryReport): boolean {
      if (errorCode !== null) return true
      return files === 0 && subdirectories.length === 0 && probeRoot(roots, folderId).offline !== null
    }

    /** @returns false where another volume is mounted than the one whose photos are known. */
    function knowMount({ directory }: DirectoryReport): boolean {
      const { volumeId } = volumeOf(`${path}/${directory}`)
      const known = mounts.get(directory)
      if (known && volumeId && known !== volumeId) return offline(directory)
      if (known === undefined || known !== volumeId) {
        mounts.set(directory, volumeId)
        roots.addMount(folderId, directory, volumeId)
      }
      return true
    }

    /** @returns false where nothing is mounted any more, unless the photos are there all the same. */
    function isLeftBehind({ directory, unchanged }: DirectoryReport): boolean {
      if (unchanged === 0) return offline(directory)
      mounts.delete(directory)
      roots.dropMount(folderId, directory)
      return true
    }

    function offline(directory: string): false {
      summary.offlineFolders.push(`${path}/${directory}`)
      return false
    }

    function isUnknown(directory: string): boolean {
      return !asked.has(directory) && !writer.knowsDirectory(folderId, directory)
    }

    function askOnce(directory: string): Visit[] {
      if (asked.has(directory)) return []
      asked.add(directory)
      return [{ directory, parentDevice: null }]
    }

    await threads.visit(
      folder,
      start.map((directory) => ({ directory, parentDevice: null })),
      take,
      signal,
    )
    return isThere
  }

  /** After the pictures beside them, for a sidecar may have come together with its photo. */
  async function takeSidecars(
    folderId: number,
    { directory, sidecars: found, differences }: DirectoryReport,
    summary: ScanSummary,
    options: ReconcileOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const differing = new Set(differences.map((each) => (each.kind === 'arrived' ? null : each.photoId)))
    for (let at = 0; at < found.length; at += differencesPerCommit) {
      const part = found.slice(at, at + differencesPerCommit)
      const marked = database.write(() =>
        roots.has(folderId) ? part.flatMap((each) => sidecars.take(folderId, directory, each)) : [],
      )
      const ids = marked.filter(({ isMissing }) => !isMissing).map(({ id }) => id)
      const changed = ids.filter((id) => !differing.has(id)).length
      summary.changed += changed
      summary.unchanged -= changed
      tellOf(ids, options)
      if (part.length >= differencesPerCommit / 4) await nextTurn()
      signal.throwIfAborted()
    }
  }

  async function notePairs(folderId: number, { directory, pairs }: DirectoryReport, signal: AbortSignal) {
    for (let at = 0; at < pairs.length; at += differencesPerCommit) {
      const part = pairs.slice(at, at + differencesPerCommit)
      database.write(() => {
        for (const difference of part) pairNotes.note(folderId, directory, difference)
      })
      if (part.length >= differencesPerCommit / 4) await nextTurn()
      signal.throwIfAborted()
    }
  }

  /** @returns the photo that changed, or null where that is seen only at the end. */
  function apply(
    folderId: number,
    directory: string,
    difference: Difference,
    summary: ScanSummary,
  ): number | null {
    const { kind } = difference
    switch (kind) {
      case 'arrived':
        return arrive(folderId, directory, difference, summary)
      case 'moved': {
        const { photoId, from, file } = difference
        if (!isSamePlace(writer.placeOf(photoId), from)) {
          return arrive(folderId, directory, { file, companions: [] }, summary)
        }
        writer.moveTo(photoId, folderId, directory, file, now())
        summary.moved++
        return photoId
      }
      case 'returned':
        writer.refresh(difference.photoId, difference.file)
        summary.restored++
        return difference.photoId
      case 'altered': {
        const { photoId, file, sizeBytes, modifiedMs } = difference
        writer.noteLost({ photoId, folderId, directory, name: file.name, sizeBytes, modifiedMs, found: file })
        return null
      }
      case 'gone': {
        const { photoId, name, sizeBytes, modifiedMs } = difference
        writer.noteLost({ photoId, folderId, directory, name, sizeBytes, modifiedMs, found: null })
        return null
      }
    }
  }

  /** A file no photo is known for, unless one came to stand there while the report was under way. */
  function arrive(
    folderId: number,
    directory: string,
    { file, companions: beside }: { file: FoundFile; companions: readonly BesideDifference[] },
    summary: ScanSummary,
  ): number | null {
    const occupant = writer.occupant({ folderId, directory, name: file.name })
    if (occupant && !occupant.isMissing) {
      const { sizeBytes, modifiedMs } = writer.placeOf(occupant.id)!
      writer.noteLost({
        photoId: occupant.id,
        folderId,
        directory,
        name: file.name,
        sizeBytes,
        modifiedMs,
        found: file,
      })
      for (const each of beside) pairNotes.note(folderId, directory, each)
      return null
    }
    summary.added++
    const id = writer.arrive(folderId, directory, file, scanMs)
    for (const { file: part, companion } of beside) {
      const place = { folderId, directory, name: part.name }
      companions.attach(id, place, { ...part, kind: companion, isOther: false })
    }
    return id
  }

  function tellOf(photoIds: number[], options: ReconcileOptions): void {
    if (photoIds.length === 0) return
    if (options.arriveFirst) database.write(() => writer.prefer(photoIds))
    options.onPhotosChanged?.(photoIds)
  }

  return {
    scan: (folderIds, options = {}) =>
      inTurn(() => scanNow(folderIds ?? roots.ids(), () => [''], true, options)),
    rescan: (directories, options = {}) =>
      inTurn(() =>
        scanNow(
          [...directories.keys()].filter(roots.has),
          (id) => [...new Set(directories.get(id))],
          false,
          options,
        ),
      ),
    close: () => threads.close(),
  }
}

/** All of a folder, single directories of it, or single ones of which some were compared just now. */
type Extent = 'whole' | 'part' | 'again'

function isAtOrBelow(directory: string, top: string): boolean {
  return directory === top || directory.startsWith(`${top}/`)
}

function parentOf(directory: string): string {
  const at = directory.lastIndexOf('/')
  return at < 0 ? '' : directory.slice(0, at)
}

function emptySummary(): ScanSummary {
  return {
    files: 0,
    added: 0,
    changed: 0,
    moved: 0,
    joined: 0,
    separated: 0,
    missing: 0,
    excluded: 0,
    restored: 0,
    unchanged: 0,
    companions: 0,
    offlineFolders: [],
    unreadable: [],
    skipped: [],
    straySidecars: 0,
    elapsedMs: 0,
  }
}

/** What tells of places whether they are left alone, by the globs of their folders as they are now. */
function excludedBy(roots: RootState): (place: LostPlace) => boolean {
  const rules = new Map<number, LeftAlone>()
  return ({ folderId, directory, name }) => {
    const leftAlone = rules.get(folderId) ?? createLeftAlone(roots.byId(folderId).excludes)
    rules.set(folderId, leftAlone)
    return isLeftOut(leftAlone, { directory, name })
  }
}
