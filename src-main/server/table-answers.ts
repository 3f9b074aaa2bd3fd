import { createReadStream, createWriteStream } from 'node:fs'
import { basename } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { LensloreError, toErrorRecord } from '../contract/errors.ts'
import type { ChosenTable } from '../contract/host-calls.ts'
import { tableFormat } from '../contract/rooms/exchange.ts'
import type { TableFiles } from '../host/table-files.ts'

/** A million captions of 250 characters. */
const tableAtMostBytes = 256 * 1024 * 1024

/** A table to be saved, never to be shown. */
export function answerTable(tables: TableFiles, token: string): Response {
  try {
    const { path } = tables.find(token)
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

/** Takes in a table that a page sends. */
export async function takeTable(
  tables: TableFiles,
  request: Request,
  asked: string | undefined,
): Promise<Response> {
  const format = tableFormat.safeParse(asked)
  if (!format.success || !request.body) {
    return Response.json({ code: 'INVALID_ARGUMENT', message: 'Say csv or json.' }, { status: 400 })
  }
  const { path, token } = await tables.makeTemporary(format.data)
  try {
    await pipeline(
      Readable.fromWeb(request.body as NodeStream),
      boundedTo(tableAtMostBytes),
      createWriteStream(path, { mode: 0o600 }),
    )
  } catch (thrown) {
    const error = toErrorRecord(thrown)
    return Response.json(error, { status: error.code === 'FILE_TOO_LARGE' ? 413 : 500 })
  }
  return Response.json({ token, name: basename(path) } satisfies ChosenTable)
}

function boundedTo(atMostBytes: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes <= atMostBytes) done(null, chunk)
      else done(new LensloreError('FILE_TOO_LARGE', 'The table is larger than 256 MB.'))
    },
  })
}
