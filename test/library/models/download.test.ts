import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { LensloreError } from '../../../src-main/contract/errors.ts'
import { type DownloadOptions, downloadModel } from '../../../src-main/library/models/download.ts'
import { findModel, listModels } from '../../../src-main/library/models/models.ts'
import { type HubFile, LocalHub, sha256 } from './local-hub.ts'

const repository = 'someone/tiny'
const revision = 'refs/pr/37'
const weights = noise(300_000)
const config = Buffer.from('{"hello":"config"}\n')

let directory: string
let dataDirectory: string
let modelsDirectory: string
let hub: LocalHub
let hubUrl: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lenslore-download-'))
  dataDirectory = join(directory, 'data')
  modelsDirectory = join(directory, 'models')
  const files = new Map<string, HubFile>([
    ['model.safetensors', { content: weights, large: true }],
    ['config.json', { content: config, large: false }],
  ])
  hub = new LocalHub(repository, revision, files)
  hubUrl = await hub.listen()
  await writeCatalogue({ weightsSha256: sha256(weights) })
})

afterEach(async () => {
  await hub.close()
  await rm(directory, { recursive: true })
})

async function writeCatalogue({ weightsSha256 }: { weightsSha256: string | null }): Promise<void> {
  const model = {
    name: 'tiny',
    kind: 'captioner',
    title: 'A tiny model',
    repository,
    revision,
    licence: { name: 'MIT', url: 'https://example.org/licence' },
    source: 'https://example.org/tiny',
    note: '',
    files: [
      { path: 'model.safetensors', sizeBytes: null, sha256: weightsSha256 },
      { path: 'config.json', sizeBytes: null, sha256: null },
    ],
  }
  await mkdir(modelsDirectory, { recursive: true })
  const catalogue = { checksums: 'made by the test', models: [model], compositions: [] }
  await writeFile(join(modelsDirectory, 'catalogue.json'), JSON.stringify(catalogue))
}

function download(options: Partial<DownloadOptions> = {}): Promise<string> {
  return downloadModel('tiny', { dataDirectory, modelsDirectory, hubUrl, retryDelayMs: 1, ...options })
}

const partPath = () => join(dataDirectory, 'models', '.partial', `${sha256(weights)}.part`)
const bodyRequests = () =>
  hub.requests.filter((line) => line.startsWith('GET /cdn/') && !line.endsWith('0-0'))

async function assertDownloaded(folder: string): Promise<void> {
  assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights)
  assert.deepEqual(await readFile(join(folder, 'config.json')), config)
  assert.deepEqual((await readdir(join(dataDirectory, 'models'))).sort(), ['checksums.json', 'tiny'])
}

async function assertNothingLeft(): Promise<void> {
  assert.deepEqual((await readdir(directory)).sort(), ['models'])
}

describe('a model of the catalogue', () => {
  test('arrives whole, is found and listed, and is not fetched twice', async () => {
    const reports: { doneBytes: number; totalBytes: number }[] = []
    await assert.rejects(findModel('tiny', dataDirectory, modelsDirectory), {
      code: 'MODEL_NOT_FOUND',
      message: 'tiny is not downloaded yet: download it first.',
    })
    const folder = await download({ onProgress: (progress) => reports.push(progress) })
    await assertDownloaded(folder)
    assert.equal(await findModel('tiny', dataDirectory, modelsDirectory), folder)
    const [entry] = await listModels(dataDirectory, modelsDirectory)
    assert.deepEqual(
      { state: entry?.state, directory: entry?.directory },
      { state: 'downloaded', directory: folder },
    )
    const total = weights.length + config.length
    assert.deepEqual(
      { done: reports.at(-1)?.doneBytes, total: reports.at(-1)?.totalBytes },
      { done: total, total },
    )
    const asked = hub.requests.length
    assert.equal(await download(), folder)
    assert.equal(hub.requests.length, asked)
  })

  test('says where it came from in its folder', async () => {
    const source = JSON.parse(await readFile(join(await download(), 'SOURCE.json'), 'utf8'))
    assert.equal(source.repository, repository)
    assert.equal(source.files[0].sha256, sha256(weights))
  })

  test('goes on by ranges when the connection is cut, again and again', async () => {
    hub.fault = { times: 3, cutAfterBytes: 70_000 }
    await assertDownloaded(await download())
    assert.equal(bodyRequests().length, 4)
    assert.match(bodyRequests()[1]!, / bytes=\d+-$/)
  })

  test('goes on where an earlier run stopped', async () => {
    hub.fault = { times: 1000, cutAfterBytes: 1 }
    const cancel = new AbortController()
    hub.onPiece = () => bodyRequests().length > 3 && cancel.abort()
    await assert.rejects(download({ signal: cancel.signal }), { code: 'CANCELLED' })
    await writeFile(partPath(), weights.subarray(0, 123_456))
    hub.fault = undefined
    hub.onPiece = undefined
    await assertDownloaded(await download())
    assert.match(bodyRequests().at(-1)!, / bytes=123456-$/)
  })

  test('is whole also from a server that ignores ranges', async () => {
    hub.ignoresRanges = true
    hub.fault = { times: 1, cutAfterBytes: 70_000 }
    await assertDownloaded(await download())
  })

  test('waits for a server that is busy', async () => {
    hub.fault = { times: 2, status: 503 }
    await assertDownloaded(await download())
  })
})

describe('a download that fails', () => {
  test('leaves nothing where there is no network, and says so in a sentence', async () => {
    await assert.rejects(download({ hubUrl: 'http://127.0.0.1:9' }), {
      code: 'NETWORK_UNREACHABLE',
      message: '127.0.0.1:9 could not be reached; nothing was downloaded.',
    })
    await assertNothingLeft()
  })

  test('leaves nothing when the server refuses', async () => {
    hub.fault = { times: 1000, status: 403 }
    await assert.rejects(download(), { code: 'DOWNLOAD_FAILED', message: /status 403/ })
    await assertNothingLeft()
  })

  test('names the file and revision that the hub does not have', async () => {
    hub.files.delete('config.json')
    await assert.rejects(download(), {
      code: 'DOWNLOAD_FAILED',
      message: `The hub has no config.json in ${repository} at revision ${revision}.`,
    })
    await assertNothingLeft()
  })

  test('gives up on a line that brings nothing any more, and keeps what came', async () => {
    hub.fault = { times: 1, cutAfterBytes: 50_000 }
    const options = { fetch: deadAfterOneBody() }
    await assert.rejects(download(options), {
      code: 'NETWORK_UNREACHABLE',
      message: /run the download again/,
    })
    const kept = (await stat(partPath())).size
    assert.ok(kept > 0 && kept <= 50_000)
    await assertDownloaded(await download())
  })

  test('removes wrong bytes', async () => {
    hub.fault = { times: 1, bytes: noise(weights.length, 7) }
    await assert.rejects(download(), { code: 'CHECKSUM_MISMATCH' })
    await assertNothingLeft()
    await assertDownloaded(await download())
  })

  test('removes a small file whose git id is wrong', async () => {
    hub.fault = { times: 1, path: 'config.json', bytes: Buffer.from('{"hello":"wicked"}\n') }
    await assert.rejects(download(), { code: 'CHECKSUM_MISMATCH' })
    assert.equal(await stat(join(dataDirectory, 'models', 'tiny')).catch(() => null), null)
  })

  test('fetches nothing when the hub has another file than the catalogue knows', async () => {
    await writeCatalogue({ weightsSha256: 'a'.repeat(64) })
    await assert.rejects(download(), { code: 'CHECKSUM_MISMATCH', message: /nothing was downloaded/ })
    assert.deepEqual(bodyRequests(), [])
    await assertNothingLeft()
  })

  test('trusts the first download of a file without a known checksum, and no other after it', async () => {
    await writeCatalogue({ weightsSha256: null })
    await rm(await download(), { recursive: true })
    hub.files.set('model.safetensors', { content: noise(300_000, 9), large: true })
    await assert.rejects(download(), { code: 'CHECKSUM_MISMATCH' })
  })

  test('is refused before it begins where the disk cannot hold it', async () => {
    hub.files.set('model.safetensors', { content: weights, large: true, claimedSizeBytes: 2 ** 52 })
    await assert.rejects(download(), { code: 'DISK_FULL', message: /nothing was downloaded/ })
    await assertNothingLeft()
  })

  test('reports a disk that fills up on the way', {
    skip: process.platform !== 'linux' && 'needs a device that is always full',
  }, async () => {
    await mkdir(join(dataDirectory, 'models', '.partial'), { recursive: true })
    await symlink('/dev/full', partPath())
    await assert.rejects(download(), { code: 'DISK_FULL', message: /model\.safetensors did not fit/ })
    assert.equal(await stat(join(dataDirectory, 'models', 'tiny')).catch(() => null), null)
  })

  test('stops when cancelled, also before the first byte', async () => {
    const cancel = new AbortController()
    hub.onPiece = () => cancel.abort()
    await assert.rejects(download({ signal: cancel.signal }), { code: 'CANCELLED' })
    await assert.rejects(download({ signal: AbortSignal.abort() }), { code: 'CANCELLED' })
    assert.equal(await stat(join(dataDirectory, 'models', 'tiny')).catch(() => null), null)
  })

  test('names the models there are when asked for another', async () => {
    await assert.rejects(downloadModel('huge', { dataDirectory, modelsDirectory, hubUrl }), (error) => {
      assert.ok(error instanceof LensloreError)
      assert.equal(error.code, 'MODEL_NOT_FOUND')
      assert.equal(error.message, 'There is no model named huge; there are tiny.')
      return true
    })
  })
})

test('two downloads of one model at once end in one whole model', async () => {
  const folders = await Promise.all([download(), download()])
  assert.equal(folders[0], folders[1])
  await assertDownloaded(folders[0]!)
})

/** Real answers, but after the first one that carries a file's bytes the line is dead. */
function deadAfterOneBody(): typeof fetch {
  let bodies = 0
  return (input, init) => {
    const range = new Headers(init?.headers).get('range')
    const carriesBytes = String(input).includes('/cdn/') && range !== 'bytes=0-0'
    if (carriesBytes && ++bodies > 1) return Promise.reject(new TypeError('fetch failed'))
    return fetch(input, init)
  }
}

/** Bytes without a pattern, the same for the same seed. */
function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}
