import { hash } from 'node:crypto'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { type PictureFormat, tellingBytes, tellPictureFormat } from '../../contract/picture-format.ts'
import { type RegularFile, readFirstBytes, readRegularFile } from '../../files/regular-file.ts'

/** Larger than any photo (a 200-megapixel TIFF of 16 bits is 1.2 GB raw, but cameras write none). */
export const maxFileBytes = 2 ** 30
/** Of kinds whose decoders hold the file more than once, and that pack so well that no photo is larger (200 megapixels are 100 MB). */
const maxBytesByFormat: Partial<Record<PictureFormat, number>> = { heif: 2 ** 28, jxl: 2 ** 28 }

export interface FileContent {
  bytes: Buffer<ArrayBuffer>
  /** SHA-256 of `bytes`, lower-case hex. */
  contentHash: string
}

/**
 * Reads a whole file once and hashes exactly the bytes that will be decoded, which takes milliseconds of the thread.
 * @param path in the form of `contract/file-name.ts`
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE`, `FILE_TOO_LARGE`, or
 *   `FILE_CHANGED` where it was written while it was read
 */
export async function readFileContent(path: string): Promise<FileContent> {
  const bytes = await readBytes(path)
  return { bytes, contentHash: hash('sha256', bytes, 'hex') }
}

/** The last part of a path, as a person should see it. */
export function shownName(path: string): string {
  return displayFileName(path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1) || path)
}

function readBytes(path: string): Promise<Buffer<ArrayBuffer>> {
  const name = shownName(path)
  return readRegularFile(path, name, async (file) => {
    const before = await file.stat()
    const most = await mostBytes(file, name)
    if (before.size > most) {
      throw new LensloreError(
        'FILE_TOO_LARGE',
        `${name} is larger than ${most / 2 ** 20} MiB, the most that a picture of its kind may have.`,
      )
    }
    const bytes = await readFirstBytes(file, before.size)
    const after = await file.stat()
    if (bytes.length < before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new LensloreError('FILE_CHANGED', `${name} was changed while it was read.`)
    }
    return bytes
  })
}

/** By its first bytes: of what is too large no more is read. */
async function mostBytes(file: RegularFile, name: string): Promise<number> {
  const format = tellPictureFormat(await readFirstBytes(file, tellingBytes), name)
  return (format && maxBytesByFormat[format]) ?? maxFileBytes
}
