import type { Subfolders } from '../../src-main/contract/records.ts'
import { compareNames } from '../text/text.ts'
import type { FolderPlace } from './builder-state.svelte.ts'

/** A folder of the library, or a directory below one. */
export interface FolderBranch extends FolderPlace {
  /** With `/` between names, from the folder's own on: the value of the filter. */
  name: string
  photos: number
  hasSubfolders: boolean
}

/** What stands right below, by name. */
export function branchesOf(above: FolderBranch, { subfolders }: Subfolders): FolderBranch[] {
  return subfolders
    .map((subfolder) => ({
      ...subfolder,
      folderId: above.folderId,
      directory: above.directory === '' ? subfolder.name : `${above.directory}/${subfolder.name}`,
      name: `${above.name}/${subfolder.name}`,
    }))
    .sort((a, b) => compareNames(a.name, b.name))
}

/** @param values of the filters that are chosen */
export function isChosenBelow({ name }: FolderBranch, values: readonly string[]): boolean {
  return values.some((value) => value.startsWith(`${name}/`))
}
