import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import type { ProviderName } from '../../contract/providers.ts'
import { type Checkpoint, readModelJson } from '../captioning/checkpoint.ts'
import { packModel } from '../captioning/packed-model.ts'
import { openSessionInThread } from '../captioning/session-thread.ts'
import { preparePicture } from '../imaging/picture.ts'
import { normalisePixels } from '../imaging/pixels.ts'
import { readPreprocessing } from '../imaging/preprocessing.ts'
import { Graph } from '../model/graph.ts'
import { buildVisionTower, memoryLength, type VisionTower } from '../model/vision-tower.ts'
import { type MemoryCache, openMemoryCache } from './memory-cache.ts'

export interface PhotoToRemember {
  /** Where it is known; else the file is read for it. */
  contentHash?: string | undefined
  /** In the form of `contract/file-name.ts`. */
  path: string
}

export type Remembered =
  | { contentHash: string; memory: Float32Array }
  | { contentHash: string | null; error: ErrorRecord }

/** To be looked at by the tower. */
interface Unseen {
  contentHash: string
  pixels: Uint8Array
}

/** What the vision tower sees in pictures, computed once for each and kept. */
export interface VisualMemory {
  /** Rows and width of one memory. */
  readonly shape: readonly [rows: number, width: number]
  /**
   * Memories `[1+N, dv]` in the order of the photos. A photo that cannot be read, or whose file is no longer of the given
   * content, gets an error in its place.
   * @throws LensloreError `ENGINE_FAILED`, `DISK_FULL`, `WRITE_FAILED`; `CANCELLED` through the signal
   */
  recall(photos: readonly PhotoToRemember[], signal?: AbortSignal): Promise<Remembered[]>
  close(): Promise<void>
}

export interface VisualMemoryOptions {
  checkpoint: Checkpoint
  memoryDirectory: string
  memoryLimitBytes: number
  provider: ProviderName
  threads: number
}

/** Pictures in one run of the tower. */
const towerBatch = 8

/** The tower alone is opened, and not before there is a picture that was not seen yet. */
export async function openVisualMemory(options: VisualMemoryOptions): Promise<VisualMemory> {
  const { checkpoint, provider, threads } = options
  const { model, modelId, preprocessorDirectories } = checkpoint
  const { config } = model.vision
  const [rows, width] = [memoryLength(config), config.width]
  const preprocessing = readPreprocessing(
    await readModelJson(preprocessorDirectories, 'preprocessor_config.json'),
  )
  const cache: MemoryCache = openMemoryCache({
    directory: options.memoryDirectory,
    modelId,
    size: rows * width,
    limitBytes: options.memoryLimitBytes,
  })
  let tower: ReturnType<typeof openTower> | undefined

  async function openTower() {
    return openSessionInThread(await packModel(buildTowerGraph(model.vision)), provider, threads)
  }

  /** @param pictures each `[H, W, 3]`, as many as there are memories in what comes */
  async function see(pictures: Uint8Array[]): Promise<Float32Array[]> {
    tower ??= openTower()
    const data = normalisePixels(pictures, preprocessing)
    const shape = [pictures.length, 3, config.imageSizePx, config.imageSizePx]
    const { memory } = await (await tower).run({ pixels: { data, shape } })
    return pictures.map((_, index) =>
      (memory!.data as Float32Array).slice(index * rows * width, (index + 1) * rows * width),
    )
  }

  /** What is kept is read, what is not is decoded. */
  async function prepare(
    photos: readonly PhotoToRemember[],
    signal: AbortSignal | undefined,
  ): Promise<(Remembered | Unseen)[]> {
    return Promise.all(
      photos.map(async ({ contentHash, path }) => {
        const kept = contentHash === undefined ? undefined : await cache.read(contentHash)
        if (kept) return { contentHash: contentHash!, memory: kept }
        try {
          const options = { input: preprocessing, thumbnailDirectory: null, ...(signal && { signal }) }
          const picture = await preparePicture(path, options)
          if (contentHash === undefined || picture.contentHash === contentHash)
            return { contentHash: picture.contentHash, pixels: picture.pixels }
          const message = `${path} is no longer the photo that was meant.`
          return { contentHash, error: { code: 'FILE_CHANGED' as const, message } }
        } catch (thrown) {
          return { contentHash: contentHash ?? null, error: toErrorRecord(thrown) }
        }
      }),
    )
  }

  async function finish(prepared: (Remembered | Unseen)[]): Promise<Remembered[]> {
    const unseen = prepared.filter((photo) => 'pixels' in photo)
    const memories = unseen.length > 0 ? await see(unseen.map(({ pixels }) => pixels)) : []
    const results: Remembered[] = []
    for (const photo of prepared) {
      if (!('pixels' in photo)) results.push(photo)
      else {
        const memory = await cache.keep(photo.contentHash, memories[unseen.indexOf(photo)]!)
        results.push({ contentHash: photo.contentHash, memory })
      }
    }
    return results
  }

  return {
    shape: [rows, width],
    async recall(photos, signal) {
      const results: Remembered[] = []
      let next = prepare(photos.slice(0, towerBatch), signal)
      for (let at = 0; at < photos.length; at += towerBatch) {
        const prepared = await next
        if (signal?.aborted) throw new LensloreError('CANCELLED', 'The work was cancelled.')
        // Decoded while the tower looks at these.
        next = prepare(photos.slice(at + towerBatch, at + 2 * towerBatch), signal)
        // Where the tower fails nobody waits for them any more.
        next.catch(() => {})
        results.push(...(await finish(prepared)))
      }
      return results
    },
    async close() {
      await (await tower?.catch(() => undefined))?.close()
    },
  }
}

/** `pixels` `[B, 3, S, S]` → `memory` `[B, 1+N, dv]` */
export function buildTowerGraph(vision: VisionTower): Graph {
  const g = new Graph('tower')
  g.namedOutput('memory', buildVisionTower(g, vision))
  return g
}

/** @param memory `[1+N, dv]` @returns `[dv]` */
export function meanOfRows(memory: Float32Array, width: number): Float32Array {
  const rows = memory.length / width
  const mean = new Float32Array(width)
  for (const [index, value] of memory.entries()) mean[index % width]! += value / rows
  return mean
}
