import { join } from 'node:path'
import type { UnclearRow } from '../../contract/rooms/exchange.ts'
import type { CaptionStore } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import type { PhotoStore } from '../store/photos.ts'
import { type Copy, matchCopies } from './match-copies.ts'
import type { TableRow } from './table-rows.ts'

/** A row of a table with the photo that it is for. */
export interface MatchedRow {
  row: TableRow
  /** Null where the library has no such photo, or it is unclear which. */
  photoId: number | null
  /** Why it is for no photo, or may change none: a person's words stand there. */
  unclear: UnclearRow['reason'] | null
}

/** The rows of one import, outside the library's file: a transaction cannot wait for a file to be read. */
export interface ImportRows extends Disposable {
  add(rows: readonly TableRow[]): void
  /** Finds out which photo each row is for; call it, and `pages` after it, in one transaction. */
  match(): void
  /** The rows in the table's order. */
  pages(): Generator<MatchedRow[]>
}

export interface MatchedAgainst {
  database: Database
  photos: Pick<PhotoStore, 'byPath'>
  captions: Pick<CaptionStore, 'current'>
}

const pageSize = 1000

const tables = `
  CREATE TEMP TABLE IF NOT EXISTS import_rows (
    import_id INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    sha256    TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    row       TEXT    NOT NULL,
    PRIMARY KEY (import_id, position)
  ) STRICT, WITHOUT ROWID;
  -- What rows have in common that are for one photo.
  CREATE TEMP TABLE IF NOT EXISTS import_places (
    import_id INTEGER NOT NULL,
    sha256    TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    photo_id  INTEGER,
    unclear   TEXT,
    PRIMARY KEY (import_id, sha256, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS temp.import_places_by_photo ON import_places (import_id, photo_id);`

let lastImport = 0

export function stageRows({ database, photos, captions }: MatchedAgainst): ImportRows {
  const { prepare, read } = database
  const importId = ++lastImport
  let position = 0
  database.exec(tables)

  function settle(
    sha256: string,
    path: string,
    photoId: number | null,
    unclear: UnclearRow['reason'] | null,
  ) {
    prepare(
      'UPDATE temp.import_places SET photo_id = ?, unclear = ? WHERE import_id = ? AND sha256 = ? AND path = ?',
    ).run(photoId, unclear, importId, sha256, path)
  }

  function copiesOf(sha256: string): Copy[] {
    return prepare<{ id: number; folder: string; directory: string; name: string; isMissing: number }>(
      `SELECT photos.id, folders.path AS folder, directory, name, missing_since_ms IS NOT NULL AS isMissing
       FROM photos JOIN folders ON folders.id = folder_id WHERE content_hash = ? ORDER BY photos.id`,
    )
      .all(Buffer.from(sha256, 'hex'))
      .map(({ id, folder, directory, name, isMissing }) => ({
        id,
        path: join(folder, directory, name),
        isMissing: isMissing === 1,
      }))
  }

  /** @returns whether the library has photos of this content. */
  function matchContent(sha256: string, paths: readonly string[]): boolean {
    const copies = copiesOf(sha256)
    if (copies.length === 0) return false
    const matches = matchCopies(paths, copies)
    for (const path of paths) {
      const match = matches.get(path)
      if (!match) settle(sha256, path, null, 'copies')
      else {
        const isPersons = !match.isSure && captions.current(match.photoId)?.source === 'person'
        settle(sha256, path, match.photoId, isPersons ? 'person' : null)
      }
    }
    return true
  }

  /** Of a content that the library does not have, or that is not said. */
  function matchPath(sha256: string, path: string): void {
    const photo = path === '' ? undefined : photos.byPath(path)
    if (!photo) return
    const isTaken = prepare(
      'SELECT 1 FROM temp.import_places WHERE import_id = ? AND photo_id = ? AND path <> ?',
    ).get(importId, photo.id, path)
    settle(sha256, path, isTaken ? null : photo.id, isTaken ? 'copies' : null)
  }

  return {
    add: (rows) =>
      read(() => {
        for (const row of rows) {
          const { sha256, path } = row
          prepare('INSERT INTO temp.import_rows VALUES (?, ?, ?, ?, ?)').run(
            importId,
            ++position,
            sha256,
            path,
            JSON.stringify(row),
          )
          prepare('INSERT OR IGNORE INTO temp.import_places VALUES (?, ?, ?, NULL, NULL)').run(
            importId,
            sha256,
            path,
          )
        }
      }),

    match() {
      const contents = prepare<{ sha256: string }>(
        `SELECT DISTINCT sha256 FROM temp.import_places WHERE import_id = ? AND sha256 > ? ORDER BY sha256 LIMIT ?`,
      )
      const pathsOf = prepare<{ path: string }>(
        'SELECT path FROM temp.import_places WHERE import_id = ? AND sha256 = ?',
      )
      const byPath: string[] = ['']
      for (let page = contents.all(importId, '', pageSize); page.length > 0; ) {
        for (const { sha256 } of page) {
          const paths = pathsOf.all(importId, sha256).map(({ path }) => path)
          if (!matchContent(sha256, paths)) byPath.push(sha256)
        }
        page = contents.all(importId, page.at(-1)!.sha256, pageSize)
      }
      for (const sha256 of byPath) {
        for (const { path } of pathsOf.all(importId, sha256)) matchPath(sha256, path)
      }
    },

    *pages() {
      for (let last = 0; ; ) {
        const page = prepare<{
          position: number
          row: string
          photoId: number | null
          unclear: UnclearRow['reason'] | null
        }>(
          `SELECT position, row, photo_id AS photoId, unclear
           FROM temp.import_rows JOIN temp.import_places USING (import_id, sha256, path)
           WHERE import_id = ? AND position > ? ORDER BY position LIMIT ?`,
        ).all(importId, last, pageSize)
        if (page.length === 0) return
        yield page.map(({ row, photoId, unclear }) => ({
          row: JSON.parse(row) as TableRow,
          photoId,
          unclear,
        }))
        last = page.at(-1)!.position
      }
    },

    [Symbol.dispose]() {
      for (const table of ['import_rows', 'import_places']) {
        prepare(`DELETE FROM temp.${table} WHERE import_id = ?`).run(importId)
      }
    },
  }
}
