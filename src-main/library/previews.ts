import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { previewPath } from '../contract/preview-path.ts'

/** Copies of pictures that no browser draws, which the engine made and the library keeps for a while. */
export interface Previews {
  readonly directory: string
  /** The copy of a content that is kept, which is from now on the one used last. */
  find(contentHash: string): Promise<string | undefined>
  /** Another one was made: those that were not used for longest give way. */
  makeRoom(madeHash: string): Promise<void>
}

/** Of a content, or a piece of one that a killed engine left. Nothing else in the folder is ours to remove. */
const ourNames = /^[0-9a-f]{64}\.jpg(?:\.[0-9a-f-]+\.part)?$/
/** Room is made for some more at once, for which all files are looked at. */
const fullShare = 0.9

/** @param mostBytes of all copies together */
export function createPreviews(directory: string, mostBytes = 2 * 2 ** 30): Previews {
  let bytes: number | undefined

  async function kept(): Promise<{ path: string; bytes: number; usedMs: number }[]> {
    const names = await readdir(directory).catch(() => [])
    const found = await Promise.all(
      names
        .filter((name) => ourNames.test(name))
        .map(async (name) => {
          const path = join(directory, name)
          const file = await stat(path).catch(() => undefined)
          return file?.isFile() ? [{ path, bytes: file.size, usedMs: file.mtimeMs }] : []
        }),
    )
    return found.flat()
  }

  return {
    directory,
    async find(contentHash) {
      const path = previewPath(directory, contentHash)
      const now = new Date()
      try {
        // An empty file is what a power cut leaves.
        if ((await stat(path)).size === 0) return undefined
        await utimes(path, now, now).catch(() => {})
        return path
      } catch {
        return undefined
      }
    },
    async makeRoom(madeHash) {
      const made = previewPath(directory, madeHash)
      if (bytes !== undefined) bytes += (await stat(made).catch(() => undefined))?.size ?? 0
      if (bytes !== undefined && bytes <= mostBytes) return
      const files = (await kept()).sort((a, b) => a.usedMs - b.usedMs)
      let left = files.reduce((sum, file) => sum + file.bytes, 0)
      if (left > mostBytes) {
        for (const file of files) {
          if (left <= mostBytes * fullShare) break
          if (file.path === join(made)) continue
          // One that a program has open stays on some systems, until the next time.
          const isGone = await rm(file.path).then(
            () => true,
            () => false,
          )
          if (isGone) left -= file.bytes
        }
      }
      bytes = left
    },
  }
}
