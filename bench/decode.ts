/**
 * Pictures a second from file to pixels and thumbnail (read, hashed, decoded, turned, resized) on 1, 2 and as many threads as
 * there are processors, against one thread that merely decodes the same files with sharp; each in a process of its own, in turns,
 * with the most memory that it had:
 *
 *     npm run bench -- decode [FOLDER] [--pictures 16] [--threads 1,2,16] [--rounds 3] [--work DIR]
 *
 * On a busy machine compare the processor time. Without a folder twelve-megapixel JPEGs are made. At last a picture of a hundred megapixels, whose decoder holds all of it, is
 * there once for every fourth of the others.
 */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { isPictureName } from '../src-main/contract/picture-names.ts'
import { createDecoder } from '../src-main/engine/imaging/decoder.ts'
import { allowImagingThreads } from '../src-main/engine/imaging/imaging-threads.ts'
import { smallestUseForPixels } from '../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'
import { engineEnvironment } from '../src-main/processes/fork.ts'
import { median, type Peer, startPeer } from './in-turns.ts'
import { makePhotos } from './made-photos.ts'

const { resize, crop, resample } = readPreprocessing({ image_processor_type: 'CLIPImageProcessor' })
const input = { resize, crop, resample }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pictures: { type: 'string', default: '16' },
    threads: { type: 'string', default: [...new Set([1, 2, availableParallelism()])].join() },
    rounds: { type: 'string', default: '3' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-decode') },
    /** One side, in a process of its own. */
    serve: { type: 'string' },
  },
})

interface Pass {
  elapsedMs: number
  /** Of all threads. */
  processorMs: number
  /** For how much of the time the process's own thread was busy. */
  ownShare: number
  peakMb: number
}

/** What a side does with one file. */
type Work = (path: string) => Promise<unknown>

if (values.serve) await serve(values.serve)
else await compare()

async function compare(): Promise<void> {
  const [folder] = positionals
  const paths = folder
    ? await decodablePaths(folder)
    : await makePhotos(join(values.work, 'photos'), Number(values.pictures))
  console.log(`${cpus()[0]?.model}, ${availableParallelism()} processors; ${paths.length} pictures`)
  const counts = values.threads.split(',').map(Number)
  const ours = counts.map((count) => ({ count, side: start(`${count}`) }))
  const bare = ['full', 'reduced'].map((kind) => ({ kind, side: start(kind) }))
  const passes = new Map<Peer, Pass[]>()
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { side } of [...bare, ...ours]) {
      passes.set(side, [...(passes.get(side) ?? []), await side.ask<Pass>({ paths })])
    }
  }
  const of = (side: Peer, key: keyof Pass) => median(passes.get(side)!.map((pass) => pass[key]))
  const tell = (name: string, side: Peer, more = '') => {
    const rate = ((paths.length / of(side, 'elapsedMs')) * 1000).toFixed(1)
    const processorMs = (of(side, 'processorMs') / paths.length).toFixed(1)
    const peakMb = passes.get(side)!.at(-1)!.peakMb
    console.log(`${name}: ${rate} pictures/s, ${processorMs} ms of processors each, ${peakMb} MB${more}`)
  }
  for (const { kind, side } of bare) tell(`bare sharp, one thread, ${kind}`, side)
  for (const { count, side } of ours) {
    const ratios = bare.map(({ kind, side: other }) => {
      const ratio = of(other, 'elapsedMs') / of(side, 'elapsedMs')
      const ofProcessors = of(other, 'processorMs') / of(side, 'processorMs')
      return `${ratio.toFixed(2)} times ${kind}, ${(ratio / count).toFixed(2)} a thread, ${ofProcessors.toFixed(2)} by processor time`
    })
    const own = (100 * of(side, 'ownShare')).toFixed(1)
    tell(`ours, ${count} threads`, side, `, its own thread ${own} %; ${ratios.join('; ')}`)
  }
  console.log(`(medians of ${values.rounds} rounds in turns; load ${loadavg()[0]!.toFixed(1)})`)
  for (const { side } of [...bare, ...ours]) side.process.kill()

  const most = Math.max(...counts)
  const huge = await makeHugePhoto()
  const mixed = paths.flatMap((path, index) => (index % 4 === 0 ? [huge, path] : [path]))
  const side = start(`${most}`)
  const { peakMb, elapsedMs } = await side.ask<Pass>({ paths: mixed })
  side.process.kill()
  const count = mixed.length - paths.length
  console.log(
    `with ${count} of 100 megapixels among them, ${most} threads: ${(elapsedMs / 1000).toFixed(1)} s, ${peakMb} MB`,
  )
}

function start(kind: string): Peer {
  const own = [fileURLToPath(import.meta.url), '--serve', kind, '--work', values.work]
  return startPeer(process.execPath, own, engineEnvironment(process.env) as Record<string, string>)
}

async function serve(kind: string): Promise<void> {
  const bare = { full: decodeBarely, reduced: decodeReduced }[kind]
  const atOnce = bare ? 1 : Infinity
  // As ours has it, in the threads that decode.
  sharp.concurrency(1)
  sharp.cache(false)
  allowImagingThreads(Number(kind) || 1)
  const decoder = createDecoder(() => {})
  const anyone = new AbortController().signal
  for await (const line of createInterface({ input: process.stdin })) {
    const { paths } = JSON.parse(line) as { paths: string[] }
    const thumbnailDirectory = await mkdtemp(join(values.work, 'thumbnails-'))
    const decode: Work = (path) =>
      decoder.decode({ path, input, thumbnailDirectory, isUrgent: false }, anyone)
    const before = {
      ms: performance.now(),
      usage: process.cpuUsage(),
      loop: performance.eventLoopUtilization(),
    }
    await workThrough(paths, bare ?? decode, atOnce)
    const elapsedMs = performance.now() - before.ms
    const { user, system } = process.cpuUsage(before.usage)
    const pass: Pass = {
      elapsedMs,
      processorMs: (user + system) / 1000,
      ownShare: performance.eventLoopUtilization(before.loop).utilization,
      peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
    }
    await rm(thumbnailDirectory, { recursive: true })
    console.log(JSON.stringify(pass))
  }
}

async function workThrough(paths: readonly string[], work: Work, atOnce: number): Promise<void> {
  const waiting = paths.values()
  await Promise.all(
    Array.from({ length: Math.min(atOnce, paths.length) }, async () => {
      for (const path of waiting) await work(path)
    }),
  )
}

/** All pixels of the file, and nothing else. */
function decodeBarely(path: string): Promise<Buffer> {
  return sharp(path).raw().toBuffer()
}

/** As small as the model's pixels want it, which lets sharp leave out most of a JPEG. */
function decodeReduced(path: string): Promise<Buffer> {
  const { shortSidePx } = smallestUseForPixels(input)
  const least = { width: shortSidePx, height: shortSidePx, fit: 'outside', withoutEnlargement: true } as const
  return sharp(path).resize(least).raw().toBuffer()
}

/** Those that sharp reads too, so that all sides do the same files. */
async function decodablePaths(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter(isPictureName).sort()
  const paths: string[] = []
  for (const name of names) {
    const path = join(directory, name)
    const isDecodable = await decodeReduced(path).then(
      () => true,
      () => false,
    )
    if (isDecodable) paths.push(path)
  }
  if (paths.length === 0) throw new Error(`${directory} holds no picture that sharp decodes.`)
  return paths
}

async function makeHugePhoto(): Promise<string> {
  await mkdir(values.work, { recursive: true })
  const path = join(values.work, 'huge.jpg')
  if (await stat(path).catch(() => null)) return path
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 }
  const grain = await sharp({
    create: { width: 400, height: 300, channels: 3, background: 'gray', noise },
  })
    .png()
    .toBuffer()
  await sharp(grain).resize(11_600, 8_700).jpeg({ quality: 85, progressive: true }).toFile(path)
  return path
}
