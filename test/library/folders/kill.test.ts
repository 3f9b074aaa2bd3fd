import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkIntegrity } from '../../../src-main/library/store/check.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { killWhileScanning } from './chaos.ts'
import { createLibraryOnDisk } from './library-on-disk.ts'

test('a scan that is killed at any moment loses no photo and no word, and the next one ends it', async () => {
  await using library = createLibraryOnDisk()
  const { path, put } = library
  library.addFolder('pictures')
  const names = Array.from({ length: 300 }, (_, i) => i)
  for (const i of names) put(`pictures/${i % 6}/${i}.jpg`)
  await library.sync()
  const ids = library.photos()
  for (const i of names) library.write(`pictures/${i % 6}/${i}.jpg`, `words of ${i}`)

  let at = (i: number) => `pictures/${i % 6}/${i}.jpg`
  for (let round = 0; round < 4; round++) {
    // All move, in rings of names within the directory and around the directories; some are taken away.
    for (let d = 0; d < 6; d++) renameSync(path(`pictures/${d}`), path(`pictures/.${d}`))
    const before = at
    const moved = (i: number) => `pictures/${(i + round + 1) % 6}/${round} ${i}.jpg`
    for (const i of names) {
      mkdirSync(path(`pictures/${(i + round + 1) % 6}`), { recursive: true })
      renameSync(path(before(i).replace('pictures/', 'pictures/.')), path(moved(i)))
    }
    for (let d = 0; d < 6; d++) rmSync(path(`pictures/.${d}`), { recursive: true })
    at = moved
    await killWhileScanning(join(library.directory, '.library'), round + 1)
    const reopened = openStore(library.store.database.file)
    assert.deepEqual(checkIntegrity(reopened.database), [])
    reopened.close()
  }

  const summary = await library.sync()
  assert.equal(summary.missing, 0)
  for (const i of names) {
    assert.equal(library.idOf(at(i)), ids[`pictures/${i % 6}/${i}.jpg`], `${i} is the same photo`)
    assert.equal(library.wordsOf(at(i)), `words of ${i}`)
  }
  assert.equal(Object.keys(library.photos()).length, names.length)
})

test('joining pairs, and parting them, goes on where it was killed, and loses no word', async () => {
  await using library = createLibraryOnDisk()
  const { path, put } = library
  library.addFolder('pictures')
  const numbers = Array.from({ length: 150 }, (_, i) => i)
  for (const i of numbers) {
    put(`pictures/both/${i}.jpg`)
    put(`pictures/raw/${i}.cr2`)
  }
  await library.sync()
  for (const i of numbers) {
    library.write(`pictures/${i % 2 === 0 ? `both/${i}.jpg` : `raw/${i}.cr2`}`, `words of ${i}`)
  }
  const scanKilled = async (after: number) => {
    await killWhileScanning(join(library.directory, '.library'), after)
    const reopened = openStore(library.store.database.file)
    assert.deepEqual(checkIntegrity(reopened.database), [])
    reopened.close()
  }
  for (const i of numbers) renameSync(path(`pictures/raw/${i}.cr2`), path(`pictures/both/${i}.cr2`))
  for (const after of [1, 2, 3]) await scanKilled(after)
  await library.sync()
  assert.equal(Object.keys(library.photos()).length, numbers.length)
  for (const i of numbers) assert.equal(library.wordsOf(`pictures/both/${i}.jpg`), `words of ${i}`)

  for (const i of numbers) renameSync(path(`pictures/both/${i}.cr2`), path(`pictures/raw/${i}.cr2`))
  for (const after of [1, 2]) await scanKilled(after)
  await library.sync()
  assert.equal(Object.keys(library.photos()).length, 2 * numbers.length)
  for (const i of numbers) {
    for (const file of [`both/${i}.jpg`, `raw/${i}.cr2`]) {
      assert.equal(library.wordsOf(`pictures/${file}`), `words of ${i}`)
    }
  }
})
