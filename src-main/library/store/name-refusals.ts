import type { Database } from './database.ts'

/** Photos of which a person said that they do not show what has a name; they are remembered by their content. */
export interface NameRefusalStore {
  /** Photos that were not read yet have no content, and are left out. @returns how many are refused now that were not. */
  refuse(name: string, photoIds: readonly number[], nowMs: number): number
  /** Takes it back. @returns of how many */
  allow(name: string, photoIds: readonly number[]): number
  /** Those of these photos with a content that was refused. */
  among(name: string, photoIds: readonly number[]): Set<number>
  /** Photos with a content that was refused, those that were refused last first. */
  photosOf(name: string, limit: number): number[]
}

export function createNameRefusalStore({ prepare, write }: Database): NameRefusalStore {
  return {
    refuse: (name, photoIds, nowMs) =>
      write(
        () =>
          prepare(
            `INSERT OR IGNORE INTO name_refusals (name, content_hash, refused_ms)
             SELECT ?, content_hash, ? FROM json_each(?) AS refused JOIN photos ON photos.id = refused.value
             WHERE content_hash IS NOT NULL`,
          ).run(name, nowMs, JSON.stringify(photoIds)).changes,
      ),

    allow: (name, photoIds) =>
      write(
        () =>
          prepare(
            `DELETE FROM name_refusals WHERE name = ? AND content_hash IN
               (SELECT content_hash FROM json_each(?) AS allowed JOIN photos ON photos.id = allowed.value)`,
          ).run(name, JSON.stringify(photoIds)).changes,
      ),

    among: (name, photoIds) =>
      new Set(
        prepare<{ id: number }>(
          `SELECT photos.id FROM json_each(?) AS asked JOIN photos ON photos.id = asked.value
           JOIN name_refusals USING (content_hash) WHERE name_refusals.name = ?`,
        )
          .all(JSON.stringify(photoIds), name)
          .map(({ id }) => id),
      ),

    photosOf: (name, limit) =>
      prepare<{ id: number }>(
        `SELECT photos.id FROM name_refusals JOIN photos USING (content_hash)
         WHERE name_refusals.name = ? ORDER BY refused_ms DESC, photos.id LIMIT ?`,
      )
        .all(name, limit)
        .map(({ id }) => id),
  }
}
