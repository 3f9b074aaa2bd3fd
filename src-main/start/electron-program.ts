import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A download of which nothing came for so long is given up. */
const silentMs = 15_000
const deadlineMs = 10 * 60_000
const lookEveryMs = 500

/** @param folder of the installed package. @returns undefined where its binary is not on the disk */
export function electronProgram(folder: string): string | undefined {
  try {
    const program = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8'))
    return existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}

export interface FetchOptions {
  /** Told how much there is of it. */
  onProgress(bytes: number): void
  silentMs?: number
}

/**
 * Lets the package fetch its binary by its own installer.
 * @returns whether it is there now
 */
export async function fetchElectron(folder: string, options: FetchOptions): Promise<boolean> {
  // The installer downloads into the system's folder for such things: in one of our own, its growth is the progress.
  const temporary = mkdtempSync(join(tmpdir(), 'lenslore-electron-'))
  const child = spawn(process.execPath, [join(folder, 'install.js')], {
    env: {
      ...process.env,
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
      ELECTRON_GET_NO_PROGRESS: '1',
    },
    stdio: 'ignore',
  })
  const startedMs = performance.now()
  let grewMs = startedMs
  let bytes = 0
  const looking = setInterval(() => {
    const now = performance.now()
    const there = bytesIn(temporary)
    if (there !== bytes) grewMs = now
    bytes = there
    options.onProgress(bytes)
    const isLate = now - startedMs > deadlineMs || now - grewMs > (options.silentMs ?? silentMs)
    if (isLate) child.kill('SIGKILL')
  }, lookEveryMs)
  try {
    const [status] = await once(child, 'close')
    return status === 0 && electronProgram(folder) !== undefined
  } finally {
    clearInterval(looking)
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
  }
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0)
}
