import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CaptionResult, DecodedPicture, EngineInfo, SeenPicture } from '../../contract/engine-calls.ts'
import { type ErrorCode, type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import { thumbnailPath } from '../../contract/thumbnail-path.ts'
import { type CaptionStore, modelKey } from '../store/captions.ts'
import type { EmbeddingStore } from '../store/embeddings.ts'
import type { PhotoStore } from '../store/photos.ts'
import { byUrgency, type Product, type QueueStore, type WorkItem } from '../store/queue.ts'
import { isThumbnailKept, removeThumbnail, thumbnailVersion } from '../thumbnails.ts'
import { type CaptionEngine, captionFile, type PictureDecoder } from './caption-engine.ts'
import { isLeftForLater } from './left-for-later.ts'
import type { WorkUnderWay } from './progress.ts'

/** The engine runs one batch and has one decoded; more would only be more to repeat. */
const batchesMade = 2
/** Meanwhile it decodes the next one, with all processors. */
const decodedAtOnce = availableParallelism()
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

/** Where no more than a thumbnail was looked at. */
const nothingMore = { seen: null, result: null, embedding: null }

/** What makes a thumbnail none that something is made of. A picture of which the model dies is none the worse for it. */
const isNoPicture = {
  miniature: new Set<ErrorCode>(['FILE_NOT_FOUND', 'PICTURE_DAMAGED', 'PICTURE_KILLS_ENGINE']),
  embedding: new Set<ErrorCode>(['FILE_NOT_FOUND', 'PICTURE_DAMAGED']),
}

export interface CaptioningOptions {
  /** Reads the files; what captions gets no more than pixels. */
  decoder: PictureDecoder
  engine: CaptionEngine
  thumbnailDirectory: string
  photos: PhotoStore
  captions: CaptionStore
  embeddings: EmbeddingStore
  queue: QueueStore
  progress: WorkUnderWay
  /** Begins to show that photos are embedded which have their words: so many at first. */
  beginEmbedding(photos: number): WorkUnderWay
  /** Told of photos that got a caption or an error, and how many of them an error. */
  onPhotosChanged(photoIds: number[]): void
  /** Told how many more got a caption, and how many an error. */
  onCounted(captioned: number, failed: number): void
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
  /** Of a thumbnail that was there before, no more than what is told of it is made. */
  picture: Pick<DecodedPicture, 'contentHash' | 'thumbhash' | 'miniature' | 'thumbnailError'>
  /** What decoding told; null of such a thumbnail. */
  seen: SeenPicture | null
  /** null: it needed no caption. */
  result: CaptionResult | null
  /** null: it needed none, or the model has no space for it. */
  embedding: Int8Array | null
}

/** A photo with what is to be made of it; a thumbnail and what is told of it come with every decode. */
interface Job {
  item: WorkItem
  product: Product
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
 * Makes captions and thumbnails of everything that lacks them, newest first, until nothing is left. A photo is work
 * until what is made of it is in the database, so a kill at any moment repeats at most what was under way. The summary and
 * the progress count captions: a thumbnail takes a small part of their time, and mostly comes with one.
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
  const { decoder, engine, thumbnailDirectory, photos, captions, embeddings, queue, progress, signal } =
    options
  const { beginEmbedding, onPhotosChanged, onCounted, onUnavailable, onProblem } = options
  const info = await engine.info()
  const key = modelKey(info.modelId, info.adapterId)
  const underWay = new Map<number, string | null>()
  /** Not to be asked for again in this run. */
  const leftAlone = new Set<number>()
  /** Nor for a thumbnail, although it is asked for again: there is no room for one. */
  const withoutThumbnail = new Set<number>()
  const finished: Finished[] = []
  let embeddingShown: WorkUnderWay | undefined
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
    const modelCaptions = batch.flatMap(({ item, picture, result }) =>
      result ? [toModelCaption(item, picture, result, info)] : [],
    )
    captions.addFromModel(modelCaptions, Date.now())
    photos.setSeen(batch.flatMap(({ seen }) => seen ?? []))
    if (info.spaceId !== null) {
      const made = batch.flatMap(({ picture: { contentHash }, embedding }) =>
        embedding ? [{ contentHash, vector: embedding }] : [],
      )
      if (made.length > 0) embeddings.set(made, info.spaceId)
      embeddingShown?.add(batch.filter(({ result, embedding }) => embedding && !result).length)
    }
    queue.setThumbnailsMade(
      batch.filter(({ picture }) => !picture.thumbnailError).map(({ picture }) => picture),
      thumbnailVersion,
    )
    for (const { item, picture } of batch) {
      // Written to since it was read: the next run reads it again, or one file that never rests would keep this one.
      if (underWay.get(item.photoId) !== picture.contentHash) leftAlone.add(item.photoId)
      underWay.delete(item.photoId)
    }
    count(modelCaptions.length, 0)
    const shown = batch.filter(({ seen, picture }) => seen !== null || picture.thumbhash !== null)
    if (shown.length > 0) onPhotosChanged(shown.map(({ item }) => item.photoId))
  }

  function count(captioned: number, failed: number): void {
    progress.add(captioned + failed, failed)
    onCounted(captioned, failed)
  }

  async function makeAll({ item, product }: Job): Promise<void> {
    const outcome = await make[product](item).then(
      (done) => ({ done }),
      (thrown: unknown) => ({ thrown }),
    )
    orEndRun(() => {
      if ('done' in outcome) succeed({ item, ...outcome.done })
      else if (product === 'miniature' || product === 'embedding')
        loseThumbnail(item, outcome.thrown, isNoPicture[product])
      else fail(item, outcome.thrown)
    })
  }

  const pathOf = (item: WorkItem) => join(item.folderPath, item.directory, item.name)
  const make: Record<Product, (item: WorkItem) => Promise<Omit<Finished, 'item'>>> = {
    async caption(item) {
      const { picture, result } = await captionFile(decoder, engine, pathOf(item), {
        thumbnailDirectory,
        isUrgent: item.priority > 0,
      })
      return { picture, seen: picture, result, embedding: result.embedding }
    },
    async thumbnail(item) {
      const picture = await decoder.decode(pathOf(item), { input: null, thumbnailDirectory })
      return { picture, seen: picture, result: null, embedding: null }
    },
    async miniature({ photoId }) {
      const contentHash = underWay.get(photoId)!
      const facts = await decoder.describeThumbnail(thumbnailPath(thumbnailDirectory, contentHash))
      return { picture: { contentHash, ...facts, thumbnailError: null }, ...nothingMore }
    },
    async embedding({ photoId }) {
      const contentHash = underWay.get(photoId)!
      const thumbnail = thumbnailPath(thumbnailDirectory, contentHash)
      const { pixels } = await decoder.decode(thumbnail, { input: info.input, thumbnailDirectory: null })
      const picture = { contentHash, thumbhash: null, miniature: null, thumbnailError: null }
      return { picture, ...nothingMore, embedding: await engine.embed(pixels!) }
    },
  }

  /** Where its file is gone, or damaged, another one is made while the photo's own file is there. */
  function loseThumbnail({ photoId }: WorkItem, thrown: unknown, isNone: ReadonlySet<ErrorCode>): void {
    const contentHash = underWay.get(photoId)!
    underWay.delete(photoId)
    const { code } = toErrorRecord(thrown)
    if (endsRun.has(code)) throw thrown
    if (!isNone.has(code)) return void leftAlone.add(photoId)
    removeThumbnail(thumbnailDirectory, contentHash)
    queue.setThumbnailLost(contentHash)
  }

  function succeed(done: Finished): void {
    finished.push(done)
    if (done.picture.thumbnailError) {
      withoutThumbnail.add(done.item.photoId)
      tellOnce(done.picture.thumbnailError)
    }
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
      count(0, 1)
      onPhotosChanged([item.photoId])
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

  /**
   * What to make next. Photos of exactly the same picture share one run: the twin of one under way waits, that of a finished one copies.
   * @returns `settled`: how much turned out to be made already.
   */
  function takeNext(): { jobs: Job[]; settled: number } {
    const { batchSize } = engine
    const room = batchesMade * batchSize + Math.max(batchSize, decodedAtOnce) - underWay.size
    if (room <= 0) return { jobs: [], settled: 0 }
    const except = [...underWay.keys(), ...leftAlone]
    const toCaption = queue.next('caption', key, 2 * room, except)
    const toThumbnail = queue.next('thumbnail', thumbnailVersion, 2 * room, [...except, ...withoutThumbnail])
    const toMiniature = queue.next('miniature', thumbnailVersion, 2 * room, except)
    // Captions bring it along, and go first.
    const toEmbed =
      info.spaceId !== null && toCaption.length === 0
        ? queue.next('embedding', info.spaceId, 2 * room, except)
        : []
    const captioned = settleCaptions(toCaption.map((item) => item.photoId))
    const kept = settleThumbnails(toThumbnail)
    if (toEmbed.length > 0) embeddingShown ??= beginEmbedding(embeddings.waiting(info.spaceId!))
    const open = new Map<number, Job>(toEmbed.map((item) => [item.photoId, { item, product: 'embedding' }]))
    for (const item of toMiniature) open.set(item.photoId, { item, product: 'miniature' })
    for (const item of toThumbnail) {
      if (!kept.has(item.photoId)) open.set(item.photoId, { item, product: 'thumbnail' })
    }
    for (const item of toCaption) {
      if (!captioned.has(item.photoId)) open.set(item.photoId, { item, product: 'caption' })
    }
    const hashes = new Set<string | null>(underWay.values())
    for (const photoId of underWay.keys()) hashes.add(photos.pictureOf(photoId) ?? null)
    const jobs: Job[] = []
    for (const job of [...open.values()].sort((a, b) => byUrgency(a.item, b.item))) {
      if (jobs.length === room) break
      const { photoId } = job.item
      const { contentHash } = photos.byId(photoId) ?? {}
      const picture = photos.pictureOf(photoId)
      if (!contentHash || hashes.has(contentHash) || (picture !== undefined && hashes.has(picture))) continue
      hashes.add(contentHash).add(picture ?? null)
      underWay.set(photoId, contentHash)
      jobs.push(job)
    }
    return { jobs, settled: captioned.size + kept.size }
  }

  /** Words that this model wrote before, for the photo or for its twin. */
  function settleCaptions(photoIds: number[]): Set<number> {
    const { modelId, adapterId, formerAdapterId } = info
    if (adapterId !== null && formerAdapterId !== null) {
      captions.renameAdapter(photoIds, { modelId, adapterId, formerAdapterId })
    }
    const known = captions.takeUpAgain(photoIds, key)
    const others = photoIds.filter((id) => !known.includes(id))
    const settled = new Set([...known, ...captions.copyFromDuplicates(others, key, Date.now())])
    if (settled.size > 0) {
      count(settled.size, 0)
      onPhotosChanged([...settled])
    }
    return settled
  }

  /** Thumbnails that were made before it was written down, or for another content with the same picture. */
  function settleThumbnails(items: WorkItem[]): Set<number> {
    const hashes = new Map(items.map(({ photoId }) => [photoId, photos.byId(photoId)?.contentHash]))
    const kept = [...hashes].filter(([, hash]) => hash && isThumbnailKept(thumbnailDirectory, hash))
    if (kept.length > 0) {
      queue.setThumbnailsMade(
        kept.map(([, hash]) => ({ contentHash: hash!, thumbhash: null, miniature: null })),
        thumbnailVersion,
      )
    }
    return new Set(kept.map(([id]) => id))
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
      const { jobs, settled } = takeNext()
      for (const job of jobs) void makeAll(job)
      if (settled > 0) {
        // There may be more of that; but searches go first.
        await nextTurn()
        continue
      }
      if (underWay.size === 0 && wasFilled) break
      await promise
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    flush()
    embeddingShown?.end()
  }
}

function toModelCaption(
  item: WorkItem,
  { contentHash }: Finished['picture'],
  result: CaptionResult,
  info: EngineInfo,
) {
  return {
    photoId: item.photoId,
    text: result.caption,
    score: result.score,
    confidence: result.confidence,
    isUnsure: result.isUnsure,
    doubtfulWords: result.doubtfulWords,
    modelId: info.modelId,
    adapterId: info.adapterId,
    precision: result.precision,
    contentHash,
  }
}
