import type { Database } from './database.ts'
import { nameSpace } from './embeddings.ts'

/** Pictures that are no photos of the library, and that it remembers for a while to compare photos with. */
export interface OutsidePictureStore {
  /** Where it is in this space, `[p]` as `packEmbedding` makes it; undefined where it was forgotten, or seen in another space. */
  vectorOf(name: string, space: string): Int8Array | undefined
  /** It is from now on the one used last. @returns whether it is remembered in this space */
  touch(name: string, space: string): boolean
  /** Those that were not used for longest are forgotten, but for those that a saved search names. */
  remember(name: string, space: string, vector: Int8Array): void
}

/** Some 300 bytes each. */
export const mostOutsidePictures = 200

const nextUse = '(SELECT coalesce(max(used), 0) + 1 FROM outside_pictures)'

export function createOutsidePictureStore(database: Database): OutsidePictureStore {
  const { prepare, write } = database
  return {
    vectorOf(name, space) {
      const found = prepare<{ vector: Buffer }>(
        'SELECT vector FROM outside_pictures JOIN spaces ON number = space WHERE outside_pictures.name = ? AND spaces.name = ?',
      ).get(name, space)
      return found && new Int8Array(found.vector)
    },
    touch: (name, space) =>
      write(
        () =>
          prepare(
            `UPDATE outside_pictures SET used = ${nextUse}
             WHERE name = ? AND space = (SELECT number FROM spaces WHERE spaces.name = ?)`,
          ).run(name, space).changes > 0,
      ),
    remember: (name, space, vector) =>
      write(() => {
        prepare(`INSERT OR REPLACE INTO outside_pictures VALUES (?, ?, ?, ${nextUse})`).run(
          name,
          nameSpace(database, space),
          new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
        )
        prepare(
          `DELETE FROM outside_pictures
           WHERE name NOT IN (SELECT name FROM outside_pictures ORDER BY used DESC LIMIT ?)
             AND NOT EXISTS (SELECT 1 FROM saved_searches WHERE instr(query, outside_pictures.name) > 0)`,
        ).run(mostOutsidePictures)
      }),
  }
}
