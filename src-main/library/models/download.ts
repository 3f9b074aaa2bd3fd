import { link, mkdir, mkdtemp, rename, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LensloreError } from '../../contract/errors.ts'
import { type CatalogueModel, type Composition, readCatalogue, shippedModelsDirectory } from './catalogue.ts'
import { composeCaptioner } from './compose.ts'
import { describeFiles } from './hub.ts'
import { downloadedDirectory, modelDirectory, partialDirectory, unknownModel } from './models.ts'
import { pinChecksums, readPins } from './pins.ts'
import type { RemoteFile } from './remote-file.ts'
import { refuseWrite, transferFile } from './transfer.ts'

const publicHubUrl = 'https://huggingface.co'

export interface DownloadProgress {
  /** The file that is arriving. */
  path: string
  doneBytes: number
  totalBytes: number
  /** Over the last seconds; 0 until it is known. */
  bytesPerSecond: number
}

export interface DownloadOptions {
  dataDirectory: string
  modelsDirectory?: string | undefined
  /** Another hub than huggingface.co: a mirror, or a server of one's own. */
  hubUrl?: string | undefined
  /** A revision other than the catalogue's; the catalogue's checksums hold all the same. */
  revision?: string | undefined
  fetch?: typeof fetch | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** Wait before a broken connection is tried again; doubled for each further try. */
  retryDelayMs?: number | undefined
}

/**
 * Fetches a model of the catalogue, or both halves of a composition, into `<data>/models/<name>`. The folder
 * appears when every file is there and its checksum holds, and not before; bytes of a download that was broken
 * off wait in `<data>/models/.partial` for the next try.
 * @returns the model's folder.
 * @throws LensloreError `MODEL_NOT_FOUND`, `NETWORK_UNREACHABLE`, `DOWNLOAD_FAILED`, `CHECKSUM_MISMATCH`,
 * `DISK_FULL`, `WRITE_FAILED`, `CANCELLED`; none of them leaves a model folder.
 */
export async function downloadModel(name: string, options: DownloadOptions): Promise<string> {
  const catalogue = await readCatalogue(options.modelsDirectory ?? shippedModelsDirectory)
  const directory = downloadedDirectory(name, options.dataDirectory)
  if (await modelDirectory(directory)) return directory

  const model = catalogue.models.find((entry) => entry.name === name)
  if (model) return fetchModel(options.revision ? { ...model, revision: options.revision } : model, options)
  const composition = catalogue.compositions.find((entry) => entry.name === name)
  if (!composition) throw await unknownModel(name, options.dataDirectory, options.modelsDirectory)
  return fetchComposition(composition, options)
}

async function fetchComposition(composition: Composition, options: DownloadOptions): Promise<string> {
  const ofCatalogue = { ...options, revision: undefined }
  await downloadModel(composition.vision, ofCatalogue)
  await downloadModel(composition.decoder, ofCatalogue)
  const place = downloadedDirectory(composition.name, options.dataDirectory)
  return publish(place, (staging) => composeCaptioner(composition, staging))
}

async function fetchModel(model: CatalogueModel, options: DownloadOptions): Promise<string> {
  const { dataDirectory, hubUrl = publicHubUrl, fetch = globalThis.fetch, retryDelayMs = 1000 } = options
  const signal = options.signal ?? new AbortController().signal
  const cancellable: typeof fetch = (input, init) => fetch(input, { ...init, signal })

  const pins = await readPins(dataDirectory, model)
  const files = await describeFiles(model, pins, { hubUrl, fetch: cancellable }).catch(whenCancelled(signal))

  const parts = partialDirectory(dataDirectory)
  const firstMade = await mkdir(parts, { recursive: true }).catch(refuseWrite({ path: parts }))
  try {
    await requireRoom(parts, files)
    const progress = trackProgress(files, options.onProgress)
    const checksums = new Map<string, string>()
    for (const file of files) {
      const onBytes = (bytes: number) => progress(file, bytes)
      const part = partPath(parts, file)
      checksums.set(file.path, await transferFile(file, part, { fetch, signal, retryDelayMs, onBytes }))
    }
    await pinChecksums(dataDirectory, model, checksums)
    const place = downloadedDirectory(model.name, dataDirectory)
    await publish(place, async (staging) => {
      for (const file of files) {
        const target = join(staging, file.path)
        await mkdir(dirname(target), { recursive: true })
        // Linked, not moved: another program that fetches the same file may be about to take it too.
        await link(partPath(parts, file), target).catch(() => rename(partPath(parts, file), target))
      }
      await writeFile(join(staging, 'SOURCE.json'), sourceNote(model, files, checksums))
    })
    for (const file of files) await rm(partPath(parts, file), { force: true })
    return place
  } finally {
    await removeEmptyParts(parts, files)
    await removeEmpty(parts, firstMade)
  }
}

/** Named by content: a part can only be gone on with when the same bytes are asked for. */
function partPath(parts: string, file: RemoteFile): string {
  return join(parts, `${file.expected.hex}.part`)
}

/** Fills a folder beside its final place and moves it there in one step; whoever was first there wins. */
async function publish(place: string, fill: (staging: string) => Promise<void>): Promise<string> {
  const staging = await mkdtemp(join(dirname(place), '.staging-'))
  try {
    await fill(staging)
    await rename(staging, place)
  } catch (cause) {
    if (!(await modelDirectory(place))) {
      if (cause instanceof LensloreError) throw cause
      refuseWrite({ path: place })(cause)
    }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  return place
}

async function requireRoom(parts: string, files: RemoteFile[]): Promise<void> {
  const { bavail, bsize } = await statfs(parts)
  let missing = 0
  for (const file of files) {
    const present = await stat(partPath(parts, file)).catch(() => ({ size: 0 }))
    missing += Math.max(0, file.sizeBytes - present.size)
  }
  if (missing <= bavail * bsize) return
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1)
  throw new LensloreError(
    'DISK_FULL',
    `The download needs ${gigabytes(missing)} GB and the disk has ${gigabytes(bavail * bsize)} GB free; nothing was downloaded.`,
  )
}

/** A part that no byte has reached is of no use to a next try. */
async function removeEmptyParts(parts: string, files: RemoteFile[]): Promise<void> {
  for (const path of files.map((file) => partPath(parts, file))) {
    const part = await stat(path).catch(() => null)
    if (part?.size === 0) await rm(path, { force: true })
  }
}

/** Leaves nothing behind of a download that brought nothing: removes the folders it made, while they are empty. */
async function removeEmpty(directory: string, firstMade: string | undefined): Promise<void> {
  if (firstMade === undefined) return rmdir(directory).catch(() => undefined)
  for (let at = directory; at.startsWith(firstMade); at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}

function whenCancelled(signal: AbortSignal): (cause: unknown) => never {
  return (cause) => {
    if (!signal.aborted) throw cause
    throw new LensloreError('CANCELLED', 'The download was cancelled before it began.', { cause })
  }
}

function sourceNote(model: CatalogueModel, files: RemoteFile[], checksums: Map<string, string>): string {
  const { repository, revision, licence, source } = model
  const listed = files.map(({ path, sizeBytes }) => ({ path, sizeBytes, sha256: checksums.get(path) }))
  return `${JSON.stringify({ repository, revision, licence, source, files: listed }, null, 2)}\n`
}

/** Folds the bytes of all files into one figure and lets through a report every tenth of a second. */
function trackProgress(files: RemoteFile[], report: DownloadOptions['onProgress']) {
  const reportEveryMs = 100
  const windowMs = 5000
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const arrived = new Map<string, number>()
  const samples: { atMs: number; doneBytes: number }[] = []

  return (file: RemoteFile, bytes: number): void => {
    arrived.set(file.path, bytes)
    const doneBytes = arrived.values().reduce((sum, each) => sum + each, 0)
    const atMs = performance.now()
    const last = samples.at(-1)
    if (last && atMs - last.atMs < reportEveryMs && bytes < file.sizeBytes) return
    samples.push({ atMs, doneBytes })
    while (samples.length > 2 && atMs - samples[0]!.atMs > windowMs) samples.shift()
    const first = samples[0]!
    const elapsedMs = atMs - first.atMs
    const bytesPerSecond = elapsedMs > 0 ? ((doneBytes - first.doneBytes) / elapsedMs) * 1000 : 0
    report?.({ path: file.path, doneBytes, totalBytes, bytesPerSecond })
  }
}
