import { availableParallelism } from 'node:os'
import type { TrialPlan } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { type ProviderAttempt, type ProviderName, providerNames, type Way } from '../../contract/providers.ts'
import { type Captioner, openCaptioner } from '../captioning/captioner.ts'
import { readCheckpoint } from '../captioning/checkpoint.ts'
import { precisionsOf, refuseForm } from '../captioning/precision.ts'
import { openSession } from '../captioning/session.ts'
import { Graph } from '../model/graph.ts'
import { affineInInt8, matmul } from '../model/operators.ts'
import { describeDevice } from './device.ts'

/**
 * One way to run a model, tried: what a provider does with this very model on this device. That one opens, or multiplies large
 * matrices quickly, says little: with a small model a graphics card may be slower than the processor beside it.
 */

/** Providers that this build of the runtime may have, by system. */
const beyondTheProcessor: Partial<Record<NodeJS.Platform, readonly ProviderName[]>> = {
  darwin: ['webgpu', 'coreml'],
  win32: ['webgpu', 'dml'],
  linux: ['webgpu', 'cuda'],
}

/** One processor is left to the person. */
export const defaultThreads = Math.max(1, availableParallelism() - 1)

export async function planTrial(modelDirectory: string, adapterPath: string | null): Promise<TrialPlan> {
  const { modelId, forms } = await readCheckpoint(modelDirectory, adapterPath)
  // Where two threads share a core, as many as there are cores may be faster.
  const halfOfAll = Math.max(1, Math.ceil(availableParallelism() / 2))
  const threads = [...new Set([defaultThreads, halfOfAll])]
  const others = providerNames.filter((name) => beyondTheProcessor[process.platform]?.includes(name))
  return {
    modelId,
    device: await describeDevice(),
    candidates: [
      ...threads.map((count) => ({ provider: 'cpu' as const, threads: count })),
      ...others.map((provider) => ({ provider, threads: defaultThreads })),
    ].flatMap((way) =>
      precisionsOf[way.provider].map((precision) => ({
        ...way,
        precision,
        refusal: precision === 'fp32' ? null : refuseForm(precision, forms[precision]),
      })),
    ),
  }
}

/** @throws LensloreError `PROVIDER_UNAVAILABLE`, and those of `openCaptioner` */
export async function openAttempt(
  options: Way & { modelDirectory: string; adapterPath: string | null; formDirectory: string | null },
): Promise<{ captioner: Captioner; openMs: number; captions: string[] }> {
  if (options.provider !== 'cpu') await checkForDevice(options.provider, options.threads)
  if (options.precision === 'int8') await checkInt8Sums()
  const startedMs = performance.now()
  const captioner = await openCaptioner(options)
  const openMs = performance.now() - startedMs
  const pictures = makePictures(comparedPictures, captioner.imageSizePx)
  const captions = await captioner.caption(pictures, comparedPictures)
  return { captioner, openMs, captions: captions.map(({ tokenIds }) => tokenIds.join(' ')) }
}

const comparedPictures = 8
const batchSizes = [4, 8, 16, 32, 64]
/** The best of as many runs as this time has room for. */
const measuredMs = 600
/** No larger batch is tried after one that took so long, or after two that brought nothing. */
const longRunMs = 1500
const worthwhileGain = 1.05
const fruitlessBatches = 2

export async function runAttempt(captioner: Captioner): Promise<ProviderAttempt['rates']> {
  const rates: ProviderAttempt['rates'] = []
  let fruitless = 0
  for (const batchSize of batchSizes) {
    const pixels = makePictures(batchSize, captioner.imageSizePx)
    let elapsedMs = Infinity
    for (let spentMs = 0; spentMs < measuredMs; ) {
      const startedMs = performance.now()
      await captioner.caption(pixels, batchSize)
      const tookMs = performance.now() - startedMs
      elapsedMs = Math.min(elapsedMs, tookMs)
      spentMs += tookMs
    }
    const photosPerSecond = (batchSize / elapsedMs) * 1000
    const isWorthwhile = rates.every((rate) => photosPerSecond >= rate.photosPerSecond * worthwhileGain)
    fruitless = isWorthwhile ? 0 : fruitless + 1
    rates.push({ batchSize, photosPerSecond })
    if (elapsedMs > longRunMs || fruitless === fruitlessBatches) break
  }
  return rates
}

/** Waves of other lengths and colours in each picture: something to see, the same on every machine. `[B, 3, S, S]` */
function makePictures(count: number, side: number): Float32Array {
  const area = side * side
  return Float32Array.from({ length: count * 3 * area }, (_, index) => {
    const picture = Math.floor(index / (3 * area)) % comparedPictures
    const channel = Math.floor(index / area) % 3
    const x = (index % side) / side
    const y = (Math.floor(index / side) % side) / side
    const slow = Math.sin((2 + picture) * x + 3 * channel) + Math.cos((3 + 2 * picture) * y - channel)
    return 0.6 * slow + 0.4 * Math.sin((9 + 7 * picture) * (x + y * y))
  })
}

/**
 * Where there is no graphics card a driver that computes on the processor may answer in its place, and the runtime does
 * not tell which it got. A card answers a tiny product within a few milliseconds; such a driver takes a hundred, and
 * would take minutes for a model.
 */
const tinyWidth = 128
const tinyLimitMs = 25

/** @throws LensloreError `PROVIDER_UNAVAILABLE` where the provider does not open, or has no device worth the name */
export async function checkForDevice(provider: ProviderName, threads: number): Promise<void> {
  const g = new Graph('product')
  const matrix = g.input('matrix', 'float32', [tinyWidth, tinyWidth])
  g.namedOutput('product', matmul(g, matmul(g, matrix, matrix), matrix))
  const session = await openSession(g, provider, threads)
  try {
    const data = new Float32Array(tinyWidth ** 2).fill(1 / tinyWidth)
    const feeds = { matrix: { data, shape: [tinyWidth, tinyWidth] } }
    const timesMs: number[] = []
    // The first run compiles.
    for (let run = 0; run < 3; run++) {
      const startedMs = performance.now()
      await session.run(feeds)
      timesMs.push(performance.now() - startedMs)
    }
    const bestMs = Math.min(...timesMs.slice(1))
    if (bestMs > tinyLimitMs) {
      throw new LensloreError(
        'PROVIDER_UNAVAILABLE',
        `${provider} has no graphics card here: a tiny product takes it ${Math.round(bestMs)} ms.`,
      )
    }
  } finally {
    await session.close()
  }
}

/**
 * Processors without instructions of their own for int8 add two products up in 16 bits, which is not enough for large ones: what
 * was measured of a form's captions elsewhere says nothing there.
 */
async function checkInt8Sums(): Promise<void> {
  const length = 256
  const g = new Graph('sums')
  const matrix = g.constant('int8', [length, 16], Array(length * 16).fill(127))
  const scales = g.constant('float32', [16], Array(16).fill(1 / 127))
  g.namedOutput('sums', affineInInt8(g, g.input('x', 'float32', [16, length]), { matrix, scales }, null))
  const session = await openSession(g, 'cpu', 1)
  try {
    const data = new Float32Array(16 * length).fill(1)
    const { sums } = await session.run({ x: { data, shape: [16, length] } })
    const isRight = (sum: number | bigint) => Math.abs(Number(sum) - length) <= length / 100
    if (Array.from<number | bigint>(sums!.data).every(isRight)) return
    throw new LensloreError(
      'PROVIDER_UNAVAILABLE',
      'This processor adds products in int8 up in too few bits for the captions to be as good.',
    )
  } finally {
    await session.close()
  }
}
