import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import type { TableFormat } from '../contract/rooms/exchange.ts'

/** A table that came in, or waits to be fetched, is gone after so long. */
const keptMs = 3_600_000

export interface TableFile {
  /** Absolute. */
  path: string
  format: TableFormat
}

/** Tables that a page knows by tokens. */
export interface TableFiles {
  /** A file of the person's own, which stays. */
  add(file: TableFile): string
  /** A place for a table in a folder of its own, gone within the hour. */
  makeTemporary(format: TableFormat): Promise<TableFile & { token: string }>
  /** @throws LensloreError `FILE_NOT_FOUND` */
  find(token: string): TableFile
  close(): Promise<void>
}

export function createTableFiles(): TableFiles {
  const files = new Map<string, TableFile>()
  const folders = new Set<string>()
  const timers = new Set<NodeJS.Timeout>()

  function add(file: TableFile): string {
    const token = randomBytes(16).toString('base64url')
    files.set(token, file)
    return token
  }

  async function remove(token: string, folder: string): Promise<void> {
    files.delete(token)
    folders.delete(folder)
    await rm(folder, { recursive: true, force: true })
  }

  return {
    add,
    async makeTemporary(format) {
      // Readable by its owner alone.
      const folder = await mkdtemp(join(tmpdir(), 'lenslore-table-'))
      const file = { path: join(folder, `captions.${format}`), format }
      const token = add(file)
      folders.add(folder)
      timers.add(setTimeout(() => void remove(token, folder), keptMs).unref())
      return { ...file, token }
    },
    find(token) {
      const file = files.get(token)
      if (file) return file
      throw new LensloreError('FILE_NOT_FOUND', 'That table is no longer here; choose it again.')
    },
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })))
    },
  }
}
