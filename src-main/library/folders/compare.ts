import { lstatSync, realpathSync, statSync } from 'node:fs'
import type { Lookalike, Place, ScanReader } from '../store/scan-state.ts'
import { createLeftAlone, type LeftAlone } from './left-alone.ts'
import { errorCode, type FoundFile, type Listing, listDirectory, nativePath } from './walk.ts'

/** A folder as the threads that look at the disk need it. */
export interface ScannedFolder {
  id: number
  path: string
  excludes: readonly string[]
}

export interface Visit {
  /** Below the folder, '' for the folder itself. */
  directory: string
  /** Of the directory above; null where it is not known. */
  parentDevice: number | null
}

/** How one directory on the disk differs from the library. */
export type Difference =
  | { kind: 'arrived'; file: FoundFile }
  /** A photo whose file left `from`; whatever photo is known at this place has another file. */
  | { kind: 'moved'; file: FoundFile; photoId: number; from: Place }
  /** Another size, time or inode under a known name: an edit, or a move that is still to be seen. */
  | { kind: 'altered'; file: FoundFile; photoId: number; sizeBytes: number; modifiedMs: number }
  /** A missing photo's file is in its place as it was. */
  | { kind: 'returned'; file: FoundFile; photoId: number }
  | { kind: 'gone'; name: string; photoId: number; sizeBytes: number; modifiedMs: number }

export interface DirectoryReport extends Visit {
  /** The file system's own code (ENOENT, EACCES …) where nothing is known of what is there; the rest is empty. */
  errorCode: string | null
  device: number
  files: number
  unchanged: number
  differences: Difference[]
  /** Directories to visit next, below the folder. */
  subdirectories: string[]
  /** Directories below this one that hold known photos and are not on the disk, below the folder. */
  vanished: string[]
}

export interface Comparer {
  compare(folder: ScannedFolder, visit: Visit): DirectoryReport
}

/**
 * Compares single directories with the library. Only reads, of the disk and of the library, so that several can
 * work at once.
 * @param reachable ids of the folders whose absent files are known to be gone rather than out of reach.
 */
export function createComparer(reader: ScanReader, reachable: ReadonlySet<number>): Comparer {
  const rules = new Map<number, LeftAlone>()

  function rulesOf(folder: ScannedFolder): LeftAlone {
    const known = rules.get(folder.id) ?? createLeftAlone(folder.excludes)
    rules.set(folder.id, known)
    return known
  }

  function compare(folder: ScannedFolder, visit: Visit): DirectoryReport {
    const { directory } = visit
    const report: DirectoryReport = {
      ...visit,
      errorCode: null,
      device: 0,
      files: 0,
      unchanged: 0,
      differences: [],
      subdirectories: [],
      vanished: [],
    }
    const path = directory === '' ? folder.path : `${folder.path}/${directory}`
    let listing: Listing
    try {
      listing = listDirectory(path, directory, rulesOf(folder))
      if (directory !== '') report.parentDevice ??= statSync(nativePath(`${path}/..`)).dev
    } catch (thrown) {
      return { ...report, errorCode: errorCode(thrown) ?? 'UNKNOWN' }
    }
    const onDisk = new Map(listing.files.map((file) => [file.name, file]))
    const { differences } = report

    function heirOf(file: FoundFile): Lookalike | undefined {
      return reader.lookalikes(file).find((photo) => {
        const isHere = photo.folderId === folder.id && photo.directory === directory
        if (isHere && photo.name === file.name) return photo.isMissing
        if (isHere) return onDisk.get(photo.name)?.inode !== file.inode
        return isVacated(photo, file, path)
      })
    }

    function reportMoveOr(file: FoundFile, otherwise: () => Difference): void {
      const heir = heirOf(file)
      if (!heir) differences.push(otherwise())
      else {
        const { folderId, directory, name } = heir
        differences.push({ kind: 'moved', file, photoId: heir.id, from: { folderId, directory, name } })
      }
    }

    const unknown = new Map(onDisk)
    // The rows are read to their end before anything else is asked of the connection.
    for (const known of [...reader.entriesIn(folder.id, directory)]) {
      const { id: photoId, name, sizeBytes, modifiedMs } = known
      const file = onDisk.get(name)
      if (!file) {
        if (!known.isMissing) differences.push({ kind: 'gone', photoId, name, sizeBytes, modifiedMs })
        continue
      }
      const looksTheSame = file.sizeBytes === sizeBytes && file.modifiedMs === modifiedMs
      if (known.isMissing) {
        // With another size or time it is another picture that got the name.
        if (looksTheSame) {
          differences.push({ kind: 'returned', file, photoId })
          unknown.delete(name)
        }
        continue
      }
      unknown.delete(name)
      if (looksTheSame && file.inode === known.inode) report.unchanged++
      else reportMoveOr(file, () => ({ kind: 'altered', file, photoId, sizeBytes, modifiedMs }))
    }
    for (const file of unknown.values()) reportMoveOr(file, () => ({ kind: 'arrived', file }))

    const below = (name: string) => (directory === '' ? name : `${directory}/${name}`)
    const subdirectories = new Set(listing.directories)
    for (const name of reader.childDirectories(folder.id, directory)) {
      if (!subdirectories.has(name)) report.vanished.push(below(name))
    }
    report.device = listing.device
    report.files = listing.files.length
    report.subdirectories = listing.directories.map(below)
    return report
  }

  /** Whether a photo's own file is certainly no longer where the library knows it. */
  function isVacated(photo: Lookalike, file: FoundFile, directoryPath: string): boolean {
    // On the device that it was on, whatever became of the folder; or else no longer in a folder that can be
    // read, and not on another drive that may be away from below it.
    const isWithFolder = reachable.has(photo.folderId) && photo.device === photo.folderDevice
    if (photo.device !== file.device && !isWithFolder) return false
    const oldPath = [photo.folderPath, photo.directory, photo.name].filter((part) => part !== '').join('/')
    try {
      const stats = lstatSync(nativePath(oldPath), { throwIfNoEntry: false })
      if (!stats) return true
      const target = stats.isSymbolicLink() ? statSync(nativePath(oldPath), { throwIfNoEntry: false }) : stats
      if (target && target.ino !== file.inode) return true
      // Still there: another name of the same file, unless it is the same name to this file system.
      return isSameName(oldPath, `${directoryPath}/${file.name}`)
    } catch (thrown) {
      return errorCode(thrown) === 'ENOTDIR'
    }
  }

  return { compare }
}

/** Two spellings of one name on a file system that does not tell them apart, of which the second is on the disk. */
function isSameName(oldPath: string, newPath: string): boolean {
  const fold = (path: string) => path.normalize('NFC').toLowerCase()
  if (fold(oldPath) !== fold(newPath)) return false
  const onDisk = realpathSync.native(nativePath(oldPath), 'buffer')
  return onDisk.equals(realpathSync.native(nativePath(newPath), 'buffer'))
}
