import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { databaseFileIn } from '../../src-main/library/store/store.ts'
import { idAt, until } from '../library/library-under-test.ts'
import { makeOldLibrary } from '../library/store/old-library.ts'
import { drawSquares, openLibraryInProcess } from './library-in-process.ts'

test('a library in a process of its own is asked as one in this process, and tells what changes', async (t) => {
  const { client, photos } = await openLibraryInProcess(t)
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
  const { client, photos, channel, pid, over } = await openLibraryInProcess(t)
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  await client.addFolder({ path: photos })
  await client.scan({})
  assert.equal((await client.captionAll({})).captioned, 1)
  assert.ok((await client.photoAt({ path: join(photos, 'one.jpg') })).thumbnailPath)
  channel.close()
  await over.promise
  while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
})

test('an old library is brought up to date first: calls wait, and how far it is is told', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'library'))
  makeOldLibrary(databaseFileIn(join(home, 'library')), 100)
  const { client } = await openLibraryInProcess(t, join(home, 'library'))
  const told = new Set<string>()
  client.on('progress', (works) => {
    for (const { phase, total } of works) if (total > 1) told.add(phase)
  })
  assert.equal((await client.status({})).photos, 100)
  assert.ok(told.has('update'))
})

test('a library that does not open says why to every call', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(home, { recursive: true }))
  writeFileSync(join(home, 'file'), '')
  const { client } = await openLibraryInProcess(t, join(home, 'file', 'library'))
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

test('it has a young generation as small as the command line’s', {
  skip: process.platform === 'linux' ? false : 'only Linux shows what a process was started with',
}, async (t) => {
  const { pid } = await openLibraryInProcess(t)
  assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /--max-semi-space-size=1\0/)
})
