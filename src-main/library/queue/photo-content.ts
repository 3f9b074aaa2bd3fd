import { readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName, textFromFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import { isPictureName } from '../../contract/picture-names.ts'
import { settleIdentity } from '../folders/identity.ts'
import { judgePairs } from '../folders/settle-pairs.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { PhotoMetadata } from '../metadata/photo-metadata.ts'
import { type CompanionToRead, type ReadSources, readSources } from '../metadata/read-sources.ts'
import { isSidecarName } from '../metadata/sidecar-names.ts'
import type { RefusedSidecar } from '../metadata/sidecars.ts'
import { fractionOf } from '../metadata/taken-time.ts'
import { sameDirectoryInOtherParts } from '../metadata/takeout-parts.ts'
import type { WorkItem } from '../store/queue.ts'
import { createRecordedCaptions } from '../store/recorded-captions.ts'
import { createSidecarState } from '../store/sidecar-state.ts'
import type { Store } from '../store/store.ts'
import { copyThumbnail } from '../thumbnails.ts'
import type { ReadFile } from './read-photo.ts'

/** Directories whose sidecars are remembered: photos of one directory are read together. */
const rememberedDirectories = 16

/**
 * Reads what a photo's file and the sidecars beside it say.
 * @throws LensloreError `FILE_UNAVAILABLE` where it cannot be told which sidecars there are
 */
export function createContentReader(): (
  path: string,
  file: ReadFile,
  companions?: readonly CompanionToRead[],
) => Promise<ReadSources> {
  const listings = new Map<string, { names: Promise<string[]>; changedMs: number }>()

  async function namesIn(directory: string): Promise<string[]> {
    const changedMs = await lastChange(directory)
    const known = listings.get(directory)
    if (known?.changedMs === changedMs) return known.names
    const names = listNames(directory)
    listings.delete(directory)
    listings.set(directory, { names, changedMs })
    names.catch(() => listings.delete(directory))
    if (listings.size > rememberedDirectories) listings.delete(listings.keys().next().value!)
    return names
  }

  /** Looked for once a run: what comes meanwhile is told by the next comparison. */
  const parts = new Map<string, string[]>()
  function partsOf(directory: string): string[] {
    const known = parts.get(directory) ?? sameDirectoryInOtherParts(directory)
    parts.set(directory, known)
    return known
  }

  return async (path, file, companions) => {
    const directory = dirname(path)
    const elsewhere = await Promise.all(
      partsOf(directory).map(async (other) => ({
        directory: other,
        names: await namesIn(other),
      })),
    )
    return readSources(path, await namesIn(directory), file.bytes, companions, elsewhere)
  }
}

/** When a name was last added to a directory or taken from it; never the same where that cannot be told. */
async function lastChange(directory: string): Promise<number> {
  return (await stat(nativePath(directory)).catch(() => undefined))?.mtimeMs ?? Number.NaN
}

/**
 * Of pictures and of what may describe them.
 * @throws LensloreError `FILE_UNAVAILABLE`: what stands in a directory that cannot be listed is not gone.
 */
async function listNames(directory: string): Promise<string[]> {
  try {
    const names = await readdir(nativePath(directory), { encoding: 'buffer' })
    return names.map(textFromFileName).filter((name) => isSidecarName(name) || isPictureName(name))
  } catch (cause) {
    throw new LensloreError(
      'FILE_UNAVAILABLE',
      `The folder ${displayFileName(directory)} cannot be listed (${(cause as NodeJS.ErrnoException).code}).`,
      { cause },
    )
  }
}

export interface ContentKeeperOptions {
  thumbnailDirectory: string
  /** Told of every file beside a photo that cannot be read, once for each reason. */
  onRefused(refused: RefusedSidecar): void
}

/** Takes in what was read of a photo's file; call it inside a transaction. */
export function createContentKeeper(
  store: Store,
  metadata: MetadataStore,
  { thumbnailDirectory, onRefused }: ContentKeeperOptions,
) {
  const sidecars = createSidecarState(store.database)
  const recordedCaptions = createRecordedCaptions(store.database)
  return (
    item: WorkItem,
    { contentHash, pictureHash }: ReadFile,
    { joined, sources, refused, takenApart }: ReadSources,
  ): void => {
    const nowMs = Date.now()
    const id = settleIdentity(store.database, item.photoId, contentHash, nowMs)
    const marks = id === item.photoId ? item.marks : store.photos.marks(id)
    const { widthPx, heightPx, orientation, camera, lens } = joined
    const picture = { widthPx, heightPx, orientation, camera, lens }
    const before = refused.length > 0 ? store.photos.byId(id) : undefined
    const occasion = occasionOf(joined, before?.contentHash === contentHash ? before : undefined)
    const takenFractionMs = fractionOf(occasion.takenAt, joined.dates)
    const content = { contentHash, pictureHash, ...picture, ...occasion, takenFractionMs }
    const same = store.photos.setContent(id, content, nowMs, marks)
    recordedCaptions.claim(id, contentHash, nowMs)
    if (same !== null) copyThumbnail(thumbnailDirectory, same, contentHash)
    for (const each of metadata.applyAll(id, sources, refused, nowMs)) onRefused(each)
    judgePairs(store.database, id, takenApart, nowMs)
    // What cannot be opened may be no file at all.
    const damaged = refused.filter(({ error }) => error.code === 'SIDECAR_DAMAGED')
    const beside = [...sources.filter(({ kind }) => kind !== 'embedded'), ...damaged]
    sidecars.noteRead(
      id,
      beside.map(({ name }) => name).filter((name) => !name.includes('/')),
    )
  }
}

type Occasion = Pick<PhotoMetadata, 'takenAt' | 'takenOffsetMinutes' | 'latitude' | 'longitude'>

/** Time and place; what is known stays where a file cannot be read that may have told it. */
function occasionOf(joined: Occasion, known?: Occasion): Occasion {
  const { takenAt, takenOffsetMinutes } = known?.takenAt ? known : joined
  const { latitude, longitude } = known && known.latitude !== null ? known : joined
  return { takenAt, takenOffsetMinutes, latitude, longitude }
}
