import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LensloreError } from '../contract/errors.ts'

/** A file that came in, or waits to be fetched, is gone after so long. */
const keptMs = 3_600_000

/** Tables and adapters that a page takes in or is given, which it knows by tokens. */
export interface ExchangedFiles {
  /** A file of the person's own, which stays. @param path absolute */
  add(path: string): string
  /** A place for a file in a folder of its own, gone within the hour. */
  makeTemporary(name: string): Promise<{ path: string; token: string }>
  /** @returns its absolute path @throws LensloreError `FILE_NOT_FOUND` */
  find(token: string): string
  close(): Promise<void>
}

export function createExchangedFiles(): ExchangedFiles {
  const files = new Map<string, string>()
  const folders = new Set<string>()
  const timers = new Set<NodeJS.Timeout>()

  function add(path: string): string {
    const token = randomBytes(16).toString('base64url')
    files.set(token, path)
    return token
  }

  async function remove(token: string, folder: string): Promise<void> {
    files.delete(token)
    folders.delete(folder)
    await rm(folder, { recursive: true, force: true })
  }

  return {
    add,
    async makeTemporary(name) {
      // Readable by its owner alone.
      const folder = await mkdtemp(join(tmpdir(), 'lenslore-file-'))
      const path = join(folder, name)
      const token = add(path)
      folders.add(folder)
      timers.add(setTimeout(() => void remove(token, folder), keptMs).unref())
      return { path, token }
    },
    find(token) {
      const path = files.get(token)
      if (path !== undefined) return path
      throw new LensloreError('FILE_NOT_FOUND', 'That file is no longer here; choose it again.')
    },
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })))
    },
  }
}

/** What an adapter's file is called where nobody names it. @param adapter its id */
export function adapterFileName(adapter: string): string {
  return `adapter-${adapter.slice(0, 12)}.safetensors`
}
