import { join } from 'node:path'
import type { Photo } from '../../contract/records.ts'
import type { UnclearRow } from '../../contract/rooms/exchange.ts'
import type { CaptionStore } from '../store/captions.ts'
import type { Database } from '../store/database.ts'
import type { PhotoStore } from '../store/photos.ts'
import { type Copy, matchCopies } from './match-copies.ts'
import type { TableRow } from './table-rows.ts'
import { repairTwiceEncoded } from './twice-encoded.ts'

/** A row of a table with the photo that it is for. */
export interface MatchedRow {
  row: TableRow
  /** Null where the library has no such photo, or it is unclear which. */
  photoId: number | null
  /** Why it is for no photo, or may change none: a person's words stand there. */
  unclear: UnclearRow['reason'] | null
  /** A later row is for the same photo, and says something. */
  isReplaced: boolean
}

/** The rows of one import, outside the library's file. What it does in slices gets how many to do at most, and 0 ends it. */
export interface ImportRows extends Disposable {
  add(rows: readonly TableRow[]): void
  /** Finds out which photo each row is for, when all are added: first those whose content the library has. */
  matchSome(limit: number): number
  /** The next rows in the table's order, when all are matched. */
  takeSome(limit: number): MatchedRow[]
}

/** What rows have in common that are for one photo. */
interface Place {
  sha256: string
  path: string
  photoId: number | null
  unclear: UnclearRow['reason'] | null
}

export interface MatchedAgainst {
  database: Database
  photos: Pick<PhotoStore, 'byPath'>
  captions: Pick<CaptionStore, 'current'>
}

const tables = `
  CREATE TEMP TABLE IF NOT EXISTS import_rows (
    import_id INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    sha256    TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    says      INTEGER NOT NULL,     -- whether there are words in it
    row       TEXT    NOT NULL,
    PRIMARY KEY (import_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS temp.import_rows_by_place ON import_rows (import_id, sha256, path, position) WHERE says;
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
  let matched: Pick<Place, 'sha256' | 'path'> = { sha256: '', path: '' }
  let isByPath = false
  let taken = 0
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

  /** Of a content that the library has. */
  function matchContent(sha256: string, paths: readonly string[]): void {
    const copies = copiesOf(sha256)
    if (copies.length === 0) return
    const matches = matchCopies(paths, copies)
    for (const path of paths) {
      const match = matches.get(path)
      if (!match) settle(sha256, path, null, 'copies')
      else {
        const isPersons = !match.isSure && captions.current(match.photoId)?.source === 'person'
        settle(sha256, path, match.photoId, isPersons ? 'person' : null)
      }
    }
  }

  /** Spreadsheets and editors spell a name otherwise than the disk does, and programs encode it twice. */
  function photoAt(path: string): Photo | undefined {
    for (const spelt of [path, ...repairTwiceEncoded([path]), path.normalize('NFC'), path.normalize('NFD')]) {
      const photo = photos.byPath(spelt)
      if (photo) return photo
    }
    return undefined
  }

  /** Of a content that the library does not have, or that is not said. */
  function matchPath(sha256: string, path: string): void {
    const photo = path === '' ? undefined : photoAt(path)
    if (!photo) return
    // A row that says another content than the photo's is of a picture that was there before, where others are of this one.
    const isTaken =
      sha256 !== '' &&
      prepare('SELECT 1 FROM temp.import_places WHERE import_id = ? AND photo_id = ? AND path <> ?').get(
        importId,
        photo.id,
        path,
      ) !== undefined
    settle(sha256, path, isTaken ? null : photo.id, isTaken ? 'copies' : null)
  }

  return {
    add: (rows) =>
      read(() => {
        for (const row of rows) {
          const { sha256, path } = row
          prepare('INSERT INTO temp.import_rows VALUES (?, ?, ?, ?, ?, ?)').run(
            importId,
            ++position,
            sha256,
            path,
            saysAnything(row) ? 1 : 0,
            JSON.stringify(row),
          )
          prepare('INSERT OR IGNORE INTO temp.import_places VALUES (?, ?, ?, NULL, NULL)').run(
            importId,
            sha256,
            path,
          )
        }
      }),

    matchSome(limit) {
      if (!isByPath) {
        const contents = prepare<{ sha256: string }>(
          `SELECT DISTINCT sha256 FROM temp.import_places WHERE import_id = ? AND sha256 > ? ORDER BY sha256 LIMIT ?`,
        ).all(importId, matched.sha256, limit)
        for (const { sha256 } of contents) {
          const paths = prepare<{ path: string }>(
            'SELECT path FROM temp.import_places WHERE import_id = ? AND sha256 = ?',
          ).all(importId, sha256)
          matchContent(
            sha256,
            paths.map(({ path }) => path),
          )
        }
        matched.sha256 = contents.at(-1)?.sha256 ?? matched.sha256
        if (contents.length > 0) return contents.length
        isByPath = true
        matched = { sha256: '', path: '' }
      }
      const places = prepare<Place>(
        `SELECT sha256, path, photo_id AS photoId, unclear FROM temp.import_places
         WHERE import_id = ? AND (sha256, path) > (?, ?) ORDER BY sha256, path LIMIT ?`,
      ).all(importId, matched.sha256, matched.path, limit)
      for (const { sha256, path, photoId, unclear } of places) {
        if (photoId === null && unclear === null) matchPath(sha256, path)
      }
      matched = places.at(-1) ?? matched
      return places.length
    },

    takeSome(limit) {
      const page = prepare<
        { position: number; row: string; isReplaced: number } & Pick<Place, 'photoId' | 'unclear'>
      >(
        `SELECT position, row, places.photo_id AS photoId, places.unclear,
           EXISTS (SELECT 1 FROM temp.import_places AS others JOIN temp.import_rows AS later USING (import_id, sha256, path)
             WHERE others.import_id = places.import_id AND others.photo_id = places.photo_id
               AND (others.unclear IS NULL OR places.unclear IS NOT NULL)
               AND later.says AND later.position > rows.position) AS isReplaced
         FROM temp.import_rows AS rows JOIN temp.import_places AS places USING (import_id, sha256, path)
         WHERE import_id = ? AND position > ? ORDER BY position LIMIT ?`,
      ).all(importId, taken, limit)
      taken = page.at(-1)?.position ?? taken
      return page.map(({ row, photoId, unclear, isReplaced }) => ({
        row: JSON.parse(row) as TableRow,
        photoId,
        unclear,
        isReplaced: isReplaced === 1,
      }))
    },

    [Symbol.dispose]() {
      for (const table of ['import_rows', 'import_places']) {
        prepare(`DELETE FROM temp.${table} WHERE import_id = ?`).run(importId)
      }
    },
  }
}

/** An empty cell says nothing, unless it was emptied. */
export function saysAnything({ caption, title, keywords, rating, edited }: TableRow): boolean {
  const isEdited = edited !== null && Object.values(edited).some((is) => is)
  return isEdited || caption !== '' || Boolean(title) || Boolean(keywords?.length) || rating != null
}
