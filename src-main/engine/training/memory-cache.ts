import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { memoryPath } from '../../contract/memory-path.ts'
import { keepFile } from '../imaging/keep-file.ts'
import { narrowToFloat16, widenFloat16 } from '../model/half-floats.ts'

/** Visual memories of pictures on the disk, in half precision, by model and content. */
export interface MemoryCache {
  /** `[1+N, dv]`; from now on the one that was used last. */
  read(contentHash: string): Promise<Float32Array | undefined>
  /**
   * What was not used for longest makes room for it.
   * @param memory `[1+N, dv]`
   * @returns what `read` gives from now on: it has gone through half precision
   * @throws LensloreError `DISK_FULL`, `WRITE_FAILED`
   */
  keep(contentHash: string, memory: Float32Array): Promise<Float32Array>
}

export interface MemoryCacheOptions {
  directory: string
  modelId: string
  /** Numbers of one memory, `(1+N) · dv`. */
  size: number
  /** Of all models together. */
  limitBytes: number
}

/** Of a content, or a piece of one that a killed engine left. Nothing else in the folder is ours to remove. */
const ourNames = /^[0-9a-f]{64}\.f16(?:\.\d+-\d+\.part)?$/
/** Room is made for some more at once, for which all files are looked at. */
const fullShare = 0.9

export function openMemoryCache({ directory, modelId, size, limitBytes }: MemoryCacheOptions): MemoryCache {
  let bytes: number | undefined
  let makingRoom: Promise<void> = Promise.resolve()

  async function makeRoom(madeBytes: number): Promise<void> {
    if (bytes !== undefined) bytes += madeBytes
    if (bytes !== undefined && bytes <= limitBytes) return
    const files = (await listKept(directory)).sort((a, b) => a.usedMs - b.usedMs)
    let left = files.reduce((sum, file) => sum + file.bytes, 0)
    if (left > limitBytes) {
      for (const file of files) {
        if (left <= limitBytes * fullShare) break
        // One that a program has open stays on some systems, until the next time.
        const isGone = await rm(file.path).then(
          () => true,
          () => false,
        )
        if (isGone) left -= file.bytes
      }
    }
    bytes = left
  }

  return {
    async read(contentHash) {
      const path = memoryPath(directory, modelId, contentHash)
      const content = await readFile(path).catch(() => undefined)
      // A power cut may leave less than was written.
      if (content?.byteLength !== 2 * size) return undefined
      const now = new Date()
      await utimes(path, now, now).catch(() => {})
      return widenFloat16(new Uint8Array(content))
    },
    async keep(contentHash, memory) {
      const halves = narrowToFloat16(memory)
      await keepFile(memoryPath(directory, modelId, contentHash), halves, 'visual memories')
      makingRoom = makingRoom.then(() => makeRoom(halves.byteLength))
      await makingRoom
      return widenFloat16(halves)
    },
  }
}

async function listKept(directory: string): Promise<{ path: string; bytes: number; usedMs: number }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const found: { path: string; bytes: number; usedMs: number }[] = []
  for (const entry of entries) {
    if (!entry.isFile() || !ourNames.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const file = await stat(path).catch(() => undefined)
    if (file) found.push({ path, bytes: file.size, usedMs: file.mtimeMs })
  }
  return found
}
