import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryPlace } from '../contract/memory-path.ts'
import { previewPath } from '../contract/preview-path.ts'
import { thumbnailPath } from '../contract/thumbnail-path.ts'
import type { Database } from './store/database.ts'

/** Files are removed at once, for a photo may get this content in any turn between. */
const contentsATurn = 50

/** Of what thumbnails are made now. Another number makes them all anew, and needs another directory. */
export const thumbnailVersion = 1

/** Whether a content has a thumbnail already; an empty file is what a power cut leaves of one. */
export function isThumbnailKept(thumbnailDirectory: string, contentHash: string): boolean {
  const found = statSync(thumbnailPath(thumbnailDirectory, contentHash), { throwIfNoEntry: false })
  return found !== undefined && found.size > 0
}

export function removeThumbnail(thumbnailDirectory: string, contentHash: string): void {
  rmSync(thumbnailPath(thumbnailDirectory, contentHash), { force: true })
}

/** Gives a content the thumbnail of another one that has the same picture; nothing where that has none. */
export function copyThumbnail(thumbnailDirectory: string, fromHash: string, toHash: string): void {
  const [from, to] = [fromHash, toHash].map((hash) => thumbnailPath(thumbnailDirectory, hash)) as [
    string,
    string,
  ]
  if (!existsSync(from) || existsSync(to)) return
  try {
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, to)
  } catch {
    // No room for it: a thumbnail is no reason to lose what was read.
    rmSync(to, { force: true })
  }
}

/**
 * Removes the thumbnails, whole copies, and what models saw, of contents that only removed photos had. What is left over by a kill is removed
 * by the next call.
 * @returns how many contents no photo has any more.
 * @throws DOMException `AbortError` through the signal
 */
export async function removeLeftThumbnails(
  database: Database,
  {
    thumbnailDirectory,
    previewDirectory,
    memoryDirectory,
  }: { thumbnailDirectory: string; previewDirectory: string; memoryDirectory: string },
  signal?: AbortSignal,
): Promise<number> {
  const { prepare, write } = database
  for (let removed = 0; ; await nextTurn()) {
    signal?.throwIfAborted()
    const contents = prepare<{ content: Buffer; isUsed: number }>(
      `SELECT content_hash AS content,
         EXISTS (SELECT 1 FROM photos WHERE photos.content_hash = contents_left.content_hash) AS isUsed
       FROM contents_left LIMIT ?`,
    ).all(contentsATurn)
    if (contents.length === 0) return removed
    for (const { content, isUsed } of contents) {
      if (isUsed) continue
      const contentHash = content.toString('hex')
      removeThumbnail(thumbnailDirectory, contentHash)
      rmSync(previewPath(previewDirectory, contentHash), { force: true })
      removeMemories(memoryDirectory, contentHash)
      removed++
    }
    write(() => {
      for (const { content } of contents) {
        prepare('DELETE FROM contents_left WHERE content_hash = ?').run(content)
      }
    })
  }
}

/** Each model has a folder of its own there. */
function removeMemories(memoryDirectory: string, contentHash: string): void {
  for (const folder of existsSync(memoryDirectory) ? readdirSync(memoryDirectory) : []) {
    rmSync(join(memoryDirectory, folder, memoryPlace(contentHash)), { force: true })
  }
}
