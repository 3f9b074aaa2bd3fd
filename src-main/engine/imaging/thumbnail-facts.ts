import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { ThumbnailFacts } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { asFileError } from '../../contract/file-errors.ts'
import { makeMiniature } from './miniature.ts'
import type { Size } from './resample.ts'
import { makeThumbhash } from './thumbhash.ts'

/** @param picture `data` is `[heightPx, widthPx, 3]` */
export async function describePicture(picture: Size & { data: Uint8Array }): Promise<ThumbnailFacts> {
  return { thumbhash: makeThumbhash(picture), miniature: await makeMiniature(picture) }
}

/**
 * Of a thumbnail that was kept before.
 * @throws LensloreError `PICTURE_DAMAGED`, `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE`
 */
export async function readThumbnailFacts(path: string): Promise<ThumbnailFacts> {
  const bytes = await readFile(path).catch((thrown: unknown) => {
    throw asFileError(thrown, 'The thumbnail')
  })
  const { data, info } = await sharp(bytes)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw new LensloreError('PICTURE_DAMAGED', 'The thumbnail is damaged.', { cause })
    })
  return describePicture({ data, widthPx: info.width, heightPx: info.height })
}
