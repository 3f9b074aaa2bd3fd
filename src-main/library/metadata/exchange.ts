import type { ExportPlan, ExportSummary } from '../../contract/exchange.ts'
import type { Database } from '../store/database.ts'
import type { Store } from '../store/store.ts'
import { type ExportOptions, type ExportRequest, planExport } from './export-plan.ts'
import { exportCaptions } from './export-sidecars.ts'

/** Of a dry run, people read the beginning. */
const shownPlans = 1000
const photosPerPage = 500

/** What writing captions out would do, counted, with the first that would change. */
export async function summariseExport(
  requests: Iterable<ExportRequest>,
  options: ExportOptions,
): Promise<ExportPlan> {
  const plan: ExportPlan = { create: 0, update: 0, unchanged: 0, refused: 0, first: [] }
  for await (const planned of planExport(requests, options)) {
    if (planned.action === 'create') plan.create++
    else if (planned.action === 'update') plan.update++
    else if (planned.action === 'refused') plan.refused++
    else {
      plan.unchanged++
      continue
    }
    if (plan.first.length < shownPlans) plan.first.push(planned)
  }
  return plan
}

/** Whether a folder's captions are written out as they change. Switched on, those there are wait for it at once. */
export function setExportsAlways(database: Database, folderId: number, always: boolean): void {
  database.write(() =>
    database.prepare('UPDATE folders SET exports_always = ? WHERE id = ?').run(always ? 1 : 0, folderId),
  )
}

/**
 * Writes out the captions that are waiting for it, because their folder's captions always are. A sidecar that
 * is refused is tried again when its photo's caption changes; photos of folders that are offline wait.
 * @returns undefined where nothing was waiting.
 */
export async function exportWaiting(
  store: Store,
  options: ExportOptions,
): Promise<ExportSummary | undefined> {
  const first = waitingAfter(store.database, 0, 1)
  return first.length === 0 ? undefined : exportCaptions(store.database, waitingRequests(store), options)
}

function* waitingRequests({ database, photos, captions }: Store): Generator<ExportRequest> {
  for (let last = 0; ; ) {
    const ids = waitingAfter(database, last, photosPerPage)
    if (ids.length === 0) return
    for (const photo of photos.byIds(ids)) {
      const caption = captions.current(photo.id)
      if (!caption) continue
      const { text, language, source, modelId, adapterId } = caption
      const writtenAt = new Date(caption.createdMs).toISOString()
      yield { photoPath: photo.path, caption: { text, language, source, modelId, adapterId, writtenAt } }
    }
    // Asked for the next one, all of this page are written: now they may be forgotten, and not before.
    database.write(() =>
      database
        .prepare('DELETE FROM captions_to_export WHERE photo_id IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(ids)),
    )
    last = ids.at(-1)!
  }
}

function waitingAfter(database: Database, photoId: number, limit: number): number[] {
  return database
    .prepare<{ id: number }>(
      `SELECT photo_id AS id FROM captions_to_export
         JOIN photos ON photos.id = photo_id JOIN folders ON folders.id = folder_id
       WHERE photo_id > ? AND state = 'online' AND missing_since_ms IS NULL ORDER BY photo_id LIMIT ?`,
    )
    .all(photoId, limit)
    .map((row) => row.id)
}
