/**
 * Photos per second, ours against PyTorch eager, on the same random weights at the sizes of CLIP ViT-B/32 and GPT-2
 * small and on the same pictures, run in turns:
 *
 *     node bench/captioner.ts [--rounds 5] [--pictures 16] [--photos DIR] [--work DIR]
 *
 * Needs Debian's python3-torch, libopenblas0-pthread and python3-pil. `--photos` takes the files for the run from
 * file to caption from a folder; otherwise twelve-megapixel JPEGs are made.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { cpus, getPriority, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { openCaptioner } from '../src-main/engine/captioning/captioner.ts'
import { createEngine } from '../src-main/engine/engine.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../src-main/engine/imaging/pixels.ts'
import { readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'
import { median, startPeer } from './in-turns.ts'
import { writeRandomCheckpoint } from './random-checkpoint.ts'

const settings = { threads: 2, beams: 5, lengthPenalty: 0.8, maxNewTokens: 16 }
const batch = 8

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    pictures: { type: 'string', default: '16' },
    photos: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-captioner') },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
})
const rounds = Number(values.rounds)
const pictures = Number(values.pictures)

interface Round {
  elapsedMs: number
  ids?: number[][]
}

const model = join(values.work, 'model')
if (!(await stat(join(model, 'config.json')).catch(() => null))) await writeRandomCheckpoint(model)
const paths = values.photos ? await photosOf(values.photos) : await makePhotos(join(values.work, 'photos'))

const threads = String(settings.threads)
const script = fileURLToPath(new URL('./pytorch/captioner.py', import.meta.url))
const peer = startPeer(values.python, [script], { OPENBLAS_NUM_THREADS: threads, OMP_NUM_THREADS: threads })
const { torch } = await peer.ask<{ torch: string }>({ command: 'open', model, ...settings })
const captioner = await openCaptioner({
  modelDirectory: model,
  adapterPath: null,
  provider: 'cpu',
  ...settings,
})
console.log(`${cpus()[0]?.model}, ${settings.threads} threads each; PyTorch ${torch}`)
console.log(`batch ${batch}, ${settings.beams} beams, ${settings.maxNewTokens} tokens, ${pictures} pictures`)

const { pixels, path: pixelsPath, shape } = await preparePixels()
const modelAlone = await inTurns(
  async () => runOurs(),
  () => peer.ask<Round>({ command: 'pixels', path: pixelsPath, shape, batch }),
)
report('model alone (pixels to tokens)', modelAlone)
const differing = modelAlone.ours.ids!.filter((ids, i) => ids.join() !== modelAlone.theirs.ids![i]!.join())
console.log(`  token ids equal for ${pictures - differing.length} of ${pictures} pictures`)
await captioner.close()

const engine = createEngine()
const anyone = new AbortController().signal
const { input } = await engine.open(
  {
    modelDirectory: model,
    adapterPath: null,
    provider: 'cpu',
    precision: 'fp32',
    formDirectory: null,
    trials: [],
    batchSize: batch,
    ...settings,
  },
  anyone,
)
// The engine gives way to the person's other programs; in a comparison both do.
setPriority(peer.process.pid!, getPriority())
report(
  'end to end (files to captions)',
  await inTurns(
    async () => {
      const startedMs = performance.now()
      await Promise.all(paths.map(captionFile))
      return { elapsedMs: performance.now() - startedMs }
    },
    () => peer.ask<Round>({ command: 'files', paths, batch }),
  ),
)
peer.process.kill()
process.exit(differing.length === 0 ? 0 : 1)

async function captionFile(path: string): Promise<void> {
  const { pixels } = await engine.decode({ path, input, thumbnailDirectory: null, isUrgent: false }, anyone)
  await engine.caption({ pixels: pixels!, readings: false }, anyone)
}

async function runOurs(): Promise<Round> {
  const startedMs = performance.now()
  const ids: number[][] = []
  const size = pixels.length / pictures
  for (let at = 0; at < pictures; at += batch) {
    const count = Math.min(batch, pictures - at)
    const captions = await captioner.caption(pixels.subarray(at * size, (at + count) * size), count)
    ids.push(...captions.map(({ tokenIds }) => tokenIds))
  }
  return { elapsedMs: performance.now() - startedMs, ids }
}

/** One unmeasured round each, then the measured ones in turns, so that neither has the machine's better minutes. */
async function inTurns(ours: () => Promise<Round>, theirs: () => Promise<Round>) {
  const last = { ours: await ours(), theirs: await theirs() }
  const oursMs: number[] = []
  const theirsMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    oursMs.push((await ours()).elapsedMs)
    theirsMs.push((await theirs()).elapsedMs)
  }
  return { ...last, oursMs, theirsMs }
}

function report(title: string, { oursMs, theirsMs }: { oursMs: number[]; theirsMs: number[] }): void {
  const rate = (elapsedMs: number) => ((pictures / elapsedMs) * 1000).toFixed(3)
  const range = (all: number[]) => `${rate(Math.max(...all))} to ${rate(Math.min(...all))}`
  const ratio = median(theirsMs) / median(oursMs)
  console.log(title)
  console.log(`  ours     ${rate(median(oursMs))} photos/s (${range(oursMs)})`)
  console.log(`  PyTorch  ${rate(median(theirsMs))} photos/s (${range(theirsMs)})`)
  console.log(`  ratio    ${ratio.toFixed(2)} (median of ${rounds} rounds in turns)`)
}

/** The pictures' pixels by our own preprocessing, once, in a file that both read. */
async function preparePixels() {
  const preprocessing = readPreprocessing(captioner.preprocessorConfig)
  const prepared: Uint8Array[] = []
  for (const path of paths) {
    prepared.push((await preparePicture(path, { input: preprocessing, thumbnailDirectory: null })).pixels)
  }
  const all = normalisePixels(prepared, preprocessing) // [N, 3, S, S]
  const path = join(values.work, 'pixels.f32')
  await writeFile(path, all)
  const side = captioner.imageSizePx
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
