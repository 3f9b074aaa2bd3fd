import type { CompanionKind } from '../../contract/file-pairs.ts'
import type { Database } from './database.ts'
import type { FoundFile } from './found-file.ts'
import type { Place } from './place.ts'

/** A file beside a photo's own that is a part of it. */
export interface CompanionFile extends FoundFile {
  kind: CompanionKind
  /** For all its name, it is another photo's; it may be known as one. */
  isOther: boolean
}

/** A companion as comparing one directory needs it. */
export interface KnownCompanion extends CompanionFile {
  /** Name of its photo's file; null where that is not in this directory. */
  leader: string | null
}

const fileColumns = `companions.name, companions.size_bytes AS sizeBytes, companions.modified_ms AS modifiedMs,
  companions.device, companions.inode, companions.kind, is_other AS isOther`
const isWithPhoto = `photos.id = photo_id AND photos.folder_id = companions.folder_id
  AND photos.directory = companions.directory AND displaced = 0`

type Row<File extends CompanionFile> = Omit<File, 'isOther'> & { isOther: number }

function toFile<File extends CompanionFile>(row: Row<File>): File {
  return { ...row, isOther: row.isOther === 1 } as unknown as File
}

/** What is remembered in one directory; a reading connection is enough. */
export function knownCompanions(database: Database, folderId: number, directory: string): KnownCompanion[] {
  return database
    .prepare<Row<KnownCompanion>>(
      `SELECT ${fileColumns}, photos.name AS leader FROM companions LEFT JOIN photos ON ${isWithPhoto}
       WHERE companions.folder_id = ? AND companions.directory = ?`,
    )
    .all(folderId, directory)
    .map((row) => toFile<KnownCompanion>(row))
}

export interface CompanionStore {
  /** Those that stand beside their photo, by name; also those that are another photo's. */
  beside(photoId: number): CompanionFile[]
  /** Names of the files that are a part of a photo, in its directory. */
  namesOf(photoId: number): string[]
  /** The file is a part of the photo, which is to be read again where that is news; what the photo had elsewhere is no longer its own. */
  attach(photoId: number, place: Place, file: Omit<CompanionFile, 'name'>): void
  /**
   * No part of any photo is remembered here.
   * @returns the photo that the file was a part of, which is to be read again: what it told of itself, and what stands beside it for its
   * sake, is that photo's no longer.
   */
  detach(place: Place): number | undefined
  setOther(photoId: number, name: string, isOther: boolean): void
  /** How many there are of each kind. */
  count(): Record<CompanionKind, number>
  /** Forgets those of a folder that are not beside their photo, in slices: it gets how many to look at, and answers with how many it did. */
  sweep(folderId: number): (limit: number) => number
}

export function createCompanionStore(database: Database): CompanionStore {
  const { prepare, write } = database

  function beside(photoId: number): CompanionFile[] {
    return prepare<Row<CompanionFile>>(
      `SELECT ${fileColumns} FROM companions JOIN photos ON ${isWithPhoto} WHERE photo_id = ? ORDER BY companions.name`,
    )
      .all(photoId)
      .map((row) => toFile(row))
  }

  function knownAt({ folderId, directory, name }: Place): (CompanionFile & { photoId: number }) | undefined {
    const row = prepare<Row<CompanionFile & { photoId: number }>>(
      `SELECT ${fileColumns}, photo_id AS photoId FROM companions WHERE folder_id = ? AND directory = ? AND name = ?`,
    ).get(folderId, directory, name)
    return row && toFile<CompanionFile & { photoId: number }>(row)
  }

  /** @returns whose it was. */
  function forget({ folderId, directory, name }: Place): number | undefined {
    return prepare<{ photoId: number }>(
      `DELETE FROM companions WHERE folder_id = ? AND directory = ? AND name = ? RETURNING photo_id AS photoId`,
    ).get(folderId, directory, name)?.photoId
  }

  function readAgain(photoId: number): void {
    prepare('UPDATE photos SET indexed_ms = NULL WHERE id = ? AND indexed_ms IS NOT NULL').run(photoId)
  }

  function detach(place: Place): number | undefined {
    const photoId = forget(place)
    if (photoId !== undefined) readAgain(photoId)
    return photoId
  }

  return {
    beside,

    namesOf: (photoId) =>
      beside(photoId)
        .filter(({ isOther }) => !isOther)
        .map(({ name }) => name),

    attach: (photoId, { folderId, directory, name }, file) =>
      void write(() => {
        prepare('DELETE FROM companions WHERE photo_id = ? AND (folder_id, directory) <> (?, ?)').run(
          photoId,
          folderId,
          directory,
        )
        const known = knownAt({ folderId, directory, name })
        if (known?.photoId === photoId && isSameFile(known, file)) {
          // File systems without inodes of their own give other numbers at every mount.
          prepare(
            'UPDATE companions SET device = ?, inode = ? WHERE folder_id = ? AND directory = ? AND name = ?',
          ).run(file.device, file.inode, folderId, directory, name)
          return
        }
        // Not as one statement that updates: the triggers' own way with conflicts would be that one's.
        if (known) detach({ folderId, directory, name })
        prepare(
          `INSERT INTO companions (folder_id, directory, name, photo_id, kind, size_bytes, modified_ms, device, inode, is_other)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(
          folderId,
          directory,
          name,
          photoId,
          file.kind,
          file.sizeBytes,
          file.modifiedMs,
          file.device,
          file.inode,
          Number(file.isOther),
        )
        readAgain(photoId)
      }),

    detach,

    setOther: (photoId, name, isOther) =>
      void prepare('UPDATE companions SET is_other = ? WHERE photo_id = ? AND name = ?').run(
        Number(isOther),
        photoId,
        name,
      ),

    count() {
      const counted = { raw: 0, video: 0 }
      for (const { kind, files } of prepare<{ kind: CompanionKind; files: number }>(
        'SELECT kind, count(*) AS files FROM companions WHERE is_other = 0 GROUP BY kind',
      ).all()) {
        counted[kind] = files
      }
      return counted
    },

    sweep(folderId) {
      let last = { directory: '', name: '' }
      return (limit) => {
        const rows = prepare<{ directory: string; name: string; isStray: number }>(
          `SELECT companions.directory, companions.name, photos.id IS NULL AS isStray
           FROM companions LEFT JOIN photos ON ${isWithPhoto}
           WHERE companions.folder_id = ? AND (companions.directory, companions.name) > (?, ?)
           ORDER BY companions.directory, companions.name LIMIT ?`,
        ).all(folderId, last.directory, last.name, limit)
        for (const { directory, name, isStray } of rows) {
          if (isStray) forget({ folderId, directory, name })
        }
        last = rows.at(-1) ?? last
        return rows.length
      }
    },
  }
}

function isSameFile(one: Omit<CompanionFile, 'name'>, other: Omit<CompanionFile, 'name'>): boolean {
  const is = ({ kind, sizeBytes, modifiedMs, isOther }: typeof one) => [kind, sizeBytes, modifiedMs, isOther]
  return is(one).every((value, at) => value === is(other)[at])
}
