import { cosineOfPacked } from '../../contract/embedding.ts'
import { placesAllOver } from '../meaning/all-over.ts'
import { dot } from '../meaning/dot.ts'
import { toUnitLength } from '../meaning/unit-length.ts'
import type { Database } from '../store/database.ts'
import { toVector } from '../store/embeddings.ts'
import { inSlices } from '../store/slices.ts'

/** A photo and the cosine of its embedding with the one asked for. */
export interface CellMate {
  photoId: number
  cosine: number
}

/** Parts of a space, so that an embedding is compared with those of its neighbourhood alone. */
export interface Cells {
  /** Divides a space, of null the newest that photos are in, anew where the library has grown, in slices; what is left after a kill is done by the next call. */
  divide(space: string | null, signal?: AbortSignal): Promise<void>
  /** The cells nearest to an embedding, the nearest first; none of a space that is not divided: its photos are being looked at anew. */
  around(unit: Float32Array, space: number): number[]
  put(photoId: number, cell: number): void
  remove(photoId: number): void
  /** Those of some cells that are at least so near, the nearest first. */
  near(unit: Float32Array, cells: readonly number[], leastCosine: number, most: number): CellMate[]
}

/** Fewer are in one cell. */
const fewPhotos = 4000
const photosOfCell = 250
const mostCells = 4096
/** A library that has so many times the photos is divided anew. */
const growth = 4
const cellsAsked = 4

interface Division {
  firstCell: number
  photos: number
  /** Each of unit length; none where there is a single cell. */
  middles: Float32Array[]
}

export function createCells(database: Database): Cells {
  const { prepare, write } = database
  /** The one that was asked for last, which is 4 MiB in the largest library. */
  let known: (Division & { space: number }) | undefined

  function divisionOf(space: number): Division | undefined {
    const newest = prepare<{ firstCell: number }>(
      'SELECT max(first_cell) AS firstCell FROM embedding_divisions WHERE space = ?',
    ).get(space)?.firstCell
    if (newest == null) return undefined
    if (known?.firstCell !== newest) {
      const row = prepare<{ photos: number; cells: number; middles: Buffer }>(
        'SELECT photos, cells, middles FROM embedding_divisions WHERE first_cell = ?',
      ).get(newest)!
      const numbers = new Float32Array(new Uint8Array(row.middles).buffer)
      const width = numbers.length / row.cells
      const middles = Array.from({ length: width > 0 ? row.cells : 0 }, (_, at) =>
        numbers.subarray(at * width, (at + 1) * width),
      )
      known = { space, firstCell: newest, photos: row.photos, middles }
    }
    return known
  }

  /** Every n-th photo's place is the middle of a cell: as photos lie close, so do the cells. */
  function addDivision(space: number, photos: number): void {
    const cells = photos <= fewPhotos ? 1 : Math.min(Math.round(photos / photosOfCell), mostCells)
    const middles = cells === 1 ? [] : sample(space, cells)
    const numbers = new Float32Array(middles.length * (middles[0]?.length ?? 0))
    for (const [at, middle] of middles.entries()) numbers.set(middle, at * middle.length)
    write(() => {
      const { next } = prepare<{ next: number }>(
        'SELECT ifnull(max(first_cell + cells), 0) AS next FROM embedding_divisions',
      ).get()!
      prepare('INSERT INTO embedding_divisions VALUES (?, ?, ?, ?, ?)').run(
        next,
        space,
        photos,
        Math.max(middles.length, 1),
        new Uint8Array(numbers.buffer),
      )
      // Of other spaces and of before: no photo is to be put there any more, and none is looked for.
      prepare('DELETE FROM embedding_divisions WHERE first_cell < ?').run(next)
    })
  }

  function sample(space: number, count: number): Float32Array[] {
    const { first, last } = prepare<{ first: number; last: number }>(
      `SELECT (SELECT min(id) FROM photos WHERE embedded_in = ?) AS first,
         (SELECT max(id) FROM photos WHERE embedded_in = ?) AS last`,
    ).get(space, space)!
    const found = new Map<number, Float32Array>()
    for (const before of placesAllOver(first, last, count)) {
      const row = prepare<{ id: number; vector: Buffer }>(
        `SELECT photos.id, vector FROM photos INDEXED BY photos_by_space JOIN embeddings ON photo_id = photos.id
         WHERE embedded_in = ? AND photos.id > ? ORDER BY photos.id LIMIT 1`,
      ).get(space, before)
      const unit = row && toUnitLength(toVector(row.vector))
      if (unit) found.set(row.id, unit)
    }
    return [...found.values()]
  }

  function around(unit: Float32Array, space: number): number[] {
    const division = divisionOf(space)
    if (!division) return []
    const { firstCell, middles } = division
    if (middles.length === 0) return [firstCell]
    const best: { cell: number; cosine: number }[] = []
    for (let at = 0; at < middles.length; at++) {
      const cosine = dot(unit, middles[at]!)
      if (best.length === cellsAsked && cosine <= best.at(-1)!.cosine) continue
      best.push({ cell: firstCell + at, cosine })
      best.sort((a, b) => b.cosine - a.cosine)
      best.splice(cellsAsked)
    }
    return best.map(({ cell }) => cell)
  }

  function put(photoId: number, cell: number): void {
    prepare('INSERT OR REPLACE INTO embedding_cells (photo_id, cell) VALUES (?, ?)').run(photoId, cell)
  }

  return {
    async divide(name, signal) {
      const space = prepare<{ number: number | null }>(
        `SELECT coalesce((SELECT number FROM spaces WHERE name = ?),
           (SELECT max(embedded_in) FROM photos WHERE embedded_in IS NOT NULL)) AS number`,
      ).get(name)!.number
      if (space === null) return
      const { photos } = prepare<{ photos: number }>(
        'SELECT count(*) AS photos FROM photos WHERE embedded_in = ?',
      ).get(space)!
      const before = divisionOf(space)
      const isGrown = before && photos > (before.photos < fewPhotos ? fewPhotos : growth * before.photos)
      if (!before || isGrown) addDivision(space, photos)
      const { firstCell } = divisionOf(space)!
      await inSlices(
        database,
        (limit) => {
          const rows = prepare<{ id: number; vector: Buffer; space: number }>(
            `SELECT embedding_cells.photo_id AS id, vector, embedded_in AS space FROM embedding_cells
               JOIN embeddings ON embeddings.photo_id = embedding_cells.photo_id
               JOIN photos ON photos.id = embedding_cells.photo_id
             WHERE cell < ? LIMIT ?`,
          ).all(firstCell, limit)
          for (const { id, vector, space: itsSpace } of rows) {
            const unit = itsSpace === space ? toUnitLength(toVector(vector)) : undefined
            if (unit) put(id, around(unit, space)[0]!)
            else prepare('DELETE FROM embedding_cells WHERE photo_id = ?').run(id)
          }
          return rows.length
        },
        { signal },
      )
    },

    around,
    put,

    remove: (photoId) => void prepare('DELETE FROM embedding_cells WHERE photo_id = ?').run(photoId),

    near(unit, asked, leastCosine, most) {
      const mates: CellMate[] = []
      for (const cell of asked) {
        const rows = prepare<{ id: number; vector: Buffer }>(
          `SELECT embedding_cells.photo_id AS id, vector FROM embedding_cells
             CROSS JOIN embeddings ON embeddings.photo_id = embedding_cells.photo_id WHERE cell = ?`,
        ).all(cell)
        for (const { id, vector } of rows) {
          const cosine = cosineOfPacked(toVector(vector), unit)
          if (cosine >= leastCosine) mates.push({ photoId: id, cosine })
        }
      }
      return mates.sort((a, b) => b.cosine - a.cosine || a.photoId - b.photoId).slice(0, most)
    },
  }
}
