import type { Database } from '../store/database.ts'
import { createRootState } from '../store/root-state.ts'
import { inSlices, type SliceOptions } from '../store/slices.ts'
import { isLeftOut } from './excludes.ts'
import { createLeftAlone } from './left-alone.ts'

/** How long a photo whose file is gone can be restored with all its words. */
export const keptMissingDays = 30
/** Days, of those, on which its folder was looked through and the file was not there. */
const missedOnDays = 3
const msPerDay = 86_400_000

/**
 * Forgets photos that went missing 30 days ago, with their words and history, and were missed on three
 * different days since then: a clock that jumps ahead, once or for a day, forgets nothing. Photos of folders
 * that are offline stay, and those that are not seen only because the person excluded them.
 * @returns how many were forgotten.
 * @throws DOMException `AbortError` through the signal; the next call goes on.
 */
export async function forgetLongMissing(
  database: Database,
  nowMs: number,
  { signal }: SliceOptions = {},
): Promise<number> {
  const { prepare } = database
  const roots = createRootState(database)
  let forgotten = 0
  for (const { id: folderId } of prepare<{ id: number }>(
    `SELECT id FROM folders WHERE state = 'online'`,
  ).all()) {
    const thirdLastDay = prepare<{ day: number }>(
      'SELECT day FROM folder_scan_days WHERE folder_id = ? ORDER BY day DESC LIMIT 1 OFFSET ?',
    ).get(folderId, missedOnDays - 1)?.day
    if (thirdLastDay === undefined) continue
    const leftAlone = createLeftAlone(roots.byId(folderId).excludes)
    const beforeMs = Math.min(nowMs - keptMissingDays * msPerDay, thirdLastDay * msPerDay)
    let last = { sinceMs: 0, id: 0 }
    await inSlices(
      database,
      (limit) => {
        const missing = roots.missing(folderId, beforeMs, last, limit)
        for (const photo of missing) {
          if (isLeftOut(leftAlone, photo)) continue
          forgotten += prepare('DELETE FROM photos WHERE id = ?').run(photo.id).changes
        }
        last = missing.at(-1) ?? last
        return missing.length
      },
      { signal },
    )
  }
  return forgotten
}
