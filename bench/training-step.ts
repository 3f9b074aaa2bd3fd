/**
 * One training step, ours against PyTorch autograd: milliseconds and the most memory that each process had, on the same frozen
 * decoder at the size of GPT-2 small with random weights, the same adapter of 14.18 M parameters, and the same batch, run in
 * turns:
 *
 *     npm run bench -- training-step [--provider cpu] [--rounds 9] [--texts 16] [--fewer N] [--memory 50] [--threads 2]
 *         [--python /usr/bin/python3] [--work DIR]
 *
 * On a busy machine compare the processor time at one thread: threads that wait for each other spin. With a provider that is a GPU's the
 * peer is on the GPU that PyTorch finds; one that computes on the processor is not timed. `--fewer` also takes steps of so
 * many of the texts in the same session, in turns with those of all. `--memory` is how many rows the visual memory has: 50
 * of a ViT-B/32, 197 of a ViT-B/16. `--python` has torch and numpy.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { toErrorRecord } from '../src-main/contract/errors.ts'
import { type ProviderName, providerNames } from '../src-main/contract/providers.ts'
import { readCheckpoint } from '../src-main/engine/captioning/checkpoint.ts'
import { readSafetensorsHeader, readTensors } from '../src-main/engine/model/safetensors.ts'
import type { TrainingBatch } from '../src-main/engine/training/batch-feeds.ts'
import { createRandom } from '../src-main/engine/training/random.ts'
import { createTrainer, type Trainer, usualSettings } from '../src-main/engine/training/trainer.ts'
import { checkForDevice } from '../src-main/engine/trial/attempt.ts'
import { median, type Peer, startPeer } from './in-turns.ts'
import { publicSizes, writeRandomCheckpoint } from './random-checkpoint.ts'

const [textLength, rate] = [20, 1e-4]

const { values } = parseArgs({
  options: {
    provider: { type: 'string', default: 'cpu' },
    rounds: { type: 'string', default: '9' },
    texts: { type: 'string', default: '16' },
    fewer: { type: 'string' },
    memory: { type: 'string', default: '50' },
    threads: { type: 'string', default: '2' },
    python: { type: 'string', default: '/usr/bin/python3' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-training') },
    /** Ours, in a process of its own. */
    serve: { type: 'boolean', default: false },
  },
})
const provider = z.enum(providerNames).parse(values.provider)
const texts = Number(values.texts)
const fewer = values.fewer === undefined ? null : Number(values.fewer)
const memoryLength = Number(values.memory)
const threads = Number(values.threads)
const model = join(values.work, 'model')
const batchDirectory = join(values.work, `batch-${texts}-${memoryLength}`)

const environment = { OMP_NUM_THREADS: String(threads) }

interface Opened {
  torch: string
  device: string
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
  console.log(`${cpus()[0]?.model}, ${threads} threads each`)
  console.log(`${texts} texts of ${textLength} tokens, ${memoryLength} rows of memory`)
  const noDevice = provider === 'cpu' ? null : await checkForDevice(provider, threads).catch(toErrorRecord)
  if (noDevice) return compareLosses(noDevice.message)

  const ours = await openOurs(provider)
  const theirs = startPeer(
    values.python,
    [fileURLToPath(new URL('./pytorch/training.py', import.meta.url))],
    environment,
  )
  const { labelSmoothing, weightDecay, clipNorm } = usualSettings
  const { torch, device } = await theirs.ask<Opened>({
    command: 'open',
    model,
    threads,
    onGpu: provider !== 'cpu',
    batch: batchDirectory,
    texts,
    textLength,
    memoryLength,
    labelSmoothing,
    weightDecay,
    clipNorm,
  })
  console.log(`ours on ${provider}, PyTorch ${torch} on ${device}`)

  const sides = { ours: [] as Step[], PyTorch: [] as Step[] }
  const ofFewer: Step[] = []
  for (let round = 0; round <= Number(values.rounds); round++) {
    sides.ours.push(await ours.ask<Step>({ command: 'step', rate, texts }))
    sides.PyTorch.push(await theirs.ask<Step>({ command: 'step', rate, texts }))
    if (fewer === null) continue
    ofFewer.push(await ours.ask<Step>({ command: 'step', rate, texts: fewer }))
    // Both adapters go the same way.
    await theirs.ask<Step>({ command: 'step', rate, texts: fewer })
  }
  for (const [name, side] of Object.entries(sides)) describeSide(name, side)
  const speed = (key: keyof Step) => (medianOf(sides.PyTorch, key) / medianOf(sides.ours, key)).toFixed(2)
  const memory = (medianOf(sides.ours, 'peakMb') / medianOf(sides.PyTorch, 'peakMb')).toFixed(2)
  console.log(`  speed ${speed('elapsedMs')}, by processor time ${speed('processorMs')}, memory ${memory}`)
  if (fewer !== null) {
    describeSide(`${fewer} texts`, ofFewer)
    const share = (key: keyof Step) => (medianOf(ofFewer, key) / medianOf(sides.ours, key)).toFixed(3)
    const [byTime, byProcessor] = [share('elapsedMs'), share('processorMs')]
    const wanted = (fewer / texts).toFixed(3)
    console.log(
      `  of the time of ${texts} texts ${byTime}, of the processor time ${byProcessor}; ${wanted} is their share`,
    )
  }
  console.log(`  (medians of ${values.rounds} steps in turns; load ${loadavg()[0]!.toFixed(1)})`)
  tellDifference(sides.ours, sides.PyTorch)
  for (const side of [ours, theirs]) side.process.kill()
}

/** A provider that computes on the processor says what is right, and nothing about time. */
async function compareLosses(reason: string): Promise<void> {
  console.log(`Not timed: ${reason}`)
  const sides = await Promise.all([openOurs(provider), openOurs('cpu')])
  const steps: [Step[], Step[]] = [[], []]
  for (let round = 0; round < 3; round++) {
    for (const [at, side] of sides.entries())
      steps[at]!.push(await side.ask<Step>({ command: 'step', rate, texts }))
  }
  console.log(`ours on ${provider} beside ours on the processor, 3 steps`)
  tellDifference(...steps)
  for (const side of sides) side.process.kill()
}

/** A process of its own, so that its memory and its processor time are its own. */
async function openOurs(on: ProviderName): Promise<Peer> {
  const { texts: textsText, memory, threads: threadsText, work } = values
  const settings = { provider: on, texts: textsText, memory, threads: threadsText, work }
  const own = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const peer = startPeer(process.execPath, [fileURLToPath(import.meta.url), '--serve', ...own], environment)
  await peer.ask({ command: 'open' })
  return peer
}

/** Without the first step, in which things are compiled. */
function medianOf(side: readonly Step[], key: keyof Step): number {
  return median(side.slice(1).map((step) => step[key]))
}

function describeSide(name: string, side: readonly Step[]): void {
  const all = side.slice(1).map(({ elapsedMs }) => elapsedMs)
  const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`
  const [elapsed, processor, peak] = (['elapsedMs', 'processorMs', 'peakMb'] as const).map((key) =>
    medianOf(side, key).toFixed(0),
  )
  console.log(`  ${name.padEnd(7)} ${elapsed} ms (${range}), ${processor} ms of processors, ${peak} MB`)
}

function tellDifference(one: readonly Step[], other: readonly Step[]): void {
  const differences = one.map(({ loss }, index) => Math.abs(loss - other[index]!.loss))
  console.log(`  losses differ by ${Math.max(...differences).toExponential(1)} at most`)
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
    const result = await trainer!.step([firstTexts(batch, request.texts)], request.rate)
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
    provider,
    threads,
  })
}

function firstTexts({ memory, tokens, targets, weights }: TrainingBatch, count: number): TrainingBatch {
  const [places, numbers] = [count * textLength, (memory.length / texts) * count]
  return {
    memory: memory.subarray(0, numbers),
    tokens: tokens.subarray(0, places),
    targets: targets.subarray(0, places),
    weights: weights.subarray(0, places),
    textLength,
  }
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
