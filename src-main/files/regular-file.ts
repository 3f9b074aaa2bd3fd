import { constants, type Dir, type Stats } from 'node:fs'
import { type FileHandle, open, opendir, stat } from 'node:fs/promises'
import { LensloreError } from '../contract/errors.ts'
import { asFileError } from '../contract/file-errors.ts'
import { nativePath } from '../contract/native-path.ts'

// Files in folders of photos are opened here alone: what lies there may be no file but a pipe, which keeps whoever opens it
// waiting for ever, or be on a drive that does not answer, which keeps a thread of Node's pool for as long.

export interface RegularFile {
  stat(): Promise<Stats>
  /** Fills `target` with what stands from `position` on, as far as the file goes. @returns how many bytes that is */
  read(target: Uint8Array, position: number): Promise<number>
}

export interface ReadingOptions {
  /** For one piece of a file, not for all of it. A drive that has to spin up first takes some fifteen seconds. */
  answersWithinMs?: number
}

/** Node's pool has four threads: one is to be left for all else, also where drives do not answer. */
const filesAtOnce = 3
/** A slow network brings that many within any patience. */
const pieceBytes = 2 ** 20
const patienceMs = 30_000

let taken = 0
/** Files with which a thread of the pool is still waiting, although nobody waits for it any more. */
let unanswered = 0
const waiting: PromiseWithResolvers<void>[] = []
/** Folders of which an answer is still to come: each further question would take a thread that healthy drives need. */
const silentFolders = new Set<string>()

/** Whether a read goes on that nobody can end: until the drive answers, the process does not come to its end by itself. */
export function isReadUnanswered(): boolean {
  return unanswered > 0
}

/**
 * Opens a file for `work` to read. It is opened without waiting, and only where it is a regular one.
 * @param path in the form of `contract/file-name.ts`
 * @param shownName the file as a person should see it
 * @throws LensloreError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, also for what is no regular file; `FILE_UNAVAILABLE` for what
 *   passes, also where its drive does not answer; whatever `work` throws
 */
export async function readRegularFile<T>(
  path: string,
  shownName: string,
  work: (file: RegularFile) => Promise<T>,
  { answersWithinMs = patienceMs }: ReadingOptions = {},
): Promise<T> {
  let handle: FileHandle | undefined
  const close = async () => handle?.close()
  const read = async (answer: Answer) => {
    const name = nativePath(path)
    // To open a device may do something, as to rewind a tape.
    checkRegular(await answer(stat(name)), shownName)
    const opening = open(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).then((opened) => {
      handle = opened
      return opened
    })
    const opened = await answer(opening)
    checkRegular(await answer(opened.stat()), shownName)
    return await work({
      stat: () => answer(opened.stat()),
      async read(target, position) {
        let filled = 0
        while (filled < target.length) {
          const lengthBytes = Math.min(pieceBytes, target.length - filled)
          const { bytesRead } = await answer(opened.read(target, filled, lengthBytes, position + filled))
          if (bytesRead === 0) break
          filled += bytesRead
        }
        return filled
      },
    })
  }
  try {
    return await inTurn(read, close, answersWithinMs)
  } catch (thrown) {
    throw asFileError(thrown, shownName)
  }
}

/** Whether the drive of a folder answers in time who would list it, be it that nothing is there. */
export async function isAnswering(
  path: string,
  { answersWithinMs = patienceMs }: ReadingOptions = {},
): Promise<boolean> {
  if (silentFolders.has(path)) return false
  let opening: Promise<Dir> | undefined
  const close = async () => (await opening)?.close()
  const list = async (answer: Answer) => {
    opening = opendir(nativePath(path))
    await answer(opening)
  }
  try {
    await inTurn(list, close, answersWithinMs)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ETIMEDOUT') return true
    if (opening) {
      silentFolders.add(path)
      void opening.catch(() => {}).finally(() => silentFolders.delete(path))
    }
    return false
  }
}

/** Waits for a step of `work`, as long as a drive may take. @throws Error with the system's `code` */
type Answer = <T>(operation: Promise<T>) => Promise<T>

async function inTurn<T>(
  work: (answer: Answer) => Promise<T>,
  close: () => Promise<void>,
  answersWithinMs: number,
): Promise<T> {
  let pending: Promise<unknown> | undefined

  const answer: Answer = async (operation) => {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      pending = operation
      late.reject(notAnswering())
    }, answersWithinMs)
    try {
      return await Promise.race([operation, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  await takeTurn()
  try {
    return await work(answer)
  } finally {
    if (!pending) await answer(close()).catch(() => {})
    if (pending) giveBackLater(pending, close)
    else giveBack()
  }
}

/** All of a file. @throws LensloreError as `readRegularFile`; what `check` throws of its size, before it is read */
export function readWholeFile(
  path: string,
  shownName: string,
  check: (sizeBytes: number) => void = () => {},
): Promise<Buffer<ArrayBuffer>> {
  return readRegularFile(path, shownName, async (file) => {
    const { size } = await file.stat()
    check(size)
    return readFirstBytes(file, size)
  })
}

/** Also of a file without bytes one is asked for: files of the kernel say that they have none, and may refuse to be read. */
export async function readFirstBytes(file: RegularFile, sizeBytes: number): Promise<Buffer<ArrayBuffer>> {
  // What is not filled is never looked at.
  const room = Buffer.allocUnsafeSlow(Math.max(sizeBytes, 1))
  const filled = await file.read(room, 0)
  return room.subarray(0, Math.min(filled, sizeBytes))
}

function checkRegular(found: Stats, shownName: string): void {
  if (found.isFile()) return
  const what = found.isDirectory() ? 'it is a folder' : 'it is no file but a pipe or a device'
  throw new LensloreError('FILE_UNREADABLE', `${shownName} cannot be read: ${what}.`)
}

async function takeTurn(): Promise<void> {
  if (unanswered >= filesAtOnce) throw notAnswering()
  if (taken < filesAtOnce) {
    taken++
    return
  }
  const turn = Promise.withResolvers<void>()
  waiting.push(turn)
  await turn.promise
}

function giveBack(): void {
  const next = waiting.shift()
  if (next) next.resolve()
  else taken--
}

function giveBackLater(pending: Promise<unknown>, close: () => Promise<void>): void {
  unanswered++
  // Whoever waits would wait for ever.
  if (unanswered >= filesAtOnce) for (const turn of waiting.splice(0)) turn.reject(notAnswering())
  void pending
    .catch(() => {})
    .then(close)
    .catch(() => {})
    .finally(() => {
      unanswered--
      giveBack()
    })
}

function notAnswering(): Error {
  return Object.assign(new Error('The drive does not answer.'), { code: 'ETIMEDOUT' })
}
