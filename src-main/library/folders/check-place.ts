import { type Stats, statSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { asFileError } from '../../contract/file-errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import type { RootState } from '../store/root-state.ts'
import { realPath } from './real-path.ts'

type Roots = Pick<RootState, 'others'>

/** A folder of the library that another one lies in, or that lies in it. */
export interface Overlap {
  id: number
  /** As the library has it. */
  path: string
  /** From the upper to the lower of the two, `/` between names; '' where they are the same. */
  directory: string
}

/**
 * Folders of the library, other than this one, that a path lies in or is, and those that lie in it; links are followed.
 * @param path absolute, without links.
 */
export function overlapsOf(
  roots: Roots,
  path: string,
  exceptFolderId: number | null,
): { above: Overlap[]; below: Overlap[] } {
  const others = roots.others(exceptFolderId).map((each) => ({ ...each, real: realPath(each.path) }))
  return {
    above: others.flatMap(({ id, path: other, real }) => {
      const directory = wayBelow(real, path)
      return directory === undefined ? [] : [{ id, path: other, directory }]
    }),
    below: others.flatMap(({ id, path: other, real }) => {
      const directory = wayBelow(path, real)
      return directory === undefined || directory === '' ? [] : [{ id, path: other, directory }]
    }),
  }
}

/**
 * Whether a path may be another place of a folder that the library has.
 * @throws LensloreError `FOLDER_NOT_FOUND`, `FOLDER_OVERLAPS`
 */
export function checkPlace(roots: Roots, path: string, folderId: number): void {
  checkIsFolder(path)
  const { above, below } = overlapsOf(roots, path, folderId)
  const [other] = [...above, ...below]
  if (other === undefined) return
  throw new LensloreError(
    'FOLDER_OVERLAPS',
    `${displayFileName(path)} and ${displayFileName(other.path)}, which the library has, lie one in the other.`,
  )
}

/** @throws LensloreError `FOLDER_NOT_FOUND`; as `asFileError` where that cannot be told */
export function checkIsFolder(path: string): void {
  const shown = displayFileName(path)
  let stats: Stats | undefined
  try {
    stats = statSync(nativePath(path), { throwIfNoEntry: false })
  } catch (thrown) {
    throw asFileError(thrown, `The folder ${shown}`)
  }
  if (stats?.isDirectory()) return
  throw new LensloreError(
    'FOLDER_NOT_FOUND',
    stats ? `${shown} is no folder.` : `There is no folder ${shown}.`,
  )
}

function wayBelow(folder: string, path: string): string | undefined {
  const way = relative(folder, path)
  // On Windows the way to another drive is absolute.
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined
  return way.split(sep).join('/')
}
