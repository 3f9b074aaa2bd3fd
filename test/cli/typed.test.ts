import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import type { Caption, SearchPage } from '../../src-main/contract/records.ts'
import { waves } from '../engine/imaging/synthetic-pictures.ts'
import { makeTemporaryFolder, runLenslore } from './lenslore.ts'

// The program as a person runs it, and what it says of what is typed.

test('what is not searched, excluded, passed over or failed is said, and words are taken away and brought back', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'Photos'), join(home, 'data')]
  mkdirSync(join(photos, 'trip'), { recursive: true })
  const picture = (width: number) =>
    sharp(waves({ widthPx: width, heightPx: 90 }), { raw: { width, height: 90, channels: 3 } })
      .jpeg()
      .toBuffer()
  writeFileSync(join(photos, 'IMG_2.jpg'), await picture(120))
  writeFileSync(join(photos, 'trip', 'IMG_20.jpg'), await picture(130))
  writeFileSync(join(photos, 'trip', 'broken.jpg'), (await picture(140)).subarray(0, 30))
  for (const name of ['a.mp4', 'b.MOV', 'trip/c.mp4', 'notes.txt']) writeFileSync(join(photos, name), name)
  const run = async (...args: string[]) => {
    const { stdout, stderr, status } = await runLenslore(data, ...args)
    assert.equal(status, 0, stderr)
    return stdout
  }
  const page = async (...query: string[]) =>
    (await runLenslore(data, 'search', '--json', '--', ...query)).json[0] as SearchPage

  const summary = (await runLenslore(data, 'run', photos)).stdout
  assert.match(summary, /Passed over: 3 videos \(2 mp4, 1 mov\), 1 document \(1 txt\)\./)

  const { notes, total } = await page('person:ruth', 'name:IMG_2')
  assert.deepEqual(
    [notes, total],
    [[{ kind: 'filter', text: 'person:ruth', name: 'person', meant: 'people' }], 1],
  )
  const said = await run('search', 'person:ruth', 'before:yesterday', 'name:IMG_2')
  assert.match(said, /There is no filter person:; did you mean people:\? Left out: person:ruth/)
  assert.match(said, /not understood: before:yesterday \(before: takes 2019, 2019-06, or 2019-06-30\)/)
  assert.match(said, /IMG_2\.jpg/)
  for (const command of ['timeline', 'facets'])
    assert.match(await run(command, 'person:ruth'), /no filter person:/)
  assert.match(await run('search', '*'), /nothing to search for in \*\n0 photos/)
  // A change is made to what was meant, or to nothing.
  const refused = await runLenslore(data, 'mark', '--found', 'person:ruth', '--rating', '4')
  assert.deepEqual([refused.status, /did you mean people:/.test(refused.stderr)], [2, true])

  const failed = await page('is:failed')
  assert.equal(failed.total, 1)
  assert.ok((await run('search', 'is:failed')).includes(failed.photos[0]!.error!.message))

  const captionsOf = async (...args: string[]) =>
    (await runLenslore(data, 'captions', '--json', join(photos, 'IMG_2.jpg'), ...args)).json[0] as Caption[]
  const [models] = await captionsOf()
  assert.equal(models!.source, 'model')
  assert.match(await run('caption-none', join(photos, 'IMG_2.jpg')), /your word: 1;/)
  assert.equal((await page('has:caption')).total, 1)
  assert.match(await run('show', join(photos, 'IMG_2.jpg')), /Caption\s+\(no caption\) \(person/)
  assert.deepEqual(
    (await captionsOf()).map(({ source, isCurrent }) => [source, isCurrent]),
    [
      ['person', true],
      ['model', false],
    ],
  )
  assert.deepEqual(await captionsOf('--by', 'person'), (await captionsOf()).slice(0, 1))
  await run('caption-undo')
  assert.deepEqual((await captionsOf())[1]!.text, models!.text)

  await run('caption-set', join(photos, 'trip', 'IMG_20.jpg'), 'mine')
  await run('caption-set', join(photos, 'IMG_2.jpg'), 'mine too')
  assert.equal((await page('by:person')).total, 2)
  await run('caption-again', join(photos, 'trip'))
  assert.deepEqual(
    (await page('by:person')).photos.map(({ caption }) => caption),
    ['mine too'],
  )
  const stranger = await runLenslore(data, 'caption-again', home)
  assert.match(stranger.stderr, /is no folder of the library, nor in one/)

  await run('exclude', photos, 'trip/')
  rmSync(join(photos, 'IMG_2.jpg'))
  assert.match((await runLenslore(data, 'run')).stdout, /1 missing, 2 excluded/)
  assert.match(await run('status'), /1 missing, 2 excluded\)/)
  assert.deepEqual([(await page('is:missing')).total, (await page('is:excluded')).total], [1, 2])
})
