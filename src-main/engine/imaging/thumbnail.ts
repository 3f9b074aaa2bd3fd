import sharp from 'sharp'
import type { ThumbnailFacts } from '../../contract/engine-calls.ts'
import { thumbnailPath } from '../../contract/thumbnail-path.ts'
import type { SmallestUse, UprightPicture } from './decode.ts'
import { isKept, keepFile } from './keep-file.ts'
import { describePicture } from './thumbnail-facts.ts'

/** Fills a grid's cell on a screen of twice the density. */
export const thumbnailSidePx = 512
const quality = 80
/** Of 6, where 4 is the default: a little larger files for less time on every photo. */
const effort = 2

/** What the decoder must leave of a picture for its thumbnail. */
export const smallestUseForThumbnail: SmallestUse = { shortSidePx: 1, longSidePx: thumbnailSidePx }

/**
 * Keeps a thumbnail of a picture in the cache, unless there is one of the same content.
 * @returns what is told of it
 * @throws LensloreError `DISK_FULL` or `WRITE_FAILED`
 */
export async function keepThumbnail(
  directory: string,
  contentHash: string,
  picture: UprightPicture,
): Promise<ThumbnailFacts> {
  const path = thumbnailPath(directory, contentHash)
  if (!(await isKept(path))) await keepFile(path, await makeWebp(picture), 'thumbnails')
  return describePicture(picture)
}

function makeWebp({ data, widthPx, heightPx }: UprightPicture): Promise<Buffer> {
  return sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 }, limitInputPixels: false })
    .resize({ width: thumbnailSidePx, height: thumbnailSidePx, fit: 'inside', withoutEnlargement: true })
    .webp({ quality, effort })
    .toBuffer()
}
