import sharp from 'sharp'
import { previewPath } from '../../contract/preview-path.ts'
import { type DecodeLimits, decodeToFit } from './decode.ts'
import { isKept, keepFile } from './keep-file.ts'
import { readFileContent, shownName } from './read-bytes.ts'

/** Of four times the pixels of a large screen: nobody zooms into more without the file itself. */
const longestSidePx = 6000
const quality = 90

/**
 * Keeps an upright copy of a whole picture in the cache that every browser draws, unless there is one of the same content.
 * @param path in the form of `contract/file-name.ts`
 * @returns the content that it shows: SHA-256, lower-case hex
 * @throws LensloreError as `preparePicture`; `DISK_FULL`, `WRITE_FAILED`
 */
export async function keepPreview(path: string, directory: string, limits: DecodeLimits): Promise<string> {
  const { bytes, contentHash } = await readFileContent(path)
  const kept = previewPath(directory, contentHash)
  if (await isKept(kept)) return contentHash
  const { data, widthPx, heightPx } = await decodeToFit(bytes, shownName(path), longestSidePx, limits)
  const jpeg = await sharp(data, {
    raw: { width: widthPx, height: heightPx, channels: 3 },
    limitInputPixels: false,
  })
    .jpeg({ quality })
    .toBuffer()
  await keepFile(kept, jpeg, 'copies of pictures')
  return contentHash
}
