import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
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
