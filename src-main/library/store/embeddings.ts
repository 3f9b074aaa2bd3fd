import type { Database } from './database.ts'

/** Where the picture of some content is in a space. */
export interface MadeEmbedding {
  /** SHA-256, lower-case hex. */
  contentHash: string
  /** `[p]`: a direction, whose largest number is ±127. */
  vector: Int8Array
}

/** What pictures mean, by which they are found without words. */
export interface EmbeddingStore {
  /** Of all photos of these contents that have none in this space. */
  set(made: readonly MadeEmbedding[], space: string): void
  /** How many photos have a thumbnail, of which theirs can be made, and none in this space. */
  waiting(space: string): number
}

/** The number of no space. */
const unknown = 0

/** The number of a space that there is. */
function numberOf({ prepare }: Database, space: string): number | null {
  return prepare<{ number: number }>('SELECT number FROM spaces WHERE name = ?').get(space)?.number ?? null
}

/** The number of a space, which has one from then on. */
export function nameSpace(database: Database, space: string): number {
  return (
    numberOf(database, space) ??
    Number(database.prepare('INSERT INTO spaces (name) VALUES (?)').run(space).lastInsertRowid)
  )
}

export function createEmbeddingStore(database: Database): EmbeddingStore {
  const { prepare, write } = database
  return {
    set: (made, space) =>
      void write(() => {
        const number = nameSpace(database, space)
        const mark = prepare<{ id: number }>(
          'UPDATE photos SET embedded_in = ? WHERE content_hash = ? AND embedded_in IS NOT ? RETURNING id',
        )
        const keep = prepare('INSERT OR REPLACE INTO embeddings (photo_id, vector) VALUES (?, ?)')
        for (const { contentHash, vector } of made) {
          for (const { id } of mark.all(number, Buffer.from(contentHash, 'hex'), number))
            keep.run(id, bytesOf(vector))
        }
      }),

    waiting: (space) =>
      prepare<{ n: number }>(
        'SELECT count(*) AS n FROM photos WHERE thumbnail_version IS NOT NULL AND embedded_in IS NOT ?',
      ).get(numberOf(database, space) ?? unknown)!.n,
  }
}

/** As it stands in the database. */
export function toVector({ buffer, byteOffset, byteLength }: Uint8Array): Int8Array {
  return new Int8Array(buffer, byteOffset, byteLength)
}

export function bytesOf({ buffer, byteOffset, byteLength }: Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
