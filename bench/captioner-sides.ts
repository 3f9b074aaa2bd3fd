import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EngineCalls, engineCalls, type ModelInput } from '../src-main/contract/engine-calls.ts'
import type { Precision, ProviderName } from '../src-main/contract/providers.ts'
import { type Client, connect } from '../src-main/contract/rpc.ts'
import { type Captioner, openCaptioner } from '../src-main/engine/captioning/captioner.ts'
import { readCheckpoint } from '../src-main/engine/captioning/checkpoint.ts'
import { checkForHalves } from '../src-main/engine/captioning/halves-check.ts'
import { openSession, type Session } from '../src-main/engine/captioning/session.ts'
import { halve } from '../src-main/engine/model/half-precision.ts'
import { buildTowerGraph } from '../src-main/engine/training/visual-memory.ts'
import { forkEngine } from '../src-main/processes/fork.ts'
import { type Peer, startPeer } from './in-turns.ts'

/** How all sides of a comparison write: the same checkpoint, beams and length. */
export interface Writing {
  model: string
  threads: number
  beams: number
  lengthPenalty: number
  maxNewTokens: number
}

export interface Pixels {
  /** `[N, 3, S, S]`, preprocessed. */
  data: Float32Array
  shape: readonly [number, number, number, number]
  /** A file that holds `data`. */
  path: string
}

/** One pass over all pictures. */
export interface Pass {
  elapsedMs: number
  /** Of all threads, where the side knows it: what another program's load changes less. */
  processorMs?: number
  /** Token ids a picture, where the side tells them. */
  ids?: number[][]
}

/** A row of the comparison: it says itself what it is, and fails in words where it does not work here. */
export interface Side {
  readonly name: string
  /** Whether it computes in fp32, so that its token ids have to be those of the reference. */
  readonly isExact: boolean
  /** What the vision tower alone sees in all pictures; null for a form that has no tower of its own. */
  seePixels: ((batch: number) => Promise<Pass>) | null
  captionPixels(batch: number): Promise<Pass>
  /** From files to captions. */
  captionFiles(paths: readonly string[], batch: number): Promise<Pass>
  close(): Promise<void>
}

/** Ours: pixels in this process as the engine runs them, files by an engine in a process of its own, as in the product. */
export function ourSide(
  provider: ProviderName,
  precision: Precision,
  writing: Writing,
  pixels: Pixels,
): Side {
  const { model: modelDirectory, ...settings } = writing
  const formDirectory = join(dirname(modelDirectory), 'forms')
  const how = { modelDirectory, adapterPath: null, provider, precision, formDirectory, ...settings }
  let tower: Session | undefined
  let captioner: Captioner | undefined
  let engine: { calls: Client<EngineCalls, Record<never, never>>; kill(): void } | undefined
  let opened: { input: ModelInput; batchSize: number } | undefined

  async function closeTower(): Promise<void> {
    await tower?.close()
    tower = undefined
  }

  async function closeCaptioner(): Promise<void> {
    await captioner?.close()
    captioner = undefined
  }

  async function openTower(): Promise<Session> {
    if (precision === 'fp16') await checkForHalves(provider, settings.threads)
    const graph = buildTowerGraph((await readCheckpoint(modelDirectory, null)).model.vision)
    const asked = precision === 'fp16' ? halve(graph, new Set(), new Set()) : graph
    return openSession(asked, provider, settings.threads)
  }

  /** @param take what to do with the pixels of `count` pictures */
  async function passOver(
    batch: number,
    take: (part: Float32Array, count: number) => Promise<void>,
  ): Promise<number> {
    const size = pixels.data.length / pixels.shape[0]
    const startedMs = performance.now()
    for (let at = 0; at < pixels.shape[0]; at += batch) {
      const count = Math.min(batch, pixels.shape[0] - at)
      await take(pixels.data.subarray(at * size, (at + count) * size), count)
    }
    return performance.now() - startedMs
  }

  async function seePixels(batch: number): Promise<Pass> {
    tower ??= await openTower()
    const opened = tower
    const side = pixels.shape.slice(1)
    const elapsedMs = await passOver(batch, async (data, count) => {
      await opened.run({ pixels: { data, shape: [count, ...side] } })
    })
    return { elapsedMs }
  }

  async function startEngine(): Promise<NonNullable<typeof engine>> {
    const { channel, kill } = await forkEngine()
    return { calls: connect<EngineCalls>(channel, engineCalls), kill }
  }

  return {
    name: `ours, ${provider}, ${precision}`,
    isExact: precision === 'fp32',
    seePixels: precision === 'int8' ? null : seePixels,
    async captionPixels(batch) {
      await closeTower()
      captioner ??= await openCaptioner(how)
      const opened = captioner
      const before = process.cpuUsage()
      const ids: number[][] = []
      const elapsedMs = await passOver(batch, async (part, count) => {
        ids.push(...(await opened.caption(part, count)).map(({ tokenIds }) => tokenIds))
      })
      const { user, system } = process.cpuUsage(before)
      return { elapsedMs, processorMs: (user + system) / 1000, ids }
    },
    async captionFiles(paths, batch) {
      await closeCaptioner()
      engine ??= await startEngine()
      const { calls } = engine
      if (opened?.batchSize !== batch) opened = await calls.open({ ...how, batchSize: batch })
      const { input } = opened
      const startedMs = performance.now()
      await Promise.all(
        paths.map(async (path) => {
          const picture = await calls.decode({ path, input })
          await calls.caption({ pixels: picture.pixels! })
        }),
      )
      return { elapsedMs: performance.now() - startedMs }
    },
    async close() {
      await closeTower()
      await closeCaptioner()
      engine?.kill()
    },
  }
}

/** How PyTorch is to run: which, where, and how exactly. */
export interface PyTorchWay {
  python: string
  device: 'cpu' | 'cuda'
  precision: 'fp32' | 'tf32' | 'fp16'
  compiled: boolean
}

export interface PyTorch {
  /** Its version. */
  torch: string
  /** The GPU that it finds. */
  card: string | null
  /** Whether it has `torch.compile`. */
  compiles: boolean
}

/** @returns null where there is no PyTorch */
export async function describePyTorch(python: string): Promise<PyTorch | null> {
  const peer = startPyTorch(python, 1)
  try {
    return await peer.ask<PyTorch>({ command: 'describe' })
  } catch {
    return null
  } finally {
    peer.process.kill()
  }
}

/** The peer in a process of its own. */
export function pyTorchSide(
  way: PyTorchWay,
  { torch, card }: PyTorch,
  writing: Writing,
  pixels: Pixels,
): Side {
  const { python, device, precision, compiled } = way
  let opening: Promise<Peer> | undefined

  async function open(): Promise<Peer> {
    const peer = startPyTorch(python, writing.threads)
    await askInWords(peer, { command: 'open', ...writing, device, precision, compiled })
    return peer
  }

  async function ask(request: object): Promise<Pass> {
    opening ??= open()
    return askInWords(await opening, request)
  }

  return {
    name: `PyTorch ${torch} ${compiled ? 'compiled' : 'eager'}, ${device === 'cpu' ? 'cpu' : card}, ${precision}`,
    isExact: precision === 'fp32',
    seePixels: (batch) => ask({ command: 'see', path: pixels.path, shape: pixels.shape, batch }),
    captionPixels: (batch) => ask({ command: 'pixels', path: pixels.path, shape: pixels.shape, batch }),
    async captionFiles(paths, batch) {
      opening ??= open()
      // The engine gives way to the person's other programs; in a comparison both do.
      setPriority((await opening).process.pid!, constants.priority.PRIORITY_BELOW_NORMAL)
      return ask({ command: 'files', paths, batch })
    },
    async close() {
      const peer = await opening?.catch(() => undefined)
      peer?.process.kill()
    },
  }
}

function startPyTorch(python: string, threads: number): Peer {
  const script = fileURLToPath(new URL('./pytorch/captioner.py', import.meta.url))
  return startPeer(python, [script], {
    OPENBLAS_NUM_THREADS: String(threads),
    OMP_NUM_THREADS: String(threads),
  })
}

async function askInWords(peer: Peer, request: object): Promise<Pass> {
  const answer = await peer.ask<Pass | { error: string }>(request)
  if ('error' in answer) throw new Error(answer.error)
  return answer
}
