/**
 * Photos per second, ours against PyTorch, on the same random weights at the sizes of CLIP ViT-B/32 and GPT-2 small and on
 * the same pictures, all rows in turns:
 *
 *     npm run bench -- captioner [--provider cpu] [--batch 8,32,64] [--threads 2] [--python /venv/bin/python3]…
 *         [--eager] [--rounds 5] [--pictures 16] [--photos DIR] [--work DIR]
 *
 * Each `--python` has a PyTorch (and PIL, for files); the system's own is a row besides. Each also runs compiled where
 * that works and was not forbidden (`--eager`; compiling takes minutes), and ours at every precision of the provider. With a provider that is a GPU's the peers run on the GPU that
 * PyTorch finds; token ids are always held against ours in fp32 on the processor. `--photos` takes the files for the run from file to caption from a folder; otherwise
 * twelve-megapixel JPEGs are made.
 */
import { readdir, stat, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { toErrorRecord } from '../src-main/contract/errors.ts'
import { providerNames } from '../src-main/contract/providers.ts'
import { readCheckpoint, readModelJson } from '../src-main/engine/captioning/checkpoint.ts'
import { precisionsOf } from '../src-main/engine/captioning/precision.ts'
import { preparePicture } from '../src-main/engine/imaging/picture.ts'
import { normalisePixels } from '../src-main/engine/imaging/pixels.ts'
import { inputSizePx, readPreprocessing } from '../src-main/engine/imaging/preprocessing.ts'
import { checkForDevice } from '../src-main/engine/trial/attempt.ts'
import {
  describePyTorch,
  ourSide,
  type Pass,
  type Pixels,
  pyTorchSide,
  type Side,
} from './captioner-sides.ts'
import { median } from './in-turns.ts'
import { makePhotos } from './made-photos.ts'
import { writeRandomCheckpoint } from './random-checkpoint.ts'

const systemPython = '/usr/bin/python3'

const { values } = parseArgs({
  options: {
    provider: { type: 'string', default: 'cpu' },
    batch: { type: 'string', default: '8' },
    threads: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '5' },
    pictures: { type: 'string' },
    photos: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'lenslore-bench-captioner') },
    python: { type: 'string', multiple: true, default: [] },
    eager: { type: 'boolean', default: false },
  },
})
const provider = providerNames.find((name) => name === values.provider)
if (!provider) throw new Error(`--provider is one of: ${providerNames.join(', ')}`)
const batches = values.batch.split(',').map(Number)
const rounds = Number(values.rounds)
const pictures = Number(values.pictures ?? Math.max(16, ...batches))
const model = join(values.work, 'model')
const writing = { model, threads: Number(values.threads), beams: 5, lengthPenalty: 0.8, maxNewTokens: 16 }

if (!(await stat(join(model, 'config.json')).catch(() => null))) await writeRandomCheckpoint(model)
const paths = values.photos
  ? await photosOf(values.photos)
  : await makePhotos(join(values.work, 'photos'), pictures)
const pixels = await preparePixels()
console.log(`${cpus()[0]?.model}, ${writing.threads} threads each; load ${loadavg()[0]!.toFixed(1)}`)
console.log(`${writing.beams} beams, ${writing.maxNewTokens} tokens, ${pictures} pictures`)

const reference = ourSide('cpu', 'fp32', writing, pixels)
const { ids: expected } = await reference.captionPixels(batches[0]!)
/** Rows whose ids are not what they have to be. */
let wrong = 0

const noDevice =
  provider === 'cpu' ? null : await checkForDevice(provider, writing.threads).catch(toErrorRecord)
if (noDevice) {
  await reference.close()
  await compareIdsAlone(noDevice.message)
} else await compareSpeed()
process.exit(wrong === 0 ? 0 : 1)

/** A provider that computes on the processor says what is right, and nothing about time. */
async function compareIdsAlone(reason: string): Promise<void> {
  console.log(`Not timed: ${reason}`)
  for (const precision of precisionsOf[provider!]) {
    const side = ourSide(provider!, precision, writing, pixels)
    try {
      tellIds(side, await side.captionPixels(batches[0]!))
    } catch (thrown) {
      console.log(`${side.name} does not work here: ${toErrorRecord(thrown).message}`)
      wrong++
    }
    await side.close()
  }
}

async function compareSpeed(): Promise<void> {
  const ours = precisionsOf[provider!].map((precision) =>
    provider === 'cpu' && precision === 'fp32' ? reference : ourSide(provider!, precision, writing, pixels),
  )
  if (!ours.includes(reference)) await reference.close()
  const sides = [...ours, ...(await findPeers())]
  const seeing = sides.filter(({ seePixels }) => seePixels)
  for (const batch of batches) {
    console.log(`the vision tower alone (pixels to memory), batch ${batch}`)
    const rows = await inTurns(seeing, (side) => side.seePixels!(batch))
    report(rows, ours, { withIds: false })
  }
  for (const batch of batches) {
    console.log(`model alone (pixels to tokens), batch ${batch}`)
    const rows = await inTurns(sides, (side) => side.captionPixels(batch))
    report(rows, ours, { withIds: true })
  }
  for (const batch of batches) {
    console.log(`end to end (files to captions), batch ${batch}`)
    const rows = await inTurns(sides, (side) => side.captionFiles(paths, batch))
    report(rows, ours, { withIds: false })
  }
  for (const side of sides) await side.close()
}

async function findPeers(): Promise<Side[]> {
  const peers: Side[] = []
  for (const python of new Set([...values.python, systemPython])) {
    const found = await describePyTorch(python)
    if (!found) {
      console.log(`${python} has no PyTorch.`)
      continue
    }
    const device = provider !== 'cpu' && found.card !== null ? 'cuda' : 'cpu'
    if (provider !== 'cpu' && device === 'cpu') console.log(`PyTorch ${found.torch} finds no GPU.`)
    if (!found.compiles) console.log(`PyTorch ${found.torch} has no torch.compile.`)
    for (const precision of device === 'cuda' ? (['fp32', 'tf32', 'fp16'] as const) : (['fp32'] as const)) {
      for (const compiled of found.compiles && !values.eager ? [false, true] : [false]) {
        peers.push(pyTorchSide({ python, device, precision, compiled }, found, writing, pixels))
      }
    }
  }
  return peers
}

interface Measured {
  side: Side
  /** The last pass. */
  last: Pass
  allMs: number[]
  /** Of the processor; empty where the side does not tell. */
  allProcessorMs: number[]
}

/**
 * One unmeasured round, in which things are compiled, then the measured ones in turns, so that nobody has the machine's
 * better minutes. Another that does not work is told of, and left out.
 * @param sides first ours in fp32, without which there is nothing to compare
 */
async function inTurns(sides: readonly Side[], pass: (side: Side) => Promise<Pass>): Promise<Measured[]> {
  const measured: Measured[] = []
  for (const side of sides) {
    try {
      measured.push({ side, last: await pass(side), allMs: [], allProcessorMs: [] })
    } catch (thrown) {
      if (side === sides[0]) throw thrown
      console.log(`  ${side.name} does not work here: ${toErrorRecord(thrown).message}`)
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const row of measured) {
      row.last = await pass(row.side)
      row.allMs.push(row.last.elapsedMs)
      if (row.last.processorMs !== undefined) row.allProcessorMs.push(row.last.processorMs)
    }
  }
  return measured
}

function report(rows: readonly Measured[], ours: readonly Side[], { withIds }: { withIds: boolean }): void {
  const rate = (elapsedMs: number) => ((pictures / elapsedMs) * 1000).toFixed(3)
  for (const { side, last, allMs, allProcessorMs } of rows) {
    const range = `${rate(Math.max(...allMs))} to ${rate(Math.min(...allMs))}`
    const ratios = rows
      .filter((own) => ours.includes(own.side) && !ours.includes(side))
      .map((own) => {
        const times = (median(allMs) / median(own.allMs)).toFixed(2)
        const hasProcessor = allProcessorMs.length > 0 && own.allProcessorMs.length > 0
        const processor = hasProcessor && (median(allProcessorMs) / median(own.allProcessorMs)).toFixed(2)
        return `; ${own.side.name} is ${times} times${processor ? `, by processor time ${processor}` : ''}`
      })
    const worked =
      allProcessorMs.length > 0 ? `, ${rate(median(allProcessorMs))} a second of one processor` : ''
    console.log(`  ${side.name}: ${rate(median(allMs))} photos/s (${range})${worked}${ratios.join('')}`)
    if (withIds) tellIds(side, last)
  }
  console.log(`  (medians of ${rounds} rounds in turns; load ${loadavg()[0]!.toFixed(1)})`)
}

function tellIds(side: Side, { ids }: Pass): void {
  const equal = ids!.filter((own, index) => own.join() === expected![index]!.join()).length
  if (side.isExact && equal < pictures) wrong++
  console.log(
    `    ${side.name}: token ids equal to ours on the processor for ${equal} of ${pictures} pictures`,
  )
}

/** The pictures' pixels by our own preprocessing, once, in a file that all read. */
async function preparePixels(): Promise<Pixels> {
  const { preprocessorDirectories } = await readCheckpoint(model, null)
  const preprocessing = readPreprocessing(
    await readModelJson(preprocessorDirectories, 'preprocessor_config.json'),
  )
  const prepared: Uint8Array[] = []
  for (const file of paths) {
    prepared.push((await preparePicture(file, { input: preprocessing, thumbnailDirectory: null })).pixels)
  }
  const data = normalisePixels(prepared, preprocessing) // [N, 3, S, S]
  const path = join(values.work, 'pixels.f32')
  await writeFile(path, data)
  const { widthPx, heightPx } = inputSizePx(preprocessing)
  return { data, path, shape: [prepared.length, 3, heightPx, widthPx] }
}

async function photosOf(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => /\.jpe?g$/i.test(name)).sort()
  if (names.length < pictures) throw new Error(`${directory} has fewer than ${pictures} JPEG files.`)
  return names.slice(0, pictures).map((name) => join(directory, name))
}
