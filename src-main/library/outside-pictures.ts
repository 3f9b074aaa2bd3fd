import { randomUUID, webcrypto } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { likeText } from '../contract/query-grammar.ts'
import type { LikedPicture } from '../contract/records.ts'
import { throwAs, writeFileAtomically } from './metadata/atomic-write.ts'
import type { OutsidePictureStore } from './store/outside-pictures.ts'

export interface OutsidePicturesOptions {
  /** Where a picture lies while it is decoded. */
  directory: string
  store: Pick<OutsidePictureStore, 'touch' | 'remember'>
  /** Photos of a content. */
  photosWithContent(contentHash: string): number[]
  /** The space of the library's model. */
  space(): Promise<{ spaceId: string }>
  /** Where the model sees the picture of a file. */
  embedFile(path: string): Promise<{ spaceId: string; vector: Int8Array }>
}

/**
 * What to put into a query so that photos are to look like a picture. A photo of the library is named by its id; of another one it is
 * remembered where the model sees it, and nothing else.
 * @throws LensloreError the picture's own error, those of the model, `DISK_FULL`, `WRITE_FAILED`
 */
export type LikePicture = (bytes: Uint8Array<ArrayBuffer>) => Promise<LikedPicture>

const nameLength = 16
/** What is as old as that was left by a process that was killed. */
const leftAfterMs = 3_600_000

export function createLikePicture(options: OutsidePicturesOptions): LikePicture {
  const { directory, store, photosWithContent, space, embedFile } = options

  /** The engine reads files alone. Nobody else may read this one, which is gone as soon as it was read. */
  async function asFile<T>(bytes: Uint8Array, read: (path: string) => Promise<T>): Promise<T> {
    const own = join(directory, randomUUID())
    try {
      // What messages call it.
      const path = join(own, 'This file')
      await mkdir(own, { recursive: true, mode: 0o700 }).catch(throwAs(path))
      await writeFileAtomically(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), null)
      return await read(path)
    } finally {
      await rm(own, { recursive: true, force: true })
    }
  }

  async function clearLeft(): Promise<void> {
    for (const name of await readdir(directory).catch(() => [])) {
      const path = join(directory, name)
      const found = await stat(path).catch(() => undefined)
      if (found && Date.now() - found.mtimeMs > leftAfterMs) await rm(path, { recursive: true, force: true })
    }
  }

  return async (bytes) => {
    const digest = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')
    const [photo] = photosWithContent(digest)
    if (photo !== undefined) return { term: likeText({ kind: 'pictures', pictures: [{ photo }] }), photo }
    const name = digest.slice(0, nameLength)
    if (!store.touch(name, (await space()).spaceId)) {
      await clearLeft()
      const { spaceId, vector } = await asFile(bytes, embedFile)
      store.remember(name, spaceId, vector)
    }
    return { term: likeText({ kind: 'pictures', pictures: [{ outside: name }] }), photo: null }
  }
}
