import { opendirSync, statSync } from 'node:fs'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import { isPictureName } from '../../contract/picture-names.ts'
import { isAnswering } from '../../files/regular-file.ts'
import type { OfflineReason, RootRow, RootState } from '../store/root-state.ts'
import { overlapsOf } from './check-place.ts'
import { createLeftAlone } from './left-alone.ts'
import { pathsOnVolume, type VolumePlace, volumeOf } from './volume.ts'
import { errorCode } from './walk.ts'

export interface RootReport {
  folderId: number
  /** Where the folder is now: another path than before where its volume is mounted elsewhere. */
  path: string
  offline: OfflineReason | null
  /** A sentence for the person; null while online. */
  reason: string | null
  /** It was followed to this path just now. */
  isRelocated: boolean
  /** Absent files are really gone: the folder can be read, on the volume that it was on. */
  isReachable: boolean
}

/** Known files that must be found as they were before a folder is taken to be at another place. */
const sampleSize = 24

/** Folders whose drives do not answer: whoever looks at them himself stands still for as long. */
export async function silentFolders(roots: RootState): Promise<Set<number>> {
  const ids = roots.ids()
  const answering = await Promise.all(ids.map((id) => isAnswering(roots.byId(id).path)))
  return new Set(ids.filter((_, at) => !answering[at]))
}

/**
 * Looks whether a folder can be relied on, follows its volume to another mount path, and writes down what was
 * found. Whoever is told that a folder is offline must change nothing below it.
 * @param isSilent its drive does not answer, and is not asked.
 */
export function probeRoot(roots: RootState, folderId: number, isSilent = false): RootReport {
  const root = roots.byId(folderId)
  const found: Look = isSilent ? { offline: 'unreadable', device: 0, volume: null } : look(root, roots)
  const isAway = found.offline !== null && found.offline !== 'emptied'
  const elsewhere = isAway && !isSilent ? findElsewhere(root, roots) : undefined
  if (elsewhere !== undefined) {
    roots.setPath(folderId, elsewhere)
    return { ...probeRoot(roots, folderId), isRelocated: true }
  }
  roots.setState(folderId, found.offline)
  if (found.offline === null) roots.setVolume(folderId, found.device, found.volume)
  return {
    folderId,
    path: root.path,
    offline: found.offline,
    reason: found.offline && sentences[found.offline](displayFileName(root.path)),
    isRelocated: false,
    isReachable: found.offline === null || found.offline === 'emptied',
  }
}

const sentences: Record<OfflineReason, (path: string) => string> = {
  gone: (path) => `${path} is not there; its photos are kept until it is back.`,
  emptied: (path) => `${path} is empty although it held photos; they are kept until they are back.`,
  unreadable: (path) => `${path} cannot be read; its photos are kept until it can.`,
  'other-volume': (path) => `Another drive is mounted at ${path}; the photos of the one before are kept.`,
}

interface Look {
  offline: OfflineReason | null
  device: number
  volume: VolumePlace | null
}

function look(root: RootRow, roots: RootState): Look {
  try {
    const { dev: device } = statSync(nativePath(root.path))
    if (isEmpty(root) && roots.holdsPhotos(root.id)) {
      // On another device it is the directory that a drive is mounted on at other times.
      const isSameDevice = root.device === null || root.device === device
      return { offline: isSameDevice ? 'emptied' : 'gone', device, volume: null }
    }
    const volume = volumeOf(root.path)
    const isOther = root.volumeId !== null && volume.volumeId !== null && volume.volumeId !== root.volumeId
    if (isOther && !holdsSample(root, root.path, roots)) return { offline: 'other-volume', device, volume }
    return { offline: null, device, volume }
  } catch (thrown) {
    const code = errorCode(thrown)
    const isGone = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENODEV' || code === 'ENXIO'
    return { offline: isGone ? 'gone' : 'unreadable', device: 0, volume: null }
  }
}

/**
 * Whether a folder has neither a picture nor a directory to look into; reads no further than to the first. What
 * the person excluded counts: a folder of which everything is excluded is not empty.
 */
function isEmpty({ path }: RootRow): boolean {
  const leftAlone = createLeftAlone()
  using directory = opendirSync(nativePath(path))
  for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
    const { name } = entry
    if (
      entry.isDirectory()
        ? !leftAlone.directory(name, name)
        : isPictureName(name) && !leftAlone.file(name, name)
    ) {
      return false
    }
  }
  return true
}

/** The folder's place on its volume, where that is mounted at another path and holds what the library knows. */
function findElsewhere(root: RootRow, roots: RootState): string | undefined {
  if (root.volumeId === null || root.volumePath === null) return undefined
  const isTaken = (path: string) => Object.values(overlapsOf(roots, path, root.id)).flat().length > 0
  try {
    return pathsOnVolume(root.volumeId, root.volumePath).find(
      (path) => path !== root.path && !isTaken(path) && holdsSample(root, path, roots),
    )
  } catch {
    return undefined
  }
}

/** Whether most of a sample of the known photos are below a path, by their size. */
function holdsSample(root: RootRow, path: string, roots: RootState): boolean {
  const sample = roots.sample(root.id, sampleSize)
  const found = sample.filter((known) => {
    try {
      const file = [path, known.directory, known.name].filter((part) => part !== '').join('/')
      const stats = statSync(nativePath(file), { throwIfNoEntry: false })
      return stats?.size === known.sizeBytes
    } catch {
      return false
    }
  })
  return sample.length > 0 && found.length * 2 > sample.length
}
