import { nativePath } from '../../contract/native-path.ts'
import { createSidecarFinder, isStraySidecar } from '../metadata/sidecar-names.ts'
import {
  type FileStat,
  isSameStat,
  type KnownSidecar,
  type SidecarDifference,
} from '../store/sidecar-state.ts'
import { statFile } from './walk.ts'

/** Names of pictures in one directory. */
export interface PicturesBeside {
  now: ReadonlySet<string>
  /** Those that were there at the last comparison. */
  before: ReadonlySet<string>
  /** Photos that are known there and were missing then. */
  missing: ReadonlySet<string>
  /** Files that are a part of a picture there now, by its name. What got one or lost it is read again for that. */
  companions: ReadonlyMap<string, readonly string[]>
}

/**
 * How the sidecars of one directory differ from what is remembered of them. Only files whose name belongs to a
 * picture are looked at: a directory may hold any number of others that end so. One that has become another
 * photo's, for that came or went, differs, too.
 * @param path absolute path of the directory, in the form of `file-name.ts`.
 * @param names of the files there that may be sidecars.
 */
export function compareSidecars(
  path: string,
  names: readonly string[],
  known: readonly KnownSidecar[],
  { now, before, missing, companions }: PicturesBeside,
): { differences: SidecarDifference[]; undescribing: string[] } {
  const remembered = new Map(known.map((sidecar) => [sidecar.name, sidecar]))
  const present = new Set(names)
  const sidecars = new Set([...names, ...remembered.keys()])
  const pictures = new Set([...now, ...before, ...missing])
  const described = picturesBySidecar(sidecars, now, pictures, companions)
  const isSame = now.size === before.size && [...now].every((name) => before.has(name))
  const describedBefore = isSame ? described : picturesBySidecar(sidecars, before, before, companions)

  const differences: SidecarDifference[] = []
  for (const [name, photoNames] of described) {
    const found = present.has(name) ? statSidecar(path, name) : null
    if (found === undefined) continue
    const known = remembered.get(name) ?? null
    // As it is remembered: what it says now may be left for later, and is then to be found another than this.
    const changedOwners = ownersChanged(photoNames, describedBefore.get(name) ?? [], before)
    if (changedOwners.length > 0) differences.push({ name, found: known, photoNames: changedOwners })
    if (!isSameStat(found, known)) differences.push({ name, found, photoNames })
  }
  // Of a photo that is no more.
  for (const name of remembered.keys()) {
    if (!described.has(name)) differences.push({ name, found: null, photoNames: [] })
  }
  return { differences, undescribing: names.filter((name) => !described.has(name)) }
}

/**
 * How Takeout's files of one directory differ from what is remembered of them that describe pictures of another: the same directory in
 * another part of a split export.
 * @param names of those that describe nothing beside them.
 * @param pictures of the other directory.
 * @returns those files, too.
 */
export function compareWithPart(
  path: string,
  names: readonly string[],
  known: readonly KnownSidecar[],
  pictures: readonly string[],
): { differences: SidecarDifference[]; describing: Set<string> } {
  const remembered = new Map(known.map((sidecar) => [sidecar.name, sidecar]))
  const jsonNames = new Set([...names, ...remembered.keys()].filter((name) => /\.json$/i.test(name)))
  const described = picturesBySidecar(jsonNames, new Set(pictures), new Set(pictures))
  const present = new Set(names)
  const differences = [...described].flatMap(([name, photoNames]) => {
    const found = present.has(name) ? statSidecar(path, name) : null
    if (found === undefined || isSameStat(found, remembered.get(name) ?? null)) return []
    return [{ name, found, photoNames }]
  })
  return { differences, describing: new Set(described.keys()) }
}

/** Of files that describe none of a directory's pictures, those that look as if they described one that is gone. */
export function straySidecars(
  names: readonly string[],
  pictures: ReadonlySet<string>,
  passedOver: readonly string[],
): string[] {
  if (names.length === 0) return []
  const ofOthers = picturesBySidecar(new Set(names), pictures, new Set(passedOver))
  const present = new Set([...pictures, ...passedOver])
  return names.filter((name) => !ofOthers.has(name) && isStraySidecar(name, present))
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

/** Of those that were there before, who gets a sidecar of others' or loses one to them. */
function ownersChanged(
  now: readonly string[],
  previous: readonly string[],
  before: ReadonlySet<string>,
): string[] {
  if (now === previous) return []
  const gained = now.filter((name) => before.has(name) && !previous.includes(name))
  return [...gained, ...previous.filter((name) => !now.includes(name))]
}

/** @param beside the pictures that may have a sidecar's very name. */
function picturesBySidecar(
  sidecars: ReadonlySet<string>,
  beside: ReadonlySet<string>,
  pictures: ReadonlySet<string>,
  companions: ReadonlyMap<string, readonly string[]> = new Map(),
): Map<string, string[]> {
  const find = createSidecarFinder([...sidecars, ...beside, ...[...companions.values()].flat()])
  const described = new Map<string, string[]>()
  for (const picture of pictures) {
    for (const { name } of find(picture, companions.get(picture))) {
      const others = described.get(name)
      if (others) others.push(picture)
      else described.set(name, [picture])
    }
  }
  return described
}
