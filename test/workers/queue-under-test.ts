import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { EngineInfo } from '../../src-main/contract/engine-calls.ts'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import {
  defaultModelName,
  findModel,
  type SharedModel,
  type SupervisedEngine,
  superviseEngine,
} from '../../src-main/library/library.ts'
import { forkEngine } from '../../src-main/processes/fork.ts'
import { type QueueOptions, readQueueAddress } from '../../src-main/workers/queue-address.ts'
import { openQueueEngine, type QueueEngine } from '../../src-main/workers/queue-engine.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'
import type { ImpatientWorker } from './impatient-worker.ts'

const program = fileURLToPath(new URL('impatient-worker.ts', import.meta.url))

/** The engine of a library, in fp32 on one thread of the processor. */
export async function openOwnEngine(
  t: TestContext,
  adapterPath: string | null = null,
): Promise<{ own: SupervisedEngine; info: EngineInfo }> {
  const modelDirectory = await findModel(defaultModelName, makeTemporaryFolder(t))
  const way = { provider: 'cpu', precision: 'fp32', threads: 1 } as const
  const own = superviseEngine(
    forkEngine,
    { modelDirectory, adapterPath, ...way },
    { book: { read: () => [], write() {} } },
  )
  t.after(() => own.close())
  return { own, info: await own.info() }
}

export interface WorkerUnderTest {
  /** As a power cut does it. */
  kill(): Promise<void>
  readonly adapterDirectory: string
  readonly child: ChildProcess
}

export function startWorker(
  t: TestContext,
  { url, user, passwordFile, caFile }: QueueOptions,
  name: string,
): WorkerUnderTest {
  const dataDirectory = join(makeTemporaryFolder(t), name)
  const queue = { url, user, passwordFile, caFile }
  const options: ImpatientWorker = { queue, name, dataDirectory }
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const over = once(child, 'exit')
    child.kill('SIGKILL')
    await over
  }
  t.after(kill)
  return { kill, child, adapterDirectory: join(dataDirectory, 'adapters') }
}

export function openQueue(
  t: TestContext,
  { url, user, passwordFile, caFile }: QueueOptions,
  model: Pick<SharedModel, 'own' | 'info'> & Partial<SharedModel>,
  isAlone = true,
): { engine: QueueEngine; problems: ErrorRecord[] } {
  const problems: ErrorRecord[] = []
  const engine = openQueueEngine({
    address: readQueueAddress({ url, user, passwordFile, caFile }),
    model: { modelName: defaultModelName, adapterPath: null, ...model },
    isAlone,
    onProblem: (problem) => problems.push(problem),
    lookEveryMs: 200,
  })
  t.after(async () => {
    engine.close()
    await engine.ended
  })
  return { engine, problems }
}
