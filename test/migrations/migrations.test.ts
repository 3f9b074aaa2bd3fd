import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { noDoubt } from '../../src-main/contract/records.ts'
import { createSearchIndexer } from '../../src-main/library/search/search-index.ts'
import { createSearcher } from '../../src-main/library/search/searcher.ts'
import { createAdapterStore } from '../../src-main/library/store/adapters.ts'
import { createCaptionStore } from '../../src-main/library/store/captions.ts'
import { type Database, openDatabase } from '../../src-main/library/store/database.ts'
import { beginEdit, lastStandingEdit, lastUndoneEdit } from '../../src-main/library/store/edits.ts'
import { createLabelStore } from '../../src-main/library/store/labels.ts'
import { createMarkStore } from '../../src-main/library/store/marks.ts'
import { migrate, readMigrations } from '../../src-main/library/store/migrate.ts'
import { createNameRefusalStore } from '../../src-main/library/store/name-refusals.ts'
import { markReadByOlder } from '../../src-main/library/store/reader-state.ts'
import { createTrainingStore } from '../../src-main/library/store/trainings.ts'

const migrations = readMigrations()

/** A database as the version before a migration left it, and the step that brings it there. */
function before(t: TestContext, version: number): { database: Database; apply(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-'))
  const database = openDatabase(join(directory, 'library.sqlite'))
  t.after(() => {
    database.close()
    rmSync(directory, { recursive: true })
  })
  migrate(
    database,
    migrations.filter((migration) => migration.version < version),
  )
  return {
    database,
    apply: () =>
      void migrate(
        database,
        migrations.filter((migration) => migration.version <= version),
      ),
  }
}

/** The code of today reads the newest version alone. */
function bringUpToDate(database: Database): void {
  migrate(database, migrations)
}

function addPhoto(database: Database, id: number, name = `${id}.jpg`): void {
  database.exec(`INSERT OR IGNORE INTO folders (id, path, added_ms) VALUES (1, '/photos', 0)`)
  database
    .prepare(
      `INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms)
       VALUES (?, 1, 'summer', ?, 1, 1, 1, ?, 1)`,
    )
    .run(id, name, id)
}

function addCaption(database: Database, id: number, photoId: number, text: string): void {
  database
    .prepare(`INSERT INTO captions (id, photo_id, text, source, created_ms) VALUES (?, ?, ?, 'person', 1)`)
    .run(id, photoId, text)
  database.prepare('UPDATE photos SET caption_id = ? WHERE id = ?').run(id, photoId)
}

function ids(database: Database, sql: string): unknown[] {
  return database
    .prepare<{ id: unknown }>(sql)
    .all()
    .map((row) => row.id)
}

test('migrations are numbered by tens, each once, and all leave a sound database', (t) => {
  const versions = migrations.map(({ version }) => version)
  assert.deepEqual(
    versions,
    [...new Set(versions)].filter((version) => version % 10 === 0).sort((a, b) => a - b),
  )
  const { database, apply } = before(t, migrations.at(-1)!.version)
  addPhoto(database, 1)
  addCaption(database, 1, 1, 'a kite')
  apply()
  assert.deepEqual(database.prepare('PRAGMA integrity_check').all(), [{ integrity_check: 'ok' }])
  assert.deepEqual(database.prepare('PRAGMA foreign_key_check').all(), [])
})

test('0010: a place holds one photo, and photos go with their folder', (t) => {
  const { database, apply } = before(t, 10)
  apply()
  addPhoto(database, 1, 'a.jpg')
  assert.throws(() => addPhoto(database, 2, 'a.jpg'), /UNIQUE/)
  database.exec('DELETE FROM folders')
  assert.deepEqual(ids(database, 'SELECT id FROM photos'), [])
})

test('0020: photos of before have no caption; captions go with their photo', (t) => {
  const { database, apply } = before(t, 20)
  addPhoto(database, 1)
  apply()
  assert.deepEqual(ids(database, 'SELECT caption_id AS id FROM photos'), [null])
  addCaption(database, 7, 1, 'a kite')
  database.exec('DELETE FROM photos')
  assert.deepEqual(ids(database, 'SELECT id FROM captions'), [])
})

test('0030: photos and captions of before can be searched', async (t) => {
  const { database, apply } = before(t, 30)
  addPhoto(database, 1)
  addPhoto(database, 2)
  addCaption(database, 1, 2, 'a red kite')
  apply()
  bringUpToDate(database)
  await createSearchIndexer(database).renewAll()
  const { search } = createSearcher(database)
  assert.deepEqual(
    search('kites').photos.map((hit) => hit.id),
    [2],
  )
  assert.equal(search('summer').total, 2)
})

test('0040: words of files are searched beside those that were there', async (t) => {
  const { database, apply } = before(t, 40)
  addPhoto(database, 1)
  addCaption(database, 1, 1, 'a red kite')
  apply()
  bringUpToDate(database)
  const indexer = createSearchIndexer(database)
  database.write(() => {
    database.exec(`INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, is_favorite)
      VALUES (1, 1, 'embedded', '', 1, 0)`)
    database.exec(`INSERT INTO metadata_keywords VALUES (1, 'Grandma')`)
  })
  await indexer.renewAll()
  const { search } = createSearcher(database)
  assert.equal(search('grandma kite').total, 1)
  database.exec('DELETE FROM photos')
  assert.deepEqual(ids(database, 'SELECT source_id AS id FROM metadata_keywords'), [])
})

test('0050: folders of before are online, exclude nothing and are on no known volume', (t) => {
  const { database, apply } = before(t, 50)
  addPhoto(database, 1)
  apply()
  assert.deepEqual(
    database.prepare('SELECT state, excludes, volume_id, offline_reason, watch_mode FROM folders').all(),
    [{ state: 'online', excludes: '[]', volume_id: null, offline_reason: null, watch_mode: null }],
  )
})

test('0060: captions wait for their export once a folder is to be exported, and no others', (t) => {
  const { database, apply } = before(t, 60)
  addPhoto(database, 1)
  addPhoto(database, 2)
  addCaption(database, 1, 1, 'a kite')
  apply()
  const waiting = () => ids(database, 'SELECT photo_id AS id FROM captions_to_export')
  addCaption(database, 2, 1, 'a red kite')
  assert.deepEqual(waiting(), [])
  database.exec('UPDATE folders SET exports_always = 1')
  assert.deepEqual(waiting(), [1])
  addCaption(database, 3, 2, 'a dog')
  assert.deepEqual(waiting(), [1, 2])
})

test('0070: no sidecar of before is remembered, so that all are looked at once; they go with their folder', (t) => {
  const { database, apply } = before(t, 70)
  addPhoto(database, 1)
  apply()
  assert.deepEqual(ids(database, 'SELECT name AS id FROM sidecars'), [])
  database.exec(`INSERT INTO sidecars VALUES (1, 'summer', '1.jpg.xmp', 1, 1)`)
  database.exec('DELETE FROM folders')
  assert.deepEqual(ids(database, 'SELECT name AS id FROM sidecars'), [])
})

test('0080: captions of a person from before are edits of their own', (t) => {
  const { database, apply } = before(t, 80)
  addPhoto(database, 1)
  addCaption(database, 3, 1, 'a kite')
  addCaption(database, 5, 1, 'a red kite')
  apply()
  assert.deepEqual(ids(database, 'SELECT edit_id AS id FROM captions ORDER BY id'), [3, 5])
})

test('0090: sources of before can be read', (t) => {
  const { database, apply } = before(t, 90)
  addPhoto(database, 1)
  database.exec(`INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, is_favorite)
    VALUES (1, 1, 'sidecar', '1.xmp', 1, 0)`)
  apply()
  assert.deepEqual(ids(database, 'SELECT id FROM metadata_sources WHERE refused IS NULL'), [1])
})

test('0100: contents that a removed photo has, or had, are noted', (t) => {
  const { database, apply } = before(t, 100)
  addPhoto(database, 1)
  addCaption(database, 1, 1, 'a kite')
  database.exec(`UPDATE photos SET content_hash = x'aa'; UPDATE captions SET content_hash = x'bb'`)
  apply()
  assert.deepEqual(ids(database, 'SELECT content_hash AS id FROM contents_left'), [])
  database.exec('DELETE FROM photos')
  assert.deepEqual(ids(database, 'SELECT hex(content_hash) AS id FROM contents_left'), ['AA', 'BB'])
})

test('0110: a photo that moves within an exported folder waits again; switched off, none does', (t) => {
  const { database, apply } = before(t, 110)
  addPhoto(database, 1)
  addCaption(database, 1, 1, 'a kite')
  apply()
  const waiting = () => ids(database, 'SELECT photo_id AS id FROM captions_to_export')
  database.exec('UPDATE folders SET exports_always = 1')
  database.exec('DELETE FROM captions_to_export')
  database.exec(`UPDATE photos SET size_bytes = 5`)
  assert.deepEqual(waiting(), [])
  database.exec(`UPDATE photos SET directory = 'winter'`)
  assert.deepEqual(waiting(), [1])
  database.exec('UPDATE folders SET exports_always = 0')
  assert.deepEqual(waiting(), [])
})

test('0120: of photos of before it is not known what of their file is the picture', (t) => {
  const { database, apply } = before(t, 120)
  addPhoto(database, 1)
  apply()
  assert.deepEqual(ids(database, 'SELECT picture_hash AS id FROM photos'), [null])
})

test('0130: moves that were unconfirmed before displaced nobody known', (t) => {
  const { database, apply } = before(t, 130)
  addPhoto(database, 1)
  database.exec(`INSERT INTO unconfirmed_moves VALUES (1, 1, 'winter', '1.jpg')`)
  apply()
  assert.deepEqual(ids(database, 'SELECT displaced_photo_id AS id FROM unconfirmed_moves'), [null])
})

test('0140: who waits has another turn with every caption, place and return', (t) => {
  const { database, apply } = before(t, 140)
  addPhoto(database, 1)
  addPhoto(database, 2)
  addCaption(database, 1, 1, 'a kite')
  database.exec('UPDATE folders SET exports_always = 1')
  apply()
  const turns = () => ids(database, 'SELECT id FROM captions_to_export WHERE photo_id = 1')
  assert.deepEqual(ids(database, 'SELECT photo_id AS id FROM captions_to_export'), [1])
  const seen = turns()
  const isAnother = (change: string) => {
    database.exec(change)
    const now = turns()
    assert.equal(now.length, 1, change)
    assert.ok(!seen.includes(now[0]), change)
    seen.push(...now)
  }
  addCaption(database, 2, 1, 'a red kite')
  isAnother('UPDATE photos SET caption_id = 1 WHERE id = 1')
  isAnother(`UPDATE photos SET directory = 'winter' WHERE id = 1`)
  database.exec('UPDATE photos SET missing_since_ms = 5 WHERE id = 1')
  assert.deepEqual(turns(), seen.slice(-1))
  database.exec('DELETE FROM captions_to_export')
  isAnother('UPDATE photos SET missing_since_ms = NULL WHERE id = 1')
  database.exec('UPDATE folders SET exports_always = 0')
  assert.deepEqual(turns(), [])
  database.exec('UPDATE folders SET exports_always = 1')
  assert.equal(turns().length, 1)
})

test('0150: captions of before are not doubted', (t) => {
  const { database, apply } = before(t, 150)
  addPhoto(database, 1)
  addCaption(database, 1, 1, 'a kite')
  apply()
  assert.deepEqual(database.prepare('SELECT confidence, is_unsure, doubtful_words FROM captions').all(), [
    { confidence: null, is_unsure: 0, doubtful_words: null },
  ])
  assert.throws(() => database.exec('UPDATE captions SET is_unsure = 2'), /CHECK/)
})

test('0160: what stands in place of captions is searched, sidecars are read once more, cut words are marked', (t) => {
  const { database, apply } = before(t, 160)
  addPhoto(database, 1)
  for (const [id, length] of [
    [1, 10_000],
    [2, 9999],
  ] as const) {
    addCaption(database, id, 1, 'x'.repeat(length))
  }
  addCaption(database, 3, 1, 'x'.repeat(10_000))
  database.exec(`UPDATE captions SET source = 'imported' WHERE id < 3`)
  database.exec(`INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, title, is_favorite)
    VALUES (1, 1, 'embedded', '', 1, 'Midsummer', 0)`)
  database.exec(
    `INSERT INTO metadata_captions SELECT 1, id, text, NULL, 'takeout:description' FROM captions WHERE id < 3`,
  )
  database.exec(`INSERT INTO sidecars VALUES (1, 'summer', '1.jpg.xmp', 5, 7)`)
  apply()
  assert.deepEqual(ids(database, 'SELECT id FROM captions WHERE is_cut'), [1])
  assert.deepEqual(ids(database, 'SELECT position AS id FROM metadata_captions WHERE is_cut'), [1])
  assert.deepEqual(ids(database, 'SELECT cut AS id FROM metadata_sources'), ['["captions"]'])
  database.exec(`INSERT INTO metadata_boilerplate VALUES (1, 'OLYMPUS DIGITAL CAMERA')`)
  assert.deepEqual(ids(database, 'SELECT text AS id FROM search_extra ORDER BY text'), [
    'Midsummer',
    'OLYMPUS DIGITAL CAMERA',
  ])
  assert.deepEqual(ids(database, 'SELECT modified_ms AS id FROM sidecars'), [0])
  database.exec('DELETE FROM metadata_sources')
  assert.deepEqual(ids(database, 'SELECT text AS id FROM metadata_boilerplate'), [])
})

test('0170: no words of before wait for another photo; those that do go with their caption', (t) => {
  const { database, apply } = before(t, 170)
  addPhoto(database, 1)
  addCaption(database, 3, 1, 'a kite')
  apply()
  const waiting = () => ids(database, 'SELECT caption_id AS id FROM unconfirmed_words')
  assert.deepEqual(waiting(), [])
  database.exec(`INSERT INTO unconfirmed_words VALUES (3, x'0a')`)
  database.exec('DELETE FROM photos')
  assert.deepEqual(waiting(), [])
})

test('0180: what was taken back before is brought back in the reverse order; nothing that newer words ended', (t) => {
  const { database, apply } = before(t, 180)
  addPhoto(database, 1)
  addPhoto(database, 2)
  for (const [id, photoId, edit] of [
    [1, 1, 1],
    [2, 2, 2],
    [3, 1, 3],
    [4, 1, 4],
    [5, 2, 4],
  ] as const) {
    addCaption(database, id, photoId, `words ${id}`)
    database.prepare('UPDATE captions SET edit_id = ? WHERE id = ?').run(edit, id)
  }
  database.exec(
    'UPDATE captions SET withdrawn_ms = CASE edit_id WHEN 4 THEN 7 ELSE 8 END WHERE edit_id IN (1, 3, 4)',
  )
  apply()
  const rows = database.prepare(
    'SELECT id, undo_step AS step, undone_after AS after FROM captions ORDER BY id',
  )
  assert.deepEqual(rows.all(), [
    { id: 1, step: 3, after: 0 },
    { id: 2, step: null, after: null },
    { id: 3, step: 2, after: 4 },
    { id: 4, step: 1, after: 4 },
    { id: 5, step: 1, after: 4 },
  ])
})

test('0190: photos and moves of before are confirmed by their content, as they were', (t) => {
  const { database, apply } = before(t, 190)
  addPhoto(database, 1)
  database.exec(
    `INSERT INTO unconfirmed_moves (photo_id, folder_id, directory, name) VALUES (1, 1, '', 'a.jpg')`,
  )
  apply()
  assert.deepEqual(database.prepare('SELECT is_edited FROM photos').all(), [{ is_edited: 0 }])
  assert.deepEqual(database.prepare('SELECT was_edited FROM unconfirmed_moves').all(), [{ was_edited: 0 }])
})

test('0200: no directory of before is known to be unreadable', (t) => {
  const { database, apply } = before(t, 200)
  addPhoto(database, 1)
  apply()
  assert.deepEqual(database.prepare('SELECT * FROM unreadable_directories').all(), [])
})

test('0210: documents and sets of before are there, in their blocks', (t) => {
  const { database, apply } = before(t, 210)
  const insert = database.prepare('INSERT INTO search_postings VALUES (?, ?, ?)')
  insert.run('dog', 0, Buffer.from([1, 0]))
  insert.run('dog', 1, Buffer.from([2, 0]))
  insert.run('cat', 1, Buffer.from([3, 0]))
  const piece = (number: number, rows: number) =>
    database.prepare('INSERT INTO search_rows VALUES (?, ?)').run(number, Buffer.alloc(rows * 8))
  piece(63, 1024)
  piece(64, 1024)
  piece(65, 7)
  apply()
  assert.deepEqual(database.prepare('SELECT token, block FROM search_postings').all(), [
    { token: 'cat', block: 1 },
    { token: 'dog', block: 0 },
    { token: 'dog', block: 1 },
  ])
  assert.deepEqual(database.prepare('SELECT * FROM search_blocks').all(), [
    { block: 0, made: 1024, is_let_go: 0 },
    { block: 1, made: 1031, is_let_go: 0 },
  ])
})

test('0220: photos of before are found by rating, people and keywords; those without are left as they are', async (t) => {
  const { database, apply } = before(t, 220)
  for (const id of [1, 2, 3]) addPhoto(database, id)
  database.exec(`INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, title, rating, is_favorite)
    VALUES (1, 1, 'embedded', '', 1, NULL, 4, 0), (2, 1, 'sidecar', '1.xmp', 1, NULL, 5, 0),
      (3, 2, 'embedded', '', 1, NULL, NULL, 0), (4, 3, 'embedded', '', 1, 'Midsummer', NULL, 0);
    INSERT INTO metadata_keywords VALUES (3, 'bonfire');
    DELETE FROM search_stale`)
  apply()
  assert.deepEqual(ids(database, 'SELECT photo_id AS id FROM search_stale'), [1, 2])
  bringUpToDate(database)
  await createSearchIndexer(database).renewAll()
  const { search } = createSearcher(database)
  assert.deepEqual(
    ['rating:5', 'rating:4', 'keyword:bonfire'].map((query) => search(query).photos.map((hit) => hit.id)),
    [[1], [], [2]],
  )
})

test('0230: codes that are in no caption are words no more', (t) => {
  const { database, apply } = before(t, 230)
  const insert = database.prepare('INSERT INTO search_words VALUES (?, ?, ?, ?)')
  insert.run('dog', 'dog', 0, 3)
  insert.run('f81d4fae', 'f81d4fae', 0, 1)
  insert.run('boeing747', 'boeing747', 2, 1)
  apply()
  assert.deepEqual(ids(database, 'SELECT word AS id FROM search_words'), ['boeing747', 'dog'])
})

test('0240: nobody chose anything before', (t) => {
  const { database, apply } = before(t, 240)
  apply()
  assert.deepEqual(database.prepare('SELECT * FROM settings').all(), [])
})

test('0250: nothing long is under way in a library of before; a folder that gets another path is to be indexed again', (t) => {
  const { database, apply } = before(t, 250)
  addPhoto(database, 1)
  apply()
  for (const table of [
    'search_stale_folders',
    'search_emptying',
    'caption_changes',
    'caption_change_steps',
  ]) {
    assert.deepEqual(database.prepare(`SELECT * FROM ${table}`).all(), [], table)
  }
  assert.deepEqual(ids(database, 'SELECT is_leaving AS id FROM folders'), [0])
  database.exec(`UPDATE folders SET path = '/elsewhere'`)
  assert.deepEqual(ids(database, 'SELECT folder_id AS id FROM search_stale_folders'), [1])
})

test('0260: no thumbnail of before is known of, and another content has none', (t) => {
  const { database, apply } = before(t, 260)
  addPhoto(database, 1)
  database.exec(`UPDATE photos SET content_hash = x'aa'`)
  apply()
  const versions = () => database.prepare('SELECT thumbnail_version FROM photos').all()
  assert.deepEqual(versions(), [{ thumbnail_version: null }])
  database.exec('UPDATE photos SET thumbnail_version = 1')
  database.exec(`UPDATE photos SET content_hash = x'aa', camera = 'X'`)
  assert.deepEqual(versions(), [{ thumbnail_version: 1 }])
  database.exec(`UPDATE photos SET content_hash = x'bb'`)
  assert.deepEqual(versions(), [{ thumbnail_version: null }])
})

test('0270: what waited to be written out waits; a folder that is switched says so, and nothing more', (t) => {
  const { database, apply } = before(t, 270)
  addPhoto(database, 1)
  addPhoto(database, 2)
  addCaption(database, 1, 1, 'a kite')
  database.exec(
    `UPDATE folders SET exports_always = 1; INSERT OR IGNORE INTO captions_to_export (photo_id) VALUES (2)`,
  )
  const waiting = () => ids(database, 'SELECT photo_id AS id FROM captions_to_export ORDER BY photo_id')
  const before270 = waiting()
  apply()
  assert.deepEqual(waiting(), before270)
  database.exec('UPDATE folders SET exports_always = 0')
  assert.deepEqual(waiting(), before270)
  assert.deepEqual(ids(database, 'SELECT exports_settled_to AS id FROM folders'), [0])
})

test('0280: edits of before keep their numbers, and the next one has a higher one', (t) => {
  const { database, apply } = before(t, 280)
  addPhoto(database, 1)
  addPhoto(database, 2)
  addCaption(database, 3, 1, 'a kite')
  addCaption(database, 4, 2, 'a kite')
  addCaption(database, 9, 1, 'a red kite')
  database.exec('UPDATE captions SET edit_id = 3 WHERE id < 9; UPDATE captions SET edit_id = 9 WHERE id = 9')
  apply()
  assert.deepEqual(database.prepare('SELECT * FROM edits').all(), [
    { id: 3, kind: 'caption' },
    { id: 9, kind: 'caption' },
  ])
  assert.equal(database.prepare(`INSERT INTO edits (kind) VALUES ('marks')`).run().lastInsertRowid, 10)
})

test('0290: edits of before know their photos; a change under way goes on as one of captions', (t) => {
  const { database, apply } = before(t, 290)
  for (const id of [1, 2]) addPhoto(database, id)
  addCaption(database, 3, 1, 'a kite')
  addCaption(database, 4, 2, 'a kite')
  addCaption(database, 9, 1, 'a red kite')
  database.exec(`INSERT INTO edits VALUES (3, 'caption'), (9, 'caption');
    UPDATE captions SET edit_id = 3 WHERE id < 9; UPDATE captions SET edit_id = 9 WHERE id = 9;
    INSERT INTO caption_changes VALUES (1, 'set', 'doing', 7, 5, 9, NULL, NULL, NULL)`)
  apply()
  assert.deepEqual(database.prepare('SELECT id, photos, undo_step FROM edits').all(), [
    { id: 3, photos: 2, undo_step: null },
    { id: 9, photos: 1, undo_step: null },
  ])
  assert.deepEqual(
    database.prepare('SELECT kind, state, up_to, edit_kind, edit_id, words FROM caption_changes').all(),
    [{ kind: 'set', state: 'doing', up_to: 7, edit_kind: 'caption', edit_id: 9, words: null }],
  )
  assert.deepEqual(ids(database, 'SELECT id FROM captions WHERE taken_by IS NOT NULL'), [])
})

test('0300: of no thumbnail of before the colours are known, and another content has none', (t) => {
  const { database, apply } = before(t, 300)
  addPhoto(database, 1)
  database.exec(`UPDATE photos SET content_hash = x'aa'; UPDATE photos SET thumbnail_version = 1`)
  apply()
  const known = () => database.prepare('SELECT thumbnail_version, thumbhash FROM photos').get()
  assert.deepEqual(known(), { thumbnail_version: 1, thumbhash: null })
  database.exec(`UPDATE photos SET thumbhash = x'01'; UPDATE photos SET content_hash = x'aa'`)
  assert.deepEqual(known(), { thumbnail_version: 1, thumbhash: Buffer.from([1]) })
  database.exec(`UPDATE photos SET content_hash = x'bb'`)
  assert.deepEqual(known(), { thumbnail_version: null, thumbhash: null })
})

test('0310: no search of before is saved, and a name stands for one', (t) => {
  const { database, apply } = before(t, 310)
  apply()
  assert.deepEqual(database.prepare('SELECT * FROM saved_searches').all(), [])
  database.exec(`INSERT INTO saved_searches (name, query) VALUES ('kites', 'kite')`)
  assert.throws(
    () => database.exec(`INSERT INTO saved_searches (name, query) VALUES ('kites', 'x')`),
    /UNIQUE/,
  )
})

test('0320: nobody marked anything before; what files say is found as it was, and marks go with their photo', (t) => {
  const { database, apply } = before(t, 320)
  for (const id of [1, 2]) addPhoto(database, id)
  database.exec(`INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, title, rating, is_favorite)
    VALUES (1, 1, 'embedded', '', 1, 'Midsummer', 4, 0);
    INSERT INTO metadata_keywords VALUES (1, 'bonfire');
    DELETE FROM search_stale`)
  apply()
  assert.deepEqual(ids(database, 'SELECT id FROM marks'), [])
  assert.deepEqual(ids(database, 'SELECT photo_id AS id FROM search_stale'), [])
  const filters = () =>
    database.prepare('SELECT rating, keywords FROM search_filters WHERE photo_id = 1').get()
  assert.deepEqual(filters(), { rating: 4, keywords: '["bonfire"]' })
  assert.deepEqual(ids(database, 'SELECT text AS id FROM search_extra ORDER BY photo_id'), [
    'Midsummer bonfire',
    '',
  ])
  database.exec(`INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current)
    VALUES (1, 'rating', '', 0, 1, 1), (1, 'keyword', 'bonfire', 0, 1, 1), (1, 'title', '', '', 1, 1)`)
  assert.deepEqual(filters(), { rating: 0, keywords: '[]' })
  assert.deepEqual(ids(database, 'SELECT text AS id FROM search_extra WHERE photo_id = 1'), [''])
  assert.deepEqual(ids(database, 'SELECT photo_id AS id FROM search_stale'), [1])
  database.exec('DELETE FROM photos WHERE id = 1')
  assert.deepEqual(ids(database, 'SELECT id FROM marks'), [])
})

test('0330: names of before are suggested once their photos are in the index again', async (t) => {
  const { database, apply } = before(t, 330)
  addPhoto(database, 1)
  database.exec(`UPDATE photos SET camera = 'Canon EOS R5'`)
  apply()
  bringUpToDate(database)
  const { suggest } = createSearcher(database)
  assert.deepEqual(suggest('eos', 5), [])
  await createSearchIndexer(database).renewAll()
  assert.deepEqual(
    suggest('eos', 5).map(({ query }) => query),
    ['camera:"Canon EOS R5"'],
  )
})

test('0340: nothing of before waits to be written out; what is marked then does, where captions always are', (t) => {
  const { database, apply } = before(t, 340)
  for (const id of [1, 2]) addPhoto(database, id)
  addCaption(database, 1, 1, 'a kite')
  const mark = (photoId: number) =>
    database
      .prepare(
        `INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current) VALUES (?, 'rating', '', 5, 1, 1)`,
      )
      .run(photoId)
  mark(1)
  database.exec('UPDATE folders SET exports_always = 1')
  apply()
  const waiting = () => ids(database, 'SELECT photo_id AS id FROM captions_to_export ORDER BY photo_id')
  assert.deepEqual(waiting(), [])
  database.exec('UPDATE marks SET is_current = 0')
  assert.deepEqual(waiting(), [1])
  database.exec('DELETE FROM captions_to_export')
  for (const photoId of [1, 2]) mark(photoId)
  assert.deepEqual(waiting(), [1], 'of a photo without a caption nothing is')
  database.exec('DELETE FROM captions_to_export; DELETE FROM marks WHERE is_current')
  assert.deepEqual(waiting(), [1])
  database.exec('DELETE FROM photos')
  assert.deepEqual(waiting(), [])
})

test('0350: directories of photos of before are found once their photos are in the index again', async (t) => {
  const { database, apply } = before(t, 350)
  addPhoto(database, 1)
  apply()
  bringUpToDate(database)
  const { subfolders } = createSearcher(database)
  assert.deepEqual(subfolders('', 1, '').subfolders, [])
  await createSearchIndexer(database).renewAll()
  assert.deepEqual(subfolders('', 1, '').subfolders, [{ name: 'summer', photos: 1, hasSubfolders: false }])
})

test('0360: a caption of before that was written for one photo is a label, one of a batch is none; nothing was trained', (t) => {
  const { database, apply } = before(t, 360)
  for (const [id, edit] of [
    [1, 1],
    [2, 2],
    [3, 2],
  ] as const) {
    addPhoto(database, id)
    addCaption(database, id, id, `mine ${id}`)
    database.exec(`INSERT OR IGNORE INTO edits (id, kind, photos) VALUES (${edit}, 'caption', 0);
      UPDATE edits SET photos = photos + 1 WHERE id = ${edit};
      UPDATE captions SET edit_id = ${edit}, content_hash = x'0${id}' WHERE id = ${id};
      UPDATE photos SET content_hash = x'0${id}', caption_source = 'person' WHERE id = ${id}`)
  }
  apply()
  bringUpToDate(database)
  const labels = createLabelStore(database)
  assert.deepEqual(
    labels.newest(9, 9).map(({ photo }) => photo),
    [1],
  )
  assert.deepEqual([labels.counts().own, labels.counts().batch], [1, 2])
  assert.equal(createTrainingStore(database).last(), null)
  database.exec(`INSERT INTO trainings (state, asked, started_ms) VALUES ('running', '{}', 1)`)
  assert.throws(
    () => database.exec(`INSERT INTO trainings (state, asked, started_ms) VALUES ('running', '{}', 1)`),
    'one at a time',
  )
  assert.deepEqual(createAdapterStore(database).list(), [])
})

test('0370: whose words about a picture are is found without looking through all captions', (t) => {
  const { database, apply } = before(t, 370)
  apply()
  const plan = database
    .prepare(
      `EXPLAIN QUERY PLAN SELECT 1 FROM captions JOIN photos ON photos.id = photo_id
       WHERE captions.content_hash = ? AND source = 'person' AND text = ?`,
    )
    .all(Buffer.from('00', 'hex'), '') as { detail: string }[]
  assert.match(plan[0]!.detail, /USING INDEX captions_by_content/)
})

test('0380: of captions of before nobody knows the precision; those of after tell it', (t) => {
  const { database, apply } = before(t, 380)
  addPhoto(database, 1)
  addCaption(database, 1, 1, 'a red kite')
  apply()
  bringUpToDate(database)
  const captions = createCaptionStore(database)
  assert.equal(captions.history(1)[0]!.precision, null)
  const contentHash = '00'.repeat(32)
  captions.addFromModel(
    [
      {
        photoId: 1,
        text: 'a kite',
        score: 0,
        ...noDoubt,
        modelId: 'm',
        adapterId: null,
        precision: 'int8',
        contentHash,
      },
    ],
    1,
  )
  assert.deepEqual(
    captions.history(1).map(({ precision }) => precision),
    ['int8', null],
  )
})

test('0390: photos of before are found by the year in which they were taken, and by no time of their files', async (t) => {
  const { database, apply } = before(t, 390)
  for (const id of [1, 2]) addPhoto(database, id)
  const taken = '2018-06-01T12:00:00'
  database
    .prepare('UPDATE photos SET taken_at = ?, sort_ms = ? WHERE id = 1')
    .run(taken, Date.parse(`${taken}Z`))
  apply()
  bringUpToDate(database)
  await createSearchIndexer(database).renewAll()
  const { search } = createSearcher(database)
  const found = (query: string) => search(query).photos.map(({ id }) => id)
  assert.deepEqual(found('2018'), [1])
  assert.deepEqual([found('has:date'), found('-has:date'), found('after:1900')], [[1], [2], [1]])
  database.exec(`UPDATE photos SET taken_at = '2018-06-01' WHERE id = 1`)
  assert.deepEqual(
    ids(database, 'SELECT photo_id AS id FROM search_stale'),
    [1],
    'another date at the same place',
  )
})

test('0400: entries of before are all to be renewed; words are known from their end on; captions that go, and copies, reach the index', (t) => {
  const { database, apply } = before(t, 400)
  for (const id of [1, 2, 3, 4]) addPhoto(database, id)
  addCaption(database, 1, 1, 'mine')
  database.exec(`INSERT INTO search_words VALUES ('schaferhund', 'schaferhund', 1, 0), ('🎂', '🎂', 1, 0);
    INSERT INTO search_stale_folders VALUES (1, 3)`)
  apply()
  assert.deepEqual(ids(database, 'SELECT up_to_photo AS id FROM search_stale_folders'), [0])
  assert.deepEqual(ids(database, 'SELECT reversed AS id FROM search_words ORDER BY word'), [
    'dnuhrefahcs',
    '🎂',
  ])
  const stale = (change: string) => {
    database.exec('DELETE FROM search_stale')
    database.exec(change)
    return ids(database, 'SELECT photo_id AS id FROM search_stale ORDER BY 1')
  }
  assert.deepEqual(stale('UPDATE captions SET withdrawn_ms = 1'), [1])
  assert.deepEqual(stale("UPDATE photos SET content_hash = x'01' WHERE id = 1"), [1])
  assert.deepEqual(stale("UPDATE photos SET content_hash = x'01' WHERE id = 2"), [1, 2])
  // The first two are copies already.
  assert.deepEqual(stale("UPDATE photos SET content_hash = x'01' WHERE id IN (3, 4)"), [3, 4])
  assert.deepEqual(stale('UPDATE photos SET missing_since_ms = 1 WHERE id = 4'), [4])
  assert.deepEqual(stale('DELETE FROM photos WHERE id = 3'), [])
  assert.deepEqual(stale('DELETE FROM photos WHERE id = 2'), [1])
})

test('0410: words of tables of before stay until a file says otherwise; edits keep their numbers, and what was undone is so', (t) => {
  const { database, apply } = before(t, 410)
  for (const id of [1, 2]) addPhoto(database, id)
  addCaption(database, 1, 1, 'mine')
  database.exec(`INSERT INTO captions (id, photo_id, text, source, origin, created_ms) VALUES
      (2, 2, 'of a sidecar', 'imported', 'xmp:dc:description', 1), (3, 2, 'of a table', 'imported', 'table:caption', 1);
    UPDATE photos SET caption_id = 3 WHERE id = 2;
    INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, is_favorite) VALUES
      (1, 2, 'table', '', 1, 0), (2, 2, 'sidecar', '2.xmp', 1, 0);
    INSERT INTO metadata_captions (source_id, position, text, field) VALUES
      (1, 0, 'of a table', 'table:caption'), (2, 0, 'of a sidecar', 'xmp:dc:description');
    INSERT INTO edits (id, kind, photos, undo_step, undone_after) VALUES
      (4, 'table', 1, NULL, NULL), (5, 'marks', 1, 1, 5), (9, 'marks', 1, NULL, NULL);
    DELETE FROM edits WHERE id = 9;
    UPDATE captions SET edit_id = 4 WHERE id = 1;
    INSERT INTO sidecars (folder_id, directory, name, size_bytes, modified_ms) VALUES (1, '', '2.xmp', 1, 7)`)
  apply()
  bringUpToDate(database)
  assert.deepEqual(lastStandingEdit(database), { id: 4, kind: 'table', photos: 1 })
  assert.deepEqual([lastUndoneEdit(database)?.id, beginEdit(database, 'withdrawal')], [5, 10])
  assert.deepEqual(ids(database, 'SELECT id FROM metadata_sources'), [2])
  assert.deepEqual(ids(database, 'SELECT modified_ms AS id FROM sidecars'), [0])
  const captions = createCaptionStore(database)
  const sidecar = (text: string) =>
    captions.setImported(2, [{ text, language: null, origin: 'xmp:dc:description' }], 2)
  sidecar('of a sidecar')
  assert.equal(captions.current(2)?.text, 'of a table')
  sidecar('edited since')
  assert.equal(captions.current(2)?.text, 'edited since')
})

test('0420: nothing of before is known to be excluded; what is seen again is not', (t) => {
  const { database, apply } = before(t, 420)
  addPhoto(database, 1)
  database.exec('UPDATE photos SET missing_since_ms = 1; DELETE FROM search_stale')
  apply()
  const excluded = () => ids(database, 'SELECT is_excluded AS id FROM photos')
  assert.deepEqual(excluded(), [0])
  database.exec('UPDATE photos SET is_excluded = 1')
  assert.deepEqual(ids(database, 'SELECT photo_id AS id FROM search_stale'), [1])
  database.exec('UPDATE photos SET missing_since_ms = NULL')
  assert.deepEqual(excluded(), [0])
})

test('0430: nothing of before has a creator; photos that were read are to be read again, once', async (t) => {
  const { database, apply } = before(t, 430)
  for (const id of [1, 2, 3]) addPhoto(database, id)
  database.exec(`UPDATE photos SET content_hash = x'01', indexed_ms = 1 WHERE id < 3;
    INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, title, is_favorite) VALUES (1, 1, 'embedded', '', 1, 'Fog', 0)`)
  apply()
  bringUpToDate(database)
  assert.deepEqual(ids(database, 'SELECT text AS id FROM search_extra WHERE photo_id = 1'), ['Fog'])
  database.exec(`UPDATE metadata_sources SET creators = '["Kari","Ola"]', copyright = 'all of them'`)
  assert.deepEqual(ids(database, 'SELECT text AS id FROM search_extra WHERE photo_id = 1'), [
    'Fog Kari Ola all of them',
  ])
  const toRead = () =>
    ids(database, 'SELECT id FROM photos WHERE indexed_ms IS NULL AND content_hash IS NOT NULL')
  const mark = (version: number) => {
    for (let steps = 0; markReadByOlder(database, version, 2) > 0; ) assert.ok(++steps < 5)
  }
  mark(1)
  assert.deepEqual(toRead(), [1, 2])
  database.exec('UPDATE photos SET indexed_ms = 2')
  mark(1)
  assert.deepEqual(toRead(), [])
  assert.equal(markReadByOlder(database, 2, 1), 1)
  assert.deepEqual(toRead(), [1], 'some at a time, and from there on by whoever comes next')
  mark(1)
  assert.deepEqual(toRead(), [1, 2], 'an older program ends what a newer one began')
})

test('0440: of strays nothing is known before the next scan; they go with their folder', (t) => {
  const { database, apply } = before(t, 440)
  addPhoto(database, 1)
  apply()
  assert.deepEqual(ids(database, 'SELECT files AS id FROM stray_sidecars'), [])
  database.exec(`INSERT INTO stray_sidecars VALUES (1, 'summer', 2, '["a.jpg.json"]', 1)`)
  database.exec('DELETE FROM folders')
  assert.deepEqual(ids(database, 'SELECT files AS id FROM stray_sidecars'), [])
})

test('0450: folders of before join no other; one that others join is not lost to them', (t) => {
  const { database, apply } = before(t, 450)
  addPhoto(database, 1)
  apply()
  assert.deepEqual(ids(database, 'SELECT id FROM folders WHERE joins_folder_id IS NOT NULL'), [])
  database.exec(`INSERT INTO folders (id, path, added_ms) VALUES (9, '/above', 1);
    UPDATE folders SET joins_folder_id = 9, joins_directory = 'below' WHERE id = 1`)
  assert.throws(() => database.exec('DELETE FROM folders WHERE id = 9'), /FOREIGN KEY/)
  database.exec('UPDATE folders SET joins_folder_id = NULL; DELETE FROM folders WHERE id = 9')
})

test('0460: nothing of before was decoded; what is cut off is indexed anew', (t) => {
  const { database, apply } = before(t, 460)
  addPhoto(database, 1)
  database.exec('UPDATE photos SET width_px = 40; DELETE FROM search_stale')
  apply()
  assert.deepEqual(ids(database, 'SELECT is_cut_off AS id FROM photos'), [null])
  const stale = () => ids(database, 'SELECT photo_id AS id FROM search_stale')
  database.exec('UPDATE photos SET is_cut_off = 0')
  assert.deepEqual(stale(), [])
  database.exec('UPDATE photos SET is_cut_off = 1')
  assert.deepEqual(stale(), [1])
})

test('0470: photos of before have no companions; raw files are found as such, and what is of a companion comes last', async (t) => {
  const { database, apply } = before(t, 470)
  addPhoto(database, 1, 'a.jpg')
  addPhoto(database, 2, 'b.NEF')
  database.exec('DELETE FROM search_stale')
  apply()
  assert.deepEqual(ids(database, 'SELECT photo_id AS id FROM search_stale'), [2])
  bringUpToDate(database)
  database.exec(`INSERT INTO companions VALUES (1, 'summer', 'a.nef', 1, 'raw', 1, 1, 1, 9, 0);
    INSERT INTO metadata_sources (photo_id, kind, name, read_ms, rating, is_favorite, is_of_companion)
      VALUES (1, 'sidecar', 'a.long.nef.xmp', 1, 1, 0, 1), (1, 'sidecar', 'a.xmp', 1, 4, 0, 0)`)
  assert.deepEqual(ids(database, 'SELECT rating AS id FROM search_filters WHERE photo_id = 1'), [4])
  await createSearchIndexer(database).renewAll()
  const { search } = createSearcher(database)
  const found = (query: string) => search(query).photos.map(({ id }) => id)
  assert.deepEqual([found('has:raw').sort(), found('is:pair'), found('a.nef')], [[1, 2], [1], [1]])
  database.exec('DELETE FROM photos WHERE id = 1')
  assert.deepEqual(ids(database, 'SELECT name AS id FROM companions'), [])
})

test('0490: nothing of before has a place; photos with a position wait for one, and a place goes with its position', (t) => {
  const { database, apply } = before(t, 490)
  for (const id of [1, 2, 3]) addPhoto(database, id)
  database.exec(`UPDATE photos SET latitude = 38.7, longitude = -9.1 WHERE id < 3;
    INSERT INTO metadata_sources (id, photo_id, kind, name, read_ms, is_favorite) VALUES (1, 3, 'embedded', '', 1, 0);
    INSERT INTO metadata_places VALUES (1, 'city', 'Porto');
    DELETE FROM search_stale`)
  apply()
  const stale = () => ids(database, 'SELECT photo_id AS id FROM search_stale')
  const waiting = () => ids(database, 'SELECT id FROM photos WHERE place_id IS NULL AND latitude IS NOT NULL')
  assert.deepEqual([stale(), waiting()], [[3], [1, 2]], 'stated places are a filter from now on')
  database.exec(`INSERT INTO places VALUES (1, 'PT', '2267057', '');
    UPDATE photos SET place_id = 1 WHERE id < 3`)
  assert.deepEqual([stale(), waiting()], [[1, 2, 3], []])
  database.exec('DELETE FROM search_stale; UPDATE photos SET latitude = 38.7 WHERE id < 3')
  assert.deepEqual([stale(), waiting()], [[], []], 'the same position again')
  database.exec('UPDATE photos SET latitude = 39 WHERE id = 1')
  assert.deepEqual([stale(), waiting()], [[], [1]], 'found by the old place until there is a new one')
  database.exec('UPDATE photos SET latitude = NULL, longitude = NULL WHERE id = 2')
  assert.deepEqual([stale(), waiting()], [[2], [1]])
})

test('0520: vectors of before, and any that comes, changes or goes, wait for their codes', (t) => {
  const { database, apply } = before(t, 520)
  for (const id of [1, 2, 3]) addPhoto(database, id)
  database.exec("INSERT INTO embeddings VALUES (1, x'01'), (2, x'02')")
  apply()
  const stale = () => ids(database, 'SELECT photo_id AS id FROM embedding_stale')
  assert.deepEqual(stale(), [1, 2])
  database.exec(`DELETE FROM embedding_stale; INSERT INTO embeddings VALUES (3, x'03');
    INSERT OR REPLACE INTO embeddings VALUES (1, x'04')`)
  assert.deepEqual(stale(), [1, 3])
  database.exec(`DELETE FROM embedding_stale; UPDATE embeddings SET vector = x'05' WHERE photo_id = 3;
    DELETE FROM photos WHERE id = 2`)
  assert.deepEqual(stale(), [2, 3], 'with its photo, too')
})

test('0540: photos of before wait to be looked at and for their stack; what becomes of one is told to its stack', (t) => {
  const { database, apply } = before(t, 540)
  for (const id of [1, 2, 3, 4]) addPhoto(database, id)
  database.exec(`UPDATE photos SET content_hash = x'01' WHERE id < 4;
    UPDATE photos SET thumbnail_version = 1, thumbhash = x'02' WHERE id < 4;
    UPDATE photos SET missing_since_ms = 1 WHERE id = 3`)
  apply()
  const waiting = () => ids(database, 'SELECT photo_id AS id FROM photos_to_stack')
  assert.deepEqual(waiting(), [1, 2])
  assert.deepEqual(
    ids(database, 'SELECT id FROM photos WHERE thumbnail_version = 1 AND sharpness IS NULL ORDER BY id'),
    [1, 2, 3],
  )
  const stale = () => ids(database, 'SELECT stack_id AS id FROM stacks_stale')
  database.exec(`DELETE FROM photos_to_stack; DELETE FROM search_stale;
    INSERT INTO stacks (id) VALUES (7); INSERT INTO stack_photos VALUES (1, 7, 1), (2, 7, 0)`)
  assert.deepEqual([stale(), ids(database, 'SELECT photo_id AS id FROM search_stale')], [[7], [1, 2]])
  const changes = [
    "INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current) VALUES (2, 'favorite', '', 1, 1, 1)",
    'UPDATE photos SET sharpness = 4 WHERE id = 2',
    'INSERT INTO stack_choices VALUES (1, 1)',
    'UPDATE photos SET missing_since_ms = 1 WHERE id = 2',
    'DELETE FROM photos WHERE id = 1',
  ]
  for (const change of changes) {
    database.exec(`DELETE FROM stacks_stale; ${change}`)
    assert.deepEqual(stale(), [7], change)
  }
  assert.deepEqual(ids(database, 'SELECT photo_id AS id FROM stack_photos'), [])
  database.exec(`INSERT INTO embeddings VALUES (4, x'01'); INSERT INTO miniatures VALUES (4, x'01');
    INSERT INTO embedding_cells VALUES (4, 0); INSERT INTO miniature_keys VALUES (1, 4, 0, 0)`)
  assert.ok(waiting().includes(4))
  database.exec(`UPDATE photos SET content_hash = x'03', thumbnail_version = 1, embedded_in = NULL WHERE id = 4;
    INSERT OR IGNORE INTO spaces VALUES (1, 's'); UPDATE photos SET embedded_in = 1 WHERE id = 4;
    UPDATE photos SET content_hash = x'04' WHERE id = 4`)
  const left = ['miniatures', 'miniature_keys', 'embedding_cells'].flatMap((table) =>
    ids(database, `SELECT photo_id AS id FROM ${table}`),
  )
  assert.deepEqual(left, [], 'another picture is compared by nothing of the one before')
})

test('0570: photos are found by the names that a person tagged them with; what is refused goes by its content', (t) => {
  const { database, apply } = before(t, 570)
  for (const id of [1, 2, 3]) addPhoto(database, id)
  database.exec(`UPDATE photos SET content_hash = x'0a' WHERE id IN (1, 2);
    INSERT INTO marks (photo_id, kind, name, value, marked_ms, is_current) VALUES
      (1, 'keyword', 'Biscuit', 1, 0, 1), (2, 'keyword', 'Biscuit', 0, 0, 1), (3, 'person', 'Biscuit', 1, 0, 0)`)
  apply()
  bringUpToDate(database)
  assert.deepEqual(createMarkStore(database).photosNamed('Biscuit', 9), [1])
  const refusals = createNameRefusalStore(database)
  assert.equal(refusals.refuse('Biscuit', [2, 3], 1), 1, 'the third was not read yet')
  assert.deepEqual(refusals.photosOf('Biscuit', 9), [1, 2])
})

test('0530: photos are read by their documents in order, without a look at their rows', (t) => {
  const { database, apply } = before(t, 530)
  for (const id of [1, 2, 3]) addPhoto(database, id)
  database.exec('UPDATE photos SET search_document = 30 - id WHERE id <> 2')
  apply()
  const sql =
    'SELECT id FROM photos INDEXED BY photos_by_document WHERE search_document > 0 ORDER BY search_document'
  assert.deepEqual(ids(database, sql), [3, 1])
  const [plan] = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all()
  assert.match(plan!.detail, /USING COVERING INDEX photos_by_document/)
})

test('0550: a picture from outside is remembered once, in a space that there is', (t) => {
  const { database, apply } = before(t, 550)
  apply()
  const put = (space: number) =>
    database.exec(`INSERT OR REPLACE INTO outside_pictures VALUES ('0123456789abcdef', ${space}, x'01', 1)`)
  assert.throws(() => put(7), /FOREIGN KEY/)
  database.exec("INSERT INTO spaces VALUES (7, 's')")
  put(7)
  put(7)
  assert.equal(database.prepare('SELECT name FROM outside_pictures').all().length, 1)
})
