/**
 * One training step, ours against PyTorch autograd: milliseconds and the most memory that each process had, on the same frozen
 * decoder at the size of GPT-2 small with random weights, the same adapter of 14.18 M parameters, and the same batch, run in
 * turns:
 *
 *     npm run bench -- training-step [--rounds 9] [--memory 50] [--threads 2] [--python /usr/bin/python3] [--work DIR]
 *
 * On a busy machine compare the processor time at one thread: threads that wait for each other spin. `--memory` is how many rows
 * the visual memory has: 50 of a ViT-B/32, 197 of a ViT-B/16. `--python` has torch and numpy.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readCheckpoint } from '../src-main/engine/captioning/checkpoint.ts'
import { readSafetensorsHeader, readTensors } from '../src-main/engine/model/safetensors.ts'
import type { TrainingBatch } from '../src-main/engine/training/batch-feeds.ts'
import { createRandom } from '../src-main/engine/training/random.ts'
import { createTrainer, type Trainer, usualSettings } from '../src-main/engine/training/trainer.ts'
import { median, startPeer } from './in-turns.ts'
import { publicSizes, writeRandomCheckpoint } from './random-checkpoint.ts'

const [texts, textLength, rate] = [16, 20, 1e-4]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    memory: { type: 'string', default: '50' },
    threads: { type: 'string', default: '2' },
    python: { type: 'string', default: '/usr/bin/python3' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-training') },
    /** Ours, in a process of its own. */
    serve: { type: 'boolean', default: false },
  },
})
const memoryLength = Number(values.memory)
const threads = Number(values.threads)
const model = join(values.work, 'model')
const batchDirectory = join(values.work, `batch-${memoryLength}`)

interface Opened {
  torch?: string
}

interface Step {
  loss: number
  gradientNorm: number
  elapsedMs: number
  /** Of all threads: what a busy machine leaves comparable. */
  processorMs: number
  peakMb: number
}

if (values.serve) await serve()
else await compare()

async function compare(): Promise<void> {
  if (!(await stat(join(model, 'config.json')).catch(() => null))) await writeRandomCheckpoint(model)
  await writeBatch()
  const own = [
    fileURLToPath(import.meta.url),
    '--serve',
    '--memory',
    values.memory,
    '--threads',
    values.threads,
    '--work',
    values.work,
  ]
  const environment = { OMP_NUM_THREADS: String(threads) }
  const script = fileURLToPath(new URL('./pytorch/training.py', import.meta.url))
  const ours = startPeer(process.execPath, own, environment)
  const theirs = startPeer(values.python, [script], environment)
  const { labelSmoothing, weightDecay, clipNorm } = usualSettings
  const request = { command: 'open', model, threads, batch: batchDirectory, texts, textLength, memoryLength }
  await ours.ask(request)
  const { torch } = await theirs.ask<Opened>({ ...request, labelSmoothing, weightDecay, clipNorm })
  console.log(`${cpus()[0]?.model}, ${threads} threads each; PyTorch ${torch}`)
  console.log(`batch ${texts}, ${textLength} tokens, ${memoryLength} rows of memory`)

  const sides = { ours: [] as Step[], PyTorch: [] as Step[] }
  for (let round = 0; round <= Number(values.rounds); round++) {
    sides.ours.push(await ours.ask<Step>({ command: 'step', rate }))
    sides.PyTorch.push(await theirs.ask<Step>({ command: 'step', rate }))
  }
  const of = (side: readonly Step[], key: keyof Step) => median(side.slice(1).map((step) => step[key]))
  for (const [name, side] of Object.entries(sides)) {
    const all = side.slice(1).map(({ elapsedMs }) => elapsedMs)
    const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`
    const [elapsed, processor, peak] = (['elapsedMs', 'processorMs', 'peakMb'] as const).map((key) =>
      of(side, key).toFixed(0),
    )
    console.log(`  ${name.padEnd(7)} ${elapsed} ms (${range}), ${processor} ms of processors, ${peak} MB`)
  }
  const speed = (key: keyof Step) => (of(sides.PyTorch, key) / of(sides.ours, key)).toFixed(2)
  const memory = (of(sides.ours, 'peakMb') / of(sides.PyTorch, 'peakMb')).toFixed(2)
  console.log(`  speed ${speed('elapsedMs')}, by processor time ${speed('processorMs')}, memory ${memory}`)
  console.log(`  (medians of ${values.rounds} steps in turns; load ${loadavg()[0]!.toFixed(1)})`)
  const differences = sides.ours.map(({ loss }, index) => Math.abs(loss - sides.PyTorch[index]!.loss))
  console.log(`  losses differ by ${Math.max(...differences).toExponential(1)} at most`)
  for (const side of [ours, theirs]) side.process.kill()
}

/** Answers the commands that the peer in PyTorch answers. */
async function serve(): Promise<void> {
  let trainer: Trainer | undefined
  const batch = await readBatch()
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line)
    if (request.command === 'open') {
      trainer = await open()
      console.log('{}')
      continue
    }
    const startedMs = performance.now()
    const before = process.cpuUsage()
    const result = await trainer!.step([batch], request.rate)
    const elapsedMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(before)
    const processorMs = (user + system) / 1000
    const status = await readFile('/proc/self/status', 'utf8')
    const peakMb = Number(/VmHWM:\s*(\d+)/.exec(status)![1]) / 1024
    console.log(JSON.stringify({ ...result, elapsedMs, processorMs, peakMb }))
  }
}

async function open(): Promise<Trainer> {
  const { adapter: own, ...decoder } = (await readCheckpoint(model, null)).model.decoder
  return createTrainer({
    frozen: {
      decoder,
      adapter: own!.config,
      memoryShape: [memoryLength, publicSizes.vision.hidden_size],
      longestText: textLength,
    },
    adapter: await readTensors(await readSafetensorsHeader(join(model, 'itune.safetensors'))),
    settings: usualSettings,
    provider: 'cpu',
    threads,
  })
}

async function writeBatch(): Promise<void> {
  const random = createRandom(1)
  const memory = Float32Array.from(
    { length: texts * memoryLength * publicSizes.vision.hidden_size },
    () => 2 * random() - 1,
  )
  const words = () =>
    BigInt64Array.from({ length: texts * textLength }, () =>
      BigInt(Math.floor(random() * publicSizes.gpt2.vocab_size)),
    )
  await mkdir(batchDirectory, { recursive: true })
  await writeFile(join(batchDirectory, 'memory.f32'), memory)
  await writeFile(join(batchDirectory, 'tokens.i64'), words())
  await writeFile(join(batchDirectory, 'targets.i64'), words())
}

async function readBatch(): Promise<TrainingBatch> {
  const read = async (name: string) => new Uint8Array(await readFile(join(batchDirectory, name))).buffer
  const readWords = async (name: string) => Int32Array.from(new BigInt64Array(await read(name)), Number)
  return {
    memory: new Float32Array(await read('memory.f32')),
    tokens: await readWords('tokens.i64'),
    targets: await readWords('targets.i64'),
    weights: new Float32Array(texts * textLength).fill(1),
    textLength,
  }
}
