import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { CaptioningState, Preferences } from '../../src-main/contract/records.ts'
import { openLibrary, openLibraryFor, type PhotosUnderTest, until } from './library-under-test.ts'

// What a person wishes of the whole library is said in one process and acted on in all.

function watchIn(t: TestContext, { client }: PhotosUnderTest): void {
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal }).catch(() => {})
  t.after(async () => {
    stop.abort()
    await watching
  })
}

const captioned = async ({ client }: PhotosUnderTest) => (await client.status({})).captioned

test('preferences have defaults, are changed one by one, and are told of here and elsewhere', async (t) => {
  const { client, directory } = openLibraryFor(t)
  const told: Preferences[] = []
  client.on('preferencesChanged', (preferences) => told.push(preferences))
  const defaults = await client.preferences({})
  assert.deepEqual(defaults, {
    theme: 'system',
    language: null,
    onlyWhenIdle: false,
    onlyOnMains: false,
    threads: null,
    memoryMb: null,
    provider: 'auto',
    precision: 'auto',
  })
  await client.setPreferences({ theme: 'dark' })
  assert.deepEqual(await client.setPreferences({ threads: 3, language: 'de' }), {
    ...defaults,
    theme: 'dark',
    threads: 3,
    language: 'de',
  })
  assert.equal(told.length, 2)
  const other = openLibrary(directory)
  assert.equal((await other.client.preferences({})).theme, 'dark')
  await other.client.setPreferences({ theme: 'light', threads: null })
  await other.close()
  await until(() => told.length === 3)
  assert.deepEqual(told[2], { ...defaults, theme: 'light', language: 'de' })
})

test('captioning waits until nobody uses the machine, and goes on by itself with nothing lost', async (t) => {
  const library = openLibraryFor(t)
  const { client, photos } = library
  const states: CaptioningState[] = []
  client.on('captioningChanged', (state) => states.push(state))
  writeFileSync(join(photos, 'first.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  watchIn(t, library)
  await until(async () => (await captioned(library)) === 1)

  await client.setMachine({ isIdle: false, isOnMains: false })
  assert.equal((await client.status({})).captioning.state, 'running', 'nobody asked it to care')
  await client.setPreferences({ onlyWhenIdle: true })
  assert.deepEqual((await client.status({})).captioning, {
    state: 'waiting',
    problem: null,
    waitsFor: 'idle',
  })
  writeFileSync(join(photos, 'second.jpg'), 'another picture')
  const second = async () => client.photoAt({ path: join(photos, 'second.jpg') }).catch(() => undefined)
  await until(async () => Boolean((await second())?.contentHash))
  assert.equal((await second())!.caption, null)

  await client.setPreferences({ onlyOnMains: true })
  assert.equal((await client.status({})).captioning.waitsFor, 'mains')
  await client.setMachine({ isIdle: true, isOnMains: false })
  assert.equal((await client.status({})).captioning.waitsFor, 'mains')
  await client.setMachine({ isIdle: true, isOnMains: true })
  await until(async () => (await captioned(library)) === 2)
  assert.deepEqual(
    states.map(({ waitsFor }) => waitsFor),
    ['idle', 'mains', null],
  )
})

test('a pause by the person outlives what the machine is at', async (t) => {
  const library = openLibraryFor(t)
  const { client, photos } = library
  writeFileSync(join(photos, 'first.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  await client.pauseCaptioning({})
  await client.setPreferences({ onlyOnMains: true })
  await client.setMachine({ isIdle: true, isOnMains: false })
  watchIn(t, library)
  await client.setMachine({ isIdle: true, isOnMains: true })
  assert.equal((await client.status({})).captioning.state, 'paused')
  await client.resumeCaptioning({})
  await until(async () => (await captioned(library)) === 1)
})

test('another way to run the model is taken up while the library is watched', async (t) => {
  const library = openLibraryFor(t)
  const { client, photos, directory } = library
  writeFileSync(join(photos, 'first.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  watchIn(t, library)
  const engine = async () => {
    const { provider, threads } = (await client.status({})).engine ?? {}
    return `${provider} ${threads}`
  }
  await until(async () => (await captioned(library)) === 1)
  assert.equal(await engine(), 'cpu 1')
  await client.setPreferences({ threads: 5 })
  await until(async () => (await engine()) === 'cpu 5')
  const other = openLibrary(directory)
  await other.client.setPreferences({ provider: 'webgpu' })
  await other.close()
  await until(async () => (await engine()) === 'webgpu 5')
  await client.setPreferences({ precision: 'int8' })
  await until(async () => (await client.status({})).engine?.precision === 'int8')
})

test('searches are saved under a name, replaced, removed, and told of', async (t) => {
  const { client } = openLibraryFor(t)
  let told = 0
  client.on('savedSearchesChanged', () => told++)
  assert.deepEqual(await client.savedSearches({}), [])
  const kites = await client.saveSearch({ name: 'Kites', query: 'kite' })
  const beach = await client.saveSearch({ name: ' beach ', query: 'beach folder:Summer' })
  assert.deepEqual(await client.savedSearches({}), [{ ...beach, name: 'beach' }, kites])
  const again = await client.saveSearch({ name: 'Kites', query: '"red kite"' })
  assert.deepEqual(again, { id: kites.id, name: 'Kites', query: '"red kite"' })
  await client.removeSavedSearch({ id: beach.id })
  await client.removeSavedSearch({ id: beach.id })
  assert.deepEqual(await client.savedSearches({}), [again])
  assert.equal(told, 5)
  await assert.rejects(client.saveSearch({ name: ' ', query: '' }), { code: 'INVALID_ARGUMENT' })
})
