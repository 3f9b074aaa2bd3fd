import { Queue } from 'bullmq'
import type { ErrorRecord, LensloreError } from '../contract/errors.ts'
import type { WorkerState, WorkersStatus } from '../contract/records.ts'
import { mostBytesInMessage, type WorkerRecord, workerRecord } from '../contract/worker-messages.ts'
import type { OtherMachines } from '../library/library.ts'
import { type QueueAddress, type QueueOptions, readQueueAddress } from './queue-address.ts'
import { openQueueEngine } from './queue-engine.ts'
import {
  asQueueError,
  bullOptions,
  connectRedis,
  heardOfWithinMs,
  places,
  queueName,
  readBounded,
  serverTimeMs,
} from './redis.ts'

export type { QueueOptions } from './queue-address.ts'

/** Who asks what there is waits no longer. */
const answersWithinMs = 5000

/**
 * The workers that a queue brings together.
 * @param options.isAlone nothing is to be captioned on this machine
 * @throws LensloreError as `readQueueAddress`
 */
export function workersOf(options: QueueOptions & { isAlone?: boolean }): OtherMachines {
  const address = readQueueAddress(options)
  const isAlone = options.isAlone ?? false
  const engines = new Set<ReturnType<typeof openQueueEngine>>()
  return {
    isAlone,
    open(model, onProblem: (problem: ErrorRecord) => void) {
      const engine = openQueueEngine({ address, model, isAlone, onProblem })
      engines.add(engine)
      void engine.ended.then(() => engines.delete(engine))
      return engine
    },
    status: () => readStatus(address),
    async close() {
      for (const engine of engines) engine.close()
      await Promise.all([...engines].map(({ ended }) => ended))
    },
  }
}

async function readStatus(address: QueueAddress): Promise<WorkersStatus> {
  let trouble: LensloreError | undefined
  const refused = Promise.withResolvers<never>()
  const redis = connectRedis(address, {
    onTrouble(error) {
      trouble = error
      refused.reject(error)
    },
    onReady() {},
  })
  const late = setTimeout(
    () => refused.reject(trouble ?? asQueueError(new Error('it took too long'), address)),
    answersWithinMs,
  )
  try {
    return await Promise.race([read(), refused.promise])
  } finally {
    clearTimeout(late)
    redis.disconnect()
  }

  async function read(): Promise<WorkersStatus> {
    const nowMs = await serverTimeMs(redis)
    const heardOf = await redis.zrangebyscore(places.workers, '-inf', '+inf', 'WITHSCORES')
    const states: WorkerState[] = []
    for (let at = 0; at < heardOf.length; at += 2) {
      const record = readRecord(await readBounded(redis, places.worker(heardOf[at]!), mostBytesInMessage))
      if (record) states.push(stateOf(record, Math.max(0, nowMs - Number(heardOf[at + 1]))))
    }
    const libraries = await redis.zrangebyscore(places.libraries, nowMs - heardOfWithinMs, '+inf')
    const jobs = await Promise.all(libraries.map(countJobs))
    return {
      workers: states.sort((a, b) => (a.name < b.name ? -1 : 1)),
      libraries: libraries.length,
      waitingJobs: jobs.reduce((sum, { waiting }) => sum + waiting, 0),
      activeJobs: jobs.reduce((sum, { active }) => sum + active, 0),
    }
  }

  async function countJobs(libraryId: string): Promise<{ waiting: number; active: number }> {
    const queue = new Queue(queueName(libraryId), bullOptions(redis))
    queue.on('error', () => {})
    const counts = await queue.getJobCounts('wait', 'prioritized', 'active')
    return { waiting: (counts.wait ?? 0) + (counts.prioritized ?? 0), active: counts.active ?? 0 }
  }
}

/** @returns null for what another version wrote, or anybody else */
function readRecord(text: string | null): WorkerRecord | null {
  try {
    return text === null ? null : workerRecord.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function stateOf(
  { protocol: _protocol, libraries: _libraries, forMs, ...record }: WorkerRecord,
  heardOfMs: number,
): WorkerState {
  const isSilent = heardOfMs > heardOfWithinMs
  return { ...record, heardOfMs, forMs: forMs + heardOfMs, ...(isSilent && { state: 'silent' as const }) }
}
