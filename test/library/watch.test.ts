import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { idAt, openLibraryFor } from './library-under-test.ts'

/** Asks until the answer is right; what it was at last, where it never is. */
async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask()
    if (isRight(answer) || tries > 200) return answer
    await sleep(100)
  }
}

test('while it watches, what arrives is captioned, what moves stays itself, what goes is missing', async (t) => {
  const { client, photos } = openLibraryFor(t)
  writeFileSync(join(photos, 'first.jpg'), 'first picture')
  await client.addFolder({ path: photos })
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal })
  const captioned = () => client.search({ query: 'has:caption' })
  assert.equal((await eventually(captioned, ({ total }) => total === 1)).total, 1)

  mkdirSync(join(photos, 'new'))
  writeFileSync(join(photos, 'new', 'second.jpg'), 'second picture')
  assert.equal((await eventually(captioned, ({ total }) => total === 2)).total, 2)

  const { id } = await client.photoAt({ path: join(photos, 'new', 'second.jpg') })
  await client.setCaption({ photo: id, text: 'Grandma with the red kite' })
  renameSync(join(photos, 'new'), join(photos, 'summer'))
  const inSummer = () => client.search({ query: 'kite folder:summer' })
  const moved = await eventually(inSummer, ({ total }) => total === 1)
  assert.deepEqual(
    moved.photos.map((hit) => hit.id),
    [id],
  )

  rmSync(join(photos, 'first.jpg'))
  const missing = () => client.search({ query: 'is:missing' })
  assert.equal((await eventually(missing, ({ total }) => total === 1)).total, 1)

  stop.abort()
  await assert.rejects(watching, { code: 'CANCELLED' })
  assert.equal((await client.folders({}))[0]!.watchMode, null)
})

test('while it watches, captions of an exported folder are in sidecars as soon as they are made or edited', async (t) => {
  const { client, photos } = openLibraryFor(t)
  const { id: folderId } = await client.addFolder({ path: photos })
  await client.setExportsAlways({ folderId, always: true })
  const problems: string[] = []
  client.on('problem', ({ message }) => problems.push(message))
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal })
  const sidecarOf = async (name: string) => {
    const file = join(photos, `${name}.xmp`)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  const says = async (name: string, words: string) =>
    assert.match(
      await eventually(
        () => sidecarOf(name),
        (text) => text.includes(words),
      ),
      new RegExp(words),
    )

  writeFileSync(join(photos, 'a.jpg'), 'picture')
  await says('a.jpg', 'a photo of')
  await client.setCaption({
    photo: await idAt(client, join(photos, 'a.jpg')),
    text: 'Grandma with the red kite',
  })
  await says('a.jpg', 'Grandma with the red kite')
  renameSync(join(photos, 'a.jpg'), join(photos, 'b.jpg'))
  await says('b.jpg', 'Grandma with the red kite')

  writeFileSync(join(photos, 'c.jpg.xmp'), '<x:xmpmeta')
  writeFileSync(join(photos, 'c.jpg'), 'another picture')
  await eventually(
    async () => problems,
    (told) => told.length > 0,
  )
  assert.match(problems[0]!, /c\.jpg\.xmp is damaged/)
  assert.equal(await sidecarOf('c.jpg'), '<x:xmpmeta')
  const { sidecarProblems } = await client.status({})
  assert.deepEqual(
    sidecarProblems.first.map(({ name }) => name),
    ['c.jpg.xmp'],
  )

  stop.abort()
  await assert.rejects(watching, { code: 'CANCELLED' })
  const undone = await client.undoExport({})
  assert.deepEqual([undone?.isAutomatic, undone?.removed], [true, 2], 'beside a.jpg of before, and b.jpg')
})
