import { constants, type FileHandle, open, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { LensloreError } from '../../contract/errors.ts'
import { type RunningDigest, startDigest } from './digest.ts'
import type { RemoteFile } from './remote-file.ts'

export interface TransferOptions {
  fetch: typeof fetch
  signal: AbortSignal
  /** Wait before the second try of a connection that broke; doubled for each further one. */
  retryDelayMs: number
  /** Called with the bytes on disk, those of an earlier try included. */
  onBytes(bytes: number): void
}

/** Tries in a row that bring no byte before the transfer gives up. */
const maxBarrenTries = 5
const readBytes = 1 << 20

class HttpStatusError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`status ${status}`)
    this.status = status
  }
}

/**
 * Brings one file to `partPath`, going on from the bytes that lie there. Bytes are written at their place in
 * the file and not appended, so two programs that fetch the same file write the same thing.
 * @returns SHA-256 of the whole file, lower-case hex; it has been checked against `file.expected`.
 * @throws LensloreError `CHECKSUM_MISMATCH` (the part is removed), `DISK_FULL`, `WRITE_FAILED`, `CANCELLED`,
 * `NETWORK_UNREACHABLE` and `DOWNLOAD_FAILED` (the part is kept).
 */
export async function transferFile(
  file: RemoteFile,
  partPath: string,
  options: TransferOptions,
): Promise<string> {
  const handle = await open(partPath, constants.O_RDWR | constants.O_CREAT).catch(refuseWrite(file))
  try {
    const digest = startDigest(file.expected, file.sizeBytes)
    const received = await digestPart(handle, file.sizeBytes, digest)
    options.onBytes(received)
    await receiveRest(file, handle, received, digest, options)
    const { sha256, matches } = digest.finish()
    if (matches) {
      await handle.truncate(file.sizeBytes)
      await handle.sync()
      return sha256
    }
  } finally {
    await handle.close()
  }
  await rm(partPath, { force: true })
  throw new LensloreError(
    'CHECKSUM_MISMATCH',
    `What arrived as ${file.path} is not what was asked for; it was removed. Try again, or over another connection.`,
  )
}

/** Hashes what an earlier try left. @returns how many bytes that is. */
async function digestPart(handle: FileHandle, sizeBytes: number, digest: RunningDigest): Promise<number> {
  const presentBytes = Math.min((await handle.stat()).size, sizeBytes)
  const buffer = new Uint8Array(readBytes)
  let position = 0
  while (position < presentBytes) {
    const wanted = Math.min(buffer.length, presentBytes - position)
    const { bytesRead } = await handle.read(buffer, 0, wanted, position)
    if (bytesRead === 0) break
    digest.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return position
}

async function receiveRest(
  file: RemoteFile,
  handle: FileHandle,
  received: number,
  digest: RunningDigest,
  options: TransferOptions,
): Promise<void> {
  let position = received
  const store = async (chunk: Uint8Array) => {
    await writeAll(handle, chunk, position, file)
    digest.update(chunk)
    position += chunk.length
    options.onBytes(position)
  }
  for (let barren = 0; position < file.sizeBytes; ) {
    const before = position
    try {
      await receiveOnce(file, position, store, options)
      if (position < file.sizeBytes) throw new TypeError('The answer ended early.')
    } catch (cause) {
      barren = position > before ? 0 : barren + 1
      if (!mayPass(cause) || options.signal.aborted || barren >= maxBarrenTries) {
        throw explain(cause, file, position, options.signal)
      }
      await delay(options.retryDelayMs * 2 ** barren, undefined, { signal: options.signal }).catch(() => {
        throw explain(cause, file, position, options.signal)
      })
    }
  }
}

/** One request for the bytes from `position` on; `store` gets them in order. */
async function receiveOnce(
  file: RemoteFile,
  position: number,
  store: (chunk: Uint8Array) => Promise<void>,
  { fetch, signal }: TransferOptions,
): Promise<void> {
  const headers: Record<string, string> = position > 0 ? { Range: `bytes=${position}-` } : {}
  const response = await fetch(file.url, { headers, signal })
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    throw new HttpStatusError(response.status)
  }
  // A server that ignores the range sends the file from its start: leave out what is already here.
  let skip = response.status === 206 ? 0 : position
  let room = file.sizeBytes - position
  for await (const bytes of response.body) {
    const fresh = bytes.subarray(Math.min(skip, bytes.length), skip + room)
    skip -= Math.min(skip, bytes.length)
    room -= fresh.length
    if (fresh.length > 0) await store(fresh)
    if (room === 0) return
  }
}

async function writeAll(
  handle: FileHandle,
  chunk: Uint8Array,
  position: number,
  file: RemoteFile,
): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await handle
      .write(chunk, done, chunk.length - done, position + done)
      .catch(refuseWrite(file))
    done += bytesWritten
  }
}

/** Whether a further try may do better: the line, or a server that is busy; not the disk, not a refusal. */
function mayPass(cause: unknown): boolean {
  if (cause instanceof LensloreError) return false
  if (cause instanceof HttpStatusError) return cause.status >= 500 || [408, 425, 429].includes(cause.status)
  return true
}

function explain(cause: unknown, file: RemoteFile, position: number, signal: AbortSignal): LensloreError {
  if (cause instanceof LensloreError) return cause
  const arrived = `${megabytes(position)} of ${megabytes(file.sizeBytes)} MB of ${file.path}`
  if (signal.aborted) {
    return new LensloreError(
      'CANCELLED',
      `The download was cancelled; ${arrived} are kept for the next time.`,
      {
        cause,
      },
    )
  }
  const host = new URL(file.url).host
  if (cause instanceof HttpStatusError) {
    return new LensloreError(
      'DOWNLOAD_FAILED',
      `${host} answered with status ${cause.status} for ${file.path}; try again later.`,
      { cause },
    )
  }
  return new LensloreError(
    'NETWORK_UNREACHABLE',
    `The connection to ${host} was lost after ${arrived}; run the download again to go on from there.`,
    { cause },
  )
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)

/** Turns a failed write into an error of the contract. */
export function refuseWrite(file: { path: string }): (cause: unknown) => never {
  return (cause) => {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new LensloreError(
        'DISK_FULL',
        `The disk is full: ${file.path} did not fit; what has arrived is kept.`,
        {
          cause,
        },
      )
    }
    throw new LensloreError('WRITE_FAILED', `${file.path} could not be written: ${code ?? cause}.`, { cause })
  }
}

/** Whether a failed request never reached a server: no name, no route, nobody listening, no answer. */
export function isUnreachable(cause: unknown): boolean {
  return cause instanceof TypeError && cause.message === 'fetch failed'
}
