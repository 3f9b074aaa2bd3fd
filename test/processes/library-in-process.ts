import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import sharp from 'sharp'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../../src-main/contract/library-calls.ts'
import { connect } from '../../src-main/contract/rpc.ts'
import { forkLibrary } from '../../src-main/processes/fork.ts'

/** A folder of pictures of squares, and a library of its own process, both gone when the test is over. */
export async function openLibraryInProcess(t: TestContext, libraryDirectory?: string) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const photos = join(home, 'photos')
  mkdirSync(photos)
  const directory = libraryDirectory ?? join(home, 'library')
  const { channel, pid, kill } = await forkLibrary({ directory, dataDirectory: home, version: '0.0.0' })
  const over = Promise.withResolvers<void>()
  channel.onClose(() => over.resolve())
  t.after(async () => {
    kill()
    await over.promise
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  return {
    client: connect<LibraryCalls, LibraryEvents>(channel, libraryCalls),
    directory,
    photos,
    channel,
    pid,
    over,
  }
}

export async function drawSquares(file: string, background: string): Promise<void> {
  const square = { create: { width: 90, height: 60, channels: 3 as const, background: 'white' } }
  await sharp({ create: { width: 300, height: 200, channels: 3, background } })
    .composite([{ input: square, left: 30, top: 40 }])
    .jpeg()
    .toFile(file)
}
