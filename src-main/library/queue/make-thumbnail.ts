import { LensloreError } from '../../contract/errors.ts'
import { thumbnailPath } from '../../contract/thumbnail-path.ts'
import type { Store } from '../store/store.ts'
import { isThumbnailKept, thumbnailVersion } from '../thumbnails.ts'
import type { PictureDecoder } from './caption-engine.ts'

export interface MakeThumbnailOptions {
  store: Pick<Store, 'photos' | 'queue'>
  /** Asked for only where there is something to decode. */
  openDecoder(): Promise<PictureDecoder>
  thumbnailDirectory: string
}

/**
 * Makes the thumbnail of one photo now, where there is none of its content.
 * @returns its path.
 * @throws LensloreError `PHOTO_NOT_FOUND`, the picture's own error as `decode` has it, `DISK_FULL`, `WRITE_FAILED`
 */
export async function makeThumbnail(
  { store, openDecoder, thumbnailDirectory }: MakeThumbnailOptions,
  photoId: number,
): Promise<string> {
  const photo = store.photos.known(photoId)
  if (photo.contentHash !== null && isThumbnailKept(thumbnailDirectory, photo.contentHash)) {
    return thumbnailPath(thumbnailDirectory, photo.contentHash)
  }
  const decoder = await openDecoder()
  const picture = await decoder.decode(photo.path, { input: null, thumbnailDirectory, isUrgent: true })
  const { thumbnailError } = picture
  store.photos.setSeen([picture])
  if (thumbnailError) throw new LensloreError(thumbnailError.code, thumbnailError.message)
  store.queue.setThumbnailsMade([picture], thumbnailVersion)
  return thumbnailPath(thumbnailDirectory, picture.contentHash)
}
