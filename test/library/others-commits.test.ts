import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { idAt, openLibrary, openLibraryFor } from './library-under-test.ts'

test('what another process writes is told of, and a watch acts on it', async (t) => {
  const { client, photos, directory } = openLibraryFor(t)
  const path = join(photos, 'a.jpg')
  writeFileSync(path, 'a picture')
  await client.addFolder({ path: photos })
  const stop = new AbortController()
  const watching = client.watch({}, { signal: stop.signal })
  while ((await client.search({ query: 'has:caption' })).total === 0) await sleep(50)
  let told = 0
  client.on('changedElsewhere', () => {
    told++
  })
  await client.setCaption({ photo: await idAt(client, path), text: 'mine' })
  await sleep(1500)
  assert.equal(told, 0, 'its own commits are no news')

  const other = openLibrary(directory)
  const { id: folderId } = (await other.client.folders({}))[0]!
  const cancelled = AbortSignal.abort()
  await assert.rejects(other.client.setExportsAlways({ folderId, always: true }, { signal: cancelled }))
  await other.close()
  for (let tries = 0; told === 0 || !existsSync(`${path}.xmp`); tries++) {
    assert.ok(tries < 100, `told ${told} times, and nothing was done`)
    await sleep(50)
  }
  stop.abort()
  await assert.rejects(watching, { code: 'CANCELLED' })
})
