import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { fileNameFromText, textFromFileName } from '../../contract/file-name.ts'
import { settleIdentity } from '../folders/identity.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { readMetadata } from '../metadata/read.ts'
import { findSidecars, joinSources, type MetadataSource, readSidecar } from '../metadata/sidecars.ts'
import type { Store } from '../store/store.ts'
import type { ReadFile } from './read-file.ts'

/** Directories whose sidecars are remembered, and for how long: photos of one directory are read together. */
const rememberedDirectories = 16
const rememberedMs = 10_000

/** Reads what a photo's file and the sidecars beside it say. */
export function createContentReader(): (path: string, file: ReadFile) => Promise<MetadataSource[]> {
  const listings = new Map<string, { names: Promise<string[]>; listedMs: number }>()

  function sidecarNames(directory: string): Promise<string[]> {
    const known = listings.get(directory)
    if (known && performance.now() - known.listedMs < rememberedMs) return known.names
    const names = listSidecarNames(directory)
    listings.delete(directory)
    listings.set(directory, { names, listedMs: performance.now() })
    if (listings.size > rememberedDirectories) listings.delete(listings.keys().next().value!)
    return names
  }

  return async (path, file) => {
    const embedded: MetadataSource = {
      kind: 'embedded',
      name: '',
      metadata: await readMetadata(path, file.bytes),
    }
    const sources = [embedded]
    for (const { kind, name } of findSidecars(await sidecarNames(dirname(path)), basename(path))) {
      const metadata = await readSidecar(join(dirname(path), name)).catch(undefinedIfDamaged)
      if (metadata) sources.push({ kind, name, metadata })
    }
    return sources
  }
}

async function listSidecarNames(directory: string): Promise<string[]> {
  const name = fileNameFromText(directory)
  try {
    const names = await readdir(typeof name === 'string' ? name : Buffer.from(name), { encoding: 'buffer' })
    return names.map(textFromFileName).filter((entry) => /\.(xmp|json)$/i.test(entry))
  } catch {
    // The picture itself could be read; words that cannot are none.
    return []
  }
}

/** A sidecar that is damaged or just went away takes nothing from the photo and from the others. */
function undefinedIfDamaged(thrown: unknown): undefined {
  if (thrown instanceof LensloreError) return undefined
  throw thrown
}

/** Takes in what was read of a photo's file; call it inside a transaction. */
export function createContentKeeper(store: Store, metadata: MetadataStore) {
  return (photoId: number, file: ReadFile, sources: MetadataSource[]): void => {
    const nowMs = Date.now()
    const id = settleIdentity(store.database, photoId, file.contentHash, nowMs)
    const { widthPx, heightPx, orientation, takenAt, takenOffsetMinutes, camera, lens, latitude, longitude } =
      joinSources(sources)
    store.photos.setContent(
      id,
      {
        contentHash: file.contentHash,
        widthPx,
        heightPx,
        orientation,
        takenAt,
        takenOffsetMinutes,
        camera,
        lens,
        latitude,
        longitude,
      },
      nowMs,
    )
    metadata.applyAll(id, sources, nowMs)
  }
}
