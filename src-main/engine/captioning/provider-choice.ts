import { type ProviderName, providerNames } from '../../contract/engine-calls.ts'
import { LensloreError } from '../../contract/errors.ts'
import { Graph } from '../model/graph.ts'
import { matmul } from '../model/operators.ts'
import { openSession, type Session } from './session.ts'

/**
 * Which provider `auto` means. A provider that opens is not yet a good one: where a machine has no graphics card, a
 * driver that computes on the processor may answer in its place, many times slower than the processor provider, and
 * the runtime does not tell which it got. So each provider runs a small product, and must beat the processor.
 */

/** Providers that this build of the runtime may have, by system. */
const candidates: Partial<Record<NodeJS.Platform, readonly ProviderName[]>> = {
  darwin: ['webgpu', 'coreml'],
  win32: ['webgpu', 'dml'],
  linux: ['webgpu', 'cuda'],
}

/** @returns the providers worth asking for on this system, the processor last */
export function listProviders(platform: NodeJS.Platform = process.platform): ProviderName[] {
  return providerNames.filter((name) => name === 'cpu' || candidates[platform]?.includes(name))
}

let known: Promise<ProviderName> | undefined

/** The first provider that opens here and is faster than the processor, else the processor; found out once. */
export function chooseProvider(threads: number): Promise<ProviderName> {
  known ??= probe(threads)
  return known
}

async function probe(threads: number): Promise<ProviderName> {
  let cpuMs: number | undefined
  for (const provider of listProviders()) {
    if (provider === 'cpu') break
    try {
      if ((await timeProduct(provider, threads, tinyWidth)) > tinyLimitMs) continue
      cpuMs ??= await timeProduct('cpu', threads, largeWidth)
      if ((await timeProduct(provider, threads, largeWidth)) < cpuMs) return provider
    } catch (thrown) {
      // Not having a provider is what most machines are like.
      if (!(thrown instanceof LensloreError)) throw thrown
    }
  }
  return 'cpu'
}

/**
 * A tiny product tells a driver that computes on the processor before it is given a large one, which would take it
 * minutes: a graphics card answers within a few milliseconds.
 */
const tinyWidth = 128
const tinyLimitMs = 25
const largeWidth = 1024

/** @returns milliseconds of the better of two runs, after one that compiles what needs compiling */
async function timeProduct(provider: ProviderName, threads: number, width: number): Promise<number> {
  const session = await openSession(buildProductGraph(width), provider, threads)
  try {
    await timeRun(session, width)
    return Math.min(await timeRun(session, width), await timeRun(session, width))
  } finally {
    await session.close()
  }
}

async function timeRun(session: Session, width: number): Promise<number> {
  const data = new Float32Array(width ** 2).fill(1 / width)
  const startedMs = performance.now()
  await session.run({ matrix: { data, shape: [width, width] } })
  return performance.now() - startedMs
}

/** A matrix to its third power. */
function buildProductGraph(width: number): Graph {
  const g = new Graph('product')
  const matrix = g.input('matrix', 'float32', [width, width])
  g.namedOutput('product', matmul(g, matmul(g, matrix, matrix), matrix))
  return g
}
