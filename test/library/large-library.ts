import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createSearch } from '../../src-main/library/search/search.ts'
import { openReader } from '../../src-main/library/store/database.ts'
import { databaseFileIn, openStore } from '../../src-main/library/store/store.ts'
import type { LibraryUnderTest } from './library-under-test.ts'

/** Enough for dozens of slices. */
export const manyPhotos = 3000

/** Of work on all of them: fewer would be slices that somebody waits for. */
export const fewestStates = 20

/**
 * A library of many photos without files, all captioned by a model. The folder that they are in holds one file, so that it is
 * not offline.
 */
async function makeLargeLibrary(home: string): Promise<void> {
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

/** Cancels a call when it has told of that many photos. */
export async function cancelAfter(
  { client }: Pick<LibraryUnderTest, 'client'>,
  photos: number,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController()
  let told = 0
  const end = client.on('photosChanged', ({ photoIds }) => {
    told += photoIds.length
    if (told >= photos) stop.abort()
  })
  await assert.rejects(call(stop.signal), { code: 'CANCELLED' })
  end()
}

const changingProcess = fileURLToPath(new URL('./changing-process.ts', import.meta.url))

export type ManyChange = 'caption' | 'regenerate' | 'rate' | 'replace' | 'join'

/** A process that changes all photos of a library is killed when it has told of that so many times. */
export async function killWhileItChanges(directory: string, change: ManyChange, told = 10): Promise<void> {
  const child = fork(changingProcess, [directory, change])
  const ended = once(child, 'exit').then(() => ['ended'])
  for (let times = 0; times < told; times++) {
    const [message] = await Promise.race([once(child, 'message'), ended])
    assert.equal(message, 'changed')
  }
  child.kill('SIGKILL')
  await ended
}

/** A process that changes all photos of a library is killed when it knows some of what is to change, and has changed nothing. */
export async function killWhileItPlans(directory: string): Promise<void> {
  const child = fork(changingProcess, [directory, 'caption', 'planned'])
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
}
