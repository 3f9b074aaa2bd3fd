import type { Database } from '../store/database.ts'

/** How long a photo whose file is gone can be restored with all its words. */
export const keptMissingDays = 30
/** Days, of those, on which its folder was looked through and the file was not there. */
const missedOnDays = 3
const msPerDay = 86_400_000

/**
 * Forgets photos that went missing 30 days ago, with their words and history, and were missed on three
 * different days since then: a clock that jumps ahead, once or for a day, forgets nothing. Photos of folders
 * that are offline stay.
 * @returns how many were forgotten.
 */
export function forgetLongMissing(database: Database, nowMs: number): number {
  return database.write(
    () =>
      database
        .prepare(
          `DELETE FROM photos WHERE missing_since_ms < ?
             AND folder_id IN (SELECT id FROM folders WHERE state = 'online')
             AND (SELECT count(*) FROM folder_scan_days AS days
               WHERE days.folder_id = photos.folder_id AND day > photos.missing_since_ms / ${msPerDay}) >= ?`,
        )
        .run(nowMs - keptMissingDays * msPerDay, missedOnDays).changes,
  )
}
