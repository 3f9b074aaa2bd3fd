import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { access, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName, textFromFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'
import { readWholeFile } from '../../files/regular-file.ts'
import type { FileStat } from '../store/sidecar-state.ts'

/** A file that was written: what a `stat` told of the old one (null: there was none), and tells of the new one. */
export interface WrittenFile {
  before: FileStat | null
  after: FileStat
}

/** The bytes of a file; null where there is none. @throws LensloreError as `readRegularFile` */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readWholeFile(path, displayFileName(path))
  } catch (thrown) {
    if (thrown instanceof LensloreError && isMissing(thrown.cause)) return null
    throw thrown
  }
}

/**
 * A file that is renamed over another asks nobody whether that one may be written to, and nothing is refused to root:
 * so it is asked here. What its owner locked is locked for everybody.
 * @returns what a `stat` tells of it; undefined where there is no file.
 * @throws LensloreError `WRITE_FAILED`
 */
export async function checkIsWritable(path: string): Promise<Stats | undefined> {
  const found = await statIfThere(path)
  if (!found) return undefined
  const isDenied = await access(nativePath(path), constants.W_OK).then(
    () => false,
    (thrown: unknown) => !isMissing(thrown),
  )
  if (isDenied || !(found.mode & constants.S_IWUSR)) {
    throw new LensloreError('WRITE_FAILED', `${displayFileName(path)} is write-protected.`)
  }
  return found
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(nativePath(path))
  } catch (thrown) {
    if (isMissing(thrown)) return undefined
    throw writeError(path, thrown)
  }
}

/**
 * Gives a new file the mode, the group and, where this program may, the owner of the one that it takes the place of.
 * @throws LensloreError `WRITE_FAILED` where it would get into other hands.
 */
async function keepHands(file: FileHandle, { uid, gid, mode }: Stats, path: string): Promise<void> {
  if (process.platform === 'win32') return
  const own = await file.stat()
  if (own.uid !== uid || own.gid !== gid) {
    // Only root may give a file to another owner.
    const isKept = await file.chown(uid, gid).then(
      () => true,
      () => own.gid === gid,
    )
    if (!isKept) {
      await file.chown(own.uid, gid).catch((cause: unknown) => {
        const sentence = `${displayFileName(path)} cannot be written: it would not keep its group.`
        throw new LensloreError('WRITE_FAILED', sentence, { cause })
      })
    }
  }
  // Last, for a change of owner takes bits of it away.
  await file.chmod(mode & 0o7777)
}

/**
 * Writes a whole file so that after a crash or power cut either the old or the new bytes are there: a
 * temporary file in the same folder, synced, renamed, and the folder synced. Mode and group stay, and a file
 * without write permission is refused; a symbolic link keeps pointing at its file, which is the one replaced.
 * @param expected the bytes that must still be there just before (null: no file), so that what another
 * program writes meanwhile is not lost.
 * @returns stats of exactly these two files, whatever other programs do to the path.
 * @throws LensloreError `FILE_CHANGED`, `DISK_FULL`, `WRITE_FAILED`; the file is then as it was.
 */
export async function writeFileAtomically(
  path: string,
  bytes: Buffer,
  expected: Buffer | null,
): Promise<WrittenFile> {
  const target = expected === null ? path : await resolveLink(path).catch(throwAs(path))
  const temporary = nativePath(join(dirname(target), `.lenslore-${randomBytes(6).toString('hex')}.tmp`))
  const written: WrittenFile = { before: null, after: { sizeBytes: 0, modifiedMs: 0 } }
  try {
    const old = expected === null ? undefined : await checkIsWritable(target)
    if (old) written.before = toFileStat(old)
    {
      await using file = await open(temporary, 'wx', old ? old.mode & 0o7777 : 0o666)
      await file.writeFile(bytes)
      if (old) await keepHands(file, old, target)
      await file.sync()
      written.after = toFileStat(await file.stat())
    }
    const present = await readIfThere(target)
    if (expected === null ? present !== null : !present?.equals(expected)) {
      throw changed(path)
    }
    await rename(temporary, nativePath(target))
  } catch (thrown) {
    await rm(temporary, { force: true })
    return throwAs(path)(thrown)
  }
  await syncFolder(dirname(target)).catch(throwAs(path))
  return written
}

/**
 * Removes a file so that it is gone after a power cut too.
 * @returns what a `stat` told of it just before.
 * @throws LensloreError `FILE_CHANGED` where it is not there; `WRITE_FAILED`, also where it is write-protected.
 */
export async function removeFile(path: string): Promise<FileStat> {
  let removed: FileStat
  try {
    const found = await checkIsWritable(path)
    if (!found) throw changed(path)
    removed = toFileStat(found)
    await rm(nativePath(path))
  } catch (thrown) {
    return throwAs(path)(thrown)
  }
  await syncFolder(dirname(path)).catch(throwAs(path))
  return removed
}

function toFileStat({ size: sizeBytes, mtimeMs: modifiedMs }: Stats): FileStat {
  return { sizeBytes, modifiedMs }
}

async function resolveLink(path: string): Promise<string> {
  return textFromFileName(await realpath(nativePath(path), { encoding: 'buffer' }))
}

async function syncFolder(path: string): Promise<void> {
  // Windows has no such call for folders, and some network drives refuse it: the rename stands all the same.
  if (process.platform === 'win32') return
  try {
    await using folder = await open(nativePath(path), 'r')
    await folder.sync()
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EPERM' && code !== 'EACCES') {
      throw thrown
    }
  }
}

/** What is not there any more was moved or removed by another program, or is on a drive that was pulled. */
export function throwAs(path: string): (thrown: unknown) => never {
  return (thrown) => {
    throw isMissing(thrown) ? changed(path, thrown) : writeError(path, thrown)
  }
}

function changed(path: string, cause?: unknown): LensloreError {
  return new LensloreError('FILE_CHANGED', `${displayFileName(path)} was changed by another program.`, {
    cause,
  })
}

function isMissing(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException | null)?.code === 'ENOENT'
}

function writeError(path: string, thrown: unknown): LensloreError {
  if (thrown instanceof LensloreError) return thrown
  const code = (thrown as NodeJS.ErrnoException).code
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new LensloreError('DISK_FULL', `There is no space left to write ${displayFileName(path)}.`, {
        cause: thrown,
      })
    : new LensloreError('WRITE_FAILED', `${displayFileName(path)} cannot be written.`, { cause: thrown })
}

/**
 * Writes a new file from pieces as they come, with the same promise as `writeFileAtomically`; a file of that
 * name is replaced, unless it is write-protected, and keeps mode and group.
 * @throws LensloreError `DISK_FULL`, `WRITE_FAILED`; whatever `pieces` throws, leaving nothing behind.
 */
export async function writePiecesAtomically(path: string, pieces: Iterable<string>): Promise<void> {
  const temporary = nativePath(join(dirname(path), `.lenslore-${randomBytes(6).toString('hex')}.tmp`))
  const fail = (thrown: unknown): never => {
    throw writeError(path, thrown)
  }
  const old = await checkIsWritable(path)
  try {
    {
      await using file = await open(temporary, 'wx').catch(fail)
      for (const piece of pieces) await file.appendFile(piece, 'utf8').catch(fail)
      if (old) await keepHands(file, old, path).catch(fail)
      await file.sync()
    }
    await rename(temporary, nativePath(path)).catch(fail)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
  await syncFolder(dirname(path)).catch(fail)
}
