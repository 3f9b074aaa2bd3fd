import { basename, dirname, join } from 'node:path'
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
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE` for the photo itself; never for its metadata. `FILE_UNAVAILABLE` also for a
 * sidecar that cannot be reached at present.
 */
export async function readSources(
  path: string,
  directoryEntries: readonly string[],
  bytes?: Buffer,
): Promise<ReadSources> {
  const embedded = await readMetadata(path, bytes)
  const sources: MetadataSource[] = [{ kind: 'embedded', name: '', metadata: embedded }]
  const refused: RefusedSidecar[] = []
  for (const { kind, name } of findSidecars(directoryEntries, basename(path))) {
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
