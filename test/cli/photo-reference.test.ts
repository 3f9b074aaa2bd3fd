import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { selectionOf } from '../../src-main/cli/photo-reference.ts'
import { createSearch } from '../../src-main/library/search/search.ts'
import { databaseFileIn, openStore } from '../../src-main/library/store/store.ts'
import { openLibrary } from '../library/library-under-test.ts'
import { addFolder, addPhoto, contentOf } from '../library/store/sample-library.ts'
import { makeTemporaryFolder } from './lenslore.ts'

// What the commands that change photos take a folder for, before they change anything.

/** Of a library with one photo in `Trip 2`, and directories and a link to itself beside it. @param rootOf where its folder is. */
function openSample(t: TestContext, rootOf: (home: string) => string) {
  const home = makeTemporaryFolder(t)
  for (const name of ['Trip', 'Trip 2', 'Trip“2', '***']) mkdirSync(join(home, name))
  symlinkSync('loop.jpg', join(home, 'loop.jpg'))
  const directory = join(home, 'library')
  mkdirSync(directory)
  const store = openStore(databaseFileIn(directory))
  createSearch(store.database)
  const root = rootOf(home)
  const below = `${home.slice(root.length)}/Trip 2/a.jpg`.replace(/^\//, '')
  addPhoto(store, addFolder(store, root), below, contentOf('a'))
  store.close()
  const library = openLibrary(directory)
  t.after(() => library.close())
  return async (...folders: string[]) => {
    const selection = await selectionOf(
      library.client,
      folders.map((folder) => join(home, folder)),
      undefined,
    )
    return selection && 'ranges' in selection ? selection.ranges[0]![1] : 0
  }
}

test('a folder without photos is no photo of the folders beside it', async (t) => {
  const photosOf = openSample(t, (home) => home)
  assert.equal(await photosOf('Trip'), 0)
  assert.equal(await photosOf('***'), 0)
  assert.equal(await photosOf('Trip 2'), 1)
  assert.equal(await photosOf('Trip', 'Trip 2'), 1)
  assert.equal(await photosOf('.'), 1)
  await assert.rejects(photosOf('..'), { code: 'FOLDER_NOT_FOUND' })
  await assert.rejects(photosOf('Trip“2'), { code: 'INVALID_ARGUMENT' })
})

test('a link that leads nowhere and a name that is too long are photos that the library does not know', async (t) => {
  const photosOf = openSample(t, (home) => home)
  for (const name of ['loop.jpg', `${'n'.repeat(300)}.jpg`])
    await assert.rejects(photosOf(name), { code: 'PHOTO_NOT_FOUND' })
})

test('a library of the whole disk has all folders in it', async (t) => {
  const photosOf = openSample(t, () => '/')
  assert.equal(await photosOf('Trip 2'), 1)
  assert.equal(await photosOf('Trip'), 0)
  assert.equal(await photosOf('../'.repeat(40)), 1)
})
