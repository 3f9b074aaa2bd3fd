import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ContentFacts } from '../../../src-main/library/store/photos.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'

/** A library's tables, gone with the test. */
export function openStoreFor(t: TestContext): Store {
  const directory = mkdtempSync(join(tmpdir(), 'lenslore-store-'))
  const store = openStore(databaseFileIn(directory))
  t.after(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  return store
}

/** The content hash of a file with these bytes. */
export function contentOf(bytes: string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function addFolder(store: Store, path: string): number {
  return store.folders.insert(path, 1).id
}

/** A photo that has been read; `path` is below the folder. */
export function addPhoto(
  store: Store,
  folderId: number,
  path: string,
  contentHash = contentOf('a'),
  facts: Partial<ContentFacts> = {},
): number {
  const at = path.lastIndexOf('/')
  const modifiedMs = Date.UTC(2020, 0, 1)
  const { lastInsertRowid } = store.database.write(() =>
    store.database
      .prepare(
        `INSERT INTO photos (folder_id, directory, name, size_bytes, modified_ms, device, inode, sort_ms)
         VALUES (?, ?, ?, 1000, ?, 1, 1, ?)`,
      )
      .run(folderId, at < 0 ? '' : path.slice(0, at), path.slice(at + 1), modifiedMs, modifiedMs),
  )
  const id = Number(lastInsertRowid)
  store.photos.setContent(id, { ...plainFacts, contentHash, ...facts }, 1)
  return id
}

export function removePhotos(store: Store, ...ids: number[]): void {
  changeEach(store, 'DELETE FROM photos WHERE id = ?', ids)
}

export function markMissing(store: Store, ...ids: number[]): void {
  changeEach(store, 'UPDATE photos SET missing_since_ms = 5 WHERE id = ?', ids)
}

/** Before the back-fill in every queue. */
export function prefer(store: Store, ...ids: number[]): void {
  changeEach(store, 'UPDATE photos SET priority = 1 WHERE id = ?', ids)
}

function changeEach(store: Store, sql: string, ids: number[]): void {
  store.database.write(() => {
    for (const id of ids) store.database.prepare(sql).run(id)
  })
}

/** What reading a picture without any metadata tells, but its content. */
export const plainFacts = {
  pictureHash: null,
  widthPx: 4000,
  heightPx: 3000,
  orientation: 1,
  takenAt: null,
  takenOffsetMinutes: null,
  camera: null,
  lens: null,
  latitude: null,
  longitude: null,
}
