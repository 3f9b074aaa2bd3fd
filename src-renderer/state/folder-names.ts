import type { Folder } from '../../src-main/contract/records.ts'
import { pathParts } from '../text/path-parts.ts'

/** Of a folder its own name, and where two have the same as much of the path as tells them apart. */
export function folderNames(folders: readonly Pick<Folder, 'id' | 'path'>[]): Map<number, string> {
  const parts = folders.map(({ id, path }) => ({
    id,
    path: pathParts(path).filter(Boolean),
  }))
  const tail = (path: string[], length: number) => path.slice(-length).join('/') || '/'
  return new Map(
    parts.map(({ id, path }) => {
      let length = 1
      while (
        length < path.length &&
        parts.some((other) => other.id !== id && tail(other.path, length) === tail(path, length))
      )
        length++
      return [id, tail(path, length)]
    }),
  )
}

/** The search for all photos of a folder. */
export function queryOfFolder(name: string): string {
  return `folder:"${name.replaceAll('"', ' ')}"`
}

export function queryOfPerson(name: string): string {
  return `people:"${name.replaceAll('"', ' ')}"`
}
