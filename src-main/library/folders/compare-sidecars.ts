import { createSidecarFinder } from '../metadata/sidecar-names.ts'
import { nativePath } from '../native-path.ts'
import {
  type FileStat,
  isSameStat,
  type KnownSidecar,
  type SidecarDifference,
} from '../store/sidecar-state.ts'
import { statFile } from './walk.ts'

/**
 * How the sidecars of one directory differ from what is remembered of them. Only files whose name belongs to a
 * picture are looked at: a directory may hold any number of others that end so.
 * @param path absolute path of the directory, in the form of `file-name.ts`.
 * @param names of the files there that may be sidecars.
 * @param pictures names of the pictures there, and of missing photos.
 */
export function compareSidecars(
  path: string,
  names: readonly string[],
  known: readonly KnownSidecar[],
  pictures: ReadonlySet<string>,
): SidecarDifference[] {
  if (names.length === 0 && known.length === 0) return []
  const remembered = new Map(known.map((sidecar) => [sidecar.name, sidecar]))
  const present = new Set(names)
  const described = picturesBySidecar(new Set([...names, ...remembered.keys()]), pictures)

  const differences: SidecarDifference[] = []
  for (const [name, photoNames] of described) {
    const found = present.has(name) ? statSidecar(path, name) : null
    if (found === undefined) continue
    if (!isSameStat(found, remembered.get(name) ?? null)) differences.push({ name, found, photoNames })
  }
  // Of a photo that is no more.
  for (const name of remembered.keys()) {
    if (!described.has(name)) differences.push({ name, found: null, photoNames: [] })
  }
  return differences
}

/** @returns null where there is no file any more, undefined where that cannot be told. */
function statSidecar(path: string, name: string): FileStat | null | undefined {
  try {
    const file = statFile(nativePath(`${path}/${name}`), name, true)
    return file ? { sizeBytes: file.sizeBytes, modifiedMs: file.modifiedMs } : null
  } catch {
    return undefined
  }
}

function picturesBySidecar(names: ReadonlySet<string>, pictures: Iterable<string>): Map<string, string[]> {
  const find = createSidecarFinder(names)
  const described = new Map<string, string[]>()
  for (const picture of pictures) {
    for (const { name } of find(picture)) {
      const others = described.get(name)
      if (others) others.push(picture)
      else described.set(name, [picture])
    }
  }
  return described
}
