import { type Dirent, lstatSync, readdirSync, type Stats, statSync } from 'node:fs'
import { textFromFileName } from '../../contract/file-name.ts'
import { findPairs, isPairVideoName, type Pairing } from '../../contract/file-pairs.ts'
import { nativePath } from '../../contract/native-path.ts'
import { isPassing } from '../../contract/passing-errors.ts'
import { isRawPicture } from '../../contract/picture-names.ts'
import { type SkippedFiles, skippedOf } from '../../contract/skipped-files.ts'
import { isSidecarName } from '../metadata/sidecar-names.ts'
import type { FoundFile } from '../store/found-file.ts'
import { type LeftAlone, ofLibrary } from './left-alone.ts'

export interface Listing {
  /** Of the directory itself: another than its parent's where a file system is mounted. */
  device: number
  files: FoundFile[]
  /** Names of files that may describe a picture; most that end so do not. */
  sidecarNames: string[]
  /** Of all other files, videos of pairs among them, and pictures that are left alone. */
  passedOver: string[]
  /** Which of the pictures, and of `videos`, belong to another picture, by their names. */
  pairs: Map<string, Pairing>
  /** Those that belong to a picture. */
  videos: FoundFile[]
  /** All other files that are not left alone, by their extension. */
  skipped: SkippedFiles[]
  /** Names of the directories to go on with. */
  directories: string[]
}

/**
 * Lists one directory: its pictures with their stat, and the directories below that are not left alone.
 *
 * Calls are synchronous because a stat through libuv's thread pool costs several times the stat itself; they
 * are made in threads that nothing else waits for.
 *
 * A link to a directory is not followed: what it leads to is elsewhere in the folder (and would be counted
 * twice, or for ever in a loop) or outside it (and was not added by the person). A link to a file is that file.
 * @param path absolute path of the directory, in the form of `file-name.ts`.
 * @param below the same directory below its folder, '' for the folder itself.
 * @throws the file system's own error (`code` ENOENT, EACCES, EIO …) where the directory cannot be read.
 */
export function listDirectory(path: string, below: string, leftAlone: LeftAlone): Listing {
  const { dev: device } = statSync(nativePath(path))
  const listing: Listing = {
    device,
    files: [],
    sidecarNames: [],
    passedOver: [],
    pairs: new Map(),
    videos: [],
    skipped: [],
    directories: [],
  }
  const videos: Dirent[] = []
  let hasRaw = false
  const skipped = new Map<string, SkippedFiles>()
  const entries = readEntries(path)
  // Looking for escapes in every path would take as long as half a stat.
  const isPlain = entries.isPlain && typeof nativePath(path) === 'string'
  const own = ofLibrary(entries.entries)
  const statHere = (entry: Dirent) => {
    const filePath = `${path}/${entry.name}`
    return statFile(isPlain ? filePath : nativePath(filePath), entry.name, entry.isSymbolicLink())
  }
  const skip = (name: string) => {
    const { kind, extension } = skippedOf(name)
    const known = skipped.get(extension) ?? { kind, extension, files: 0 }
    known.files++
    skipped.set(extension, known)
  }
  for (const entry of entries.entries) {
    const { name } = entry
    const isRaw = isRawPicture(name)
    const pathBelow = below === '' ? name : `${below}/${name}`
    if (entry.isDirectory()) {
      if (!own.has(name) && !leftAlone.directory(pathBelow, name)) listing.directories.push(name)
    } else if (!entry.isFile() && !entry.isSymbolicLink()) continue
    else if (isRaw !== undefined) {
      if (leftAlone.file(pathBelow, name)) {
        listing.passedOver.push(name)
        continue
      }
      const file = statHere(entry)
      if (file) listing.files.push(file)
      if (isRaw) hasRaw = true
    } else if (isSidecarName(name)) listing.sidecarNames.push(name)
    else if (entry.isFile()) {
      listing.passedOver.push(name)
      if (leftAlone.file(pathBelow, name)) continue
      if (isPairVideoName(name)) videos.push(entry)
      else skip(name)
    }
  }
  if (hasRaw || videos.length > 0) {
    listing.pairs = findPairs([...listing.files, ...videos].map(({ name }) => name))
  }
  for (const video of videos) {
    const file = listing.pairs.has(video.name) ? statHere(video) : undefined
    if (file) listing.videos.push(file)
    else {
      listing.pairs.delete(video.name)
      skip(video.name)
    }
  }
  listing.skipped = [...skipped.values()]
  return listing
}

/**
 * @param isLink may be a link, which is then followed.
 * @returns undefined where there is no regular file, or none any more.
 */
export function statFile(path: string | Buffer, name: string, isLink: boolean): FoundFile | undefined {
  let stats: Stats | undefined
  try {
    stats = (isLink ? statSync : lstatSync)(path, { throwIfNoEntry: false })
  } catch (thrown) {
    // A link in a loop leads nowhere; anything else means that the directory cannot be relied on.
    if (isLink && !isPassing(errorCode(thrown))) return undefined
    throw thrown
  }
  if (!stats?.isFile()) return undefined
  return {
    name,
    sizeBytes: stats.size,
    modifiedMs: stats.mtimeMs,
    device: Math.min(stats.dev, Number.MAX_SAFE_INTEGER),
    inode: Math.min(stats.ino, Number.MAX_SAFE_INTEGER),
  }
}

/** Names that may not be what the bytes say: U+FFFD stands for what is no UTF-8, U+EF80… is our own escape. */
const doubtful = /[\ufffd\uef80-\uefff]/

function readEntries(path: string): { entries: Dirent[]; isPlain: boolean } {
  const entries = readdirSync(nativePath(path), { withFileTypes: true })
  if (!entries.some((entry) => doubtful.test(entry.name))) return { entries, isPlain: true }
  const exact = readdirSync(nativePath(path), { withFileTypes: true, encoding: 'buffer' }).map((entry) =>
    Object.assign(Object.create(entry) as Dirent, { name: textFromFileName(entry.name) }),
  )
  return { entries: exact, isPlain: false }
}

export function errorCode(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException | null)?.code
}
