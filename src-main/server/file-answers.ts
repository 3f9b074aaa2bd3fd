import { createReadStream, createWriteStream } from 'node:fs'
import { basename } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { LensloreError, toErrorRecord } from '../contract/errors.ts'
import { type ChosenFile, type SentFileKind, sentFileKind } from '../contract/host-calls.ts'
import type { ExchangedFiles } from '../host/exchanged-files.ts'

const mebibyte = 1024 * 1024

/** A table of a million captions of 250 characters; an adapter of the largest model that is listed, and more. */
const mostMebibytes: Record<SentFileKind, number> = { csv: 256, json: 256, safetensors: 1024 }

/** A file to be saved, never to be shown. */
export function answerFile(files: ExchangedFiles, token: string): Response {
  try {
    const path = files.find(token)
    return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, {
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${basename(path)}"`,
        'cache-control': 'no-store',
      },
    })
  } catch (thrown) {
    return new Response(toErrorRecord(thrown).message, { status: 404 })
  }
}

/** Takes in a file that a page sends, under a name of our own. */
export async function takeFile(
  files: ExchangedFiles,
  request: Request,
  asked: string | undefined,
): Promise<Response> {
  const { data: kind } = sentFileKind.safeParse(asked)
  if (kind === undefined || !request.body) {
    const message = `Say ${sentFileKind.options.join(' or ')}.`
    return Response.json({ code: 'INVALID_ARGUMENT', message }, { status: 400 })
  }
  const { path, token } = await files.makeTemporary(`sent.${kind}`)
  try {
    await pipeline(
      Readable.fromWeb(request.body as NodeStream),
      boundedTo(mostMebibytes[kind]),
      createWriteStream(path, { mode: 0o600 }),
    )
  } catch (thrown) {
    const error = toErrorRecord(thrown)
    return Response.json(error, { status: error.code === 'FILE_TOO_LARGE' ? 413 : 500 })
  }
  return Response.json({ token, name: basename(path) } satisfies ChosenFile)
}

function boundedTo(mebibytes: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes <= mebibytes * mebibyte) done(null, chunk)
      else done(new LensloreError('FILE_TOO_LARGE', `The file is larger than ${mebibytes} MB.`))
    },
  })
}
