import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Queue, QueueEvents } from 'bullmq'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../contract/errors.ts'
import {
  type Announcement,
  type JobAnswers,
  jobAnswers,
  mostBytesInJob,
  mostBytesInMessage,
  mostPicturesInJob,
  type WorkerJob,
  type WorkerRecord,
  workerProtocol,
  workerRecord,
} from '../contract/worker-messages.ts'
import type { FarEngine, SharedModel } from '../library/library.ts'
import { readCaption, readEmbedding, writeCaption } from './answers.ts'
import { inputSize, makeProvingPictures } from './proof.ts'
import type { QueueAddress } from './queue-address.ts'
import {
  asQueueError,
  bullOptions,
  connectionOptions,
  connectRedis,
  expiry,
  heardOfWithinMs,
  keyPrefix,
  places,
  queueName,
  readBounded,
  serverTimeMs,
} from './redis.ts'

export interface QueueEngineOptions {
  address: QueueAddress
  model: SharedModel
  /** Where no worker is there, pictures wait for one in place of being given back. */
  isAlone: boolean
  onProblem(problem: ErrorRecord): void
  /** How often it is heard of, looks who is there, and whether what it waits for is still in the queue. */
  lookEveryMs?: number
}

export interface QueueEngine extends FarEngine {
  /** Settles when it is closed, and what it had in the queue is gone. */
  ended: Promise<void>
}

interface Asked {
  kind: WorkerJob['kind']
  pixels: Uint8Array
  readings: boolean
  isUrgent: boolean
  suspect: string | null
  resolve(result: unknown): void
  reject(reason: unknown): void
}

interface Sent {
  asked: Asked[]
  sentMs: number
  /** It was in the queue no more when it was looked for last. */
  isMissed: boolean
  isBeingRead: boolean
}

/** What workers do in this time is in the queue, and no more. */
const aheadMs = 10_000
/** A job is to take a worker so long. */
const jobMs = 1000
const fewestInJob = 4
/** A worker has one under way, and the next. */
const jobsOfWorker = 2
const mostBytesInQueue = 256 * 2 ** 20
/** So long pictures are gathered into one job. */
const gatherMs = 30
/** Before what failed on every worker, or could not be sent, goes out again. */
const tryAgainMs = 2000
const deathsOfOnePicture = 2
/** Redis is to hear that this ends, if it can. */
const endsWithinMs = 2000
/** Beside the pictures that somebody waits for, which have none: BullMQ takes those first. */
const backfillPriority = 10
const stalled = /stalled/
const adapterPieceBytes = 8 * 2 ** 20

/**
 * What workers at a queue caption. The pictures that it was asked for are here until their answers are: whatever happens to the
 * queue, they are sent again, and an answer that comes twice, late or to nobody is left alone.
 */
export function openQueueEngine({
  address,
  model,
  isAlone,
  onProblem,
  lookEveryMs = 2000,
}: QueueEngineOptions): QueueEngine {
  const libraryId = randomBytes(16).toString('hex')
  const { widthPx, heightPx } = inputSize(model.info.input)
  const pictureBytes = 3 * widthPx * heightPx
  const embeddingBytes = { known: null as number | null }
  const waiting: Asked[] = []
  const sent = new Map<string, Sent>()
  /** Go out again in a while. */
  const later = new Set<Asked[]>()
  const listeners = new Set<() => void>()
  const ended = Promise.withResolvers<void>()
  let picturesSent = 0
  let workers: WorkerRecord[] = []
  let lastWorkerMs = performance.now()
  let isClosed = false
  let isReachable = false
  let toldOf: string | null = null
  let gathering: NodeJS.Timeout | undefined

  const redis = connectRedis(address, {
    onTrouble(error) {
      isReachable = false
      tellOnce(error)
    },
    onReady() {
      isReachable = true
      toldOf = null
    },
  })
  const queue = new Queue<WorkerJob>(queueName(libraryId), bullOptions(redis))
  const events = new QueueEvents(queueName(libraryId), {
    connection: connectionOptions(address),
    prefix: keyPrefix,
  })
  // Their connections have the troubles that this one tells of.
  queue.on('error', () => {})
  events.on('error', () => {})
  events.on('completed', ({ jobId }) => void readAnswers(jobId))
  events.on('failed', ({ jobId, failedReason }) => void takeFailure(jobId, failedReason))

  const announced = announce()
  announced.catch((thrown: unknown) => onProblem(toErrorRecord(thrown)))
  let looking = Promise.resolve()
  const timer = setInterval(lookInTurn, lookEveryMs)
  void announced.then(lookInTurn, () => {})

  function lookInTurn(): void {
    looking = looking.then(look).catch((thrown: Error) => {
      if (!isClosed) tellOnce(asQueueError(thrown, address))
    })
  }

  function tellOnce(error: LensloreError): void {
    if (toldOf === error.code || isClosed) return
    toldOf = error.code
    onProblem(toErrorRecord(error))
  }

  async function announce(): Promise<Announcement> {
    const { info, modelName, adapterPath, own } = model
    const results = await Promise.all(makeProvingPictures(info.input).map((pixels) => own.caption(pixels)))
    embeddingBytes.known = results[0]?.embedding?.length ?? null
    // It may run another way than it was opened, by now.
    const { provider, precision } = await own.info()
    return {
      protocol: workerProtocol,
      modelId: info.modelId,
      modelName,
      adapterId: info.adapterId,
      adapterFile: adapterPath === null ? null : await describeFile(adapterPath),
      spaceId: info.spaceId,
      input: info.input,
      proof: { provider, precision, answers: results.map(writeCaption) },
    }
  }

  async function look(): Promise<void> {
    if (isClosed) return
    giveBackWhereNobodyIs()
    if (!isReachable) return
    const told = await announced
    const nowMs = await serverTimeMs(redis)
    await redis
      .multi()
      .set(places.announcement(libraryId), JSON.stringify(told), 'EX', expiry.announcementSeconds)
      .zadd(places.libraries, nowMs, libraryId)
      .exec()
    await readWorkers(nowMs)
    if (model.adapterPath !== null && (await redis.del(places.adapterWanted(libraryId))) > 0) {
      await sendAdapter(model.adapterPath)
    }
    await lookForLost()
    sendNext()
  }

  async function readWorkers(nowMs: number): Promise<void> {
    const ids = await redis.zrangebyscore(places.workers, nowMs - heardOfWithinMs, '+inf')
    const records: WorkerRecord[] = []
    for (const id of ids) {
      const text = await readBounded(redis, places.worker(id), mostBytesInMessage)
      const record = parsed(workerRecord, text)
      if (record?.libraries.includes(libraryId)) records.push(record)
    }
    const hadRoom = roomInAll()
    workers = records
    if (records.length > 0) lastWorkerMs = performance.now()
    if (roomInAll() !== hadRoom) for (const listener of listeners) listener()
  }

  function giveBackWhereNobodyIs(): void {
    const isNobodyThere = performance.now() - lastWorkerMs > heardOfWithinMs
    if (!isNobodyThere) return
    workers = []
    if (isAlone) {
      if (waiting.length + sent.size + later.size > 0) tellOnce(noWorker())
      return
    }
    if (isReachable) for (const id of sent.keys()) void withdraw(id).catch(() => {})
    for (const { reject } of takeAllBack()) reject(noWorker())
  }

  function noWorker(): LensloreError {
    return new LensloreError(
      'QUEUE_UNREACHABLE',
      'No worker takes pictures from the queue; "lenslore worker --queue" starts one on any machine.',
    )
  }

  /** Of all workers together. */
  function ratePerSecond(): number {
    return workers.reduce((sum, { photosPerSecond }) => sum + photosPerSecond, 0)
  }

  function picturesInJob(): number {
    const rate = ratePerSecond() / Math.max(1, workers.length)
    const wanted = Math.round((rate * jobMs) / 1000)
    const most = Math.min(mostPicturesInJob, Math.floor(mostBytesInJob / pictureBytes))
    return Math.max(1, Math.min(most, Math.max(fewestInJob, wanted)))
  }

  /** Pictures that are in the queue at most. */
  function roomInAll(): number {
    if (workers.length === 0) return 0
    const least = workers.length * jobsOfWorker * picturesInJob()
    const ahead = Math.max(least, Math.round((ratePerSecond() * aheadMs) / 1000))
    return Math.max(1, Math.min(ahead, Math.floor(mostBytesInQueue / pictureBytes)))
  }

  function sendNext(): void {
    clearTimeout(gathering)
    gathering = undefined
    if (isClosed || !isReachable) return
    while (waiting.length > 0) {
      const room = roomInAll() - picturesSent
      if (room <= 0) return
      const size = Math.min(room, picturesInJob())
      const batch = takeBatch(size)
      void sendJob(batch)
    }
  }

  /** Of one kind; the urgent ones first. A suspect goes alone. */
  function takeBatch(size: number): Asked[] {
    const first = waiting.find(({ isUrgent }) => isUrgent) ?? waiting[0]!
    const alike = (each: Asked) =>
      each === first ||
      (first.suspect === null &&
        each.suspect === null &&
        each.kind === first.kind &&
        each.readings === first.readings &&
        each.isUrgent === first.isUrgent)
    const batch = waiting.filter(alike).slice(0, first.suspect === null ? size : 1)
    for (const each of batch) waiting.splice(waiting.indexOf(each), 1)
    return batch
  }

  async function sendJob(asked: Asked[]): Promise<void> {
    const id = randomBytes(16).toString('hex')
    const { kind, readings, suspect, isUrgent } = asked[0]!
    sent.set(id, { asked, sentMs: performance.now(), isMissed: false, isBeingRead: false })
    picturesSent += asked.length
    try {
      const pixels = Buffer.concat(asked.map((each) => each.pixels))
      await redis.set(places.pictures(id), pixels, 'EX', expiry.picturesSeconds)
      if (!sent.has(id)) return await withdraw(id)
      await queue.add(
        kind,
        { kind, readings, suspect, pictures: asked.length },
        {
          jobId: id,
          ...(!isUrgent && suspect === null && { priority: backfillPriority }),
          // Another worker may do what one cannot.
          attempts: 5,
          backoff: { type: 'fixed', delay: 500 },
          removeOnComplete: true,
          removeOnFail: true,
        },
      )
      if (!sent.has(id)) await withdraw(id)
    } catch (thrown) {
      if (isClosed) return
      tellOnce(asQueueError(thrown as Error, address))
      sendAgainLater(id)
    }
  }

  function takeBack(id: string): Asked[] {
    const job = sent.get(id)
    if (!job) return []
    sent.delete(id)
    picturesSent -= job.asked.length
    return job.asked
  }

  function takeAllBack(): Asked[] {
    const all = [...sent.keys()].flatMap(takeBack).concat(...later, waiting.splice(0))
    later.clear()
    return all
  }

  function sendAgainLater(id: string): void {
    const asked = takeBack(id)
    later.add(asked)
    setTimeout(() => {
      if (later.delete(asked)) sendAgain(asked)
    }, tryAgainMs).unref()
  }

  function sendAgain(asked: readonly Asked[]): void {
    waiting.unshift(...asked)
    sendNext()
  }

  async function withdraw(id: string): Promise<void> {
    await redis.del(places.pictures(id), places.answers(id))
    await queue.remove(id)
  }

  async function readAnswers(id: string): Promise<void> {
    const job = sent.get(id)
    if (!job || job.isBeingRead) return
    job.isBeingRead = true
    try {
      const text = await readBounded(redis, places.answers(id), mostBytesInMessage)
      if (!sent.has(id)) return
      const answers = parsed(jobAnswers, text)
      if (!answers || !fits(answers, job.asked)) {
        if (text !== null) onProblem(toErrorRecord(nonsense()))
        sendAgainLater(id)
      } else {
        takeBack(id).forEach((asked, at) => {
          settle(asked, answers[at]!)
        })
      }
      await redis.del(places.answers(id), places.pictures(id))
    } catch {
      // It is looked for again.
    } finally {
      job.isBeingRead = false
      sendNext()
    }
  }

  function nonsense(): LensloreError {
    return new LensloreError(
      'WORKER_DIFFERS',
      'A worker answered what is no answer; its pictures go out again. Is it of another version?',
    )
  }

  function fits(answers: JobAnswers, asked: readonly Asked[]): boolean {
    if (answers.length !== asked.length) return false
    return answers.every((answer, at) => {
      if (answer.kind === 'error') return true
      if ((answer.kind === 'caption') !== (asked[at]!.kind === 'caption')) return false
      const length = answer.embedding === null ? null : readEmbedding(answer.embedding).length
      return length === embeddingBytes.known
    })
  }

  function settle({ resolve, reject }: Asked, answer: JobAnswers[number]): void {
    if (answer.kind === 'error') reject(new LensloreError(answer.error.code, answer.error.message))
    else resolve(answer.kind === 'caption' ? readCaption(answer) : readEmbedding(answer.embedding))
  }

  async function takeFailure(id: string, reason: string): Promise<void> {
    const job = sent.get(id)
    if (!job) return
    if (!stalled.test(reason)) return sendAgainLater(id)
    try {
      const { suspect } = job.asked[0]!
      const deaths = suspect === null ? 0 : Number((await redis.get(places.begun(suspect))) ?? 0)
      const asked = takeBack(id)
      if (deaths >= deathsOfOnePicture) for (const { reject } of asked) reject(killsWorkers())
      else if (suspect !== null) sendAgain(asked)
      else sendAgain(asked.map((each) => ({ ...each, suspect: randomBytes(16).toString('hex') })))
    } catch {
      sendAgainLater(id)
    }
  }

  /** What a flush, a restart or an expiry took, and answers of which nobody told. */
  async function lookForLost(): Promise<void> {
    const nowMs = performance.now()
    for (const [id, job] of [...sent]) {
      if (nowMs - job.sentMs < 2 * lookEveryMs) continue
      const isInQueue = (await redis.exists(queue.toKey(id))) > 0
      if (isInQueue) continue
      if ((await redis.exists(places.answers(id))) > 0) await readAnswers(id)
      // Once is no proof: it may be on its way there.
      else if (job.isMissed) sendAgain(takeBack(id))
      else job.isMissed = true
    }
  }

  async function sendAdapter(path: string): Promise<void> {
    let piece = 0
    for await (const bytes of createReadStream(path, { highWaterMark: adapterPieceBytes })) {
      await redis.set(places.adapterPiece(libraryId, piece++), bytes as Buffer, 'EX', expiry.adapterSeconds)
    }
  }

  function request<T>(
    kind: Asked['kind'],
    pixels: Uint8Array,
    { readings = false, isUrgent = false } = {},
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    if (isClosed) reject(stopped())
    else {
      waiting.push({
        kind,
        pixels,
        readings,
        isUrgent,
        suspect: null,
        resolve: resolve as Asked['resolve'],
        reject,
      })
      if (waiting.length >= picturesInJob()) sendNext()
      else gathering ??= setTimeout(sendNext, gatherMs)
    }
    return promise
  }

  async function end(ids: readonly string[]): Promise<void> {
    const leave = async () => {
      await looking
      await redis.del(places.announcement(libraryId), ...ids.map(places.pictures))
      await queue.obliterate({ force: true })
      await redis.zrem(places.libraries, libraryId)
    }
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, isReachable ? endsWithinMs : 0)
    await Promise.race([leave().catch(() => {}), late.promise])
    await Promise.race([Promise.allSettled([events.close(), queue.close()]), late.promise])
    redis.disconnect()
    clearTimeout(timer)
  }

  return {
    info: async () => model.info,
    get batchSize() {
      return Math.ceil(roomInAll() / jobsOfWorker)
    },
    caption: (pixels, options) => request('caption', pixels, options),
    embed: (pixels) => request('embed', pixels),
    onRoomChanged(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      if (isClosed) return
      isClosed = true
      clearInterval(timer)
      clearTimeout(gathering)
      const ids = [...sent.keys()]
      for (const { reject } of takeAllBack()) reject(stopped())
      void end(ids).finally(ended.resolve)
    },
    ended: ended.promise,
  }
}

function stopped(): LensloreError {
  return new LensloreError('CANCELLED', 'Captioning was stopped.')
}

function killsWorkers(): LensloreError {
  return new LensloreError(
    'PICTURE_KILLS_ENGINE',
    'Two workers stopped while they described this picture, so the picture is set aside.',
  )
}

async function describeFile(path: string): Promise<NonNullable<Announcement['adapterFile']>> {
  const { size: sizeBytes } = await stat(path)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return { sha256: hash.digest('hex'), sizeBytes }
}

function parsed<T>(schema: { parse(value: unknown): T }, text: string | null): T | null {
  try {
    return text === null ? null : schema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
