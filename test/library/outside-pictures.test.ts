import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { createLikePicture } from '../../src-main/library/outside-pictures.ts'
import {
  createOutsidePictureStore,
  mostOutsidePictures,
} from '../../src-main/library/store/outside-pictures.ts'
import { createSavedSearches } from '../../src-main/library/store/saved-searches.ts'
import { openStoreFor } from './store/sample-library.ts'

const vector = Int8Array.of(127, 0)

function setUp(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  t.after(() => rmSync(home, { recursive: true }))
  const directory = join(home, 'pictures')
  const { database } = openStoreFor(t)
  const store = createOutsidePictureStore(database)
  const seen: { content: string; mode: number; folderMode: number }[] = []
  const like = createLikePicture({
    directory,
    store,
    photosWithContent: () => [],
    space: async () => ({ spaceId: 'space' }),
    async embedFile(path) {
      const content = readFileSync(path, 'utf8')
      seen.push({ content, mode: statSync(path).mode, folderMode: statSync(dirname(path)).mode & 0o777 })
      if (content === 'bad') throw new LensloreError('PICTURE_DAMAGED', 'This file is damaged.')
      return { spaceId: 'space', vector }
    },
  })
  return {
    directory,
    database,
    store,
    seen,
    like: (content: string) => like(new TextEncoder().encode(content)),
  }
}

test('a picture lies in a folder of its owner alone while it is looked at, and is looked at once', async (t) => {
  const { directory, store, seen, like } = setUp(t)
  const { term, photo } = await like('one')
  assert.equal(photo, null)
  assert.deepEqual(readdirSync(directory), [])
  if (process.platform !== 'win32') assert.equal(seen[0]!.folderMode, 0o700)
  const name = term.slice('like:picture-'.length)
  assert.deepEqual(store.vectorOf(name, 'space'), vector)
  assert.equal(store.vectorOf(name, 'another'), undefined)
  assert.equal((await like('one')).term, term)
  assert.deepEqual(
    seen.map(({ content }) => content),
    ['one'],
  )
})

test('what is no picture leaves nothing, and what a killed process left goes with the next picture', async (t) => {
  const { directory, like } = setUp(t)
  await assert.rejects(like('bad'), { code: 'PICTURE_DAMAGED' })
  assert.deepEqual(readdirSync(directory), [])
  const left = join(directory, 'left')
  mkdirSync(left)
  const before = new Date(Date.now() - 7_200_000)
  utimesSync(left, before, before)
  mkdirSync(join(directory, 'of-another-process'))
  await like('one')
  assert.deepEqual(readdirSync(directory), ['of-another-process'])
})

test('those that were not used for longest are forgotten, unless a saved search names them', (t) => {
  const { database, store } = setUp(t)
  const nameOf = (n: number) => n.toString(16).padStart(16, '0')
  for (let n = 0; n < mostOutsidePictures; n++) store.remember(nameOf(n), 'space', vector)
  assert.equal(store.touch(nameOf(0), 'space'), true)
  createSavedSearches(database).save('Beaches', `like:12,picture-${nameOf(2)} rating:4+`)
  store.remember(nameOf(mostOutsidePictures), 'space', vector)
  assert.ok(store.vectorOf(nameOf(0), 'space'))
  assert.equal(store.vectorOf(nameOf(1), 'space'), undefined)
  assert.equal(store.touch(nameOf(1), 'space'), false)
  for (const n of [1, 2]) store.remember(nameOf(mostOutsidePictures + n), 'space', vector)
  assert.ok(store.vectorOf(nameOf(2), 'space'))
  assert.equal(store.vectorOf(nameOf(3), 'space'), undefined)
})
