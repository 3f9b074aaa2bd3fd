import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { restoreBackup } from '../../../src-main/library/library.ts'
import { createSearch } from '../../../src-main/library/search/search.ts'
import { backUp } from '../../../src-main/library/store/backups.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto } from '../store/sample-library.ts'

test('words that a restore brings back are found at once', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-restored-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const store = openStore(databaseFileIn(directory))
  createSearch(store.database)
  const id = addPhoto(store, addFolder(store, '/pictures'), 'a.jpg')
  backUp(store.database, 'good')
  store.captions.setByPerson(id, 'Rex at the beach', 1)
  store.close()
  restoreBackup(directory)
  const restored = openStore(databaseFileIn(directory))
  assert.equal(createSearch(restored.database).searcher.search('beach').total, 1)
  restored.close()
})
