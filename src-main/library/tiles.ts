import { displayFileName } from '../contract/file-name.ts'
import type { CaptionSource, Tile } from '../contract/records.ts'
import { type DoubtColumns, toDoubt } from './store/captions.ts'
import type { Database } from './store/database.ts'
import { type ErrorColumns, toError } from './store/photos.ts'

interface TileRow extends DoubtColumns, ErrorColumns {
  id: number
  name: string
  caption: string | null
  caption_source: CaptionSource | null
  rating: number | null
  is_favorite: number
  stacked: number | null
  thumbhash: Buffer | null
}

const tilesSql = `SELECT photos.id, name, captions.text AS caption, caption_source, confidence, is_unsure, doubtful_words,
    rating, is_favorite, stacks.photos AS stacked, thumbhash, error_code, error_message
  FROM json_each(?) AS wanted
    JOIN photos ON photos.id = wanted.value
    JOIN search_filters ON search_filters.photo_id = photos.id
    LEFT JOIN captions ON captions.id = photos.caption_id
    LEFT JOIN stack_photos ON stack_photos.photo_id = photos.id
    LEFT JOIN stacks ON stacks.id = stack_id
  ORDER BY wanted.key`

/** What tiles show, of those of the photos that there are, in the order asked for. */
export function readTiles({ prepare }: Database, photoIds: readonly number[]): Tile[] {
  return prepare<TileRow>(tilesSql).all(JSON.stringify(photoIds)).map(toTile)
}

function toTile(row: TileRow): Tile {
  const { isUnsure, doubtfulWords } = toDoubt(row)
  return {
    id: row.id,
    name: displayFileName(row.name),
    caption: row.caption,
    captionSource: row.caption_source,
    isUnsure,
    doubtfulWords,
    // Files say 0 for not rated.
    rating: row.rating || null,
    isFavorite: row.is_favorite === 1,
    stacked: row.stacked ?? 0,
    thumbhash: row.thumbhash,
    error: toError(row),
  }
}
