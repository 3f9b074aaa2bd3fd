import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCaptionSet } from '../src-main/cli/caption-sets.ts'
import { toExamples } from '../src-main/cli/set-examples.ts'
import type { TrainingExample } from '../src-main/contract/training.ts'
import { type CaptionerOptions, openCaptioner } from '../src-main/engine/captioning/captioner.ts'
import type { GeneratedCaption } from '../src-main/engine/captioning/generated-caption.ts'
import type { PreparedPicture } from '../src-main/engine/imaging/make-picture.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'

/** Photos with the captions that people gave them. */
export interface LabelledPhotos extends AsyncDisposable {
  directory: string
  /** Of the photos that have captions, sorted. */
  names: string[]
  references: Record<string, string[]>
}

/**
 * @param photosPath a folder, or a tar archive, which is unpacked for as long as the photos are used
 * @param captionsPath JSON of file name → captions
 */
export async function openLabelledPhotos(photosPath: string, captionsPath: string): Promise<LabelledPhotos> {
  const references: Record<string, string[]> = JSON.parse(await readFile(captionsPath, 'utf8'))
  const unpacked = photosPath.endsWith('.tar') ? await mkdtemp(join(tmpdir(), 'lenslore-photos-')) : undefined
  if (unpacked !== undefined) {
    const { status } = spawnSync('tar', ['-xf', photosPath, '-C', unpacked], { stdio: 'inherit' })
    if (status !== 0) throw new Error(`${photosPath} cannot be unpacked.`)
  }
  const directory = unpacked ?? photosPath
  return {
    directory,
    names: (await readdir(directory)).filter((name) => references[name]).sort(),
    references,
    async [Symbol.asyncDispose]() {
      if (unpacked !== undefined) await rm(unpacked, { recursive: true })
    },
  }
}

/** Labelled photos of one set as examples of a training. */
export interface LabelledExamples extends AsyncDisposable {
  examples: TrainingExample[]
}

/**
 * @param setPath a folder of photos, or where there is none `setPath.tar`, with the captions of all of them in `setPath.json`
 * @param firstGroup number of the group of the first photo
 */
export async function openLabelledExamples(setPath: string, firstGroup = 0): Promise<LabelledExamples> {
  const captionsPath = `${setPath}.json`
  const photos = await openLabelledPhotos(existsSync(setPath) ? setPath : `${setPath}.tar`, captionsPath)
  return {
    examples: await toExamples(await readCaptionSet(captionsPath), photos.directory, firstGroup),
    [Symbol.asyncDispose]: () => photos[Symbol.asyncDispose](),
  }
}

const batchSize = 8

/** A model that is open for photos in files. */
export interface OpenPhotos {
  /** By batches, the next one while the caller has one. */
  prepare(paths: readonly string[]): AsyncGenerator<PreparedPicture[]>
  caption(pictures: readonly PreparedPicture[]): Promise<GeneratedCaption[]>
  /** In the model's space, without words: each `[p]` of unit length. */
  embed(pictures: readonly PreparedPicture[]): Promise<Float32Array[]>
  close(): Promise<void>
}

export async function openForPhotos(
  modelDirectory: string,
  way: Pick<CaptionerOptions, 'provider' | 'precision' | 'threads' | 'formDirectory'>,
): Promise<OpenPhotos> {
  const captioner = await openCaptioner({ modelDirectory, adapterPath: null, ...way })
  const preprocessing = readPreprocessing(captioner.preprocessorConfig)
  const normalise = (pictures: readonly PreparedPicture[]) =>
    normalisePixels(
      pictures.map((picture) => picture.pixels),
      preprocessing,
    )
  return {
    async *prepare(paths) {
      const batchFrom = (at: number) =>
        Promise.all(
          paths
            .slice(at, at + batchSize)
            .map((path) => preparePicture(path, { input: preprocessing, thumbnailDirectory: null })),
        )
      let next = batchFrom(0)
      for (let at = 0; at < paths.length; at += batchSize) {
        const pictures = await next
        next = batchFrom(at + batchSize)
        yield pictures
      }
    },
    caption: (pictures) => captioner.caption(normalise(pictures), pictures.length),
    embed: (pictures) => captioner.embed(normalise(pictures), pictures.length),
    close: () => captioner.close(),
  }
}

/** Captions files in order, on the processor, with all that is known of each caption. */
export async function* captionPhotos(
  paths: readonly string[],
  modelDirectory: string,
  threads: number,
): AsyncGenerator<{ caption: GeneratedCaption; picture: PreparedPicture }> {
  const opened = await openForPhotos(modelDirectory, { provider: 'cpu', threads })
  try {
    for await (const pictures of opened.prepare(paths)) {
      const captions = await opened.caption(pictures)
      for (const [index, picture] of pictures.entries()) yield { caption: captions[index]!, picture }
    }
  } finally {
    await opened.close()
  }
}
