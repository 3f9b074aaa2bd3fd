import { hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { LensloreError } from '../../contract/errors.ts'
import { asFileError } from '../../contract/file-errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import { type PictureFormat, tellingBytes, tellPictureFormat } from '../../contract/picture-format.ts'

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

async function readBytes(path: string): Promise<Buffer<ArrayBuffer>> {
  const name = shownName(path)
  const file = nativePath(path)
  let handle: FileHandle | undefined
  try {
    // Opening a pipe would wait for a writer for ever, so look before opening, and open without blocking.
    if (!(await stat(file)).isFile()) throw new LensloreError('FILE_UNREADABLE', `${name} is not a file.`)
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    return await readUnchanged(handle, name)
  } catch (thrown) {
    throw asFileError(thrown, name)
  } finally {
    await handle?.close()
  }
}

/** By its first bytes: of what is too large no more is read. */
async function mostBytes(handle: FileHandle, name: string): Promise<number> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(tellingBytes), 0, tellingBytes, 0)
  const format = tellPictureFormat(buffer.subarray(0, bytesRead), name)
  return (format && maxBytesByFormat[format]) ?? maxFileBytes
}

async function readUnchanged(handle: FileHandle, name: string): Promise<Buffer<ArrayBuffer>> {
  const before = await handle.stat({ bigint: true })
  const most = await mostBytes(handle, name)
  if (before.size > most) {
    throw new LensloreError(
      'FILE_TOO_LARGE',
      `${name} is larger than ${most / 2 ** 20} MiB, the most that a picture of its kind may have.`,
    )
  }
  // What is not filled is never looked at.
  const bytes = Buffer.allocUnsafeSlow(Number(before.size))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  const after = await handle.stat({ bigint: true })
  if (filled < bytes.length || after.size !== before.size || after.mtimeNs !== before.mtimeNs) {
    throw new LensloreError('FILE_CHANGED', `${name} was changed while it was read.`)
  }
  return bytes
}
