import { type ErrorCode, type ErrorRecord, toErrorRecord } from '../../contract/errors.ts'
import type { Caption, Photo } from '../../contract/records.ts'
import type { ExportPlan, ExportSummary } from '../../contract/rooms/exchange.ts'
import { createCompanionStore } from '../store/companions.ts'
import type { Database } from '../store/database.ts'
import { otherOwnerOf } from '../store/photos.ts'
import { inSlices, type SliceOptions } from '../store/slices.ts'
import type { Store } from '../store/store.ts'
import { captionToWrite } from './caption-splice.ts'
import { type ExportOptions, type ExportRequest, planExport, type WordsOwner } from './export-plan.ts'
import { exportCaptions, knownWords } from './export-sidecars.ts'
import { lastMark, marksToWrite } from './marks-to-write.ts'

/** Of a dry run, people read the beginning. */
const shownPlans = 1000
const photosPerPage = 500

/** What writing captions out would do, counted, with the first that would change. */
export async function summariseExport(
  requests: Iterable<ExportRequest>,
  options: ExportOptions,
): Promise<ExportPlan> {
  const plan: ExportPlan = { create: 0, update: 0, unchanged: 0, kept: 0, refused: 0, first: [] }
  for await (const planned of planExport(requests, options)) {
    if (planned.action === 'create') plan.create++
    else if (planned.action === 'update') plan.update++
    else if (planned.action === 'kept') plan.kept++
    else if (planned.action === 'refused') plan.refused++
    else {
      plan.unchanged++
      continue
    }
    if (plan.first.length < shownPlans) plan.first.push(planned)
  }
  return plan
}

/**
 * Whether a folder's captions are written out as they change. Switched on, those there are wait for it; switched off, none
 * does any more. What a stop leaves of that is done by `settleExportTurns`.
 * @throws DOMException `AbortError` through the signal
 */
export async function setExportsAlways(
  database: Database,
  folderId: number,
  always: boolean,
  options: SliceOptions = {},
): Promise<void> {
  database.write(() =>
    database.prepare('UPDATE folders SET exports_always = ? WHERE id = ?').run(always ? 1 : 0, folderId),
  )
  await settleExportTurns(database, options)
}

/** Gives photos of folders that were switched their turns, or takes them away. */
export async function settleExportTurns(database: Database, options: SliceOptions = {}): Promise<void> {
  await inSlices(database, (limit) => settleSome(database, limit), options)
}

function settleSome({ prepare }: Database, limit: number): number {
  const folder = prepare<{ id: number; always: number; photo: number }>(
    `SELECT id, exports_always AS always, exports_settled_to AS photo FROM folders
     WHERE exports_settled_to IS NOT NULL LIMIT 1`,
  ).get()
  if (!folder) return 0
  const to = folder.photo + limit
  const sql = folder.always
    ? `INSERT OR IGNORE INTO captions_to_export (photo_id)
       SELECT id FROM photos WHERE id > ? AND id <= ? AND +folder_id = ? AND caption_id IS NOT NULL`
    : `DELETE FROM captions_to_export
       WHERE photo_id > ? AND photo_id <= ? AND (SELECT folder_id FROM photos WHERE id = photo_id) = ?`
  prepare(sql).run(folder.photo, to, folder.id)
  const isOver = prepare('SELECT 1 FROM photos WHERE id > ? LIMIT 1').get(to) === undefined
  prepare('UPDATE folders SET exports_settled_to = ? WHERE id = ?').run(isOver ? null : to, folder.id)
  return limit
}

/** Writes captions out that are waiting for it, because their folder's captions always are. */
export interface WaitingExporter {
  /**
   * One export at a time. A sidecar that is refused is tried again when its photo's caption changes, when its
   * folder comes back, and after `retryRefused`; one that another program wrote to in the very moment, or whose
   * photo or folder is not there, with the next call. Photos of folders that are offline wait.
   * @returns undefined where nothing was waiting.
   * @throws LensloreError `DISK_FULL`; DOMException `AbortError` through the signal. What is left waits.
   */
  write(options: ExportOptions): Promise<ExportSummary | undefined>
  /**
   * Begins to write out what waits, and returns at once: these photos first, then the others. What goes wrong is told
   * and not thrown, for whoever calls has done what was asked: the captions are in the library, and what could not be
   * written waits.
   */
  writeBehind(photoIds: readonly number[]): void
  /** Waits for the exports that were begun. */
  idle(): Promise<void>
  /** Photos whose captions are still to be written out, folders that are offline left out; at most `countedWaiting`. */
  waiting(): number
  /** Waits for the photos that `writeBehind` was given, and leaves the others to the next run. */
  close(): Promise<void>
  /** The reason may be gone by now: a disk that was locked, a sidecar that was damaged. */
  retryRefused(): void
}

/** What says nothing about the sidecar: another program wrote it just then, photo or folder moved or went away. */
const momentary = new Set<ErrorCode>(['FILE_CHANGED', 'FILE_NOT_FOUND', 'FOLDER_NOT_FOUND'])
/** More than these are not counted: `status` asks again and again. */
export const countedWaiting = 10_000
/** Of one export, no more sentences than these are worth reading. */
const toldRefusals = 10

interface WaitingExportOptions extends ExportOptions {
  /** Else all that wait. */
  only?: readonly number[]
}

/** @param onRefused told why sidecars are not written, of the first of every export and once each. */
export function createWaitingExporter(
  store: Store,
  onRefused: (error: ErrorRecord) => void,
): WaitingExporter {
  let last: Promise<unknown> = Promise.resolve()
  let told = new Set<string>()
  const stop = new AbortController()
  let behind: Promise<unknown> = Promise.resolve()
  /** Of the exports behind, one of all that wait is enough. */
  let isAllBehind = false

  function tell(refused: readonly ErrorRecord[]): void {
    const lasting = refused.filter(({ code }) => !momentary.has(code))
    for (const error of lasting.slice(0, toldRefusals)) if (!told.has(error.message)) onRefused(error)
    told = new Set(lasting.map(({ message }) => message))
  }

  async function exportWaiting(options: WaitingExportOptions): Promise<ExportSummary | undefined> {
    const { only } = options
    if (waitingAfter(store.database, 0, 1, only).length === 0) return undefined
    const waiting = new Map<ExportRequest, Waiting>()
    const settled: Settled[] = []
    try {
      const summary = await exportCaptions(store.database, waitingRequests(store, waiting, settled, only), {
        ...options,
        onSettled: (request, error) => {
          const item = waiting.get(request)!
          waiting.delete(request)
          if (error && momentary.has(error.code)) return
          // Of a caption of which only the beginning is known there is nothing to write: it waits for nothing.
          settled.push({ ...item, isRefused: error !== undefined && error.code !== 'CAPTION_CUT' })
        },
      })
      tell(summary.refused.map(({ error }) => error))
      return summary
    } finally {
      settle(store, settled)
    }
  }

  function write(options: WaitingExportOptions): Promise<ExportSummary | undefined> {
    const turn = last.then(() => exportWaiting(options))
    last = turn.catch(() => {})
    return turn
  }

  function orTell(thrown: unknown): void {
    if (!stop.signal.aborted) onRefused(toErrorRecord(thrown))
  }

  return {
    write,
    writeBehind(photoIds) {
      const theirs = write({ only: photoIds, isAutomatic: true }).catch(orTell)
      behind = Promise.all([behind, theirs])
      if (isAllBehind) return
      isAllBehind = true
      void theirs
        .then(() => write({ signal: stop.signal, isAutomatic: true }))
        .catch(orTell)
        .finally(() => {
          isAllBehind = false
        })
    },
    async idle() {
      await last
    },
    waiting: () =>
      store.database
        .prepare<{ n: number }>(`SELECT count(*) AS n FROM (SELECT 1 ${waitingSql} LIMIT ${countedWaiting})`)
        .get()!.n,
    async close() {
      await behind
      stop.abort()
      await last
    },
    retryRefused: () =>
      void store.database.write(() =>
        store.database.prepare('UPDATE captions_to_export SET is_refused = 0 WHERE is_refused').run(),
      ),
  }
}

/** A photo as it was when its caption was written out. */
interface Waiting {
  /** Another one when something new is to be written. */
  turn: number
  photoId: number
  path: string
  captionId: number | undefined
  /** As `lastMark` says. */
  markId: number
}

interface Settled extends Waiting {
  isRefused: boolean
}

function* waitingRequests(
  store: Store,
  waiting: Map<ExportRequest, Waiting>,
  settled: Settled[],
  only: readonly number[] | undefined,
): Generator<ExportRequest> {
  const { database, photos, captions } = store
  for (let last = 0; ; ) {
    settle(store, settled)
    const turns = new Map(
      waitingAfter(database, last, photosPerPage, only).map((row) => [row.photoId, row.turn]),
    )
    if (turns.size === 0) return
    const ids = [...turns.keys()]
    for (const photo of photos.byIds(ids)) {
      const caption = captions.current(photo.id)
      const turn = turns.get(photo.id)!
      const item: Waiting = {
        turn,
        photoId: photo.id,
        path: photo.path,
        captionId: caption?.id,
        markId: lastMark(database, photo.id),
      }
      if (!caption || caption.text === '') {
        settled.push({ ...item, isRefused: false })
        continue
      }
      const request = requestOf(store, photo, caption)
      waiting.set(request, item)
      yield request
    }
    last = ids.at(-1)!
  }
}

function requestOf(store: Store, { id, path }: Photo, caption: Caption): ExportRequest {
  const { database, photos, captions } = store

  function ownerOf(contentHash: string): WordsOwner | undefined {
    const owner = otherOwnerOf(database, id, contentHash)
    if (!owner) return undefined
    const own = captions.current(owner.photoId)
    if (!own || own.text === '') return { path: owner.path }
    const isWaiting = waitingAfter(database, 0, 1, [owner.photoId]).length > 0
    return { path: owner.path, request: requestOf(store, photos.byId(owner.photoId)!, own), isWaiting }
  }

  return {
    photoPath: path,
    companions: createCompanionStore(database).namesOf(id),
    caption: captionToWrite(caption),
    marks: marksToWrite(database, id),
    isCut: caption.isCut,
    isKnown: knownWords(database, id),
    ownerOf,
  }
}

/**
 * Those that got another caption or another place meanwhile wait again: another process may have written the
 * newer one just before the older one was written here, and taken it for done, or is about to: its turn is over.
 */
function settle({ database, photos, captions }: Store, settled: Settled[]): void {
  const done = settled.splice(0)
  if (done.length === 0) return
  database.write(() => {
    for (const { turn, photoId, path, captionId, markId, isRefused } of done) {
      const photo = photos.byId(photoId)
      const isDone =
        photo?.path === path &&
        captions.current(photoId)?.id === captionId &&
        lastMark(database, photoId) === markId
      if (photo && !isDone) {
        database.prepare('INSERT OR REPLACE INTO captions_to_export (photo_id) VALUES (?)').run(photoId)
      } else if (isRefused) {
        database.prepare('UPDATE captions_to_export SET is_refused = 1 WHERE id = ?').run(turn)
      } else database.prepare('DELETE FROM captions_to_export WHERE id = ?').run(turn)
    }
  })
}

/** Words beside a file that was never read wait until it is: their record is to name the content that they are about. */
const waitingSql = `FROM captions_to_export
    JOIN photos ON photos.id = photo_id JOIN folders ON folders.id = folder_id
  WHERE EXISTS (SELECT 1 FROM folders WHERE exports_always AND state = 'online')
    AND is_refused = 0 AND exports_always AND state = 'online' AND missing_since_ms IS NULL
    AND (content_hash IS NOT NULL OR indexed_ms IS NOT NULL)`

function waitingAfter(database: Database, photoId: number, limit: number, only?: readonly number[]) {
  const chosen = only === undefined ? null : JSON.stringify(only)
  return database
    .prepare<Pick<Waiting, 'turn' | 'photoId'>>(
      `SELECT captions_to_export.id AS turn, photo_id AS photoId ${waitingSql}
         AND photo_id > ? AND (? IS NULL OR photo_id IN (SELECT value FROM json_each(?)))
       ORDER BY photo_id LIMIT ?`,
    )
    .all(photoId, chosen, chosen, limit)
}
