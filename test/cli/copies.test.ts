import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import type { SearchPage, Stack, StackPage } from '../../src-main/contract/records.ts'
import { drawScene } from '../library/copies/draw-scene.ts'
import { makeTemporaryFolder, runLenslore } from './lenslore.ts'

// Real files, the embedded model, the engine in its own process.

test('copies of all kinds are found by a run, listed, written to a table, and stood for by whom the person says', async (t) => {
  const home = makeTemporaryFolder(t)
  const photos = join(home, 'photos')
  const data = join(home, 'data')
  mkdirSync(join(photos, 'sent'), { recursive: true })
  const at = (name: string) => join(photos, name)
  await drawScene(1, 1280, 960).jpeg({ quality: 95 }).toFile(at('a.jpg'))
  copyFileSync(at('a.jpg'), at('again.jpg'))
  await sharp(at('a.jpg')).resize({ width: 400 }).jpeg({ quality: 60 }).toFile(at('sent/small.jpg'))
  // So much less that its embedding alone brings it up.
  await sharp(at('a.jpg'))
    .extract({ left: 120, top: 40, width: 1060, height: 800 })
    .jpeg()
    .toFile(at('cut.jpg'))
  await drawScene(2).jpeg().toFile(at('other.jpg'))

  const run = async (...args: string[]) => {
    const { json, stdout, stderr, status } = await runLenslore(data, ...args)
    assert.equal(status, 0, stderr)
    return { json: json[0], stdout }
  }
  await run('run', '--json', photos)
  const page = (await run('copies', '--json')).json as StackPage
  assert.deepEqual([page.library, page.cursor], [{ stacks: 1, photos: 4 }, null])
  const [stack] = page.stacks
  const idOf = (name: string) => stack!.photos.find(({ path }) => path.endsWith(name))!.id
  assert.equal(stack!.best, idOf('a.jpg'))
  assert.deepEqual(
    ['a.jpg', 'again.jpg', 'small.jpg', 'cut.jpg'].map(
      (name) => stack!.photos.find(({ id }) => id === idOf(name))!.kind,
    ),
    [null, 'exact', 'near', 'near'],
  )

  const { stdout } = await run('copies', 'folder:sent')
  assert.match(stdout, /a\.jpg\n\tstands for all, 1280 × 960, [\d,]+ bytes, sharpness \d+, largest/)
  assert.match(stdout, /again\.jpg\n\tthe same file, /)
  assert.match(stdout, /small\.jpg\n\tnearly the same, 400 × 300, /)
  assert.match(stdout, /^1 stack of 4 photos in the library$/m)
  assert.equal((await run('copies', '--json', '--of', at('other.jpg'))).json as Stack | null, null)

  const table = join(home, 'copies.csv')
  await run('copies', '--table', table)
  const rows = readFileSync(table, 'utf8').trimEnd().split('\r\n')
  assert.equal(rows.length, 5)
  assert.match(rows[0]!, /^\ufeffstack,path,kind,best,/)
  assert.match(
    rows.find((row) => row.includes('small.jpg'))!,
    /^1,[^,]+,near,,,,400,300,\d+,[\d.]+,,[0-9a-f]{64}$/,
  )
  await run('copies', 'folder:nowhere', '--table', join(home, 'none.json'))
  assert.deepEqual(JSON.parse(readFileSync(join(home, 'none.json'), 'utf8')), [])

  const left = async () =>
    ((await run('search', '--json', '--', 'has:copies', '-is:copy')).json as SearchPage).photos.map(
      ({ id }) => id,
    )
  assert.deepEqual(await left(), [stack!.best])
  await run('stand-for-copies', at('sent/small.jpg'))
  assert.deepEqual(await left(), [idOf('small.jpg')])
  assert.match(
    (await run('stand-for-copies', '--not', at('sent/small.jpg'))).stdout,
    /a\.jpg\n\tstands for all, /,
  )

  const refused = await runLenslore(data, 'copies', '--of', at('a.jpg'), 'dogs')
  assert.match(refused.stderr, /--of stands alone/)
  assert.equal((await runLenslore(data, 'copies', '--cursor', 'x')).status, 2)
})
