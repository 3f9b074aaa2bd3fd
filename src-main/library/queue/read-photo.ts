import { createHash } from 'node:crypto'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { type RegularFile, readFirstBytes, readRegularFile } from '../../files/regular-file.ts'
import { hashPicture } from './picture-hash.ts'

/** Above this a file is hashed in pieces, and only its beginning is kept for its metadata. */
const wholeFileBytes = 64 * 1024 * 1024
const pieceBytes = 2 ** 18

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
 * @throws LensloreError as `readRegularFile`; `FILE_CHANGED` when it was written meanwhile.
 */
export function readFileOnce(path: string): Promise<ReadFile> {
  const shownName = displayFileName(path)
  return readRegularFile(path, shownName, async (file) => {
    const before = await file.stat()
    const isWhole = before.size <= wholeFileBytes
    const { bytes, contentHash } = isWhole ? await readWhole(file, before.size) : await readInPieces(file)
    const after = await file.stat()
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new LensloreError('FILE_CHANGED', `${shownName} was changed while it was read.`)
    }
    const pictureHash = isWhole ? await hashPicture(bytes) : null
    return { contentHash, pictureHash, bytes, sizeBytes: after.size, modifiedMs: after.mtimeMs }
  })
}

async function readWhole(
  file: RegularFile,
  sizeBytes: number,
): Promise<{ bytes: Buffer; contentHash: string }> {
  const bytes = await readFirstBytes(file, sizeBytes)
  // On a thread of the pool: searches go on meanwhile.
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return { bytes, contentHash: Buffer.from(digest).toString('hex') }
}

async function readInPieces(file: RegularFile): Promise<{ bytes: Buffer; contentHash: string }> {
  const sha256 = createHash('sha256')
  const kept = Buffer.allocUnsafeSlow(wholeFileBytes)
  const piece = Buffer.allocUnsafeSlow(pieceBytes)
  for (let position = 0; ; ) {
    const read = await file.read(piece, position)
    if (read === 0) return { bytes: kept, contentHash: sha256.digest('hex') }
    sha256.update(piece.subarray(0, read))
    if (position < kept.length) piece.copy(kept, position, 0, Math.min(read, kept.length - position))
    position += read
  }
}
