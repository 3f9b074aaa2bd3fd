import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { openDatabase } from '../../src-main/library/store/database.ts'
import { databaseFileIn } from '../../src-main/library/store/store.ts'
import { openLibraryFor } from './library-under-test.ts'

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
