import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LikedPicture, SearchPage } from '../../src-main/contract/records.ts'
import { makeTemporaryFolder, runLenslore } from './lenslore.ts'

const photosPath = fileURLToPath(new URL('../../../shared/photos/flickr8k-dev.tar', import.meta.url))
const skip = existsSync(photosPath) ? false : `${photosPath} is not on this machine`

// Two dogs and a climber, and another dog that stays outside.
const [dog, otherDog, climber] = [
  '1319634306_816f21677f.jpg',
  '1469000260_5d473c8283.jpg',
  '205682549_713aa6cd88.jpg',
]
const outside = '2217328285_b1d55c17ca.jpg'

test('photos are found by a picture, with plus and minus and words beside it', { skip }, async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'Photos'), join(home, 'data')]
  mkdirSync(photos)
  const { status } = spawnSync('tar', ['-xf', photosPath, '-C', photos, dog, otherDog, climber])
  assert.equal(status, 0)
  assert.equal(spawnSync('tar', ['-xf', photosPath, '-C', home, outside]).status, 0)
  assert.equal((await runLenslore(data, 'run', photos)).status, 0)
  const page = async (...args: string[]) =>
    (await runLenslore(data, 'search', '--json', ...args)).json[0] as SearchPage & { like?: LikedPicture[] }
  const namesOf = ({ photos: hits }: SearchPage) => hits.map(({ path }) => path.slice(photos.length + 1))

  const byPhoto = await page('--like', join(photos, dog))
  assert.deepEqual(namesOf(byPhoto), [dog, otherDog])
  assert.equal(byPhoto.like![0]!.photo, byPhoto.photos[0]!.id)
  assert.ok(byPhoto.photos[0]!.cosine! > 0.99)
  assert.deepEqual(namesOf(await page('--like', join(photos, dog), `-like:${byPhoto.photos[1]!.id}`)), [dog])
  assert.deepEqual(namesOf(await page('like:"someone climbing rocks"')), [climber])
  assert.deepEqual(namesOf(await page('like:"someone climbing rocks"', '-has:caption')), [])

  const byPicture = await page('--like', join(home, outside))
  const { term, photo } = byPicture.like![0]!
  assert.equal(photo, null)
  // It is remembered by the next process.
  rmSync(join(home, outside))
  const { total, notes } = await page(term)
  assert.deepEqual([total, notes], [byPicture.total, []])
  const said = await runLenslore(data, 'search', '--like', join(photos, climber))
  assert.match(said.stdout, new RegExp(`${climber} is like:\\d+\\n\\d+\\t.*${climber}\\t1\\.00`))

  writeFileSync(join(home, 'notes.txt'), 'no picture')
  const refused = await runLenslore(data, 'search', '--like', join(home, 'notes.txt'))
  assert.deepEqual([refused.status, /notes\.txt: This file is no picture/.test(refused.stderr)], [4, true])
  const changed = await runLenslore(data, 'mark', '--found', 'like:999 dog', '--rating', '4')
  assert.deepEqual([changed.status, /no such photo/.test(changed.stderr)], [2, true])
  for (const command of ['timeline', 'facets']) {
    assert.match((await runLenslore(data, command, 'like:999')).stdout, /no such photo/)
  }
})
