import { hash } from 'node:crypto'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { readFirstBytes, readRegularFile } from '../../files/regular-file.ts'

/** Larger than any photo (a 200-megapixel TIFF of 16 bits is 1.2 GB raw, but cameras write none). */
export const maxFileBytes = 2 ** 30

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
    if (before.size > maxFileBytes) {
      throw new LensloreError('FILE_TOO_LARGE', `${name} is larger than ${maxFileBytes / 2 ** 20} MiB.`)
    }
    const bytes = await readFirstBytes(file, before.size)
    const after = await file.stat()
    if (bytes.length < before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new LensloreError('FILE_CHANGED', `${name} was changed while it was read.`)
    }
    return bytes
  })
}
