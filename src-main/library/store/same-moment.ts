import { hasTime } from '../../contract/taken-date.ts'
import type { Database } from './database.ts'

interface PhotoRow {
  id: number
  stackId: number | null
  content: string | null
  picture: string | null
  camera: string | null
  takenAt: string | null
  sortMs: number
  isLookedAt: number
}

const burstMs = 10_000

const photosSql = `SELECT photos.id, stack_id AS stackId, hex(content_hash) AS content,
    iif(picture_hash IS NULL, NULL, hex(picture_hash) || '/' || ifnull(orientation, 1)) AS picture, camera, taken_at AS takenAt, sort_ms AS sortMs,
    sharpness IS NOT NULL AND photos_to_stack.photo_id IS NULL AS isLookedAt
  FROM json_each(?) AS asked
    JOIN photos ON photos.id = asked.value
    LEFT JOIN stack_photos ON stack_photos.photo_id = photos.id
    LEFT JOIN photos_to_stack ON photos_to_stack.photo_id = photos.id
  ORDER BY asked.key`

/**
 * Photos that are not to be judged by each other: those of a stack, and of exactly one picture. Of photos that nobody looked at yet for what
 * they are like, all that one camera took within 10 s of them: of what is taken for the same nothing is lost.
 * @returns the number of its group for each photo, from 0 on, in the order in which groups are met first; nothing of photos that are gone
 */
export function groupByMoment({ prepare }: Database, photoIds: readonly number[]): Map<number, number> {
  const photos = prepare<PhotoRow>(photosSql).all(JSON.stringify(photoIds))
  const groups = new Map(photos.map(({ id }) => [id, id]))
  const rootOf = (id: number): number => {
    const parent = groups.get(id)!
    if (parent === id) return id
    const root = rootOf(parent)
    groups.set(id, root)
    return root
  }
  const join = (one: number, other: number) => void groups.set(rootOf(one), rootOf(other))

  const known = new Map<string, number>()
  for (const { id, stackId, content, picture } of photos) {
    for (const sign of [stackId === null ? null : `stack ${stackId}`, content, picture]) {
      if (sign === null) continue
      const before = known.get(sign)
      if (before === undefined) known.set(sign, id)
      else join(before, id)
    }
  }
  for (const [one, other] of pairsOfBursts(photos)) {
    if (!one.isLookedAt || !other.isLookedAt) join(one.id, other.id)
  }
  const numbers = new Map<number, number>()
  return new Map(
    photos.map(({ id }) => {
      const root = rootOf(id)
      if (!numbers.has(root)) numbers.set(root, numbers.size)
      return [id, numbers.get(root)!]
    }),
  )
}

/** Photos of one camera that were taken within 10 s. */
function* pairsOfBursts(photos: readonly PhotoRow[]): Generator<[PhotoRow, PhotoRow]> {
  const timed = photos.filter(({ takenAt }) => takenAt !== null && hasTime(takenAt))
  for (const shots of Map.groupBy(timed, ({ camera }) => camera).values()) {
    shots.sort((a, b) => a.sortMs - b.sortMs)
    for (const [at, later] of shots.entries()) {
      for (let before = at - 1; before >= 0 && later.sortMs - shots[before]!.sortMs <= burstMs; before--) {
        yield [shots[before]!, later]
      }
    }
  }
}
