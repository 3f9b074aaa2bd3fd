import { thumbHashToAverageRGBA } from 'thumbhash'
import { companionKinds } from '../../contract/file-pairs.ts'
import type { CaptionSource, TimelinePage } from '../../contract/records.ts'
import { ratingShift, tileFlags } from '../../contract/tile-flags.ts'
import type { Database } from '../store/database.ts'

interface TimelineRow {
  id: number
  sort_ms: number
  width_px: number | null
  height_px: number | null
  content_hash: Buffer | null
  caption_source: CaptionSource | null
  is_unsure: number | null
  is_failed: number
  is_missing: number
  is_offline: number
  is_favorite: number
  has_thumbnail: number
  thumbhash: Buffer | null
  rating: number | null
  stacked: number | null
  /** Kinds of files that are a part of it, joined by commas. */
  companions: string | null
}

const rowsSql = `SELECT photos.id, sort_ms, width_px, height_px, photos.content_hash, caption_source, is_unsure,
    error_code IS NOT NULL AS is_failed, missing_since_ms IS NOT NULL AND NOT is_excluded AS is_missing,
    folders.state = 'offline' AS is_offline, is_favorite, thumbnail_version IS NOT NULL AS has_thumbnail, thumbhash, rating, stacks.photos AS stacked,
    (SELECT group_concat(kind) FROM companions WHERE photo_id = photos.id AND is_other = 0
      AND (companions.folder_id, companions.directory) = (photos.folder_id, photos.directory)) AS companions
  FROM json_each(?) AS wanted
    JOIN photos ON photos.search_id = wanted.value
    JOIN folders ON folders.id = photos.folder_id
    JOIN search_filters ON search_filters.photo_id = photos.id
    LEFT JOIN captions ON captions.id = photos.caption_id
    LEFT JOIN stack_photos ON stack_photos.photo_id = photos.id
    LEFT JOIN stacks ON stacks.id = stack_id
  ORDER BY wanted.key`

const flagOfSource: Readonly<Record<CaptionSource, number>> = {
  person: tileFlags.byPerson,
  imported: tileFlags.imported,
  model: tileFlags.byModel,
}
const hashBytes = 8
const grey = 128

/** @param rows of the index, in order. */
export function readColumns(
  { prepare }: Database,
  rows: readonly number[],
): Omit<TimelinePage, 'offset' | 'token'> {
  const found = prepare<TimelineRow>(rowsSql).all(JSON.stringify(rows))
  const colors = new Uint8Array(found.length * 3).fill(grey)
  const hashes = new Uint8Array(found.length * hashBytes)
  for (const [at, { content_hash, thumbhash }] of found.entries()) {
    if (content_hash) hashes.set(content_hash.subarray(0, hashBytes), at * hashBytes)
    if (thumbhash) colors.set(meanColor(thumbhash), at * 3)
  }
  return {
    ids: Uint32Array.from(found, (row) => row.id),
    sortMs: Float64Array.from(found, (row) => row.sort_ms),
    ratios: Float32Array.from(found, ratioOf),
    colors,
    hashes,
    flags: Uint16Array.from(found, flagsOf),
    stacked: Uint16Array.from(found, (row) => row.stacked ?? 0),
  }
}

function meanColor(thumbhash: Uint8Array): number[] {
  const { r, g, b } = thumbHashToAverageRGBA(thumbhash)
  return [r, g, b].map((share) => Math.round(Math.min(Math.max(share, 0), 1) * 255))
}

function ratioOf({ width_px, height_px }: TimelineRow): number {
  return width_px && height_px ? width_px / height_px : 0
}

function flagsOf(row: TimelineRow): number {
  let flags = row.caption_source === null ? 0 : flagOfSource[row.caption_source]
  if (row.is_unsure) flags |= tileFlags.unsure
  if (row.is_failed) flags |= tileFlags.failed
  if (row.is_missing) flags |= tileFlags.missing
  if (row.is_offline) flags |= tileFlags.offline
  if (row.is_favorite) flags |= tileFlags.favorite
  if (row.has_thumbnail) flags |= tileFlags.thumbnail
  const kinds = row.companions?.split(',') ?? []
  for (const kind of companionKinds) if (kinds.includes(kind)) flags |= tileFlags[kind]
  return flags | (((row.rating ?? 0) + 1) << ratingShift)
}
