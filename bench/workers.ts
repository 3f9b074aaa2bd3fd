// What the queue between a library and its workers carries: workers that answer at once, so that nothing else is measured. Wants a
// redis-server.
//
//   npm run bench workers [photos]
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CaptionResult, EngineInfo, ModelInput } from '../src-main/contract/engine-calls.ts'
import { noDoubt } from '../src-main/contract/records.ts'
import type { SupervisedEngine } from '../src-main/library/library.ts'
import { readQueueAddress } from '../src-main/workers/queue-address.ts'
import { openQueueEngine } from '../src-main/workers/queue-engine.ts'
import { runWorker } from '../src-main/workers/worker.ts'

const self = fileURLToPath(import.meta.url)

/** Says the same of every picture, in no time. */
function promptEngine(sidePx: number) {
  const input: ModelInput = {
    resize: { kind: 'squash', widthPx: sidePx, heightPx: sidePx },
    crop: null,
    resample: 'linear',
  }
  const way = { provider: 'cpu', precision: 'fp32', batchSize: 8, threads: 1 } as const
  const ids = { modelId: 'prompt', adapterId: null, spaceId: null, formerAdapterId: null }
  const info: EngineInfo = { ...way, ...ids, device: 'none', choice: 'asked', input }
  const result: CaptionResult = {
    ...noDoubt,
    caption: 'A boat on the water in front of a mountain',
    score: -0.5,
    precision: 'fp32',
    embedding: new Int8Array(256).fill(7),
  }
  return {
    info: async () => info,
    session: () => info,
    batchSize: 8,
    caption: async () => result,
    embed: async () => result.embedding!,
    close() {},
  }
}

async function workHere(url: string, sidePx: number): Promise<void> {
  await runWorker({
    queue: { url },
    name: 'prompt',
    version: '0',
    findModel: async () => '',
    openEngine: () => promptEngine(sidePx) as unknown as SupervisedEngine,
    inspectAdapter: async () => null,
    adapterDirectory: '',
    signal: new AbortController().signal,
    onState() {},
    onProblem() {},
  })
}

async function measure(url: string, workers: number, sidePx: number, photos: number): Promise<string> {
  const children: ChildProcess[] = Array.from({ length: workers }, () =>
    spawn(process.execPath, [self, '--worker', url, String(sidePx)], { stdio: 'inherit' }),
  )
  const own = promptEngine(sidePx)
  const engine = openQueueEngine({
    address: readQueueAddress({ url }),
    model: { own, info: await own.info(), modelName: 'prompt', adapterPath: null },
    isAlone: true,
    onProblem: ({ message }) => console.error(message),
  })
  const pixels = new Uint8Array(3 * sidePx * sidePx)
  // As captioning does: no more is asked for than there is room, and what comes back makes some.
  async function caption(count: number): Promise<void> {
    let [asked, answered] = [0, 0]
    const done = Promise.withResolvers<void>()
    const askMore = () => {
      for (; asked < count && asked - answered < Math.max(8, 3 * engine.batchSize); asked++) {
        void engine.caption(pixels).then(() => {
          answered++
          if (answered === count) done.resolve()
          else askMore()
        })
      }
    }
    engine.onRoomChanged(askMore)
    askMore()
    await done.promise
  }
  // Until rates are known, and all workers are there.
  await caption(64)
  await sleep(6000)
  await caption(1000)
  await sleep(4000)
  const startedMs = performance.now()
  const usedBefore = process.cpuUsage()
  await caption(photos)
  const elapsedMs = performance.now() - startedMs
  const used = process.cpuUsage(usedBefore)
  const rate = (1000 * photos) / elapsedMs
  engine.close()
  await engine.ended
  for (const child of children) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return [
    `${workers} workers, ${sidePx} px: ${Math.round(rate)} photos/s`,
    `${((rate * pixels.length) / 1e6).toFixed(1)} MB/s`,
    `${Math.round((used.user + used.system) / photos)} µs of the library's processor a photo`,
    `library ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`,
    `load ${loadavg()[0]!.toFixed(1)}`,
  ].join(', ')
}

async function main(photos: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', directory]
  const redis = spawn('redis-server', settings, { stdio: 'ignore' })
  await once(redis, 'spawn')
  try {
    for (const sidePx of [1, 224]) {
      for (const workers of [1, 2, 4])
        console.log(await measure(`redis://127.0.0.1:${port}`, workers, sidePx, photos))
    }
  } finally {
    redis.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

if (process.argv[2] === '--worker') await workHere(process.argv[3]!, Number(process.argv[4]))
else await main(Number(process.argv[2] ?? 10_000))
