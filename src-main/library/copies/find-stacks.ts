import { hasTime } from '../../contract/taken-date.ts'
import type { Database } from '../store/database.ts'
import { inSlices, type SliceOptions } from '../store/slices.ts'
import { likenessOf, type StackStore } from '../store/stacks.ts'
import { likenessOfBurst, likenessOfCopies, type SeenPicture, seePicture } from './alike-pictures.ts'
import { createCells } from './cells.ts'
import { bitsApart, hashPicture, hashTurned } from './picture-keys.ts'

/** Only what is this near is laid on each other: `docs/decisions/copies.md`. */
const leastCosine = 0.6
const mostByCosine = 8
const mostBitsApart = 12
const mostByKeys = 8
/** Of one key: pictures of hardly anything have those that very many have. */
const mostOfKey = 200
/** Photos of one camera around the same time. */
const burstMs = 10_000
const mostOfBurst = 40

/** Finds which photos show the same picture, or nearly, and keeps it. */
export interface StackFinder {
  /** How many photos are to be looked at, and stacks to be settled. */
  waiting(): number
  /**
   * Looks for the stack of each photo that came or changed, in slices; what is left after a kill is done by the next call.
   * @throws DOMException `AbortError` through the signal.
   */
  keepUp(options: StackFinderOptions): Promise<number>
}

export interface StackFinderOptions extends SliceOptions {
  /** In which photos are being embedded, by its name; null where no model says it: in the newest that there is. */
  space: string | null
  /** Called within each transaction that changed stacks. */
  onStacked?(): void
}

interface PhotoRow {
  id: number
  contentHash: string
  pictureHash: string | null
  orientation: number | null
  isMissing: number
  camera: string | null
  takenAt: string | null
  sortMs: number
  space: number | null
  vector: Buffer | null
  picture: Buffer | null
}

const photoSql = `SELECT photos.id, lower(hex(content_hash)) AS contentHash,
    iif(picture_hash IS NULL, NULL, lower(hex(picture_hash))) AS pictureHash, orientation,
    missing_since_ms IS NOT NULL OR content_hash IS NULL AS isMissing, camera, taken_at AS takenAt, sort_ms AS sortMs,
    embedded_in AS space, vector, picture
  FROM photos LEFT JOIN embeddings ON embeddings.photo_id = photos.id LEFT JOIN miniatures ON miniatures.photo_id = photos.id
  WHERE photos.id = ?`
/** Those that still wait find this photo themselves. */
const isSettled =
  'missing_since_ms IS NULL AND NOT EXISTS (SELECT 1 FROM photos_to_stack WHERE photo_id = photos.id)'
const sameContentSql = `SELECT id FROM photos WHERE content_hash = unhex(?) AND id <> ? AND ${isSettled} ORDER BY id LIMIT 1`
const samePictureSql = `SELECT id FROM photos WHERE picture_hash = unhex(?) AND orientation IS ? AND id <> ? AND ${isSettled}
  ORDER BY id LIMIT 1`
const sameTimeSql = `SELECT id FROM photos WHERE sort_ms BETWEEN ? AND ? AND camera IS ? AND id <> ? AND ${isSettled}
  ORDER BY abs(sort_ms - ?), id LIMIT ?`

export function createStackFinder(database: Database, stacks: StackStore): StackFinder {
  const { prepare } = database
  const cells = createCells(database)

  function waiting(): number {
    return prepare<{ n: number }>(
      'SELECT (SELECT count(*) FROM photos_to_stack) + (SELECT count(*) FROM stacks_stale) AS n',
    ).get()!.n
  }

  function stackSome(limit: number): number {
    const photos = prepare<{ id: number }>(
      'SELECT photo_id AS id FROM photos_to_stack ORDER BY photo_id LIMIT ?',
    ).all(limit)
    for (const { id } of photos) {
      findPlace(id)
      prepare('DELETE FROM photos_to_stack WHERE photo_id = ?').run(id)
    }
    return photos.length
  }

  function findPlace(photoId: number): void {
    const photo = prepare<PhotoRow>(photoSql).get(photoId)!
    const seen = photo.isMissing || joinsOthers(photo) ? undefined : seePicture(photo)
    const around = seen?.unit && photo.space !== null ? cells.around(seen.unit, photo.space) : []
    if (!seen || joinsLike(photo, seen, around)) forget(photoId)
    else keep(photoId, seen, around)
  }

  /** Others of a stack are found by its anchor. */
  function joinsOthers(photo: PhotoRow): boolean {
    const own = stacks.ofPhoto(photo.id)
    return own ? !own.isAnchor : joinTwin(photo)
  }

  /** @param around the cells that its embedding is nearest to */
  function joinsLike(photo: PhotoRow, seen: SeenPicture, around: readonly number[]): boolean {
    const own = stacks.ofPhoto(photo.id)
    if (!own) return findLike(photo, seen, around).some((anchorId) => stacks.join(photo.id, anchorId))
    // What is exactly like the anchor is like whatever that is like.
    const isWhole = stacks.members(own.stackId).every((each) => likenessOf(each, photo) !== 'near')
    return isWhole && findLike(photo, seen, around).some((anchorId) => stacks.merge(own.stackId, anchorId))
  }

  function joinTwin(photo: PhotoRow): boolean {
    const { id, contentHash, pictureHash, orientation } = photo
    const twin =
      prepare<{ id: number }>(sameContentSql).get(contentHash, id) ??
      (pictureHash === null
        ? undefined
        : prepare<{ id: number }>(samePictureSql).get(pictureHash, orientation, id))
    const anchorId = twin && anchorOf(twin.id)
    return anchorId !== undefined && stacks.join(id, anchorId)
  }

  /** Undefined where it left, and that is not settled yet. */
  function anchorOf(photoId: number): number | undefined {
    const own = stacks.ofPhoto(photoId)
    if (!own || own.isAnchor) return photoId
    return prepare<{ id: number }>(
      'SELECT photo_id AS id FROM stack_photos WHERE stack_id = ? AND is_anchor = 1',
    ).get(own.stackId)?.id
  }

  /** Anchors, and photos without a stack, that it is like: the likeliest first. */
  function findLike(photo: PhotoRow, seen: SeenPicture, around: readonly number[]): number[] {
    const candidates = new Set<number>()
    for (const mate of seen.unit ? cells.near(seen.unit, around, leastCosine, mostByCosine) : [])
      candidates.add(mate.photoId)
    for (const id of withLikeKeys(seen)) candidates.add(id)
    for (const id of ofSameTime(photo)) candidates.add(id)
    candidates.delete(photo.id)
    return [...candidates]
      .flatMap((id) => {
        const other = prepare<PhotoRow>(photoSql).get(id)!
        const itsSeen = other.isMissing ? undefined : seePicture(other)
        if (!itsSeen) return []
        const likeness = areOfOneMoment(photo, other)
          ? likenessOfBurst(seen, itsSeen)
          : likenessOfCopies(seen, itsSeen)
        return likeness === null ? [] : [{ id, likeness }]
      })
      .sort((a, b) => b.likeness - a.likeness || a.id - b.id)
      .map(({ id }) => id)
  }

  function withLikeKeys({ grey }: SeenPicture): number[] {
    if (!grey) return []
    const found = new Map<number, number>()
    for (const { keys, bits } of hashTurned(grey)) {
      for (const key of keys) {
        const rows = prepare<{ id: number; first: number; second: number }>(
          `SELECT photo_id AS id, first_bits AS first, second_bits AS second FROM miniature_keys WHERE key = ? LIMIT ?`,
        ).all(key, mostOfKey)
        for (const { id, first, second } of rows) {
          const apart = bitsApart(bits, [first, second])
          if (apart <= Math.min(mostBitsApart, found.get(id) ?? mostBitsApart)) found.set(id, apart)
        }
      }
    }
    return [...found]
      .sort((a, b) => a[1] - b[1] || a[0] - b[0])
      .slice(0, mostByKeys)
      .map(([id]) => id)
  }

  function ofSameTime({ id, camera, takenAt, sortMs }: PhotoRow): number[] {
    if (takenAt === null || !hasTime(takenAt)) return []
    const rows = prepare<{ id: number }>(sameTimeSql).all(
      sortMs - burstMs,
      sortMs + burstMs,
      camera,
      id,
      sortMs,
      mostOfBurst,
    )
    return rows.flatMap((row) => anchorOf(row.id) ?? [])
  }

  function keep(id: number, { grey }: SeenPicture, around: readonly number[]): void {
    forget(id)
    for (const cell of around.slice(0, 1)) cells.put(id, cell)
    if (!grey) return
    const { keys, bits } = hashPicture(grey)
    const keepKey = prepare(
      'INSERT INTO miniature_keys (key, photo_id, first_bits, second_bits) VALUES (?, ?, ?, ?)',
    )
    for (const key of keys) keepKey.run(key, id, ...bits)
  }

  /** Nothing is compared with it any more. */
  function forget(photoId: number): void {
    cells.remove(photoId)
    prepare('DELETE FROM miniature_keys WHERE photo_id = ?').run(photoId)
  }

  return {
    waiting,

    async keepUp({ space, onStacked, ...options }) {
      if (waiting() === 0) return 0
      await cells.divide(space, options.signal)
      return inSlices(
        database,
        (limit) => {
          const looked = stackSome(limit)
          const settled = stacks.settleSome(limit)
          if (looked + settled > 0) onStacked?.()
          return looked || settled
        },
        options,
      )
    },
  }
}

function areOfOneMoment(one: PhotoRow, other: PhotoRow): boolean {
  const isTimed = ({ takenAt }: PhotoRow) => takenAt !== null && hasTime(takenAt)
  return (
    isTimed(one) &&
    isTimed(other) &&
    one.camera === other.camera &&
    Math.abs(one.sortMs - other.sortMs) <= burstMs
  )
}
