import { join } from 'node:path'
import type { CaptionResult, DecodedPicture, EngineInfo } from '../../contract/engine-calls.ts'
import { type ErrorCode, type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { type CaptionStore, modelKey } from '../store/captions.ts'
import type { PhotoStore } from '../store/photos.ts'
import type { QueueStore, WorkItem } from '../store/queue.ts'
import { type CaptionEngine, captionFile, type PictureDecoder } from './caption-engine.ts'
import { isLeftForLater } from './left-for-later.ts'
import type { WorkUnderWay } from './progress.ts'

/** The engine runs one batch, has one decoded and decodes a third; more would only be more to repeat. */
const batchesUnderWay = 3
/** Captions of one batch come in one after the other; this long they are gathered into one transaction. */
const gatherMs = 25

/** What says nothing about the picture: the whole run ends, and the photo stays work. */
const endsRun = new Set<ErrorCode>([
  'ENGINE_DIED',
  'ENGINE_FAILED',
  'CANCELLED',
  'CHANNEL_CLOSED',
  'DISK_FULL',
])

export interface CaptioningOptions {
  /** Reads the files; what captions gets no more than pixels. */
  decoder: PictureDecoder
  engine: CaptionEngine
  thumbnailDirectory: string
  photos: PhotoStore
  captions: CaptionStore
  queue: QueueStore
  progress: WorkUnderWay
  /** Told of photos that got a caption or an error, and how many of them an error. */
  onPhotosChanged(photoIds: number[], failed: number): void
  /** Told of a photo that cannot be reached at present; it stays work. */
  onUnavailable(photoId: number): void
  /** Told once of each kind of trouble that spoils no caption, such as a full disk for thumbnails. */
  onProblem(problem: ErrorRecord): void
  /** Settles when nothing more will be added to the queue; until then an empty queue is waited on. */
  filling: Promise<void>
  signal: AbortSignal
}

interface Finished {
  item: WorkItem
  picture: DecodedPicture
  result: CaptionResult
}

export interface Captioning {
  /** Looks into the queue again: there is new work in it. */
  wake(): void
  /**
   * Settles when nothing is left.
   * @throws LensloreError `CANCELLED` by the signal; `ENGINE_DIED` and the like when there is no engine to be had.
   */
  finished: Promise<void>
}

/**
 * Captions everything that is work, newest first, until nothing is left. A photo is work until its caption is
 * in the database, so a kill at any moment repeats at most what was under way.
 */
export function startCaptioning(options: CaptioningOptions): Captioning {
  let wake: () => void = () => {}
  const finished = captionAll(options, (listen) => {
    wake = listen
  })
  return { wake: () => wake(), finished }
}

async function captionAll(
  options: CaptioningOptions,
  onListening: (wake: () => void) => void,
): Promise<void> {
  const { decoder, engine, thumbnailDirectory, photos, captions, queue, progress, signal } = options
  const { onPhotosChanged, onUnavailable, onProblem } = options
  const info = await engine.info()
  const key = modelKey(info.modelId, info.adapterId)
  const underWay = new Map<number, string | null>()
  /** Not to be asked for again in this run. */
  const leftAlone = new Set<number>()
  const finished: Finished[] = []
  const told = new Set<ErrorCode>()
  let fatal: unknown
  let filled = false
  let wake: () => void = () => {}
  let flushTimer: NodeJS.Timeout | undefined
  onListening(() => {
    leftAlone.clear()
    wake()
  })
  void options.filling
    .catch((thrown: unknown) => {
      fatal ??= thrown
    })
    .then(() => {
      filled = true
      wake()
    })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)

  function flush(): void {
    clearTimeout(flushTimer)
    flushTimer = undefined
    const batch = finished.splice(0)
    if (batch.length === 0) return
    captions.addFromModel(
      batch.map((each) => toModelCaption(each, info)),
      Date.now(),
    )
    for (const { item, picture } of batch) {
      // Written to since it was read: the next run reads it again, or one file that never rests would keep this one.
      if (underWay.get(item.photoId) !== picture.contentHash) leftAlone.add(item.photoId)
      underWay.delete(item.photoId)
    }
    report(
      batch.map(({ item }) => item.photoId),
      0,
    )
  }

  function report(photoIds: number[], failed: number): void {
    progress.add(photoIds.length, failed)
    onPhotosChanged(photoIds, failed)
  }

  async function captionOne(item: WorkItem): Promise<void> {
    const path = join(item.folderPath, item.directory, item.name)
    const outcome = await captionFile(decoder, engine, path, thumbnailDirectory).then(
      (done) => ({ done }),
      (thrown: unknown) => ({ thrown }),
    )
    orEndRun(() => {
      if ('done' in outcome) succeed({ item, ...outcome.done })
      else fail(item, outcome.thrown)
    })
  }

  function succeed(done: Finished): void {
    finished.push(done)
    if (done.picture.thumbnailError) tellOnce(done.picture.thumbnailError)
    if (finished.length >= engine.batchSize) flush()
    else flushTimer ??= setTimeout(() => orEndRun(flush), gatherMs)
  }

  function fail(item: WorkItem, thrown: unknown): void {
    underWay.delete(item.photoId)
    const error = toErrorRecord(thrown)
    if (endsRun.has(error.code)) throw thrown
    if (error.code === 'FILE_UNAVAILABLE') onUnavailable(item.photoId)
    if (isLeftForLater(error.code)) leftAlone.add(item.photoId)
    else {
      photos.setError(item.photoId, error, Date.now())
      report([item.photoId], 1)
    }
  }

  /** What fails here is the engine or the database, not a photo. */
  function orEndRun(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      fatal ??= thrown
    }
    wake()
  }

  function tellOnce(problem: ErrorRecord): void {
    if (told.has(problem.code)) return
    told.add(problem.code)
    onProblem(problem)
  }

  /** Exact duplicates share one run: the twin of a photo under way waits, that of a finished one copies. */
  function takeNext(): WorkItem[] {
    const room = batchesUnderWay * engine.batchSize - underWay.size
    if (room <= 0) return []
    const items = queue.nextToCaption(key, 2 * room, [...underWay.keys(), ...leftAlone])
    const ids = items.map((item) => item.photoId)
    const known = captions.takeUpAgain(ids, key)
    const others = ids.filter((id) => !known.includes(id))
    const copied = [...known, ...captions.copyFromDuplicates(others, key, Date.now())]
    if (copied.length > 0) report(copied, 0)
    const done = new Set(copied)
    const hashes = new Set(underWay.values())
    const taken: WorkItem[] = []
    for (const item of items) {
      if (done.has(item.photoId) || taken.length === room) continue
      const { contentHash } = photos.byId(item.photoId) ?? {}
      if (!contentHash || hashes.has(contentHash)) continue
      hashes.add(contentHash)
      underWay.set(item.photoId, contentHash)
      taken.push(item)
    }
    // All that was looked at was copied: look further at once.
    return taken.length === 0 && copied.length > 0 ? takeNext() : taken
  }

  try {
    for (;;) {
      if (signal.aborted)
        throw new LensloreError('CANCELLED', 'Captioning was stopped; it goes on with the next run.')
      if (fatal) throw fatal
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      const wasFilled = filled
      progress.setRemaining(queue.counts(key).waiting)
      for (const item of takeNext()) void captionOne(item)
      if (underWay.size === 0 && wasFilled) break
      await promise
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    flush()
  }
}

function toModelCaption({ item, picture, result }: Finished, info: EngineInfo) {
  return {
    photoId: item.photoId,
    text: result.caption,
    score: result.score,
    confidence: result.confidence,
    isUnsure: result.isUnsure,
    doubtfulWords: result.doubtfulWords,
    modelId: info.modelId,
    adapterId: info.adapterId,
    contentHash: picture.contentHash,
  }
}
