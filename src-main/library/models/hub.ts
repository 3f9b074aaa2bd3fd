import type { PathInfo } from '@huggingface/hub'
import { LensloreError } from '../../contract/errors.ts'
import type { CatalogueFile, CatalogueModel } from './catalogue.ts'
import type { ExpectedDigest } from './digest.ts'
import type { RemoteFile } from './remote-file.ts'
import { isUnreachable } from './transfer.ts'

export interface Hub {
  hubUrl: string
  fetch: typeof fetch
}

/**
 * Asks the hub for size, content id and address of a model's files: one request for the list, one a file.
 * @param pins SHA-256 by path that an earlier download saw, for what the catalogue does not know.
 * @throws LensloreError `NETWORK_UNREACHABLE`, `DOWNLOAD_FAILED` where the hub has no such file or refuses,
 * `CHECKSUM_MISMATCH` where the hub's file is another one than the catalogue's.
 */
export async function describeFiles(
  model: CatalogueModel,
  pins: ReadonlyMap<string, string>,
  hub: Hub,
): Promise<RemoteFile[]> {
  const { repository: repo, revision } = model
  const paths = model.files.map(({ path }) => path)
  const { pathsInfo } = await loadClient()
  const infos = await asking(hub, () => pathsInfo({ repo, revision, paths, ...hub }))
  const byPath = new Map(infos.map((info) => [info.path, info]))
  return Promise.all(
    model.files.map(async (file): Promise<RemoteFile> => {
      const info = byPath.get(file.path)
      const address = info && (await asking(hub, () => fileAddress(repo, revision, file.path, hub)))
      if (!info || !address) {
        throw new LensloreError(
          'DOWNLOAD_FAILED',
          `The hub has no ${file.path} in ${repo} at revision ${revision}.${model.note ? ` ${model.note}` : ''}`,
        )
      }
      const expected = expectedDigest(model, file, info, pins.get(file.path))
      return { path: file.path, url: address, sizeBytes: info.lfs?.size ?? info.size, expected }
    }),
  )
}

/** Only who downloads pays for it: ten megabytes of the library's memory. */
function loadClient() {
  return import('@huggingface/hub')
}

async function fileAddress(repo: string, revision: string, path: string, hub: Hub): Promise<string | null> {
  const probe = { ...hub, fetch: sizedWithoutRanges(hub.fetch) }
  const { fileDownloadInfo } = await loadClient()
  const info = await fileDownloadInfo({ repo, revision, path, ...probe })
  return info?.url ?? null
}

/**
 * The client asks for one byte to learn the size from `Content-Range`. A mirror that ignores ranges sends the
 * whole file instead: say its length in the form the client reads, and do not take the bytes.
 */
function sizedWithoutRanges(base: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await base(input, init)
    const length = response.headers.get('content-length')
    if (response.status !== 200 || response.headers.has('content-range') || length === null) return response
    await response.body?.cancel()
    const headers = new Headers(response.headers)
    headers.set('content-range', `bytes 0-0/${length}`)
    return new Response(null, { status: 200, headers })
  }
}

function expectedDigest(
  model: CatalogueModel,
  file: CatalogueFile,
  info: PathInfo,
  pinned: string | undefined,
): ExpectedDigest {
  const known = file.sha256 ?? pinned
  if (known !== undefined && info.lfs && info.lfs.oid !== known) {
    throw new LensloreError(
      'CHECKSUM_MISMATCH',
      `The hub's ${file.path} of ${model.name} is not the file that Lenslore knows; nothing was downloaded.`,
    )
  }
  if (known !== undefined) return { algorithm: 'sha256', hex: known }
  if (info.lfs) return { algorithm: 'sha256', hex: info.lfs.oid }
  if (info.oid) return { algorithm: 'git-blob', hex: info.oid }
  throw new LensloreError('DOWNLOAD_FAILED', `The hub gives no checksum for ${file.path} of ${model.name}.`)
}

/** Runs a request of the client and says its failures in the words of the contract. */
async function asking<T>(hub: Hub, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (cause) {
    const host = new URL(hub.hubUrl).host
    if (isUnreachable(cause)) {
      throw new LensloreError(
        'NETWORK_UNREACHABLE',
        `${host} could not be reached; nothing was downloaded.`,
        {
          cause,
        },
      )
    }
    const { HubApiError } = await loadClient()
    if (cause instanceof HubApiError) {
      throw new LensloreError(
        'DOWNLOAD_FAILED',
        `${host} answered with status ${cause.statusCode}; nothing was downloaded.`,
        { cause },
      )
    }
    throw cause
  }
}
