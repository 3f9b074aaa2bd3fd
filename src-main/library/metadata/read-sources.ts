import { basename, dirname, join, relative } from 'node:path'
import { toErrorRecord } from '../../contract/errors.ts'
import type { PhotoMetadata } from './photo-metadata.ts'
import { readMetadata } from './read.ts'
import { findSidecars } from './sidecar-names.ts'
import { joinSources, type MetadataSource, type RefusedSidecar, readSidecar } from './sidecars.ts'

export interface ReadSources {
  /** For `MetadataStore.applyAll`. */
  sources: MetadataSource[]
  /** What they say together: the photo's own columns come from here. */
  joined: PhotoMetadata
  /** Sidecars that are there and could not be read; the others were. */
  refused: RefusedSidecar[]
}

/**
 * Reads all that a photo and the files beside it say about it.
 * @param path absolute, in the form of `file-name.ts`.
 * @param directoryEntries the names in the photo's folder, those of pictures and of what may describe them, so that a
 * scan lists each folder once.
 * @param bytes the photo's content where the caller has it.
 * @param parts the same directory in other parts of a split export: where Takeout's file is in none beside the photo, it may be there.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE` for the photo itself; never for its metadata. `FILE_UNAVAILABLE` also for a
 * sidecar that cannot be reached at present.
 */
export async function readSources(
  path: string,
  directoryEntries: readonly string[],
  bytes?: Buffer,
  parts: readonly { directory: string; names: readonly string[] }[] = [],
): Promise<ReadSources> {
  const embedded = await readMetadata(path, bytes)
  const sources: MetadataSource[] = [{ kind: 'embedded', name: '', metadata: embedded }]
  const refused: RefusedSidecar[] = []
  const beside = findSidecars(directoryEntries, basename(path))
  const elsewhere = beside.some(({ kind }) => kind === 'takeout') ? [] : findInParts(path, parts)
  for (const { kind, name } of [...beside, ...elsewhere]) {
    try {
      const metadata = await readSidecar(join(dirname(path), name), basename(path))
      if (metadata) sources.push({ kind, name, metadata })
    } catch (thrown) {
      const error = toErrorRecord(thrown)
      // It would be known as read, and not be looked at again once its drive answers.
      if (error.code === 'FILE_UNAVAILABLE') throw thrown
      if (error.code !== 'FILE_NOT_FOUND') refused.push({ kind, name, error })
    }
  }
  return { sources, joined: joinSources(sources), refused }
}

/** Of the first part that has any. Their names lead to them from the photo's directory. */
function findInParts(path: string, parts: readonly { directory: string; names: readonly string[] }[]) {
  for (const { directory, names } of parts) {
    const found = findSidecars(names, basename(path)).filter(({ kind }) => kind === 'takeout')
    const toThere = relative(dirname(path), directory).replaceAll('\\', '/')
    if (found.length > 0) return found.map(({ kind, name }) => ({ kind, name: `${toThere}/${name}` }))
  }
  return []
}
