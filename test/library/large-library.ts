import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createSearch } from '../../src-main/library/search/search.ts'
import { openReader } from '../../src-main/library/store/database.ts'
import { databaseFileIn, openStore } from '../../src-main/library/store/store.ts'

/** Enough for dozens of slices. */
export const manyPhotos = 3000

/**
 * A library of many photos without files, all captioned by a model. The folder that they are in holds one file, so that it is
 * not offline.
 */
export async function makeLargeLibrary(home: string): Promise<void> {
  const [pictures, directory] = [join(home, 'pictures'), join(home, 'library')]
  mkdirSync(pictures, { recursive: true })
  writeFileSync(join(pictures, 'there.jpg'), 'a picture')
  const store = openStore(databaseFileIn(directory))
  const folderId = store.folders.insert(pictures, 1).id
  store.database.write(() => {
    for (let id = 1; id <= manyPhotos; id++) {
      store.database
        .prepare(
          `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, indexed_ms, sort_ms,
             caption_id, caption_source, captioned_by) VALUES (?, ?, ?, ?, 1, 1, 1, ?, 1, ?, ?, 'model', 'm')`,
        )
        .run(id, folderId, `d${id % 7}`, `${id}.jpg`, id, id * 1000, id)
      store.database
        .prepare(
          `INSERT INTO captions (id, photo_id, text, source, model_id, created_ms) VALUES (?, ?, ?, 'model', 'm', 1)`,
        )
        .run(id, id, `a dog number ${id}`)
    }
  })
  await createSearch(store.database).searchIndex.renewAll()
  store.close()
}

/** Made once, for the tests of one file. */
export function createLargeLibraries(): { copy(): Promise<string>; remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-large-'))
  let copies = 0
  let making: Promise<void> | undefined
  return {
    async copy() {
      making ??= makeLargeLibrary(join(home, 'made'))
      await making
      const copy = join(home, String(++copies))
      cpSync(join(home, 'made', 'library'), join(copy, 'library'), { recursive: true })
      return copy
    },
    remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/**
 * In how many states another connection saw the database while work was under way: between any two of them the event loop came
 * round, and others had their turns.
 */
export async function countStates(directory: string, work: Promise<unknown>): Promise<number> {
  let isOver = false
  const over = work.finally(() => {
    isOver = true
  })
  over.catch(() => {})
  const reader = openReader(databaseFileIn(directory))
  const versions = new Set<number>()
  while (!isOver) {
    versions.add(reader.prepare<{ data_version: number }>('PRAGMA data_version').get()!.data_version)
    await nextTurn()
  }
  reader.close()
  await over
  return versions.size
}
