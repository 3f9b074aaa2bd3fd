import type { DecodedPicture, ModelInput } from '../../contract/engine-calls.ts'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { stopWhereCancelled } from './cancelled.ts'
import { type DecodeLimits, decodeUpright } from './decode.ts'
import { makePixels, smallestUseForPixels } from './pixels.ts'
import { readFileContent, shownName } from './read-bytes.ts'
import { keepThumbnail, smallestUseForThumbnail } from './thumbnail.ts'

export interface PrepareOptions<Input extends ModelInput | null> {
  /** null: no pixels are wanted. */
  input: Input
  /** Sharded cache to keep a thumbnail in, or null for none. */
  thumbnailDirectory: string | null
}

/** `pixels` are there where an input was given. */
export type PreparedPicture<Input extends ModelInput | null = ModelInput> = DecodedPicture & {
  pixels: Input extends null ? null : Uint8Array<ArrayBuffer>
}

/**
 * Reads a picture's file once, decodes it once, and makes the model's pixels and the thumbnail from that, in the thread that
 * calls it.
 * @param path in the form of `contract/file-name.ts`
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_CHANGED`, `FILE_TOO_LARGE`,
 *   `PICTURE_DAMAGED`, `PICTURE_UNSUPPORTED`, `PICTURE_TOO_LARGE` or `CANCELLED`
 */
export async function makePicture<Input extends ModelInput | null>(
  path: string,
  { input, thumbnailDirectory }: PrepareOptions<Input>,
  limits: DecodeLimits,
): Promise<PreparedPicture<Input>> {
  const { signal } = limits
  stopWhereCancelled(signal)
  const { bytes, contentHash } = await readFileContent(path)
  stopWhereCancelled(signal)

  // The same reduction whether or not a thumbnail is wanted: the caption must not depend on it.
  const forPixels = input ? smallestUseForPixels(input) : smallestUseForThumbnail
  const picture = await decodeUpright(
    bytes,
    shownName(path),
    {
      shortSidePx: Math.max(forPixels.shortSidePx, smallestUseForThumbnail.shortSidePx),
      longSidePx: Math.max(forPixels.longSidePx, smallestUseForThumbnail.longSidePx),
    },
    limits,
  )
  stopWhereCancelled(signal)

  const thumbnail =
    thumbnailDirectory === null
      ? null
      : keepThumbnail(thumbnailDirectory, contentHash, picture).then(
          (facts) => ({ ...facts, thumbnailError: null }),
          (thrown: unknown) => ({ ...noThumbnail, thumbnailError: asThumbnailError(thrown) }),
        )
  const pixels = input && makePixels(picture, input)
  const told = (await thumbnail) ?? noThumbnail
  return {
    contentHash,
    widthPx: picture.fullWidthPx,
    heightPx: picture.fullHeightPx,
    isCutOff: picture.isCutOff,
    isPreview: picture.isPreview,
    pixels: pixels as PreparedPicture<Input>['pixels'],
    ...told,
  }
}

const noThumbnail = { thumbhash: null, miniature: null, thumbnailError: null }

function asThumbnailError(thrown: unknown): ErrorRecord {
  if (thrown instanceof LensloreError) return toErrorRecord(thrown)
  return { code: 'WRITE_FAILED', message: 'A thumbnail cannot be made.' }
}
