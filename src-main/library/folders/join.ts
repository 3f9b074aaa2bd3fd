import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import type { JoiningFolder } from '../store/folders.ts'
import type { RootState } from '../store/root-state.ts'
import type { Overlap } from './check-place.ts'
import { checkGlobs, isInLeftAlone } from './excludes.ts'
import { createLeftAlone, isOfLibrary } from './left-alone.ts'
import { probeRoot } from './roots.ts'
import { volumeOf } from './volume.ts'

/**
 * How folders that the library has become parts of one that is added and that they lie in, so that everything known of their
 * photos stays true.
 * @param path of the folder that is added, absolute and without links.
 * @throws LensloreError `FOLDER_OVERLAPS`, where something would not stay as it is; the sentence says what to do.
 */
export function planJoin(roots: RootState, path: string, below: readonly Overlap[]): JoiningFolder[] {
  const joining = below.map(({ id, path: childPath, directory }): JoiningFolder => {
    const [child, parent] = [childPath, path].map(displayFileName)
    // Looked at from the other folder, files that are out of reach would be gone.
    if (probeRoot(roots, id).offline !== null) {
      throw refused(
        `${child}, which lies in ${parent}, is not there at present. Add ${parent} when it is back: until then its photos could not be told from lost ones. If it is gone for good, remove it from the library first.`,
      )
    }
    const { excludes, exportsAlways } = roots.byId(id)
    if (exportsAlways) {
      throw refused(
        `Captions of ${child} are always written into sidecars, and those of ${parent} would not be. Switch that off for ${child}, add ${parent}, and switch it on again for ${parent} if you want it for all of it.`,
      )
    }
    if (isLeftAlone(path, directory)) {
      throw refused(
        `${child} lies in a part of ${parent} that is never looked into, such as hidden folders, so that its photos would be out of sight. The library keeps it as a folder of its own.`,
      )
    }
    return {
      id,
      directory,
      excludes: excludes.map((glob) => globBelow(directory, glob)),
      mounts: mountsOnTheWay(path, directory),
    }
  })
  checkExcludes(path, joining)
  return joining
}

/**
 * A glob of a folder as one of a folder above it, which matches the same files.
 * @param directory of the folder below the other; '/' between names.
 * @param glob as `createLeftAlone` takes them.
 */
export function globBelow(directory: string, glob: string): string {
  const pattern = glob.replace(/\/+$/, '')
  const named = pattern.replace(/^\/+/, '').replace(/^(\.\/)+/, '')
  // What begins with `!` means all but the rest only at the beginning of a glob.
  const [, negations = '', rest = ''] = /^(!*)(?!\()(.*)$/s.exec(named) ?? []
  const isNegated = negations.length % 2 === 1
  const above = `/${directory.replace(special, '\\$&')}/`
  const below = isNegated ? `!(${rest})` : rest
  const ofAnyDepth = `${above}**/${below}`
  // Some globs match nothing at all, too, which is the directory itself here; those match all directories right in it.
  const isItself = createLeftAlone([ofAnyDepth]).directory(directory, '')
  return pattern.includes('/') || isItself ? above + below : ofAnyDepth
}

/** Signs that may mean something in a glob. */
const special = /[\\{}()[\]*?!+@|^$"]/g

function isLeftAlone(path: string, directory: string): boolean {
  const names = directory.split('/')
  return (
    isInLeftAlone(createLeftAlone(), directory) ||
    names.some((name, at) =>
      isOfLibrary(name, (beside) => existsSync(nativePath(join(path, ...names.slice(0, at), beside)))),
    )
  )
}

function mountsOnTheWay(path: string, directory: string): JoiningFolder['mounts'] {
  const names = directory.split('/')
  const deviceOf = (way: readonly string[]) => statSync(nativePath(join(path, ...way))).dev
  return names.flatMap((_, at) => {
    const way = names.slice(0, at + 1)
    if (deviceOf(way) === deviceOf(way.slice(0, -1))) return []
    return [{ directory: way.join('/'), volumeId: volumeOf(join(path, ...way)).volumeId }]
  })
}

function checkExcludes(path: string, joining: readonly JoiningFolder[]): void {
  try {
    checkGlobs(joining.flatMap(({ excludes }) => excludes))
  } catch (thrown) {
    if (!(thrown instanceof LensloreError)) throw thrown
    throw refused(
      `What is excluded in the folders that lie in ${displayFileName(path)} cannot be kept for it. ${thrown.message} Take some of it back first.`,
    )
  }
}

function refused(message: string): LensloreError {
  return new LensloreError('FOLDER_OVERLAPS', message)
}
