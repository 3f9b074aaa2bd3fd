import { createHash } from 'node:crypto'
import type { ContentFacts } from '../../../src-main/library/store/photos.ts'
import type { Store } from '../../../src-main/library/store/store.ts'

/** The content hash of a file with these bytes. */
export function contentOf(bytes: string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function addFolder(store: Store, path: string): number {
  return store.folders.insert(path, 1).id
}

/** A photo that has been read; `path` is below the folder. */
export function addPhoto(
  store: Store,
  folderId: number,
  path: string,
  contentHash = contentOf('a'),
  facts: Partial<ContentFacts> = {},
): number {
  const at = path.lastIndexOf('/')
  const id = store.photos.insert({
    folderId,
    directory: at < 0 ? '' : path.slice(0, at),
    name: path.slice(at + 1),
    sizeBytes: 1000,
    modifiedMs: Date.UTC(2020, 0, 1),
    device: 1,
    inode: 1,
  })
  store.photos.setContent(id, { ...plainFacts, contentHash, ...facts }, 1)
  return id
}

/** What reading a picture without any metadata tells, but its content. */
export const plainFacts = {
  widthPx: 4000,
  heightPx: 3000,
  orientation: 1,
  takenAt: null,
  takenOffsetMinutes: null,
  camera: null,
  lens: null,
  latitude: null,
  longitude: null,
}
