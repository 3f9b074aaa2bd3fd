import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeTemporaryFolder, runLenslore } from './lenslore.ts'

// What import-table says is what is so afterwards, and one caption-undo takes it back.

async function setUp(t: TestContext, names: readonly string[]) {
  const home = makeTemporaryFolder(t)
  const [photos, data] = [join(home, 'photos'), join(home, 'data')]
  mkdirSync(photos)
  for (const name of names) writeFileSync(join(photos, name), 'no picture')
  const run = (...parameters: string[]) => runLenslore(data, ...parameters)
  await run('add', photos)
  await run('run')
  return { home, photos, run }
}

test('a table with blank rows is one row, which stands over a person’s caption; a second time nothing changes; one undo takes it back', async (t) => {
  const { home, photos, run } = await setUp(t, ['IMG_1.jpg', 'other.jpg'])
  const table = readFileSync(new URL('../fixtures/tables/blank-rows.csv', import.meta.url), 'utf8')
  const file = join(home, 'captions.csv')
  writeFileSync(file, table.replace('@photos@', photos))
  const photo = join(photos, 'IMG_1.jpg')
  await run('caption-set', photo, 'my own words')
  await run('caption-set', join(photos, 'other.jpg'), 'unrelated')

  const dry = await run('import-table', file, '--dry-run')
  assert.match(dry.stdout, /- my own words\n\t\+ Anna blows the candles/)
  assert.match(dry.stdout, /^1 caption would change/m)
  assert.match((await run('show', photo)).stdout, /my own words/)
  const below = await run('import-table', file, '--as', 'imported')
  assert.match(below.stdout, /^0 captions changed[\s\S]*\n1 line below your own words, which stay\.$/m)

  const done = await run('import-table', file)
  assert.equal(done.status, 0)
  assert.match(done.stdout, /^1 caption changed/m)
  assert.match((await run('show', photo)).stdout, /Anna blows the candles/)
  const again = await run('import-table', file)
  assert.match(again.stdout, /^0 captions changed[\s\S]*\n1 line as here already\.$/m)

  assert.match((await run('caption-undo')).stdout, /IMG_1\.jpg\nPhotos changed: 1\./)
  assert.match((await run('search', '')).stdout, /my own words/)
  assert.match((await run('search', '')).stdout, /unrelated/)
  assert.match((await run('caption-redo')).stdout, /Photos changed: 1\./)
  assert.match((await run('withdraw', 'table')).stdout, /taken away: 1\./)
  assert.match((await run('search', 'own words')).stdout, /my own words/)
  assert.match((await run('caption-undo')).stdout, /Photos changed: 1\./)
  assert.match((await run('show', photo)).stdout, /Anna blows the candles/)
  assert.equal((await run('withdraw', 'elsewhere')).status, 2)
  assert.equal((await run('import-table', file, '--as', 'model')).status, 2)
})

test('keywords, ratings and titles of a table are said, taken in, and taken back with its captions', async (t) => {
  const { home, photos, run } = await setUp(t, ['a.jpg'])
  const photo = join(photos, 'a.jpg')
  await run('caption-set', photo, 'a harbour')
  await run('mark', photo, '--add-keyword', 'sea', 'boats', '--rating', '2')
  const file = join(home, 'captions.csv')
  await run('export-table', file)
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace('boats; sea,2', 'boats; night,5')
      .replace('a harbour', 'the old harbour'),
  )
  const dry = await run('import-table', file, '--dry-run')
  assert.match(dry.stdout, /rating: 5\n\tmore keywords: night\n\tno keywords any more: sea/)
  assert.match(dry.stdout, /^1 caption would change, and titles, ratings or keywords of 1 photo\.$/m)
  assert.match(
    (await run('import-table', file)).stdout,
    /^1 caption changed, and titles, ratings or keywords of 1 photo\.$/m,
  )
  const found = async (query: string) => (await run('search', query)).stdout.includes('a.jpg')
  assert.deepEqual(
    [await found('keyword:night'), await found('keyword:sea'), await found('rating:5')],
    [true, false, true],
  )
  await run('caption-undo')
  assert.deepEqual(
    [await found('keyword:night'), await found('keyword:sea'), await found('rating:2')],
    [false, true, true],
  )
  assert.match((await run('show', photo)).stdout, /a harbour/)
})
