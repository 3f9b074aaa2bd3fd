import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { LensloreError } from '../../contract/errors.ts'
import { asFileError } from '../../contract/file-errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import { hashPicture } from './picture-hash.ts'

/** Above this a file is hashed in pieces, and only its beginning is kept for its metadata. */
const wholeFileBytes = 64 * 1024 * 1024

export interface ReadFile {
  /** SHA-256, lower-case hex. */
  contentHash: string
  /** Of the picture alone, as `hashPicture` tells it; null also for files above 64 MiB. */
  pictureHash: string | null
  /** All of the file, or the first 64 MiB of a larger one. */
  bytes: Buffer
  sizeBytes: number
  modifiedMs: number
}

/**
 * Reads a photo's file once, for its identity and its metadata.
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_UNAVAILABLE` for what passes, or `FILE_CHANGED`
 * when it was written meanwhile.
 */
export async function readFileOnce(path: string): Promise<ReadFile> {
  try {
    await using handle = await open(nativePath(path), 'r')
    const before = await handle.stat()
    if (!before.isFile()) throw new LensloreError('FILE_NOT_FOUND', `${displayFileName(path)} is no file.`)
    const isWhole = before.size <= wholeFileBytes
    const { bytes, contentHash } = isWhole ? await readWhole(handle) : await readInPieces(handle)
    const after = await handle.stat()
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new LensloreError('FILE_CHANGED', `${displayFileName(path)} was changed while it was read.`)
    }
    const pictureHash = isWhole ? await hashPicture(bytes) : null
    return { contentHash, pictureHash, bytes, sizeBytes: after.size, modifiedMs: after.mtimeMs }
  } catch (thrown) {
    throw asFileError(thrown, displayFileName(path))
  }
}

async function readWhole(handle: FileHandle): Promise<{ bytes: Buffer; contentHash: string }> {
  const bytes = await handle.readFile()
  // On a thread of the pool: searches go on meanwhile.
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return { bytes, contentHash: Buffer.from(digest).toString('hex') }
}

async function readInPieces(handle: FileHandle): Promise<{ bytes: Buffer; contentHash: string }> {
  const sha256 = createHash('sha256')
  const kept: Buffer[] = []
  let keptBytes = 0
  for await (const piece of handle.createReadStream({
    autoClose: false,
    start: 0,
  }) as AsyncIterable<Buffer>) {
    sha256.update(piece)
    if (keptBytes < wholeFileBytes) kept.push(piece)
    keptBytes += piece.length
  }
  return { bytes: Buffer.concat(kept), contentHash: sha256.digest('hex') }
}
