import { type ErrorCode, LensloreError } from '../contract/errors.ts'
import { displayFileName } from '../contract/file-name.ts'
import { type PictureFormat, tellingBytes, tellPictureFormat } from '../contract/picture-format.ts'
import { previewPath } from '../contract/preview-path.ts'
import type { Photo } from '../contract/records.ts'
import type { PictureFile } from '../contract/rooms/photos.ts'
import { readRegularFile } from '../files/regular-file.ts'
import type { Previews } from './previews.ts'
import type { PictureDecoder } from './queue/caption-engine.ts'
import type { PhotoStore } from './store/photos.ts'

export interface ShownPicturesOptions {
  photos: Pick<PhotoStore, 'known' | 'present'>
  previews: Previews
  openDecoder(): Promise<PictureDecoder>
}

/** Files that show whole photos. */
export interface ShownPictures {
  /**
   * The photo's own file where every browser draws it as we do, else a copy.
   * @throws LensloreError `PHOTO_NOT_FOUND`, `FILE_NOT_FOUND`, `FILE_UNAVAILABLE` while its drive is away, the picture's own
   *   error, `PICTURE_KILLS_ENGINE`, `ENGINE_DIED`, `DISK_FULL`, `WRITE_FAILED`
   */
  fileOf(photoId: number): Promise<PictureFile>
}

const drawnTypes: Partial<Record<PictureFormat, PictureFile['type']>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
}
/** A browser holds four bytes for each. */
const mostDrawnPixels = 2 ** 27
/** What comes of the bytes alone: to be asked again it would only end an engine once more, or take as long. */
const isFinal = new Set<ErrorCode>(['PICTURE_KILLS_ENGINE', 'PICTURE_TOO_LARGE'])
const rememberedErrors = 1000

export function createShownPictures({ photos, previews, openDecoder }: ShownPicturesOptions): ShownPictures {
  const underWay = new Map<string, Promise<PictureFile>>()
  const errors = new Map<string, LensloreError>()

  async function ownFile(photo: Photo): Promise<PictureFile | undefined> {
    const { head, isAsRead } = await look(photo)
    const format = tellPictureFormat(head, photo.path)
    const type = format && drawnTypes[format]
    return type && isDrawnUpright(photo, type) && isSmallEnough(photo)
      ? { path: photo.path, type, contentHash: isAsRead ? photo.contentHash : null }
      : undefined
  }

  async function makeCopy({ path, contentHash: expected, error }: Photo): Promise<PictureFile> {
    const key = expected ?? path
    const known = errors.get(key)
    if (known) throw known
    if (error?.code === 'PICTURE_KILLS_ENGINE') throw new LensloreError(error.code, error.message)
    try {
      const decoder = await openDecoder()
      const { contentHash } = await decoder.preview(path, previews.directory)
      await previews.makeRoom(contentHash)
      return copyOf(previewPath(previews.directory, contentHash), contentHash)
    } catch (thrown) {
      if (thrown instanceof LensloreError && isFinal.has(thrown.code)) remember(key, thrown)
      throw thrown
    }
  }

  function remember(key: string, error: LensloreError): void {
    errors.set(key, error)
    if (errors.size > rememberedErrors) errors.delete(errors.keys().next().value!)
  }

  return {
    async fileOf(photoId) {
      const { contentHash } = photos.known(photoId)
      const kept = contentHash && (await previews.find(contentHash))
      if (kept) return copyOf(kept, contentHash)
      const photo = photos.present(photoId)
      const own = await ownFile(photo)
      if (own) return own
      const key = photo.contentHash ?? photo.path
      let making = underWay.get(key)
      if (!making) {
        making = makeCopy(photo).finally(() => underWay.delete(key))
        underWay.set(key, making)
      }
      return making
    },
  }
}

function copyOf(path: string, contentHash: string): PictureFile {
  return { path, type: 'image/jpeg', contentHash }
}

/** Of other types Chromium leaves out how the camera was held, or not, as it may. */
function isDrawnUpright({ orientation, contentHash }: Photo, type: PictureFile['type']): boolean {
  if (type === 'image/jpeg' || type === 'image/gif') return true
  return contentHash !== null && (orientation ?? 1) === 1
}

function isSmallEnough({ widthPx, heightPx }: Photo): boolean {
  return (widthPx ?? 0) * (heightPx ?? 0) <= mostDrawnPixels
}

/** @returns its first bytes, and whether it is still the file that was read. */
function look(photo: Photo): Promise<{ head: Uint8Array; isAsRead: boolean }> {
  return readRegularFile(photo.path, displayFileName(photo.path), async (file) => {
    const found = await file.stat()
    const head = new Uint8Array(tellingBytes)
    return {
      head: head.subarray(0, await file.read(head, 0)),
      isAsRead: found.size === photo.sizeBytes && found.mtimeMs === photo.modifiedMs,
    }
  })
}
