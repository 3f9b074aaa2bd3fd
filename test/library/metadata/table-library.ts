import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { createCaptionChanges } from '../../../src-main/library/store/caption-changes.ts'
import { openStore } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf } from '../store/sample-library.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A library that tables are exported from and imported into. */
export function openTableLibrary(context: TestContext) {
  const folder = temporaryFolder(context)
  const store = openStore(join(folder, 'library.sqlite'))
  context.after(() => store.close())
  const folderId = addFolder(store, '/photos')
  const metadata = createMetadataStore(store.database, store.captions)
  const add = (path: string, content: string) => addPhoto(store, folderId, path, contentOf(content))
  const put = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const changes = createCaptionChanges(store.database, store.captions)
  return { folder, store, add, put, target: { ...store, metadata, changes } }
}

/** Of an import that met nothing. */
export const nothing = {
  rows: 0,
  changed: 0,
  marked: 0,
  unchanged: 0,
  unmatched: 0,
  firstUnmatched: [],
  unclear: 0,
  firstUnclear: [],
  replaced: 0,
  firstReplaced: [],
  outranked: 0,
  emptied: 0,
  withoutMarks: 0,
}
