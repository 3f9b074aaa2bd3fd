/**
 * Photos per second, ours against PyTorch eager, on the same random weights at the sizes of CLIP ViT-B/32 and GPT-2
 * small and on the same pictures, run in turns:
 *
 *     npm run bench -- captioner [--precision fp32,int8] [--rounds 5] [--pictures 16] [--photos DIR] [--work DIR] [--python FILE]
 *
 * Needs PyTorch, numpy and PIL: Debian's python3-torch, libopenblas0-pthread and python3-pil, or a virtual environment's
 * (`--python`). `--photos` takes the files for the run from file to caption from a folder; otherwise twelve-megapixel JPEGs are
 * made. Token ids are compared in fp32; of fewer bits it tells how far the logits are from those of fp32, and which share of the
 * processor's time is in their products.
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { cpus, getPriority, loadavg, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { z } from 'zod'
import { type Precision, precisions } from '../src-main/contract/providers.ts'
import { type Captioner, openCaptioner } from '../src-main/engine/captioning/captioner.ts'
import { readCheckpoint } from '../src-main/engine/captioning/checkpoint.ts'
import { openInt8Form } from '../src-main/engine/captioning/int8-form.ts'
import { runOnce } from '../src-main/engine/captioning/search-session.ts'
import { openSession } from '../src-main/engine/captioning/session.ts'
import { createEngine } from '../src-main/engine/engine.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'
import { buildCaptionGraph } from '../src-main/engine/model/caption-graph.ts'
import type { Form } from '../src-main/engine/model/graph.ts'
import { buildTeacherForcedGraph } from '../src-main/engine/model/teacher-forced-graph.ts'
import { median, startPeer } from './in-turns.ts'
import { writeRandomCheckpoint } from './random-checkpoint.ts'

const settings = { threads: 2, beams: 5, lengthPenalty: 0.8, maxNewTokens: 16 }
const batch = 8

const { values } = parseArgs({
  options: {
    precision: { type: 'string', default: 'fp32,int8' },
    rounds: { type: 'string', default: '5' },
    pictures: { type: 'string', default: '16' },
    photos: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-captioner') },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
})
const rounds = Number(values.rounds)
const pictures = Number(values.pictures)

const asked = z.array(z.enum(precisions)).parse(values.precision.split(','))
const formDirectory = join(values.work, 'forms')

interface Round {
  elapsedMs: number
  /** Of all threads. */
  processorMs: number
  ids?: number[][]
}

/** What is measured in turns. */
interface Runner {
  name: string
  run(): Promise<Round>
}

const model = join(values.work, 'model')
if (!(await stat(join(model, 'config.json')).catch(() => null))) await writeRandomCheckpoint(model)
const paths = values.photos ? await photosOf(values.photos) : await makePhotos(join(values.work, 'photos'))

const threads = String(settings.threads)
const script = fileURLToPath(new URL('./pytorch/captioner.py', import.meta.url))
const peer = startPeer(values.python, [script], { OPENBLAS_NUM_THREADS: threads, OMP_NUM_THREADS: threads })
const { torch } = await peer.ask<{ torch: string }>({ command: 'open', model, ...settings })
const captioners = new Map<Precision, Captioner>()
for (const precision of asked) {
  captioners.set(
    precision,
    await openCaptioner({
      modelDirectory: model,
      adapterPath: null,
      provider: 'cpu',
      precision,
      formDirectory,
      ...settings,
    }),
  )
}
const [anyCaptioner] = captioners.values()
console.log(`${cpus()[0]?.model}, ${settings.threads} threads each; PyTorch ${torch}`)
console.log(`batch ${batch}, ${settings.beams} beams, ${settings.maxNewTokens} tokens, ${pictures} pictures`)

const { pixels, path: pixelsPath, shape } = await preparePixels()
const theirs = 'PyTorch'
const alone = await inTurns([
  ...[...captioners].map(([precision, captioner]) => ({
    name: precision,
    run: async () => runOurs(captioner),
  })),
  { name: theirs, run: () => peer.ask<Round>({ command: 'pixels', path: pixelsPath, shape, batch }) },
])
report('model alone (pixels to tokens)', alone)
const expected = alone
  .get(theirs)!
  .at(-1)!
  .ids!.map((ids) => ids.join())
const equal = (name: string) => {
  const found = alone
    .get(name)
    ?.at(-1)
    ?.ids?.map((ids) => ids.join())
  return found?.filter((ids, index) => ids === expected[index]).length
}
for (const precision of asked) {
  console.log(`  token ids of ${precision} equal for ${equal(precision)} of ${pictures} pictures`)
}
for (const captioner of captioners.values()) await captioner.close()
if (asked.includes('int8')) await describeInt8()

const anyone = new AbortController().signal
const engines = new Map<Precision, ReturnType<typeof createEngine>>()
for (const precision of asked) {
  const engine = createEngine()
  await engine.open(
    {
      modelDirectory: model,
      adapterPath: null,
      provider: 'cpu',
      precision,
      formDirectory,
      trials: [],
      batchSize: batch,
      ...settings,
    },
    anyone,
  )
  engines.set(precision, engine)
}
const input = readPreprocessing(anyCaptioner!.preprocessorConfig)
// The engine gives way to the person's other programs; in a comparison both do.
setPriority(peer.process.pid!, getPriority())
report(
  'end to end (files to captions)',
  await inTurns([
    ...[...engines].map(([precision, engine]) => ({
      name: precision,
      run: () =>
        timed(async () => {
          await Promise.all(paths.map((path) => captionFile(engine, path)))
        }),
    })),
    { name: theirs, run: () => peer.ask<Round>({ command: 'files', paths, batch }) },
  ]),
)
peer.process.kill()
process.exit(asked.includes('fp32') && equal('fp32') !== pictures ? 1 : 0)

async function timed<T>(work: () => Promise<T>): Promise<Round & { result: T }> {
  const startedMs = performance.now()
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { elapsedMs: performance.now() - startedMs, processorMs: (user + system) / 1000, result }
}

async function captionFile(engine: ReturnType<typeof createEngine>, path: string): Promise<void> {
  const decoded = await engine.decode({ path, input, thumbnailDirectory: null, isUrgent: false }, anyone)
  await engine.caption({ pixels: decoded.pixels!, readings: false }, anyone)
}

async function runOurs(captioner: Captioner): Promise<Round> {
  const size = pixels.length / pictures
  const { result, ...round } = await timed(async () => {
    const ids: number[][] = []
    for (let at = 0; at < pictures; at += batch) {
      const count = Math.min(batch, pictures - at)
      const captions = await captioner.caption(pixels.subarray(at * size, (at + count) * size), count)
      ids.push(...captions.map(({ tokenIds }) => tokenIds))
    }
    return ids
  })
  return { ...round, ids: result }
}

/** How far its logits are from those of fp32, and where the time goes that it still takes. */
async function describeInt8(): Promise<void> {
  const { model: read, adapterFile } = await readCheckpoint(model, null)
  const options = { directory: formDirectory, loose: new Set([adapterFile!]) }
  const images = Math.min(batch, pictures)
  const side = anyCaptioner!.imageSizePx
  const some = { data: pixels.subarray(0, images * 3 * side ** 2), shape: [images, 3, side, side] }

  const length = settings.maxNewTokens
  const { vocabulary } = read.decoder.config
  const tokens = BigInt64Array.from({ length: images * length }, (_, at) => BigInt((at * 7919) % vocabulary))
  const teach = (form: Form | null) => buildTeacherForcedGraph(read, length, form)
  const feeds = { pixels: some, tokens: { data: tokens, shape: [images, length] } }
  const full = (await runOnce(teach(null), feeds)).logits!.data as Float32Array
  const found = (await runOnce(teach(await openInt8Form(teach, options)), feeds)).logits!.data as Float32Array
  let [error, size, largest] = [0, 0, 0]
  for (const [at, value] of full.entries()) {
    error += (value - found[at]!) ** 2
    size += value ** 2
    largest = Math.max(largest, Math.abs(value - found[at]!))
  }
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`
  console.log('int8 beside fp32')
  console.log(
    `  logits are ${percent(Math.sqrt(error / size))} off (root mean square), ${largest.toFixed(3)} at most`,
  )

  const build = (form: Form | null) => buildCaptionGraph(read, settings, undefined, form)
  const profilePrefix = join(values.work, 'profile')
  const session = await openSession(build(await openInt8Form(build, options)), 'cpu', 1, { profilePrefix })
  await session.run({ pixels: some })
  await session.run({ pixels: some })
  await session.close()
  for (const name of (await readdir(values.work)).filter((each) => each.startsWith('profile'))) {
    const path = join(values.work, name)
    for (const [operator, share] of shareByOperator(JSON.parse(await readFile(path, 'utf8'))).slice(0, 8)) {
      console.log(`  ${percent(share).padStart(8)} of the time (one thread) in ${operator}`)
    }
    await rm(path)
  }
}

interface ProfileEvent {
  cat: string
  name: string
  ts: number
  dur: number
  args: { op_name?: string }
}

/** Of the last run in the runtime's own profile, the largest first; a loop is what is in it. */
function shareByOperator(events: readonly ProfileEvent[]): [operator: string, share: number][] {
  const last = events.findLast(({ name }) => name === 'model_run')!
  const times = new Map<string, number>()
  for (const { cat, name, ts, dur, args } of events) {
    const isNode = cat === 'Node' && name.endsWith('kernel_time') && args.op_name !== 'Loop'
    if (isNode && ts >= last.ts) times.set(args.op_name!, (times.get(args.op_name!) ?? 0) + dur)
  }
  const total = times.values().reduce((a, b) => a + b, 0)
  return [...times]
    .map(([operator, time]) => [operator, time / total] as [string, number])
    .sort((a, b) => b[1] - a[1])
}

/** One unmeasured round each, then the measured ones in turns, so that nobody has the machine's better minutes. */
async function inTurns(runners: readonly Runner[]): Promise<Map<string, Round[]>> {
  for (const { run } of runners) await run()
  const all = new Map<string, Round[]>(runners.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of runners) all.get(name)!.push(await run())
  }
  return all
}

function report(title: string, all: ReadonlyMap<string, readonly Round[]>): void {
  const rate = (ms: number) => ((pictures / ms) * 1000).toFixed(3)
  const timesOf = (name: string, key: 'elapsedMs' | 'processorMs') =>
    all.get(name)!.map((round) => round[key])
  console.log(`${title}; ${loadavg()[0]!.toFixed(1)} programs at work on the machine`)
  for (const name of all.keys()) {
    const elapsedMs = timesOf(name, 'elapsedMs')
    const ratio = (of: string, key: 'elapsedMs' | 'processorMs') =>
      (median(timesOf(of, key)) / median(timesOf(name, key))).toFixed(2)
    const beside = [theirs, 'fp32'].filter((other) => other !== name && all.has(other) && name !== theirs)
    console.log(
      [
        `  ${name.padEnd(8)} ${rate(median(elapsedMs))} photos/s`,
        `(${rate(Math.max(...elapsedMs))} to ${rate(Math.min(...elapsedMs))}),`,
        `${rate(median(timesOf(name, 'processorMs')))} a second of one processor`,
        ...beside.map(
          (other) =>
            `; ${ratio(other, 'elapsedMs')} times ${other}, by processor time ${ratio(other, 'processorMs')}`,
        ),
      ].join(' '),
    )
  }
  console.log(`  (medians of ${rounds} rounds in turns)`)
}

/** The pictures' pixels by our own preprocessing, once, in a file that both read. */
async function preparePixels() {
  const preprocessing = readPreprocessing(anyCaptioner!.preprocessorConfig)
  const prepared: Uint8Array[] = []
  for (const path of paths) {
    prepared.push((await preparePicture(path, { input: preprocessing, thumbnailDirectory: null })).pixels)
  }
  const all = normalisePixels(prepared, preprocessing) // [N, 3, S, S]
  const path = join(values.work, 'pixels.f32')
  await writeFile(path, all)
  const side = anyCaptioner!.imageSizePx
  return { pixels: all, path, shape: [prepared.length, 3, side, side] }
}

async function photosOf(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => /\.jpe?g$/i.test(name)).sort()
  if (names.length < pictures) throw new Error(`${directory} has fewer than ${pictures} JPEG files.`)
  return names.slice(0, pictures).map((name) => join(directory, name))
}

/** Clouds of colour with fine grain: as costly to decode as a photo of their size, and each another. */
async function makePhotos(directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const made = Array.from({ length: pictures }, (_, index) => join(directory, `${index}.jpg`))
  const coarse = { width: 64, height: 48 }
  const tile = { width: 1000, height: 1000 }
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 12 }
  let grainTile: Buffer | undefined
  for (const [index, path] of made.entries()) {
    if (await stat(path).catch(() => null)) continue
    grainTile ??= await sharp({ create: { ...tile, channels: 3, background: 'gray', noise } })
      .png()
      .toBuffer()
    let state = index + 1
    const colours = Uint8Array.from({ length: coarse.width * coarse.height * 3 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
    await sharp(colours, { raw: { ...coarse, channels: 3 } })
      .resize(4000, 3000, { kernel: 'cubic' })
      .composite([{ input: grainTile, tile: true, blend: 'soft-light' }])
      .jpeg({ quality: 90 })
      .toFile(path)
  }
  return made
}
