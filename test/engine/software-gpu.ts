import { existsSync, mkdtempSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { openSession, type Session } from '../../src-main/engine/captioning/session.ts'
import { Graph } from '../../src-main/engine/model/graph.ts'
import { add } from '../../src-main/engine/model/operators.ts'

// Imported for its effect: WebGPU runs in software where Debian's chromium brought the driver and nothing else is chosen.

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (!process.env.VK_ICD_FILENAMES && existsSync(driver)) {
  process.env.VK_ICD_FILENAMES = driver
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), 'lenslore-gpu-'))
}

/**
 * Keeps the device from the first of a file's tests to the last. What was compiled for it goes with the last session that is
 * open, and in software a graph is ten times as long compiled as it runs.
 */
export function keepDevice(): void {
  let kept: Session | null = null
  before(async () => {
    const g = new Graph('kept')
    const x = g.input('x', 'float32', [1])
    g.namedOutput('twice', add(g, x, x))
    kept = await openSession(g, 'webgpu', 1).catch((thrown: unknown) => {
      if (thrown instanceof LensloreError && thrown.code === 'PROVIDER_UNAVAILABLE') return null
      throw thrown
    })
  })
  after(() => kept?.close())
}

/** @returns undefined, and the test is skipped, where WebGPU does not open. */
export async function onDevice<T>(context: TestContext, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof LensloreError && thrown.code === 'PROVIDER_UNAVAILABLE')) throw thrown
    context.skip('WebGPU does not open on this machine')
    return undefined
  }
}

/** How many tensors the runtime brings from the device and to it while the graph runs, besides what it is fed and gives. */
export async function countCopies(graph: Graph): Promise<{ toHost: number; toDevice: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'lenslore-copies-'))
  try {
    const optimisedPath = join(directory, 'optimised.onnx')
    const session = await openSession(graph, 'webgpu', 1, { optimisedPath })
    await session.close()
    const text = await readFile(optimisedPath, 'latin1')
    const count = (operator: string) => text.split(operator).length - 1
    return { toHost: count('MemcpyToHost'), toDevice: count('MemcpyFromHost') }
  } finally {
    await rm(directory, { recursive: true })
  }
}
