import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { forkProcess } from '../../src-main/channels/child-process.ts'
import { createMemoryChannel } from '../../src-main/channels/memory.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../../src-main/contract/library-calls.ts'
import { type Client, connect, serve } from '../../src-main/contract/rpc.ts'
import { createLibrary, type Library } from '../../src-main/library/library.ts'
import type { StartEngine } from '../../src-main/library/queue/start-engine.ts'

/** The program of an engine without a model. */
export const fragileEngine = fileURLToPath(new URL('../fixtures/fragile-engine.ts', import.meta.url))

export interface LibraryUnderTest {
  client: Client<LibraryCalls, LibraryEvents>
  handlers: Library['handlers']
  close(): Promise<void>
}

const startFragileEngine: StartEngine = () => forkProcess(fragileEngine)

/** A library behind its contract, with an engine process that needs no model where no other is given. */
export function openLibrary(directory: string, startEngine = startFragileEngine): LibraryUnderTest {
  const [here, there] = createMemoryChannel()
  const library = createLibrary({
    directory,
    dataDirectory: directory,
    startEngine,
    version: '0.0.0',
  })
  const { emit } = serve<LibraryCalls, LibraryEvents>(there, libraryCalls, library.handlers)
  library.onEvent(emit)
  return {
    client: connect<LibraryCalls, LibraryEvents>(here, libraryCalls),
    handlers: library.handlers,
    close() {
      // Ends what a test that failed left under way.
      here.close()
      return library.close()
    },
  }
}

export async function idAt({ photoAt }: LibraryUnderTest['client'], path: string): Promise<number> {
  return (await photoAt({ path })).id
}

/** Waits for what comes by itself. */
/** @param patienceMs for what takes the machine long. */
export async function until(isSo: () => boolean | Promise<boolean>, patienceMs = 20_000): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    assert.ok(20 * tries < patienceMs, 'it never was so')
    await sleep(20)
  }
}

/** Waits until no caption is to be written out any more. */
export async function writtenOut({ status }: LibraryUnderTest['client']): Promise<void> {
  while ((await status({})).waitingExports > 0) await sleep(20)
}

export interface PhotosUnderTest extends LibraryUnderTest {
  /** An empty folder for photos, and that of the library, in a folder of the test's own. */
  photos: string
  directory: string
  /** Scans and captions, as `lenslore run` does. */
  takeIn(): Promise<{ changed: number; captioned: number }>
}

/** A library that is closed, and gone with all its files, when the test is over. */
export function openLibraryFor(t: TestContext, startEngine?: StartEngine): PhotosUnderTest {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const [photos, directory] = [join(home, 'photos'), join(home, 'library')]
  mkdirSync(photos)
  const { client, handlers, close } = openLibrary(directory, startEngine)
  t.after(async () => {
    await close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  const takeIn = async () => {
    const { changed } = await client.scan({})
    const { captioned } = await client.captionAll({})
    return { changed, captioned }
  }
  return { client, handlers, close, photos, directory, takeIn }
}
