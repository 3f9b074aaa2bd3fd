import { LensloreError } from '../../contract/errors.ts'
import { decodeUpright } from './decode.ts'
import { makePixels, smallestUseForPixels } from './pixels.ts'
import type { Preprocessing } from './preprocessing.ts'
import { readFileContent, shownName } from './read-bytes.ts'
import { keepThumbnail, smallestUseForThumbnail } from './thumbnail.ts'
import type { Tone } from './tone.ts'

export interface PreparedPicture {
  /** SHA-256 of the file's bytes, lower-case hex. */
  contentHash: string
  /** Size of the upright picture; of a camera's raw file, of the preview that was used. */
  widthPx: number
  heightPx: number
  /** `[3, H, W]` of the model's input. */
  pixels: Float32Array
  tone: Tone
  /** Why there is no thumbnail (`DISK_FULL`, `WRITE_FAILED`): no reason to lose the caption too. */
  thumbnailError: LensloreError | null
}

export interface PrepareOptions {
  preprocessing: Preprocessing
  /** Sharded cache to keep a thumbnail in, or null for none. */
  thumbnailDirectory: string | null
  signal?: AbortSignal
}

/**
 * Reads a picture's file once, decodes it once, and makes the model's pixels and the thumbnail from that.
 * @param path in the form of `contract/file-name.ts`
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_CHANGED`, `FILE_TOO_LARGE`,
 *   `PICTURE_DAMAGED`, `PICTURE_UNSUPPORTED`, `PICTURE_TOO_LARGE` or `CANCELLED`
 */
export async function preparePicture(path: string, options: PrepareOptions): Promise<PreparedPicture> {
  const { preprocessing, thumbnailDirectory, signal } = options
  stopWhereCancelled(signal)
  const { bytes, contentHash } = await readFileContent(path)
  stopWhereCancelled(signal)

  // The same reduction whether or not a thumbnail is wanted: the caption must not depend on it.
  const forPixels = smallestUseForPixels(preprocessing)
  const picture = await decodeUpright(
    bytes,
    shownName(path),
    {
      shortSidePx: Math.max(forPixels.shortSidePx, smallestUseForThumbnail.shortSidePx),
      longSidePx: Math.max(forPixels.longSidePx, smallestUseForThumbnail.longSidePx),
    },
    signal,
  )
  stopWhereCancelled(signal)

  const thumbnail =
    thumbnailDirectory === null
      ? null
      : keepThumbnail(thumbnailDirectory, contentHash, picture).then(() => null, asThumbnailError)
  const { pixels, tone } = makePixels(picture, preprocessing)
  const thumbnailError = await thumbnail
  return {
    contentHash,
    widthPx: picture.fullWidthPx,
    heightPx: picture.fullHeightPx,
    pixels,
    tone,
    thumbnailError,
  }
}

function asThumbnailError(thrown: unknown): LensloreError {
  if (thrown instanceof LensloreError) return thrown
  return new LensloreError('WRITE_FAILED', 'A thumbnail cannot be made.', { cause: thrown })
}

function stopWhereCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LensloreError('CANCELLED', 'The work was cancelled.')
}
