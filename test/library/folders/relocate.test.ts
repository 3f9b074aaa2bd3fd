import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLibraryFor } from '../library-under-test.ts'

const names = Array.from({ length: 30 }, (_, n) => `${n % 3}/${n}.jpg`)

test('a folder that went to another path keeps its photos, their words and their work', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const old = join(photos, 'old')
  const place = join(photos, 'somewhere else', 'Pictures')
  for (const name of names) {
    mkdirSync(join(old, name, '..'), { recursive: true })
    writeFileSync(join(old, name), `picture ${name}`)
  }
  const { id: folderId } = await client.addFolder({ path: old })
  await takeIn()
  const { id } = await client.photoAt({ path: join(old, '1/4.jpg') })
  await client.setCaption({ photo: id, text: 'Grandma with the red kite' })
  mkdirSync(join(place, '..'))
  execFileSync('cp', ['-Rp', old, place])
  rmSync(old, { recursive: true })
  await client.scan({})
  assert.equal((await client.folders({}))[0]?.state, 'offline')

  assert.equal((await client.relocateFolder({ folderId, path: place })).path, place)
  const { added, moved, missing, changed, unchanged } = await client.scan({})
  assert.deepEqual([added, moved, missing, changed, unchanged], [0, 0, 0, 0, names.length])
  assert.equal((await client.captionAll({})).captioned, 0)
  assert.equal((await client.photoAt({ path: join(place, '1/4.jpg') })).id, id)
  assert.equal((await client.search({ query: 'kite folder:Pictures' })).total, 1)
  assert.equal((await client.search({ query: 'folder:old' })).total, 0)
})

test('another folder is refused by what is in it, and nothing is changed', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const [old, other, twin, taken] = ['old', 'other', 'twin', 'taken'].map((name) => join(photos, name)) as [
    string,
    string,
    string,
    string,
  ]
  for (const name of names) {
    for (const [folder, content] of [
      [old, 'picture'],
      [twin, 'PICTURE'],
    ] as const) {
      mkdirSync(join(folder, name, '..'), { recursive: true })
      writeFileSync(join(folder, name), `${content} ${name}`)
    }
  }
  for (const folder of [other, taken]) mkdirSync(folder)
  writeFileSync(join(other, '1.jpg'), 'another picture')
  const { id: folderId } = await client.addFolder({ path: old })
  await client.addFolder({ path: taken })
  await takeIn()
  for (const [path, code, message] of [
    [join(photos, 'nowhere'), 'FOLDER_NOT_FOUND', /no folder/],
    [taken, 'FOLDER_OVERLAPS', /taken/],
    [other, 'FOLDER_DIFFERS', /of \d+ of its photos 0 are there/],
    [twin, 'FOLDER_DIFFERS', /is another picture there/],
  ] as const) {
    await assert.rejects(client.relocateFolder({ folderId, path }), { code, message })
  }
  assert.equal((await client.folders({})).find(({ id }) => id === folderId)?.path, old)
  assert.equal((await client.scan({})).unchanged, names.length)
})
