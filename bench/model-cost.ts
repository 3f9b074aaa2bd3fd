/**
 * What model folders cost, each in an engine process of its own and in turns:
 *
 *     npm run bench -- model-cost PHOTOS MODEL [MODEL …] [--rounds 3] [--count 200] [--threads 1]
 *       [--precision fp32,int8]
 *
 * PHOTOS is a folder of pictures. Prints size on disk, time from starting the process to an open model, memory (RSS, with the
 * model open and at its peak) and photos a second from file to caption; the first model at the first precision is the
 * baseline.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type EngineCalls, engineCalls } from '../src-main/contract/engine-calls.ts'
import { type Precision, precisions } from '../src-main/contract/providers.ts'
import { connect } from '../src-main/contract/rpc.ts'
import { forkEngine } from '../src-main/processes/fork.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    count: { type: 'string', default: '200' },
    threads: { type: 'string', default: '1' },
    precision: { type: 'string', default: 'fp32' },
  },
})
const [folder, ...models] = positionals
if (!folder || models.length === 0) {
  console.error(
    'usage: npm run bench -- model-cost PHOTOS MODEL [MODEL …] [--rounds 3] [--count 200] [--threads 1] [--precision P,P]',
  )
  process.exit(2)
}
const photos = (await readdir(folder))
  .sort()
  .slice(0, Number(values.count))
  .map((name) => join(folder, name))

interface Cost {
  openMs: number
  openMb: number
  peakMb: number
  photosPerSecond: number
}

const formDirectory = join(tmpdir(), 'lenslore-bench-forms')
const asked = z.array(z.enum(precisions)).parse(values.precision.split(','))
const subjects = models.flatMap((model) =>
  asked.map((precision) => ({ model, precision, costs: [] as Cost[] })),
)
for (let round = 0; round < Number(values.rounds); round++) {
  for (const { model, precision, costs } of subjects) costs.push(await measure(model, precision))
}
const baseline = summarise(subjects[0]!.costs)
for (const { model, precision, costs } of subjects) {
  const cost = summarise(costs)
  const ratio = (key: keyof Cost) => `(${(cost[key] / baseline[key]).toFixed(2)})`
  console.log(
    [
      `${basename(model)} ${precision}`.padEnd(20),
      `${(await sizeOf(model)).toFixed(1)} MB`,
      `opens in ${cost.openMs.toFixed(0)} ms ${ratio('openMs')}`,
      `${cost.openMb.toFixed(0)} MB open ${ratio('openMb')}`,
      `${cost.peakMb.toFixed(0)} MB at most ${ratio('peakMb')}`,
      `${cost.photosPerSecond.toFixed(1)} photos/s ${ratio('photosPerSecond')}`,
    ].join(', '),
  )
}

async function measure(modelDirectory: string, precision: Precision): Promise<Cost> {
  const startedMs = performance.now()
  const { channel, pid, kill } = await forkEngine()
  const engine = connect<EngineCalls>(channel, engineCalls)
  try {
    const { input } = await engine.open({
      modelDirectory,
      provider: 'cpu',
      precision,
      formDirectory,
      threads: Number(values.threads),
      batchSize: 8,
    })
    const caption = async (path: string) => {
      const { pixels } = await engine.decode({ path, input })
      await engine.caption({ pixels: pixels! })
    }
    const openMs = performance.now() - startedMs
    const openMb = await memoryOf(pid, 'VmRSS')
    await Promise.all(photos.slice(0, 16).map(caption))
    const warmMs = performance.now()
    await Promise.all(photos.map(caption))
    const photosPerSecond = (photos.length / (performance.now() - warmMs)) * 1000
    return { openMs, openMb, peakMb: await memoryOf(pid, 'VmHWM'), photosPerSecond }
  } finally {
    kill()
  }
}

async function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s*(\\d+)`).exec(status)![1]) / 1024
}

async function sizeOf(model: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(model)).map(async (name) => (await stat(join(model, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6
}

/** The medians. */
function summarise(all: readonly Cost[]): Cost {
  const median = (key: keyof Cost) =>
    all.map((cost) => cost[key]).toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!
  return {
    openMs: median('openMs'),
    openMb: median('openMb'),
    peakMb: median('peakMb'),
    photosPerSecond: median('photosPerSecond'),
  }
}
