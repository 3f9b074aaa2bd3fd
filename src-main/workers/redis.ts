import { Redis, type RedisOptions } from 'ioredis'
import { LensloreError } from '../contract/errors.ts'
import { formatQueue, type QueueAddress } from './queue-address.ts'

/** Everything of ours there begins with it, for an access control list to allow no more. */
export const keyPrefix = 'lenslore'

/** A server that does not answer for so long is taken for gone, be it that nothing of that came through. */
const answersWithinMs = 20_000
const askEveryMs = 5000
const longestWaitMs = 5000

/** How each connection is made; whoever makes one waits for the server as long as it takes. */
export function connectionOptions({ host, port, database, username, password, tls }: QueueAddress) {
  return {
    host,
    port,
    db: database,
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...(tls && { tls: { ...(tls.ca !== null && { ca: tls.ca }) } }),
    maxRetriesPerRequest: null,
    connectTimeout: 10_000,
    keepAlive: 10_000,
    retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 10), longestWaitMs),
  } satisfies RedisOptions
}

/** Of a library's queue; by our own connection, which is watched. */
export function bullOptions(redis: Redis) {
  return {
    connection: redis,
    prefix: keyPrefix,
    // Each event may be looked up elsewhere, too.
    streams: { events: { maxLen: 500 } },
  }
}

export function queueName(libraryId: string): string {
  return `captions-${libraryId}`
}

const key = (...parts: (string | number)[]) => [keyPrefix, ...parts].join(':')

/** Where what stands beside the queues is. All but the two lists of names expire. */
export const places = {
  /** Ids of libraries, by the server's time at which they were last heard of. */
  libraries: key('libraries'),
  announcement: (libraryId: string) => key('announcement', libraryId),
  /** Ids of workers, as of libraries. */
  workers: key('workers'),
  worker: (workerId: string) => key('worker', workerId),
  pictures: (jobId: string) => key('pictures', jobId),
  answers: (jobId: string) => key('answers', jobId),
  /** How many workers began with a picture that is under suspicion. */
  begun: (suspect: string) => key('begun', suspect),
  adapterWanted: (libraryId: string) => key('adapter-wanted', libraryId),
  adapterPiece: (libraryId: string, piece: number) => key('adapter', libraryId, piece),
}

/** Heard of within this time, one is there. */
export const heardOfWithinMs = 30_000
export const expiry = {
  announcementSeconds: 30,
  /** Longer than any job waits; then its pictures are sent again. */
  picturesSeconds: 900,
  answersSeconds: 900,
  adapterSeconds: 600,
  begunSeconds: 86_400,
  /** A worker that fell silent is told of so long. */
  workerSeconds: 3600,
}

export function connectRedis(
  address: QueueAddress,
  { onTrouble, onReady }: { onTrouble(error: LensloreError): void; onReady(): void },
): Redis {
  const redis = new Redis(connectionOptions(address))
  redis.on('error', (thrown: Error) => onTrouble(asQueueError(thrown, address)))
  redis.on('ready', onReady)
  watch(redis)
  return redis
}

/** Connects again where nothing comes back: the system alone would wait for a quarter of an hour. */
function watch(redis: Redis): void {
  let isAsking = false
  async function ask(): Promise<void> {
    if (isAsking || redis.status !== 'ready') return
    isAsking = true
    const late = setTimeout(() => redis.disconnect(true), answersWithinMs)
    await redis.ping().catch(() => {})
    clearTimeout(late)
    isAsking = false
  }
  const timer = setInterval(ask, askEveryMs).unref()
  redis.on('end', () => clearInterval(timer))
}

const refusals = /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH|ERR DB index)/
const certificateCodes = /CERT|ERR_TLS|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_SSL|EPROTO/

/** @returns `QUEUE_REFUSED` where to wait is of no use, else `QUEUE_UNREACHABLE` */
export function asQueueError(thrown: Error, address: QueueAddress): LensloreError {
  const { code = '', message } = thrown as NodeJS.ErrnoException
  const where = `The queue at ${formatQueue(address)}`
  if (refusals.test(message)) {
    return new LensloreError(
      'QUEUE_REFUSED',
      `${where} does not let Lenslore in: ${message}. See --queue-user and --queue-password-file.`,
      { cause: thrown },
    )
  }
  if (certificateCodes.test(code)) {
    return new LensloreError(
      'QUEUE_REFUSED',
      `${where} has no certificate that is trusted for that name (${code}): give yours by --queue-ca.`,
      { cause: thrown },
    )
  }
  return new LensloreError(
    'QUEUE_UNREACHABLE',
    `${where} does not answer (${code || message}); the work goes on when it does.`,
    { cause: thrown },
  )
}

/** The server's own, for clocks of machines differ. */
export async function serverTimeMs(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

/** A text of no more than so many bytes; null where there is none, or a longer one. */
export async function readBounded(redis: Redis, name: string, mostBytes: number): Promise<string | null> {
  const bytes = await redis.getrangeBuffer(name, 0, mostBytes)
  return bytes.length === 0 || bytes.length > mostBytes ? null : bytes.toString('utf8')
}
