import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { textFromFileName } from '../../contract/file-name.ts'
import type { CompanionKind, Pairing } from '../../contract/file-pairs.ts'
import { nativePath } from '../../contract/native-path.ts'
import { isPictureName, isRawName } from '../../contract/picture-names.ts'
import { addSkipped, type SkippedFiles, skippedOf } from '../../contract/skipped-files.ts'
import { isInExport, sameDirectoryInOtherParts } from '../metadata/takeout-parts.ts'
import type { KnownCompanion } from '../store/companions.ts'
import type { FoundFile } from '../store/found-file.ts'
import type { Place } from '../store/place.ts'
import type { CompanionPlace, KnownEntry, Lookalike, ScanReader } from '../store/scan-state.ts'
import { isSameStat, type SidecarDifference, type StraySidecars } from '../store/sidecar-state.ts'
import { compareSidecars, compareWithPart, straySidecars } from './compare-sidecars.ts'
import { createLeftAlone, type LeftAlone } from './left-alone.ts'
import { errorCode, type Listing, listDirectory } from './walk.ts'

/** A folder as the threads that look at the disk need it. */
export interface ScannedFolder {
  id: number
  path: string
  excludes: readonly string[]
  /** Ids of the folders whose absent files are known to be gone rather than out of reach. */
  reachable: readonly number[]
  /** A file written to more recently than this may still be written to, and is left for later; 0 to take all. */
  settleMs: number
  /** When the comparison began; the library's clock. */
  startedMs: number
}

export interface Visit {
  /** Below the folder, '' for the folder itself. */
  directory: string
  /** Of the directory above; null where it is not known. */
  parentDevice: number | null
}

/** How one directory on the disk differs from the library. */
export type Difference =
  /** `companions`: files that are a part of it and no photos. */
  | { kind: 'arrived'; file: FoundFile; companions: BesideDifference[] }
  /** A photo whose file left `from`; whatever photo is known at this place has another file. */
  | { kind: 'moved'; file: FoundFile; photoId: number; from: Place }
  /** Another size, time or inode under a known name: an edit, or a move that is still to be seen. */
  | { kind: 'altered'; file: FoundFile; photoId: number; sizeBytes: number; modifiedMs: number }
  /** A missing photo's file is in its place as it was. */
  | { kind: 'returned'; file: FoundFile; photoId: number }
  | { kind: 'gone'; name: string; photoId: number; sizeBytes: number; modifiedMs: number }

/** A file stands beside the one that it is a part of. */
export interface BesideDifference {
  kind: 'beside'
  file: FoundFile
  companion: CompanionKind
  leader: string
}

/** How the files that belong together are others than the library knows. */
export type PairDifference =
  | BesideDifference
  /** A raw file stands without the one that it was a part of when it was at `from`, which may be where it is now. */
  | { kind: 'apart'; file: FoundFile; from: Place }
  /** No part of any photo is here any more. */
  | { kind: 'gone'; name: string }

export interface DirectoryReport extends Visit {
  /** The file system's own code (ENOENT, EACCES …) where nothing is known of what is there; the rest is empty. */
  errorCode: string | null
  device: number
  files: number
  unchanged: number
  /** New or altered pictures and sidecars that were written to just now. */
  unsettled: number
  differences: Difference[]
  pairs: PairDifference[]
  /** Files that are a part of a photo. */
  companions: number
  /** Files that are no pictures. */
  skipped: SkippedFiles[]
  /** Sidecars that are new, altered or gone. */
  sidecars: SidecarDifference[]
  /** Files that look like sidecars, and describe no picture. */
  strays: StraySidecars
  /** Directories to visit next, below the folder. */
  subdirectories: string[]
  /** Directories below this one that hold known photos and are not on the disk, below the folder. */
  vanished: string[]
  /** Directories below this one that hold known photos and are left alone by now, below the folder. */
  excluded: string[]
}

export interface Comparer {
  compare(folder: ScannedFolder, visit: Visit): DirectoryReport
}

const straysNamed = 3

/** Of a directory of another part; none where it cannot be listed. */
function listNames(path: string): string[] {
  try {
    return readdirSync(nativePath(path), { encoding: 'buffer' }).map(textFromFileName).filter(isPictureName)
  } catch {
    return []
  }
}

/** Compares single directories with the library; only reads, of the disk and of it, so that several can at once. */
export function createComparer(reader: ScanReader): Comparer {
  let rules: { key: string; leftAlone: LeftAlone } | undefined

  function rulesOf(folder: ScannedFolder): LeftAlone {
    const key = JSON.stringify(folder.excludes)
    if (rules?.key !== key) rules = { key, leftAlone: createLeftAlone(folder.excludes) }
    return rules.leftAlone
  }

  function compare(folder: ScannedFolder, visit: Visit): DirectoryReport {
    const { directory } = visit
    const report: DirectoryReport = {
      ...visit,
      errorCode: null,
      device: 0,
      files: 0,
      unchanged: 0,
      unsettled: 0,
      differences: [],
      pairs: [],
      companions: 0,
      skipped: [],
      sidecars: [],
      strays: { files: 0, first: [] },
      subdirectories: [],
      vanished: [],
      excluded: [],
    }
    const path = directory === '' ? folder.path : `${folder.path}/${directory}`
    let listing: Listing
    try {
      listing = listDirectory(path, directory, rulesOf(folder))
      if (directory !== '') report.parentDevice ??= statSync(nativePath(`${path}/..`)).dev
    } catch (thrown) {
      return { ...report, errorCode: errorCode(thrown) ?? 'UNKNOWN' }
    }
    const { differences } = report
    const found = new Map(listing.files.map((file) => [file.name, file]))

    function heirOf(file: FoundFile): Lookalike | undefined {
      return reader.lookalikes(file, folder.startedMs).find((photo) => {
        const isHere = photo.folderId === folder.id && photo.directory === directory
        if (isHere && photo.name === file.name) return photo.isMissing
        if (isHere) return found.get(photo.name)?.inode !== file.inode
        return isVacated(photo, file, path, folder.reachable)
      })
    }

    function reportMoveOr(file: FoundFile, otherwise: () => void): void {
      const heir = heirOf(file)
      if (heir) {
        const { folderId, directory, name } = heir
        differences.push({ kind: 'moved', file, photoId: heir.id, from: { folderId, directory, name } })
      } else if (isSettled(file)) otherwise()
    }

    /** What is written to at present is counted, and left for later. */
    function isSettled(file: FoundFile): boolean {
      const ageMs = Date.now() - file.modifiedMs
      const isUnsettled = ageMs >= 0 && ageMs < folder.settleMs
      if (isUnsettled) report.unsettled++
      return !isUnsettled
    }

    function fileOf(name: string): FoundFile | undefined {
      return found.get(name) ?? videos.get(name)
    }

    /** A file that no photo is known for. */
    function reportNew(file: FoundFile): void {
      const isPaired = pairs.has(file.name)
      reportMoveOr(file, () => {
        const from = isRawName(file.name) && !isPaired ? leftBehind(file) : undefined
        if (from) report.pairs.push({ kind: 'apart', file, from })
        else if (!isPaired) differences.push({ kind: 'arrived', file, companions: [] })
      })
    }

    /** Where a raw file was a part of a photo, which it is no longer. */
    function leftBehind(file: FoundFile): Place | undefined {
      const known = companions.get(file.name)
      if (known && !known.isOther) return { folderId: folder.id, directory, name: file.name }
      const from = reader.companionsLike(file).find((place) => isVacated(place, file, path, folder.reachable))
      return from && { folderId: from.folderId, directory: from.directory, name: from.name }
    }

    const unknown = new Map(found)
    const entries = reader.entriesIn(folder.id, directory)
    const companions = new Map(reader.companionsIn(folder.id, directory).map((each) => [each.name, each]))
    const videos = new Map(listing.videos.map((video) => [video.name, video]))
    const pairs = withoutOthers(listing.pairs, companions, fileOf)
    /** Names of photos that are as they were, where any has companions. */
    const steady = new Set<string>()
    for (const known of entries) {
      const { id: photoId, name, sizeBytes, modifiedMs } = known
      const file = unknown.get(name)
      if (!file) {
        if (!known.isMissing) differences.push({ kind: 'gone', photoId, name, sizeBytes, modifiedMs })
        continue
      }
      const looksTheSame = file.sizeBytes === sizeBytes && file.modifiedMs === modifiedMs
      if (known.isMissing) {
        // With another size or time it is another picture that got the name; and one that was elsewhere until now
        // may be another name of the same file.
        if (looksTheSame && (heirOf(file)?.id ?? photoId) === photoId) {
          differences.push({ kind: 'returned', file, photoId })
          unknown.delete(name)
        }
        continue
      }
      unknown.delete(name)
      if (looksTheSame && file.inode === known.inode) {
        report.unchanged++
        if (companions.size > 0) steady.add(name)
      } else {
        reportMoveOr(file, () => differences.push({ kind: 'altered', file, photoId, sizeBytes, modifiedMs }))
      }
    }
    // Beside another photo than before it would be that one's, whatever its name.
    const isKnownPart = (file: FoundFile) => {
      const [known, leader] = [companions.get(file.name), pairs.get(file.name)?.leader]
      if (!known || leader === undefined || known.leader !== leader || !steady.has(leader)) return false
      return !known.isOther && isSameStat(file, known)
    }
    for (const file of unknown.values()) if (!isKnownPart(file)) reportNew(file)
    const photos = new Set<string>()
    const arrived = new Map<string, BesideDifference[]>()
    if (pairs.size > 0) {
      for (const { name, isMissing } of entries) if (!isMissing) photos.add(name)
      for (const each of differences) {
        if (each.kind === 'moved' || each.kind === 'returned') photos.add(each.file.name)
        else if (each.kind === 'arrived') arrived.set(each.file.name, each.companions)
      }
    }
    for (const [name, { kind, leader }] of pairs) {
      const file = fileOf(name)!
      const isKnown = isKnownPart(file)
      report.companions++
      if ((!isKnown || photos.has(name)) && (isKnown || isSettled(file))) {
        const beside = { kind: 'beside', file, companion: kind, leader } as const
        // What only has to be put down beside a new photo comes with it.
        const companionsOfNew = photos.has(name) ? undefined : arrived.get(leader)
        ;(companionsOfNew ?? report.pairs).push(beside)
      }
    }
    for (const { name, isOther } of companions.values()) {
      const isLeft = isOther ? !listing.pairs.has(name) : !pairs.has(name) && !found.has(name)
      if (isLeft) report.pairs.push({ kind: 'gone', name })
    }
    // Without a picture there is nothing to describe; what is remembered waits for the pictures to be back.
    if (listing.files.length > 0 || isInExport(path))
      reportSidecars(folder, path, listing, entries, pairs, report)
    else noteStrays(report, listing, listing.sidecarNames)

    const below = (name: string) => (directory === '' ? name : `${directory}/${name}`)
    const subdirectories = new Set(listing.directories)
    for (const name of reader.childDirectories(folder.id, directory)) {
      if (subdirectories.has(name)) continue
      const isLeftAlone = rulesOf(folder).directory(below(name), name)
      ;(isLeftAlone ? report.excluded : report.vanished).push(below(name))
    }
    report.device = listing.device
    report.files = listing.files.length
    report.skipped = listing.skipped
    for (const video of listing.videos) {
      if (!pairs.has(video.name)) addSkipped(report.skipped, [{ ...skippedOf(video.name), files: 1 }])
    }
    report.subdirectories = listing.directories.map(below)
    return report
  }

  function reportSidecars(
    folder: ScannedFolder,
    path: string,
    listing: Listing,
    entries: readonly KnownEntry[],
    pairs: ReadonlyMap<string, Pairing>,
    report: DirectoryReport,
  ): void {
    const known = reader.sidecarsIn(folder.id, report.directory)
    if (listing.sidecarNames.length === 0 && known.length === 0) return
    const namesOf = (files: readonly { name: string }[]) => new Set(files.map(({ name }) => name))
    const pictures = {
      now: namesOf(listing.files.filter(({ name }) => !pairs.has(name))),
      before: namesOf(entries.filter(({ isMissing }) => !isMissing)),
      missing: namesOf(entries.filter(({ isMissing }) => isMissing)),
      companions: namesByLeader(pairs),
    }
    const elsewhere = compareParts(folder, path, listing.sidecarNames, known, pictures.now)
    const here = known.filter(({ name }) => !elsewhere.describing.has(name))
    const beside = compareSidecars(path, listing.sidecarNames, here, pictures)
    for (const difference of [...beside.differences, ...elsewhere.differences]) {
      const ageMs = Date.now() - (difference.found?.modifiedMs ?? 0)
      if (ageMs >= 0 && ageMs < folder.settleMs) report.unsettled++
      else report.sidecars.push(difference)
    }
    noteStrays(
      report,
      listing,
      beside.undescribing.filter((name) => !elsewhere.describing.has(name)),
    )
  }

  /** Of the other parts of a split export, where the directory is in one: what describes nothing here may describe something there. */
  function compareParts(
    folder: ScannedFolder,
    path: string,
    names: readonly string[],
    known: ReturnType<ScanReader['sidecarsIn']>,
    pictures: ReadonlySet<string>,
  ): { differences: SidecarDifference[]; describing: Set<string> } {
    const found = { differences: [] as SidecarDifference[], describing: new Set<string>() }
    if (!isInExport(path)) return found
    const { undescribing } = compareSidecars(path, names, [], {
      now: pictures,
      before: pictures,
      missing: new Set(),
      companions: new Map(),
    })
    const gone = known.filter(({ name }) => !names.includes(name))
    const others = new Set([...undescribing, ...gone.map(({ name }) => name)])
    for (const other of sameDirectoryInOtherParts(path)) {
      const ofOther = compareWithPart(
        path,
        undescribing,
        known.filter(({ name }) => others.has(name)),
        listNames(other),
      )
      for (const name of ofOther.describing) found.describing.add(name)
      const below = other.startsWith(`${folder.path}/`) ? other.slice(folder.path.length + 1) : undefined
      // Another folder's photos find them when they are read.
      if (below === undefined) continue
      found.differences.push(...ofOther.differences.map((each) => ({ ...each, photoDirectory: below })))
    }
    return found
  }

  function noteStrays(
    report: DirectoryReport,
    { files, passedOver }: Listing,
    undescribing: readonly string[],
  ): void {
    const strays = straySidecars(undescribing, new Set(files.map(({ name }) => name)), passedOver)
    report.strays = { files: strays.length, first: strays.slice(0, straysNamed) }
  }

  /** Whether a photo's own file is certainly no longer where the library knows it. */
  function isVacated(
    photo: CompanionPlace,
    file: FoundFile,
    directoryPath: string,
    reachable: readonly number[],
  ): boolean {
    // On the device that it was on, whatever became of the folder; or else no longer in a folder that can be
    // read, and not on another drive that may be away from below it.
    const isWithFolder = reachable.includes(photo.folderId) && photo.device === photo.folderDevice
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

/** What belongs together by its names, but for what is known to be two photos all the same. */
function withoutOthers(
  pairs: ReadonlyMap<string, Pairing>,
  companions: ReadonlyMap<string, KnownCompanion>,
  fileOf: (name: string) => FoundFile | undefined,
): Map<string, Pairing> {
  if (companions.size === 0) return new Map(pairs)
  return new Map(
    [...pairs].filter(([name, { leader }]) => {
      const known = companions.get(name)
      return !known?.isOther || known.leader !== leader || !isSameStat(known, fileOf(name) ?? null)
    }),
  )
}

function namesByLeader(pairs: ReadonlyMap<string, Pairing>): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const [name, { leader }] of pairs) names.set(leader, [...(names.get(leader) ?? []), name])
  return names
}
