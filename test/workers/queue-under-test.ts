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
import { readQueueAddress } from '../../src-main/workers/queue-address.ts'
import { openQueueEngine, type QueueEngine } from '../../src-main/workers/queue-engine.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'
import type { ImpatientWorker } from './impatient-worker.ts'
import type { RedisUnderTest } from './redis-server.ts'

const program = fileURLToPath(new URL('impatient-worker.ts', import.meta.url))

/** The engine of a library, in fp32 on one thread of the processor. */
export async function openOwnEngine(t: TestContext): Promise<{ own: SupervisedEngine; info: EngineInfo }> {
  const modelDirectory = await findModel(defaultModelName, makeTemporaryFolder(t))
  const way = { provider: 'cpu', precision: 'fp32', threads: 1 } as const
  const own = superviseEngine(
    forkEngine,
    { modelDirectory, ...way },
    { book: { read: () => [], write() {} } },
  )
  t.after(() => own.close())
  return { own, info: await own.info() }
}

export interface WorkerUnderTest {
  /** As a power cut does it. */
  kill(): Promise<void>
  said(): string
  readonly child: ChildProcess
}

export function startWorker(
  t: TestContext,
  { url, passwordFile }: Pick<RedisUnderTest, 'url' | 'passwordFile'>,
  name: string,
): WorkerUnderTest {
  const dataDirectory = join(makeTemporaryFolder(t), name)
  const options: ImpatientWorker = { url, passwordFile, name, dataDirectory }
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const over = once(child, 'exit')
    child.kill('SIGKILL')
    await over
  }
  t.after(kill)
  return { kill, child, said: () => text }
}

export function openQueue(
  t: TestContext,
  { url, passwordFile }: Pick<RedisUnderTest, 'url' | 'passwordFile'>,
  model: Pick<SharedModel, 'own' | 'info'> & Partial<SharedModel>,
  isAlone = true,
): { engine: QueueEngine; problems: ErrorRecord[] } {
  const problems: ErrorRecord[] = []
  const engine = openQueueEngine({
    address: readQueueAddress({ url, passwordFile }),
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
