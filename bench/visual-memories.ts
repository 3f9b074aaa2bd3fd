import { mkdir, open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readCheckpoint, readModelJson } from '../src-main/engine/captioning/checkpoint.ts'
import { openSession } from '../src-main/engine/captioning/session.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'
import { narrowToFloat16, widenFloat16 } from '../src-main/engine/model/half-floats.ts'
import { memoryLength } from '../src-main/engine/model/vision-tower.ts'
import { buildTowerGraph } from '../src-main/engine/training/visual-memory.ts'
import { openLabelledPhotos } from './labelled-photos.ts'

/** What a model's tower saw of a set of photos. */
export interface SeenPhotos {
  names: string[]
  references: string[][]
  /** `[1+N, dv]` of the photo at an index. */
  memory(index: number): Float32Array
}

const batchSize = 8

/**
 * Looks at every photo of a set once and keeps what was seen in half precision, in a file that a later call goes on with.
 * @param cacheDirectory of this model alone
 */
export async function seePhotos(
  photosPath: string,
  captionsPath: string,
  modelDirectory: string,
  cacheDirectory: string,
): Promise<SeenPhotos> {
  await using photos = await openLabelledPhotos(photosPath, captionsPath)
  const { model, preprocessorDirectories } = await readCheckpoint(modelDirectory, null)
  const places = memoryLength(model.vision.config) * model.vision.config.width
  const set = basename(captionsPath, '.json')
  await mkdir(cacheDirectory, { recursive: true })
  await using file = await open(join(cacheDirectory, `${set}.f16`), 'a+')
  const done = Math.floor((await file.stat()).size / (2 * places))
  await file.truncate(done * 2 * places)
  if (done < photos.names.length) {
    const preprocessing = readPreprocessing(
      await readModelJson(preprocessorDirectories, 'preprocessor_config.json'),
    )
    const side = model.vision.config.imageSizePx
    const session = await openSession(buildTowerGraph(model.vision), 'cpu', 1)
    for (let at = done; at < photos.names.length; at += batchSize) {
      const pictures = await Promise.all(
        photos.names
          .slice(at, at + batchSize)
          .map((name) =>
            preparePicture(join(photos.directory, name), { input: preprocessing, thumbnailDirectory: null }),
          ),
      )
      const data = normalisePixels(
        pictures.map((picture) => picture.pixels),
        preprocessing,
      )
      const { memory } = await session.run({ pixels: { data, shape: [pictures.length, 3, side, side] } })
      await file.write(narrowToFloat16(memory!.data as Float32Array))
      if (at % 400 < batchSize) console.error(`${set}: ${at} of ${photos.names.length} seen`)
    }
    await session.close()
  }
  const bytes = new Uint8Array(photos.names.length * 2 * places)
  await file.read(bytes, 0, bytes.length, 0)
  return {
    names: photos.names,
    references: photos.names.map((name) => photos.references[name]!),
    memory: (index) => widenFloat16(bytes.subarray(index * 2 * places, (index + 1) * 2 * places)),
  }
}
