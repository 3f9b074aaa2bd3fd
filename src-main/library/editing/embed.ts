import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import { statFile } from '../folders/walk.ts'
import { checkIsWritable } from '../metadata/atomic-write.ts'
import { embedCaption } from '../metadata/export-embedded.ts'
import { cutCaption } from '../metadata/export-plan.ts'
import { readFileOnce } from '../queue/read-photo.ts'
import type { Store } from '../store/store.ts'
import { copyThumbnail } from '../thumbnails.ts'

/**
 * Writes the current caption of a photo into its file, and keeps the library in step: the picture in the file is
 * the same, so that its captions stay about it, its thumbnail stays, and the words that come back with the file
 * are not imported.
 * @throws LensloreError `INVALID_ARGUMENT` without a caption; `CAPTION_CUT` of one that is not whole; `FILE_CHANGED`
 * where the file is not as the library knows it; `FILE_NOT_FOUND`, `EXIFTOOL_MISSING`, `WRITE_FAILED`. The file is then as it was.
 */
export async function embedCurrentCaption(
  store: Store,
  thumbnailDirectory: string,
  photoId: number,
): Promise<void> {
  const photo = store.photos.byId(photoId)!
  const caption = store.captions.current(photoId)
  const { path, contentHash: hashBefore } = photo
  if (!caption?.text)
    throw new LensloreError('INVALID_ARGUMENT', `${displayFileName(path)} has no caption yet.`)
  if (caption.isCut) throw cutCaption(path)
  const found = statFile(nativePath(path), path, true)
  if (!found) throw new LensloreError('FILE_NOT_FOUND', `${displayFileName(path)} is not there.`)
  if (hashBefore === null || found.sizeBytes !== photo.sizeBytes || found.modifiedMs !== photo.modifiedMs) {
    throw new LensloreError(
      'FILE_CHANGED',
      `${displayFileName(path)} was changed since the library read it; embed after the next run.`,
    )
  }
  await checkIsWritable(path)
  const text = await embedCaption(path, caption.text)
  const { contentHash } = await readFileOnce(path)
  const written = statFile(nativePath(path), path, true)
  if (!written) return
  store.database.write(() => {
    store.photos.rewritten(photoId, hashBefore, { ...written, contentHash })
    if (text !== null) store.captions.markEmbedded(caption.id, text)
  })
  copyThumbnail(thumbnailDirectory, hashBefore, contentHash)
}
