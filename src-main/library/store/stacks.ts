import type { CopyKind } from '../../contract/records.ts'
import type { Database } from './database.ts'

/** So many pictures are one stack; the next that is like them begins another. */
export const mostInStack = 500
/** A commit waits for so many stacks to be settled; others are by the next ones. */
const settledPerCommit = 200
/** What has nearly as many pixels is as large. */
const nearlyAsLarge = 0.9
/** Compression alone changes sharpness by so much. */
const nearlyAsSharp = 0.9
/** A rating that says nothing: files say 0 for none. */
const unrated = 0

/** A photo of a stack, with what decides which of them stands for it. */
export interface StackedPhoto {
  id: number
  isAnchor: number
  contentHash: string
  pictureHash: string | null
  orientation: number | null
  widthPx: number | null
  heightPx: number | null
  sizeBytes: number
  sharpness: number | null
  isCutOff: number | null
  hasRaw: number
  camera: string | null
  sortMs: number
  modifiedMs: number
  chosenMs: number | null
  rating: number | null
  isFavorite: number
}

const membersSql = `SELECT photos.id, is_anchor AS isAnchor, lower(hex(content_hash)) AS contentHash, iif(picture_hash IS NULL, NULL, lower(hex(picture_hash))) AS pictureHash,
    orientation, width_px AS widthPx, height_px AS heightPx, photos.size_bytes AS sizeBytes, sharpness, is_cut_off AS isCutOff,
    EXISTS (SELECT 1 FROM companions WHERE photo_id = photos.id AND kind = 'raw' AND is_other = 0) AS hasRaw,
    camera, sort_ms AS sortMs, photos.modified_ms AS modifiedMs, chosen_ms AS chosenMs, rating, is_favorite AS isFavorite
  FROM stack_photos
    JOIN photos ON photos.id = stack_photos.photo_id
    JOIN search_filters ON search_filters.photo_id = photos.id
    LEFT JOIN stack_choices ON stack_choices.photo_id = photos.id
  WHERE stack_id = ? ORDER BY photos.id`

/** Which photos show the same picture, or nearly. */
export interface StackStore {
  /** The stack of a photo; undefined for one that has none. */
  ofPhoto(photoId: number): { stackId: number; isAnchor: boolean } | undefined
  /** How many photos are in the stack of a photo, and which stands for all. */
  factsOf(photoId: number): { photos: number; best: number; kind: CopyKind } | undefined
  /** In the order of their ids. */
  members(stackId: number): StackedPhoto[]
  /** Puts a photo beside an anchor, whose stack begins with it where there is none. @returns false where that stack is full. */
  join(photoId: number, anchorId: number): boolean
  /** Puts all of a stack beside the anchor of another; to be called where all of them are like that. @returns false where there is no room. */
  merge(stackId: number, anchorId: number): boolean
  /** What of the stacks changed and was too much for its commit. @returns how many were settled; 0: nothing is left. */
  settleSome(limit: number): number
  /** A person wants this photo to stand for its stack, or no longer. */
  choose(photoId: number, isChosen: boolean, nowMs: number): void
}

/** Stacks are settled at the end of every transaction that changed one: which photo stands for it, and whether there is still one. */
export function createStackStore(database: Database): StackStore {
  const { prepare, write } = database
  database.beforeCommit(() => void settleSome(settledPerCommit))

  function ofPhoto(photoId: number): { stackId: number; isAnchor: boolean } | undefined {
    const row = prepare<{ stackId: number; isAnchor: number }>(
      'SELECT stack_id AS stackId, is_anchor AS isAnchor FROM stack_photos WHERE photo_id = ?',
    ).get(photoId)
    return row && { ...row, isAnchor: row.isAnchor === 1 }
  }

  function countIn(stackId: number): number {
    return prepare<{ n: number }>('SELECT count(*) AS n FROM stack_photos WHERE stack_id = ?').get(stackId)!.n
  }

  function stackOfAnchor(anchorId: number): number {
    const known = ofPhoto(anchorId)
    if (known) return known.stackId
    const stackId = Number(prepare('INSERT INTO stacks DEFAULT VALUES').run().lastInsertRowid)
    prepare('INSERT INTO stack_photos (photo_id, stack_id, is_anchor) VALUES (?, ?, 1)').run(
      anchorId,
      stackId,
    )
    return stackId
  }

  function settleSome(limit: number): number {
    const stale = prepare<{ id: number }>('SELECT stack_id AS id FROM stacks_stale LIMIT ?').all(limit)
    for (const { id } of stale) settle(id)
    // What settling changed is told to the index of searches, which marks the stacks once more.
    for (const { id } of stale) prepare('DELETE FROM stacks_stale WHERE stack_id = ?').run(id)
    return stale.length
  }

  function settle(stackId: number): void {
    const photos = prepare<StackedPhoto>(membersSql).all(stackId)
    if (photos.length < 2 || !photos.some((photo) => photo.isAnchor)) {
      // Nobody knows that the others are like each other.
      const left = prepare('INSERT OR IGNORE INTO photos_to_stack VALUES (?)')
      if (photos.length > 1) for (const { id } of photos) left.run(id)
      prepare('DELETE FROM stacks WHERE id = ?').run(stackId)
      return
    }
    const best = bestOf(photos)
    prepare(
      'UPDATE stacks SET photos = ?, kind = ?, best = ?, largest = ?, sharpest = ?, best_ms = ? WHERE id = ?',
    ).run(
      photos.length,
      kindOf(photos, best),
      best.id,
      largestOf(photos).id,
      sharpestOf(photos)?.id ?? null,
      best.sortMs,
      stackId,
    )
  }

  return {
    ofPhoto,
    factsOf: (photoId) =>
      prepare<{ photos: number; best: number; kind: CopyKind }>(
        'SELECT photos, best, kind FROM stack_photos JOIN stacks ON stacks.id = stack_id WHERE photo_id = ? AND best IS NOT NULL',
      ).get(photoId),
    members: (stackId) => prepare<StackedPhoto>(membersSql).all(stackId),

    join: (photoId, anchorId) =>
      write(() => {
        const stackId = stackOfAnchor(anchorId)
        if (countIn(stackId) >= mostInStack) return false
        prepare('INSERT OR REPLACE INTO stack_photos (photo_id, stack_id, is_anchor) VALUES (?, ?, 0)').run(
          photoId,
          stackId,
        )
        return true
      }),

    merge: (stackId, anchorId) =>
      write(() => {
        const into = stackOfAnchor(anchorId)
        if (countIn(into) + countIn(stackId) > mostInStack) return false
        prepare('UPDATE stack_photos SET stack_id = ?, is_anchor = 0 WHERE stack_id = ?').run(into, stackId)
        return true
      }),

    settleSome,

    choose: (photoId, isChosen, nowMs) =>
      void write(() => {
        prepare('DELETE FROM stack_choices WHERE photo_id = ?').run(photoId)
        if (isChosen) prepare('INSERT INTO stack_choices VALUES (?, ?)').run(photoId, nowMs)
      }),
  }
}

/** How like one photo is to another, of a stack. */
export function likenessOf(
  photo: Pick<StackedPhoto, 'contentHash' | 'pictureHash' | 'orientation'>,
  other: Pick<StackedPhoto, 'contentHash' | 'pictureHash' | 'orientation'>,
): CopyKind {
  if (photo.contentHash === other.contentHash) return 'exact'
  const isSamePicture =
    photo.pictureHash !== null &&
    photo.pictureHash === other.pictureHash &&
    photo.orientation === other.orientation
  return isSamePicture ? 'picture' : 'near'
}

/** What holds for all of them. */
function kindOf(photos: readonly StackedPhoto[], best: StackedPhoto): CopyKind {
  const kinds = new Set(photos.map((photo) => likenessOf(photo, best)))
  return (['near', 'picture'] as const).find((kind) => kinds.has(kind)) ?? 'exact'
}

function pixelsOf({ widthPx, heightPx }: StackedPhoto): number {
  return (widthPx ?? 0) * (heightPx ?? 0)
}

/** A rejected photo is below those that nobody rated. */
const ratingOf = ({ rating }: StackedPhoto) => rating ?? unrated

/**
 * Which stands for all: what a person chose last, or likes best; then what is whole, has its raw file, and comes from a camera, as the
 * original does and few edited copies do; the largest, the sharpest, and the oldest.
 */
function bestOf(photos: readonly StackedPhoto[]): StackedPhoto {
  const mostPixels = Math.max(...photos.map(pixelsOf))
  const isLarge = (photo: StackedPhoto) => pixelsOf(photo) >= nearlyAsLarge * mostPixels
  const most = Math.max(...photos.map(({ sharpness }) => sharpness ?? 0))
  const isSharp = ({ sharpness }: StackedPhoto) => (sharpness ?? 0) >= nearlyAsSharp * most
  const ranks = (photo: StackedPhoto): number[] => [
    photo.chosenMs ?? 0,
    photo.isFavorite,
    ratingOf(photo),
    photo.isCutOff ? 0 : 1,
    photo.hasRaw,
    photo.camera === null ? 0 : 1,
    isLarge(photo) ? 1 : 0,
    isSharp(photo) ? 1 : 0,
    -photo.sortMs,
    -photo.modifiedMs,
    photo.sizeBytes,
    -photo.id,
  ]
  return first(photos, ranks)
}

function largestOf(photos: readonly StackedPhoto[]): StackedPhoto {
  return first(photos, (photo) => [pixelsOf(photo), photo.sizeBytes, -photo.id])
}

/** Undefined where nobody looked at any of them. */
function sharpestOf(photos: readonly StackedPhoto[]): StackedPhoto | undefined {
  const measured = photos.filter(({ sharpness }) => sharpness !== null)
  return measured.length > 0
    ? first(measured, (photo) => [photo.sharpness!, pixelsOf(photo), -photo.id])
    : undefined
}

/** With the highest ranks, the first of which weigh most. */
function first(photos: readonly StackedPhoto[], ranksOf: (photo: StackedPhoto) => number[]): StackedPhoto {
  const ranked = photos.map((photo) => ({ photo, ranks: ranksOf(photo) }))
  ranked.sort((a, b) => {
    const at = a.ranks.findIndex((rank, n) => rank !== b.ranks[n])
    return at < 0 ? 0 : b.ranks[at]! - a.ranks[at]!
  })
  return ranked[0]!.photo
}
