import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'

/** An empty file is what a power cut leaves of a rename whose data had not reached the disk. */
export async function isKept(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0
  } catch {
    return false
  }
}

/**
 * Another reader or writer of the same file sees a whole one or none.
 * @param what they are, for an error: `thumbnails`
 * @throws LensloreError `DISK_FULL` or `WRITE_FAILED`
 */
export async function keepFile(path: string, bytes: Uint8Array, what: string): Promise<void> {
  try {
    await writeWhole(path, bytes)
  } catch (cause) {
    throw toWriteError(cause, what)
  }
}

/** `DISK_FULL` or `WRITE_FAILED` for what the system says of a write; an error of ours is itself. */
export function toWriteError(cause: unknown, what: string): LensloreError {
  if (cause instanceof LensloreError) return cause
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LensloreError('DISK_FULL', `There is no room left for ${what}.`, { cause })
  }
  return new LensloreError('WRITE_FAILED', `Writing ${what} failed: ${code ?? String(cause)}.`, { cause })
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // Several threads and processes may write the same file.
  const temporary = `${path}.${randomUUID()}.part`
  try {
    await using file = await open(temporary, 'wx')
    await file.writeFile(bytes)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
  try {
    await rename(temporary, path)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
}
