import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { type ErrorCode, toErrorRecord } from '../contract/errors.ts'
import { nativePath } from '../contract/native-path.ts'
import { type PhotoAddress, parsePhotoAddress } from '../contract/photo-address.ts'
import { keptForEver } from './caching.ts'
import type { HeldLibrary } from './held-library.ts'
import { pictureAt } from './picture-files.ts'

const askAgain = 'private, no-cache'

/** @param address as `photo-address.ts` has it @param known the tags that the page has */
export async function answerPicture(
  library: HeldLibrary,
  address: string,
  known?: string,
): Promise<Response> {
  const asked = parsePhotoAddress(address)
  if (!asked) return new Response('There is no such picture.', { status: 404 })
  try {
    const { path, type, hash } = await pictureAtLast(library, asked)
    const file = nativePath(path)
    const { size, mtimeMs } = await stat(file)
    const tag = `"${hash ?? `${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}`}-${asked.kind}"`
    const headers = {
      etag: tag,
      'cache-control': asked.hash !== null && asked.hash === hash ? keptForEver : askAgain,
    }
    if (known?.split(',').some((each) => each.trim().replace(/^W\//, '') === tag)) {
      return new Response(null, { status: 304, headers })
    }
    return new Response(Readable.toWeb(createReadStream(file)) as ReadableStream, {
      headers: { ...headers, 'content-type': type, 'content-length': String(size) },
    })
  } catch (thrown) {
    const { code, message } = toErrorRecord(thrown)
    const headers = { 'cache-control': 'no-store' }
    return new Response(message, { status: statusOf[code] ?? 404, headers })
  }
}

/** What made a picture is closed for other settings or a restored library, and another one is there to be asked. */
const isReplaced = new Set<ErrorCode>(['CANCELLED', 'CHANNEL_CLOSED'])
const mostTimesAsked = 3

async function pictureAtLast(library: HeldLibrary, asked: PhotoAddress) {
  for (let times = 1; ; times++) {
    try {
      return await pictureAt(library, asked)
    } catch (thrown) {
      if (times === mostTimesAsked || !isReplaced.has(toErrorRecord(thrown).code)) throw thrown
    }
  }
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  CANCELLED: 503,
  CHANNEL_CLOSED: 503,
  FILE_UNAVAILABLE: 503,
  ENGINE_DIED: 503,
  INTERNAL: 500,
}
