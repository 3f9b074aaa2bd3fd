import { basename, dirname, join, relative } from 'node:path'
import { toErrorRecord } from '../../contract/errors.ts'
import type { CompanionKind } from '../../contract/file-pairs.ts'
import { pictureIdentifier, videoIdentifier } from './content-identifier.ts'
import type { PhotoMetadata } from './photo-metadata.ts'
import { readBeginning, readMetadata } from './read.ts'
import { type FoundSidecar, findSidecars } from './sidecar-names.ts'
import { joinSources, type MetadataSource, type RefusedSidecar, readSidecar } from './sidecars.ts'
import { areTakenApart } from './taken-time.ts'

export interface ReadSources {
  /** For `MetadataStore.applyAll`. */
  sources: MetadataSource[]
  /** What they say together: the photo's own columns come from here. */
  joined: PhotoMetadata
  /** Sidecars that are there and could not be read; the others were. */
  refused: RefusedSidecar[]
  /** Of the companions, by name, that say when or of what they were taken, whether that is something else than the photo says. */
  takenApart: ReadonlyMap<string, boolean>
}

/** Of a photo that has more files than its own. */
export interface CompanionToRead {
  name: string
  kind: CompanionKind
}

/**
 * Reads all that a photo and the files beside it say about it.
 * @param path absolute, in the form of `file-name.ts`.
 * @param directoryEntries the names in the photo's folder, those of pictures and of what may describe them, so that a
 * scan lists each folder once.
 * @param bytes the photo's content where the caller has it.
 * @param companions the files beside it that are a part of it, by their names.
 * @param parts the same directory in other parts of a split export: where Takeout's file is in none beside the photo, it may be there.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE` for the photo itself; never for its metadata. `FILE_UNAVAILABLE` also for a
 * sidecar that cannot be reached at present.
 */
export async function readSources(
  path: string,
  directoryEntries: readonly string[],
  bytes?: Buffer,
  companions: readonly CompanionToRead[] = [],
  parts: readonly { directory: string; names: readonly string[] }[] = [],
): Promise<ReadSources> {
  const embedded = await readMetadata(path, bytes)
  const sources: MetadataSource[] = [{ kind: 'embedded', name: '', metadata: embedded }]
  const refused: RefusedSidecar[] = []
  const takenApart = new Map<string, boolean>()
  const own: string[] = []
  const raw: MetadataSource[] = []
  for (const { name, kind } of companions) {
    const file = join(dirname(path), name)
    const said = kind === 'raw' ? await readCompanion(file) : undefined
    const isApart =
      kind === 'raw'
        ? said && areTakenApart(originalTime(embedded), originalTime(said))
        : bytes && (await isOfOther(bytes, file))
    if (isApart !== undefined) takenApart.set(name, isApart)
    if (isApart) continue
    own.push(name)
    if (said) raw.push({ kind: 'embedded', name, isOfCompanion: true, metadata: withoutPicture(said) })
  }
  const beside = findSidecars(directoryEntries, basename(path), own)
  const elsewhere = beside.some(({ kind }) => kind === 'takeout') ? [] : findInParts(path, parts)
  for (const { kind, name, isOfCompanion } of [...beside, ...elsewhere]) {
    try {
      const metadata = await readSidecar(join(dirname(path), name), [basename(path), ...own])
      if (metadata) sources.push({ kind, name, ...(isOfCompanion && { isOfCompanion }), metadata })
    } catch (thrown) {
      const error = toErrorRecord(thrown)
      // It would be known as read, and not be looked at again once its drive answers.
      if (error.code === 'FILE_UNAVAILABLE') throw thrown
      if (error.code !== 'FILE_NOT_FOUND') refused.push({ kind, name, error })
    }
  }
  sources.push(...raw)
  return { sources, joined: joinSources(sources), refused, takenApart }
}

/** What a raw file says; nothing of one that cannot be read at present, for the photo is another file. */
async function readCompanion(path: string): Promise<PhotoMetadata | undefined> {
  try {
    return await readBeginning(path)
  } catch {
    return undefined
  }
}

/** Whether a video is of another Live Photo than the picture; undefined where one of the two does not say of which it is. */
async function isOfOther(picture: Buffer, videoPath: string): Promise<boolean | undefined> {
  const own = pictureIdentifier(picture)
  const videos = own && (await videoIdentifier(videoPath))
  return own && videos ? own !== videos : undefined
}

/** When the camera says that the picture was taken, in the file itself. */
function originalTime({ dates }: PhotoMetadata): string | null {
  return dates.find(({ kind }) => kind === 'original')?.takenAt ?? null
}

/** Size and orientation are those of the file that people see. */
function withoutPicture(metadata: PhotoMetadata): PhotoMetadata {
  return { ...metadata, widthPx: null, heightPx: null, orientation: null }
}

/** Of the first part that has any. Their names lead to them from the photo's directory. */
function findInParts(
  path: string,
  parts: readonly { directory: string; names: readonly string[] }[],
): FoundSidecar[] {
  for (const { directory, names } of parts) {
    const found = findSidecars(names, basename(path)).filter(({ kind }) => kind === 'takeout')
    const toThere = relative(dirname(path), directory).replaceAll('\\', '/')
    if (found.length > 0) return found.map((each) => ({ ...each, name: `${toThere}/${each.name}` }))
  }
  return []
}
