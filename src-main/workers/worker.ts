import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq'
import type { CaptionResult, EngineInfo } from '../contract/engine-calls.ts'
import { LensloreError, toErrorRecord } from '../contract/errors.ts'
import {
  type Announcement,
  announcement,
  type JobAnswers,
  mostBytesInJob,
  mostBytesInMessage,
  type WorkerJob,
  type WorkerRecord,
  workerJob,
  workerProtocol,
} from '../contract/worker-messages.ts'
import type { SupervisedEngine } from '../library/library.ts'
import { writeCaption, writeEmbedding } from './answers.ts'
import { createEngineTurns } from './engine-turns.ts'
import { checkProof, inputSize, makeProvingPictures } from './proof.ts'
import { type QueueOptions, readQueueAddress } from './queue-address.ts'
import {
  asQueueError,
  bullOptions,
  connectRedis,
  expiry,
  heardOfWithinMs,
  places,
  queueName,
  readBounded,
  serverTimeMs,
} from './redis.ts'

export interface WorkerOptions {
  queue: QueueOptions
  /** As people are to see it. */
  name: string
  /** Of the program. */
  version: string
  /**
   * Where the files of a model are.
   * @param modelName in the catalogue; null where the library's is in none
   * @throws LensloreError `MODEL_NOT_FOUND`
   */
  findModel(modelName: string | null): Promise<string>
  openEngine(model: { modelDirectory: string; adapterPath: string | null }): SupervisedEngine
  /** Checks one that came from a library. @throws LensloreError as the engine's `inspectAdapter` */
  inspectAdapter(modelDirectory: string, adapterPath: string): Promise<unknown>
  /** Where these are kept. */
  adapterDirectory: string
  /** Ends it after the batches under way. */
  signal: AbortSignal
  /** Told whenever it is another. */
  onState(state: WorkerRecord): void
  /** Told of what ends nothing. */
  onProblem(error: LensloreError): void
  lookEveryMs?: number
  /** A worker that gives no sign for so long has lost its batch. */
  lockMs?: number
}

/** What decides words, in one text. */
function wordsKey({ modelId, adapterId }: Announcement): string {
  return `${modelId} ${adapterId ?? ''}`
}

interface Library {
  id: string
  told: Announcement
}

/** A model with its adapter that is open for the libraries that want it. */
interface Opened {
  words: string
  engine: SupervisedEngine
  info: EngineInfo
  pictures: Uint8Array<ArrayBuffer>[]
  /** What it says of these, by the way that it runs. */
  said: Map<string, Promise<CaptionResult[]>>
}

/** One is under way, and the pictures of the next are here. */
const jobsAtOnce = 2
/** Where others want another model, a library that has had nothing to do for so long waits in turn. */
const idleMs = 10_000
/** Before a library's model is tried again that could not be had. */
const tryAgainMs = 30_000
const adapterPieceBytes = 8 * 2 ** 20
const rateOverJobs = 8

/**
 * Captions for the libraries at a queue, until the signal. It gets pixels alone; what it writes is answers, its own record, and
 * adapters in a folder of its own.
 * @throws LensloreError `QUEUE_REFUSED` where the queue does not let it in; as `readQueueAddress`
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { signal, onProblem, lookEveryMs = 2000, lockMs = 15_000 } = options
  const address = readQueueAddress(options.queue)
  const workerId = randomBytes(16).toString('hex')
  const turns = createEngineTurns()
  const serving = new Map<string, Worker<WorkerJob>>()
  /** Why a library gets no captions from here, and since when. */
  const refusals = new Map<string, { words: string; atMs: number; error: LensloreError }>()
  const recentJobs: { pictures: number; elapsedMs: number }[] = []
  let opened: Opened | undefined
  let underWay = 0
  let captioned = 0
  let lastJobEndedMs = performance.now()
  let stateKept: { text: string; sinceMs: number } | undefined
  let trouble: LensloreError | null = null

  const shutOut = new AbortController()
  const ended = AbortSignal.any([signal, shutOut.signal])
  const redis = connectRedis(address, {
    onTrouble(error) {
      if (error.code === 'QUEUE_REFUSED') shutOut.abort(error)
      if (trouble === null) onProblem(error)
      trouble = error
    },
    onReady() {
      trouble = null
    },
  })

  try {
    while (!ended.aborted) {
      try {
        await unlessAborted(look(), ended)
      } catch (thrown) {
        if (thrown instanceof LensloreError && thrown.code === 'QUEUE_REFUSED') throw thrown
        onProblem(thrown instanceof LensloreError ? thrown : asQueueError(thrown as Error, address))
      }
      await sleep(lookEveryMs, undefined, { signal: ended }).catch(() => {})
    }
    shutOut.signal.throwIfAborted()
  } finally {
    await Promise.all([...serving.values()].map((worker) => worker.close(trouble !== null)))
    opened?.engine.close()
    if (trouble === null) {
      await redis
        .multi()
        .zrem(places.workers, workerId)
        .del(places.worker(workerId))
        .exec()
        .catch(() => {})
    }
    redis.disconnect()
  }

  async function look(): Promise<void> {
    const nowMs = await tellOfMyself()
    const libraries = await readLibraries(nowMs)
    const chosen = choose(libraries)
    if (chosen && opened?.words !== chosen) {
      await stopServing(() => true)
      opened?.engine.close()
      opened = undefined
      await openFor(libraries.find(({ told }) => wordsKey(told) === chosen)!)
    }
    await stopServing((id) => !libraries.some((library) => library.id === id))
    for (const library of libraries) {
      if (opened && wordsKey(library.told) === opened.words && !serving.has(library.id)) await serve(library)
    }
    await sweep(nowMs)
    await tellOfMyself()
  }

  /** @returns the server's time */
  async function tellOfMyself(): Promise<number> {
    const nowMs = await serverTimeMs(redis)
    const record = describe()
    options.onState(record)
    await redis
      .multi()
      .set(places.worker(workerId), JSON.stringify(record), 'EX', expiry.workerSeconds)
      .zadd(places.workers, nowMs, workerId)
      .zremrangebyscore(places.workers, '-inf', nowMs - expiry.workerSeconds * 1000)
      .exec()
    return nowMs
  }

  function describe(): WorkerRecord {
    const session = opened?.engine.session() ?? opened?.info
    const refusal = [...refusals.values()].at(-1)
    const state = underWay > 0 ? 'working' : serving.size === 0 && refusal ? 'refused' : 'waiting'
    if (stateKept?.text !== state) stateKept = { text: state, sinceMs: performance.now() }
    return {
      protocol: workerProtocol,
      version: options.version,
      name: options.name.slice(0, 200),
      device: session?.device.slice(0, 1000) ?? null,
      provider: session?.provider ?? null,
      precision: session?.precision ?? null,
      modelId: opened?.info.modelId ?? null,
      libraries: [...serving.keys()],
      photosPerSecond: rate(),
      captioned,
      state,
      // A batch may have come and gone between two looks.
      forMs: Math.round(
        performance.now() - Math.max(stateKept.sinceMs, state === 'waiting' ? lastJobEndedMs : 0),
      ),
      problem: refusal?.error.message.slice(0, 1000) ?? null,
    }
  }

  function rate(): number {
    const pictures = recentJobs.reduce((sum, job) => sum + job.pictures, 0)
    const elapsedMs = recentJobs.reduce((sum, job) => sum + job.elapsedMs, 0)
    return elapsedMs > 0 ? Math.round((10_000 * pictures) / elapsedMs) / 10 : 0
  }

  async function readLibraries(nowMs: number): Promise<Library[]> {
    const ids = await redis.zrangebyscore(places.libraries, nowMs - heardOfWithinMs, '+inf')
    const libraries: Library[] = []
    for (const id of ids) {
      const text = /^[0-9a-f]{32}$/.test(id)
        ? await readBounded(redis, places.announcement(id), mostBytesInMessage)
        : null
      const told = text === null ? null : readAnnouncement(text)
      if (told) libraries.push({ id, told })
    }
    for (const id of refusals.keys()) if (!ids.includes(id)) refusals.delete(id)
    return libraries
  }

  function readAnnouncement(text: string): Announcement | null {
    try {
      return announcement.parse(JSON.parse(text))
    } catch {
      return null
    }
  }

  /** @returns the words of which the model is to be open; undefined: as it is */
  function choose(libraries: readonly Library[]): string | undefined {
    const wanted = libraries
      .filter(({ id, told }) => {
        const refusal = refusals.get(id)
        if (!refusal) return true
        return refusal.words !== JSON.stringify(told) || performance.now() - refusal.atMs > tryAgainMs
      })
      .map(({ told }) => wordsKey(told))
    const at = opened ? wanted.indexOf(opened.words) : -1
    if (wanted.length === 0) return undefined
    if (at < 0) return wanted[0]
    const isIdle = underWay === 0 && performance.now() - lastJobEndedMs > idleMs
    const next = [...wanted.slice(at), ...wanted].find((words) => words !== opened!.words)
    return isIdle && next !== undefined ? next : opened!.words
  }

  async function openFor(library: Library): Promise<void> {
    const { told } = library
    try {
      const modelDirectory = await options.findModel(told.modelName)
      const adapterPath = told.adapterFile === null ? null : await haveAdapter(library, modelDirectory)
      const engine = options.openEngine({ modelDirectory, adapterPath })
      try {
        const info = await engine.info()
        const pictures = makeProvingPictures(told.input)
        const mine: Opened = { words: wordsKey(told), engine, info, pictures, said: new Map() }
        checkProof(told, info, await answersOf(mine))
        opened = mine
        lastJobEndedMs = performance.now()
        if (signal.aborted) engine.close()
      } catch (thrown) {
        engine.close()
        throw thrown
      }
    } catch (thrown) {
      refuse(library, thrown)
    }
  }

  function refuse({ id, told }: Library, thrown: unknown): void {
    const error =
      thrown instanceof LensloreError ? thrown : new LensloreError('INTERNAL', toErrorRecord(thrown).message)
    if (refusals.get(id)?.error.message !== error.message) onProblem(error)
    refusals.set(id, { words: JSON.stringify(told), atMs: performance.now(), error })
  }

  /** By the way that it runs now. */
  function answersOf({ engine, info, pictures, said }: Opened): Promise<CaptionResult[]> {
    const { provider, precision } = engine.session() ?? info
    const way = `${provider} ${precision}`
    const known = said.get(way) ?? Promise.all(pictures.map((pixels) => engine.caption(pixels)))
    said.set(way, known)
    known.catch(() => said.delete(way))
    return known
  }

  /** A measurement may have found a faster way since it was proven. */
  async function checkAgain(mine: Opened, { told }: Library): Promise<void> {
    checkProof(told, mine.engine.session() ?? mine.info, await answersOf(mine))
  }

  async function serve(library: Library): Promise<void> {
    const mine = opened!
    try {
      await checkAgain(mine, library)
    } catch (thrown) {
      return refuse(library, thrown)
    }
    if (signal.aborted) return
    refusals.delete(library.id)
    const { connection, prefix } = bullOptions(redis)
    const worker = new Worker<WorkerJob>(
      queueName(library.id),
      async (job) => {
        underWay++
        const startedMs = performance.now()
        try {
          const pictures = await work(job, mine, library)
          recentJobs.push({
            pictures,
            elapsedMs: performance.now() - Math.max(startedMs, lastJobEndedMs),
          })
          if (recentJobs.length > rateOverJobs) recentJobs.shift()
          captioned += pictures
        } finally {
          underWay--
          lastJobEndedMs = performance.now()
        }
        return null
      },
      {
        connection,
        prefix,
        name: workerId,
        concurrency: jobsAtOnce,
        lockDuration: lockMs,
        stalledInterval: lockMs,
        maxStalledCount: 1,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
    )
    // The connection of this worker's own has the same troubles, and tells of them.
    worker.on('error', () => {})
    serving.set(library.id, worker)
  }

  async function stopServing(isOver: (libraryId: string) => boolean): Promise<void> {
    for (const [id, worker] of serving) {
      if (!isOver(id)) continue
      serving.delete(id)
      await worker.close()
    }
  }

  /** @returns how many pictures it was */
  async function work(job: Job<WorkerJob>, mine: Opened, library: Library): Promise<number> {
    const asked = workerJob.safeParse(job.data)
    const { widthPx, heightPx } = inputSize(library.told.input)
    const pictureBytes = 3 * widthPx * heightPx
    if (!asked.success) throw new UnrecoverableError('The job is not as it is to be.')
    const { kind, readings, pictures, suspect } = asked.data
    const expected = pictures * pictureBytes
    if (pictures > 1 && expected > mostBytesInJob) throw new UnrecoverableError('The job is too large.')
    const bytes = await redis.getrangeBuffer(places.pictures(job.id!), 0, expected)
    if (bytes.length !== expected) throw new UnrecoverableError('Its pictures are gone.')
    try {
      await checkAgain(mine, library)
    } catch (thrown) {
      refuse(library, thrown)
      throw thrown
    }
    const ask = () =>
      Promise.all(
        Array.from({ length: pictures }, (_, at) => {
          const pixels = Uint8Array.from(bytes.subarray(at * pictureBytes, (at + 1) * pictureBytes))
          return answer(mine.engine, kind, pixels, readings)
        }),
      )
    const answers =
      suspect === null
        ? await turns.shared(ask)
        : await turns.alone(async () => {
            await redis
              .multi()
              .incr(places.begun(suspect))
              .expire(places.begun(suspect), expiry.begunSeconds)
              .exec()
            const answered = await ask()
            await redis.del(places.begun(suspect))
            return answered
          })
    await redis
      .multi()
      .set(places.answers(job.id!), JSON.stringify(answers), 'EX', expiry.answersSeconds)
      .del(places.pictures(job.id!))
      .exec()
    return pictures
  }

  async function answer(
    engine: SupervisedEngine,
    kind: WorkerJob['kind'],
    pixels: Uint8Array<ArrayBuffer>,
    readings: boolean,
  ): Promise<JobAnswers[number]> {
    try {
      if (kind === 'caption') return writeCaption(await engine.caption(pixels, { readings }))
      return { kind: 'embedding', embedding: writeEmbedding(await engine.embed(pixels)) }
    } catch (thrown) {
      const { code, message } = toErrorRecord(thrown)
      if (code !== 'PICTURE_KILLS_ENGINE') throw thrown
      return { kind: 'error', error: { code, message: message.slice(0, 1000) } }
    }
  }

  /** @returns its file, checked as one of unknown origin. @throws LensloreError `CHECKSUM_MISMATCH`, as `inspectAdapter` */
  async function haveAdapter({ id, told }: Library, modelDirectory: string): Promise<string> {
    const { sha256, sizeBytes } = told.adapterFile!
    const path = join(options.adapterDirectory, `${sha256}.safetensors`)
    if (statSync(path, { throwIfNoEntry: false })?.size === sizeBytes) return path
    mkdirSync(options.adapterDirectory, { recursive: true })
    await redis.set(places.adapterWanted(id), '1', 'EX', expiry.adapterSeconds)
    const temporary = `${path}.${workerId}.partial`
    try {
      await receiveAdapter(id, temporary, { sha256, sizeBytes })
      await options.inspectAdapter(modelDirectory, temporary)
      renameSync(temporary, path)
    } finally {
      // Whoever may write to the queue is not to fill this disk.
      rmSync(temporary, { force: true })
    }
    return path
  }

  async function receiveAdapter(
    id: string,
    path: string,
    { sha256, sizeBytes }: NonNullable<Announcement['adapterFile']>,
  ): Promise<void> {
    const file = await open(path, 'w')
    const hash = createHash('sha256')
    try {
      for (let piece = 0, left = sizeBytes; left > 0; piece++) {
        const bytes = await waitForPiece(id, piece, Math.min(left, adapterPieceBytes))
        hash.update(bytes)
        await file.write(bytes)
        left -= bytes.length
      }
      await file.sync()
    } finally {
      await file.close()
    }
    if (hash.digest('hex') !== sha256) {
      throw new LensloreError('CHECKSUM_MISMATCH', 'The adapter that came through the queue is another one.')
    }
  }

  async function waitForPiece(id: string, piece: number, expected: number): Promise<Buffer> {
    const untilMs = performance.now() + tryAgainMs
    while (!signal.aborted && performance.now() < untilMs) {
      const bytes = await redis.getrangeBuffer(places.adapterPiece(id, piece), 0, expected)
      if (bytes.length === expected) return bytes
      await sleep(200)
    }
    throw new LensloreError('QUEUE_UNREACHABLE', 'The library’s adapter did not come through the queue yet.')
  }

  /** Of libraries that ended without a word. */
  async function sweep(nowMs: number): Promise<void> {
    for (const id of await redis.zrangebyscore(places.libraries, '-inf', nowMs - 4 * heardOfWithinMs)) {
      const queue = new Queue(queueName(id), bullOptions(redis))
      queue.on('error', () => {})
      try {
        await queue.obliterate({ force: true })
      } finally {
        await queue.close()
      }
      await redis.zrem(places.libraries, id)
    }
  }
}

/** A queue that is away may keep what is asked of it for ever. Nothing is left at the signal, which lives as long as the worker. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const onAbort = () => resolve()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  await Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}
