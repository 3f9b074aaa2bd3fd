import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLibrary } from './library-under-test.ts'

/** Asks until the answer is right; what it was at last, where it never is. */
async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask()
    if (isRight(answer) || tries > 200) return answer
    await sleep(100)
  }
}

test('while it watches, what arrives is captioned, what moves stays itself, what goes is missing', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const photos = join(home, 'photos')
  mkdirSync(photos)
  writeFileSync(join(photos, 'first.jpg'), 'first picture')
  const library = openLibrary(join(home, 'library'))
  t.after(async () => {
    await library.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  const { client } = library
  await client.addFolder({ path: photos })
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal })
  const captioned = () => client.search({ query: 'has:caption' })
  assert.equal((await eventually(captioned, ({ total }) => total === 1)).total, 1)

  mkdirSync(join(photos, 'new'))
  writeFileSync(join(photos, 'new', 'second.jpg'), 'second picture')
  assert.equal((await eventually(captioned, ({ total }) => total === 2)).total, 2)

  const { id } = await client.photo({ photo: join(photos, 'new', 'second.jpg') })
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
