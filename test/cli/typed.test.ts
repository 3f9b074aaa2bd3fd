import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Caption, SearchPage } from '../../src-main/contract/records.ts'
import { makeTemporaryFolder, runLenslore } from './lenslore.ts'
import { makePicture } from './pictures.ts'

// The program as a person runs it, and what it says of what is typed.

test('what is not searched, excluded, passed over or failed is said, and words are taken away and brought back', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'Photos'), join(home, 'data')]
  mkdirSync(join(photos, 'trip'), { recursive: true })
  writeFileSync(join(photos, 'IMG_2.jpg'), await makePicture(120, 90))
  writeFileSync(join(photos, 'trip', 'IMG_20.jpg'), await makePicture(130, 90))
  writeFileSync(join(photos, 'trip', 'broken.jpg'), (await makePicture(140, 90)).subarray(0, 30))
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

  const mine = await run(
    'caption-set',
    join(photos, 'trip', 'IMG_20.jpg'),
    'in two\r\nlines:\tmine \u001b[1m',
  )
  assert.match(mine, /^Photo \d+: in two ⏎ lines: mine \ufffd\[1m\n$/)
  assert.match(await run('search', 'mine'), /\tin two ⏎ lines: mine/)
  assert.match(await run('replace', 'mine', ''), /\+ in two ⏎ lines: \ufffd.*\n1 caption would change;/s)
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

test('what is typed wrongly is refused in a person’s words, with what to do next', async (t) => {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'Photos'), join(home, 'data')]
  mkdirSync(photos)
  writeFileSync(join(photos, 'notes.txt'), 'no picture')
  assert.equal((await runLenslore(data, 'add', photos)).status, 0)
  const wrong: [args: string[], status: number, said: RegExp][] = [
    [['add'], 2, /'folder'\nSee: lenslore add --help\n$/],
    [['add', ''], 2, /An empty name stands for no file or folder/],
    [['add', join(photos, 'notes.txt')], 3, /notes\.txt is no folder/],
    [['exclude', home, '*.gif'], 3, /"lenslore status" lists those it has/],
    [['search', '--limit', 'ten', 'kite'], 2, /whole number from 1 to 1,000\.\nSee: lenslore search --help/],
    [['timeline', '--offset', '-3'], 2, /whole number from 0 on/],
    [['show', '99'], 3, /There is no photo 99\. "lenslore search" lists/],
    [['mark', '99', '--rating', '3'], 3, /There is no photo 99/],
    [['caption-none'], 2, /Name photos, or folders, or a query with --found/],
    [['retry', '1', '--found', 'kite'], 2, /Name photos, or folders, or a query/],
    [['mark', '1'], 2, /say what to mark, such as --rating 4/],
    [['caption-set', '1', ' '], 2, /^lenslore: A caption needs words\./],
    [['caption-set', '1', 'x'.repeat(10_001)], 2, /^lenslore: A caption has at most 10,000 characters\.\n$/],
    [['replace', '', 'kite'], 2, /^lenslore: Say which words are to be replaced\.\n$/],
    [['saved-searches', '--save', ' ', 'kite'], 2, /^lenslore: A saved search needs a name\.\n$/],
    [['preferences', '--set', 'colour=red'], 2, /no such preference; there are theme,/],
    [
      ['preferences', '--set', 'threads=many'],
      2,
      /^lenslore: threads is a whole number from 1 to 256, or null/,
    ],
    [['restore', '', '--yes'], 2, /An empty name stands for no file or folder/],
    [['restore', join(home, 'gone')], 3, /There is no backup .*gone; "lenslore restore" lists them/],
    [['export', '--undo', '--dry-run'], 2, /--undo stands alone/],
    [['export', '--by', 'nobody'], 2, /choices are person, imported, model\./],
    [['models', 'use', ''], 2, /called by its name in the catalogue, such as lenslore-v1\.\n$/],
    [['models', 'uses'], 2, /unknown command 'uses'; there are use, download/],
    [['adapters', 'lst'], 2, /unknown command 'lst'; there are list, show/],
  ]
  for (const [args, status, said] of wrong) {
    const refused = await runLenslore(data, ...args)
    assert.deepEqual([refused.status, refused.stdout], [status, ''], args.join(' '))
    assert.match(refused.stderr, said)
  }
  assert.equal((await runLenslore(data, 'replace', 'kite', '')).stdout, 'No caption would be another.\n')
})
