import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import sharp from 'sharp'
import { LensloreError } from '../../contract/errors.ts'
import { thumbnailPath } from '../../contract/thumbnail-path.ts'
import type { SmallestUse, UprightPicture } from './decode.ts'

/** Fills a grid's cell on a screen of twice the density. */
export const thumbnailSidePx = 512
const quality = 80
/** Of 6, where 4 is the default: a little larger files for less time on every photo. */
const effort = 2

/** What the decoder must leave of a picture for its thumbnail. */
export const smallestUseForThumbnail: SmallestUse = { shortSidePx: 1, longSidePx: thumbnailSidePx }

let written = 0

/**
 * Keeps a thumbnail of a picture in the cache, unless there is one of the same content.
 * @throws LensloreError `DISK_FULL` or `WRITE_FAILED`
 */
export async function keepThumbnail(
  directory: string,
  contentHash: string,
  picture: UprightPicture,
): Promise<void> {
  const path = thumbnailPath(directory, contentHash)
  if (await isKept(path)) return
  const webp = await sharp(picture.data, {
    raw: { width: picture.widthPx, height: picture.heightPx, channels: 3 },
    limitInputPixels: false,
  })
    .resize({ width: thumbnailSidePx, height: thumbnailSidePx, fit: 'inside', withoutEnlargement: true })
    .webp({ quality, effort })
    .toBuffer()
  try {
    await writeWhole(path, webp)
  } catch (thrown) {
    throw asWriteError(thrown)
  }
}

/** An empty file is what a power cut leaves of a rename whose data had not reached the disk. */
async function isKept(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0
  } catch {
    return false
  }
}

/** Another reader or writer of the same thumbnail sees a whole file or none. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}-${written++}.part`
  try {
    await using file = await open(temporary, 'wx')
    await file.writeFile(bytes)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
  try {
    await rename(temporary, path)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
}

function asWriteError(thrown: unknown): LensloreError {
  const code = (thrown as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LensloreError('DISK_FULL', 'There is no room left for thumbnails.', { cause: thrown })
  }
  return new LensloreError('WRITE_FAILED', `A thumbnail cannot be written: ${code ?? String(thrown)}.`, {
    cause: thrown,
  })
}
