import { readdirSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { readText, writeForOwner } from './owner-files.ts'
import { hashSecret, makeSecret } from './secrets.ts'

const livesMs = 10 * 60_000

/**
 * Links that open the window once. Each is a file named by the hash of its secret, so that another program of the same owner
 * can make one for a server that runs.
 */
export interface Links {
  /** @returns the secret of a new link */
  make(): string
  /** @returns whether it was a link that nobody used yet, younger than ten minutes; it is none any more */
  use(secret: string): boolean
}

/** @param folder of the server, as `serverFolder` has it */
export function linksIn(folder: string, nowMs: () => number = Date.now): Links {
  const links = join(folder, 'links')
  const isAlive = (file: string) => {
    const untilMs = Number(readText(file) ?? 0)
    return untilMs > nowMs() && untilMs <= nowMs() + livesMs
  }

  return {
    make() {
      const secret = makeSecret()
      writeForOwner(join(links, hashSecret(secret)), String(nowMs() + livesMs))
      for (const name of readdirSync(links)) {
        const file = join(links, name)
        if (!isAlive(file)) rmSync(file, { force: true })
      }
      return secret
    },
    use(secret) {
      const file = join(links, hashSecret(secret))
      const wasAlive = isAlive(file)
      try {
        // Of two that use it at once, one finds it gone.
        unlinkSync(file)
      } catch {
        return false
      }
      return wasAlive
    },
  }
}
