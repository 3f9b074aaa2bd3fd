import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Build, bringUpToDate } from '../src-main/start/up-to-date.ts'

export const checkout = fileURLToPath(new URL('..', import.meta.url))

const lookEveryMs = 200
/** Whoever builds for longer is gone. */
const longestBuildMs = 180_000

/** Builds into `out` what is not up to date. Test files run side by side: one of them builds, the others wait. */
export async function buildOnce(...builds: readonly Build[]): Promise<void> {
  const lock = join(checkout, 'out', 'build.lock')
  mkdirSync(join(checkout, 'out'), { recursive: true })
  while (!take(lock)) {
    const { mtimeMs } = statSync(lock, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() }
    if (Date.now() - mtimeMs > longestBuildMs) rmSync(lock, { recursive: true, force: true })
    else await sleep(lookEveryMs)
  }
  try {
    for (const build of builds) await bringUpToDate(checkout, build, () => {})
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    return false
  }
}
