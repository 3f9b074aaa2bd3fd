import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openLibrary, openLibraryFor, type PhotosUnderTest, until } from './library-under-test.ts'

// Captioning stops and goes on while all else of a library goes on, here and from another process.

function watchIn(t: TestContext, { client }: PhotosUnderTest): { problems: string[] } {
  const problems: string[] = []
  client.on('problem', ({ code }) => problems.push(code))
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal }).catch(() => {})
  t.after(async () => {
    stop.abort()
    await watching
  })
  return { problems }
}

const captioned = async ({ client }: PhotosUnderTest) => (await client.status({})).captioned

function makeModel(directory: string, name: string): string {
  const model = join(directory, name)
  mkdirSync(model, { recursive: true })
  writeFileSync(join(model, 'config.json'), '{}')
  return model
}

test('paused, no picture is captioned and all else goes on; resumed from another process, it is', async (t) => {
  const library = openLibraryFor(t)
  const { client, photos, directory } = library
  writeFileSync(join(photos, 'first.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  const { problems } = watchIn(t, library)
  await until(async () => (await captioned(library)) === 1)

  await client.pauseCaptioning({})
  assert.equal((await client.status({})).captioning.state, 'paused')
  writeFileSync(join(photos, 'second.jpg'), 'another picture')
  const second = async () => client.photoAt({ path: join(photos, 'second.jpg') }).catch(() => undefined)
  await until(async () => Boolean((await second())?.contentHash))
  assert.equal((await second())!.caption, null)
  assert.equal((await client.search({ query: 'second' })).total, 1)
  assert.ok(problems.includes('CAPTIONING_PAUSED'))

  const other = openLibrary(directory)
  assert.equal((await other.client.status({})).captioning.state, 'paused')
  await other.client.resumeCaptioning({})
  await other.close()
  await until(async () => (await captioned(library)) === 2)
  assert.equal((await client.status({})).captioning.state, 'running')
})

test('a pause outlives the process, and holds up a run until it is resumed', async (t) => {
  const library = openLibraryFor(t)
  const { client, photos } = library
  writeFileSync(join(photos, 'first.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  await client.pauseCaptioning({})
  await client.scan({})
  const run = client.captionAll({})
  await until(async () => (await client.photoAt({ path: join(photos, 'first.jpg') })).contentHash !== null)
  assert.equal(await captioned(library), 0)
  await client.resumeCaptioning({})
  assert.equal((await run).captioned, 1)
})

test('another model takes over while the library is watched; the one before finds its captions again', async (t) => {
  const library = openLibraryFor(t)
  const { client, photos, directory } = library
  for (const name of ['a', 'b', 'c']) writeFileSync(join(photos, `${name}.jpg`), `picture ${name}`)
  await client.addFolder({ path: photos })
  const [first, second] = ['model-first', 'model-second'].map((name) => makeModel(directory, name))
  await client.useModelFiles({ model: first! })
  watchIn(t, library)
  const allBy = async (modelId: string) => {
    const page = await client.search({ query: '' })
    const details = await Promise.all(page.photos.map(({ id }) => client.photo({ photo: id })))
    return details.length === 3 && details.every(({ caption }) => caption?.modelId === modelId)
  }
  await until(() => allBy('model-first'))
  const other = openLibrary(directory)
  await other.client.useModelFiles({ model: second! })
  await other.close()
  await until(() => allBy('model-second'))
  const counts = async () =>
    Promise.all([1, 2, 3].map(async (id) => (await client.photo({ photo: id })).history.length))
  const before = await counts()
  await client.useModelFiles({ model: first! })
  await until(() => allBy('model-first'))
  assert.deepEqual(await counts(), before)
  assert.equal((await client.models({})).chosen.model, first)

  await assert.rejects(client.useModel({ name: 'nonsense' }), { code: 'MODEL_NOT_FOUND' })
  assert.equal((await client.models({})).chosen.model, first)
})

test('an engine that could not be had is tried again at once when it is asked for', async (t) => {
  process.env.FRAGILE_ENGINE = 'never-opens'
  t.after(() => {
    delete process.env.FRAGILE_ENGINE
  })
  const library = openLibraryFor(t)
  const { client, photos } = library
  writeFileSync(join(photos, 'first.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  watchIn(t, library)
  await until(async () => (await client.status({})).captioning.state === 'waiting')
  assert.equal((await client.status({})).captioning.problem!.code, 'ENGINE_DIED')
  delete process.env.FRAGILE_ENGINE
  await client.resumeCaptioning({})
  await until(async () => (await captioned(library)) === 1)
})

test('an engine that died of picture after picture is another one as soon as it is asked for', async (t) => {
  process.env.FRAGILE_ENGINE = 'never-captions'
  t.after(() => {
    delete process.env.FRAGILE_ENGINE
  })
  const library = openLibraryFor(t)
  const { client, photos } = library
  for (let n = 0; n < 12; n++) writeFileSync(join(photos, `${n}.jpg`), `picture ${n}`)
  await client.addFolder({ path: photos })
  watchIn(t, library)
  await until(async () => (await client.status({})).captioning.state === 'waiting')
  delete process.env.FRAGILE_ENGINE
  await client.resumeCaptioning({})
  await until(async () => {
    const { captioned, failed } = await client.status({})
    return captioned > 0 && captioned + failed === 12
  })
})
