import type { Database } from '../store/database.ts'

/** What a table says of a photo besides its caption: what the person and files say together. */
export interface PhotoCells {
  title: string | null
  /** -1 to 5. */
  rating: number | null
  keywords: string[]
}

export interface CellsRow {
  title: string | null
  rating: number | null
  /** JSON */
  keywords: string
}

/** Of a row of `photos` with its row of `search_filters` as `joined`. */
export const cellColumns = `
  coalesce((SELECT value FROM marks WHERE photo_id = photos.id AND kind = 'title' AND is_current),
    (SELECT title FROM metadata_sources WHERE photo_id = photos.id AND title IS NOT NULL
       ORDER BY CASE kind WHEN 'sidecar' THEN 1 WHEN 'takeout' THEN 2 ELSE 3 END, is_of_companion, length(name) DESC, name
       LIMIT 1)) AS title,
  joined.rating, joined.keywords`

export function toCells({ title, rating, keywords }: CellsRow): PhotoCells {
  return { title: title || null, rating, keywords: JSON.parse(keywords) as string[] }
}

export function cellsOf({ prepare }: Database, photoId: number): PhotoCells {
  const row = prepare<CellsRow>(
    `SELECT ${cellColumns} FROM photos JOIN search_filters AS joined ON joined.photo_id = photos.id
     WHERE photos.id = ?`,
  ).get(photoId)
  return row ? toCells(row) : { title: null, rating: null, keywords: [] }
}
