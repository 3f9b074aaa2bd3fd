import { overlapsOf } from '../../../src-main/library/folders/check-place.ts'
import { planJoin } from '../../../src-main/library/folders/join.ts'
import { createRootState } from '../../../src-main/library/store/root-state.ts'
import type { LibraryOnDisk } from './library-on-disk.ts'

/** The parent of folders of a library is added, and they are to join it. */
export function addAbove(library: LibraryOnDisk, below: string): number {
  const { folders, database } = library.store
  const roots = createRootState(database)
  const path = library.path(below)
  return folders.insert(path, library.now(), planJoin(roots, path, overlapsOf(roots, path, null).below)).id
}

export function joinAll({ store: { folders } }: LibraryOnDisk): void {
  for (const { id } of folders.joining()) while (folders.joinSome(id, 2).done > 0);
}
