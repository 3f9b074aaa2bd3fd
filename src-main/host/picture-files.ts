import { basename } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import type { PhotoAddress } from '../contract/photo-address.ts'
import type { HeldLibrary } from './held-library.ts'

/** What a host may send as a picture; anything else could be a document that runs. */
const pictureTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'] as const

interface PictureAtAddress {
  path: string
  type: (typeof pictureTypes)[number]
  /** The first 16 of the hash of the content that it certainly shows. */
  hash: string | null
}

/**
 * The file of a photo's picture.
 * @throws LensloreError `PHOTO_NOT_FOUND`, `PICTURE_UNSUPPORTED`, and what else the library says of the picture
 */
export async function pictureAt(
  { calls }: Pick<HeldLibrary, 'calls'>,
  { photo, kind }: PhotoAddress,
): Promise<PictureAtAddress> {
  if (kind === 'thumb') {
    const { path } = await calls.thumbnail({ photo })
    return { path, type: 'image/webp', hash: basename(path).slice(0, 16) }
  }
  const { path, type, contentHash } = await calls.picture({ photo })
  if (!pictureTypes.includes(type)) {
    throw new LensloreError('PICTURE_UNSUPPORTED', 'The picture is of no type that is shown.')
  }
  return { path, type, hash: contentHash?.slice(0, 16) ?? null }
}
