import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { readerVersion } from '../../src-main/library/metadata/read.ts'
import { openDatabase } from '../../src-main/library/store/database.ts'
import { databaseFileIn } from '../../src-main/library/store/store.ts'
import { openLibraryFor } from './library-under-test.ts'

test('captioning that fails or is stopped before it began leaves nothing in the way of the next', async (t) => {
  const { client, photos, directory, takeIn } = openLibraryFor(t)
  writeFileSync(join(photos, 'a.jpg'), 'a picture')
  await client.addFolder({ path: photos })
  await takeIn()
  // As an older program left it.
  const database = openDatabase(databaseFileIn(directory))
  const makeOlder = () => database.exec('UPDATE metadata_reader SET version = 0, up_to_photo = NULL')
  makeOlder()
  database.exec(
    `CREATE TRIGGER full BEFORE UPDATE ON metadata_reader BEGIN SELECT RAISE(ABORT, 'it is full'); END`,
  )
  await assert.rejects(client.captionAll({}), /it is full/)
  database.exec('DROP TRIGGER full')
  const version = () => database.prepare('SELECT version FROM metadata_reader').get()
  await assert.rejects(client.captionAll({}, { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  assert.deepEqual(version(), { version: 0 })
  await client.captionAll({})
  assert.deepEqual(version(), { version: readerVersion })
  database.close()
})

test('photos that an older program read get the facts that it passed over, and keep their words', async (t) => {
  const { client, photos, directory, takeIn } = openLibraryFor(t)
  const file = join(photos, 'a.jpg')
  const picture = sharp({ create: { width: 30, height: 20, channels: 3, background: '#368' } })
  writeFileSync(
    file,
    await picture
      .withExif({ IFD0: { Artist: 'Kari Nordmann' }, IFD2: { DateTimeOriginal: '2008: 3: 9  8: 9:10' } })
      .jpeg()
      .toBuffer(),
  )
  await client.addFolder({ path: photos })
  assert.equal((await takeIn()).captioned, 1)
  const first = await client.photoAt({ path: file })
  assert.deepEqual([first.takenAt, first.words.creators], ['2008-03-09T08:09:10', ['Kari Nordmann']])

  // As an older program left it.
  const database = openDatabase(databaseFileIn(directory))
  database.exec(`UPDATE photos SET taken_at = NULL; UPDATE metadata_sources SET creators = NULL;
    UPDATE metadata_reader SET version = 0, up_to_photo = NULL`)
  database.close()
  const again = await takeIn()
  const second = await client.photoAt({ path: file })
  assert.deepEqual([again.changed, again.captioned, second.caption?.id], [0, 0, first.caption?.id])
  assert.deepEqual([second.takenAt, second.words.creators], ['2008-03-09T08:09:10', ['Kari Nordmann']])
  assert.equal((await client.search({ query: 'nordmann date:2008-03-09' })).total, 1)
})
