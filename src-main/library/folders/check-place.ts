import { statSync } from 'node:fs'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import type { RootState } from '../store/root-state.ts'

/**
 * Whether a path may be a folder of the library: a new one (null), or another place of one that it has.
 * @throws LensloreError `FOLDER_NOT_FOUND`, `FOLDER_OVERLAPS`
 */
export function checkPlace(
  roots: Pick<RootState, 'overlapping'>,
  path: string,
  folderId: number | null,
): void {
  const shown = displayFileName(path)
  if (!statSync(nativePath(path), { throwIfNoEntry: false })?.isDirectory()) {
    throw new LensloreError('FOLDER_NOT_FOUND', `There is no folder ${shown}.`)
  }
  const other = roots.overlapping(path, folderId)
  if (other !== undefined) {
    throw new LensloreError(
      'FOLDER_OVERLAPS',
      `${shown} and ${displayFileName(other)}, which the library has, lie one in the other.`,
    )
  }
}
