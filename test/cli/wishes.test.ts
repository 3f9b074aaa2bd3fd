import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTemporaryFolder, runLenslore } from './lenslore.ts'

test('preferences are read and set one by one; what is none of them is refused', async (t) => {
  const data = makeTemporaryFolder(t)
  const before = await runLenslore(data, 'preferences')
  assert.match(before.stdout, /^onlyOnMains=false$/m)
  const set = await runLenslore(
    data,
    'preferences',
    '--set',
    'threads=2',
    'onlyOnMains=true',
    'language=de',
    '--json',
  )
  assert.equal(set.status, 0, set.stderr)
  const after = (await runLenslore(data, 'preferences', '--json')).json[0] as Record<string, unknown>
  assert.deepEqual([after.threads, after.onlyOnMains, after.language], [2, true, 'de'])
  for (const wrong of ['threads=0', 'colour=red', 'threads', 'provider=abacus']) {
    const { status } = await runLenslore(data, 'preferences', '--set', wrong)
    assert.equal(status, 2, wrong)
  }
})

test('searches are saved by name, shown, and forgotten', async (t) => {
  const data = makeTemporaryFolder(t)
  assert.match((await runLenslore(data, 'saved-searches')).stdout, /No search is saved/)
  await runLenslore(data, 'saved-searches', '--save', 'Ruth', 'people:"Nana Ruth"', '-dog')
  assert.equal((await runLenslore(data, 'saved-searches')).stdout, 'Ruth\tpeople:"Nana Ruth" -dog\n')
  assert.equal((await runLenslore(data, 'saved-searches', '--remove', 'Nobody')).status, 2)
  await runLenslore(data, 'saved-searches', '--remove', 'Ruth')
  assert.deepEqual((await runLenslore(data, 'saved-searches', '--json')).json, [[]])
})

test('what failed is tried again, and words give way to the model and come back', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'photos'), join(home, 'data')]
  mkdirSync(photos)
  writeFileSync(join(photos, 'broken.jpg'), 'no picture')
  await runLenslore(data, 'add', photos)
  await runLenslore(data, 'run')
  assert.match((await runLenslore(data, 'status')).stdout, /1 failed/)
  assert.match((await runLenslore(data, 'retry', '--found', 'is:failed')).stdout, /again: 1\./)
  assert.match((await runLenslore(data, 'status')).stdout, /0 failed/)
  assert.match((await runLenslore(data, 'retry')).stdout, /again: 0\./)

  await runLenslore(data, 'caption-set', '1', 'a heron')
  assert.match((await runLenslore(data, 'regenerate', '1')).stdout, /next for it: 1/)
  assert.equal((await runLenslore(data, 'regenerate')).status, 2)
  assert.match((await runLenslore(data, 'caption-undo')).stdout, /Photos changed: 1\./)
  assert.match((await runLenslore(data, 'show', '1')).stdout, /a heron/)
})
