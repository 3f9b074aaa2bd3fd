import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./hung-drive-process.ts', import.meta.url))

export interface HungDrive {
  folder: string
  /** Settles when it answers nothing any more. */
  hangs: Promise<unknown>
  /** Whoever waits is answered by this with an error. */
  pullOut(): void
}

/**
 * Mounts a drive with one file `hangs.jpg`, which answers nothing any more once that is open, or (`mount`) from the beginning.
 * @returns undefined where that is not allowed, and the test skipped.
 */
export function mountHungDrive(t: TestContext, hangsAfter: 'open' | 'mount' = 'open'): HungDrive | undefined {
  let device: number
  try {
    device = openSync('/dev/fuse', 'r+')
  } catch {
    t.skip('there is no fuse here to mount a drive that does not answer')
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const options = `fd=3,rootmode=40000,user_id=${process.getuid?.()},group_id=${process.getgid?.()},allow_other`
  const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'hung', folder], {
    stdio: ['ignore', 'ignore', 'ignore', device],
  })
  if (mounted.status !== 0) {
    closeSync(device)
    rmdirSync(folder)
    t.skip('mounting a drive that does not answer is not allowed here')
    return undefined
  }
  const drive = spawn(process.execPath, [program, 'hangs.jpg', hangsAfter], {
    stdio: ['ignore', 'pipe', 'inherit', device],
  })
  closeSync(device)
  t.after(() => {
    drive.kill('SIGKILL')
    execFileSync('umount', ['-l', folder])
    rmdirSync(folder)
  })
  return {
    folder,
    hangs: once(drive.stdout!, 'data'),
    pullOut: () => void drive.kill('SIGKILL'),
  }
}
