import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../../src-main/contract/library-calls.ts'
import { connect } from '../../src-main/contract/rpc.ts'
import { forkLibrary } from '../../src-main/processes/fork.ts'
import { idAt, until } from '../library/library-under-test.ts'

/** A folder of pictures of squares, and a library of its own process, both gone when the test is over. */
async function setUp(t: TestContext, libraryDirectory?: string) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const photos = join(home, 'photos')
  mkdirSync(photos)
  const directory = libraryDirectory ?? join(home, 'library')
  const { channel, pid, kill } = await forkLibrary({ directory, dataDirectory: home })
  const over = Promise.withResolvers<void>()
  channel.onClose(() => over.resolve())
  t.after(async () => {
    kill()
    await over.promise
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  return { client: connect<LibraryCalls, LibraryEvents>(channel, libraryCalls), photos, channel, pid, over }
}

async function drawSquares(file: string, background: string): Promise<void> {
  const square = { create: { width: 90, height: 60, channels: 3 as const, background: 'white' } }
  await sharp({ create: { width: 300, height: 200, channels: 3, background } })
    .composite([{ input: square, left: 30, top: 40 }])
    .jpeg()
    .toFile(file)
}

test('a library in a process of its own is asked as one in this process, and tells what changes', async (t) => {
  const { client, photos } = await setUp(t)
  const changed: number[] = []
  client.on('photosChanged', ({ photoIds }) => changed.push(...photoIds))
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  await drawSquares(join(photos, 'two.jpg'), 'olive')
  const { id } = await client.addFolder({ path: photos })
  assert.deepEqual(
    (await client.folders({})).map((folder) => folder.id),
    [id],
  )
  assert.equal((await client.scan({})).added, 2)
  const set = await client.setCaption({
    photo: await idAt(client, join(photos, 'one.jpg')),
    text: 'Grandma’s lighthouse',
  })
  assert.equal(set.source, 'person')
  const { total, photos: found } = await client.search({ query: 'lighthouse' })
  assert.equal(total, 1)
  await until(() => changed.includes(found[0]!.id))
  await assert.rejects(client.photo({ photo: 12345 }), { code: 'PHOTO_NOT_FOUND' })
})

test('a library in a process of its own starts an engine process, and both end with the pipe', async (t) => {
  const { client, photos, channel, pid, over } = await setUp(t)
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  await client.addFolder({ path: photos })
  await client.scan({})
  assert.equal((await client.captionAll({})).captioned, 1)
  assert.ok((await client.photoAt({ path: join(photos, 'one.jpg') })).thumbnailPath)
  channel.close()
  await over.promise
  while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
})

test('a library that does not open says why to every call', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(home, { recursive: true }))
  writeFileSync(join(home, 'file'), '')
  const { client } = await setUp(t, join(home, 'file', 'library'))
  await assert.rejects(client.folders({}), { code: 'WRITE_FAILED' })
  await assert.rejects(client.status({}), { code: 'WRITE_FAILED' })
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
