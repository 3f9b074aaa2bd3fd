import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type ErrorRecord, LensloreError, toErrorRecord } from '../../contract/errors.ts'
import type { CaptionSource } from '../../contract/records.ts'
import type { ExportSummary, UndoSummary } from '../../contract/rooms/exchange.ts'
import { type DoubtColumns, toDoubt } from '../store/captions.ts'
import { createCompanionStore } from '../store/companions.ts'
import type { Database } from '../store/database.ts'
import { otherOwnerOf } from '../store/photos.ts'
import { createSidecarState, type SidecarState } from '../store/sidecar-state.ts'
import { readIfThere, removeFile, type WrittenFile, writeFileAtomically } from './atomic-write.ts'
import { captionToWrite } from './caption-splice.ts'
import {
  checkIsThere,
  type ExportOptions,
  type ExportRequest,
  type PreparedExport,
  prepareExports,
} from './export-plan.ts'
import { marksToWrite } from './marks-to-write.ts'
import { cleanText } from './words.ts'

export interface ExportedPhotos {
  /** Only photos of these folders; all online folders where it is left out. */
  folderIds?: readonly number[]
  /** Only captions of these sources. */
  sources?: readonly CaptionSource[]
  /** Only these photos: the next ones, at most so many, and none at the end. */
  nextPhotos?: (limit: number) => readonly number[]
  /** Reads a file that the library has not read yet: SHA-256, lower-case hex. */
  contentOf?: (path: string) => Promise<string>
}

/** How many exports back the old bytes are kept; automatic ones push out no others. */
const keptExports = 3
const keptAutomaticExports = 10
/** Automatic exports that follow each other within this time are one: one stretch of work, taken back at once. */
const maxPauseMs = 600_000
/** Written at once: every file waits for the disk several times, and the disk takes several waits as one. */
const filesAtOnce = 16
const pageSize = 500

interface CaptionRow extends DoubtColumns {
  id: number
  folder_id: number
  folder: string
  directory: string
  name: string
  text: string
  language: string | null
  source: CaptionSource
  modelId: string | null
  adapterId: string | null
  contentHash: string | null
  createdMs: number
  isCut: number
  isUnread: number
}

const captionsSql = `SELECT photos.id, folder_id, folders.path AS folder, directory, name, text, language, source,
    model_id AS modelId, adapter_id AS adapterId, nullif(lower(hex(captions.content_hash)), '') AS contentHash,
    created_ms AS createdMs, is_cut AS isCut, confidence, is_unsure, doubtful_words,
    photos.content_hash IS NULL AND indexed_ms IS NULL AS isUnread
  FROM photos JOIN folders ON folders.id = folder_id JOIN captions ON captions.id = caption_id
  WHERE missing_since_ms IS NULL`

/** The current captions of the photos that are there, folder by folder, as requests for an export. */
export function* currentCaptions(
  database: Database,
  { folderIds, sources = ['person', 'imported', 'model'], nextPhotos, contentOf }: ExportedPhotos = {},
): Generator<ExportRequest> {
  const companions = createCompanionStore(database)
  const folders = database
    .prepare<{ id: number }>(`SELECT id FROM folders WHERE state = 'online' ORDER BY id`)
    .all()
    .map(({ id }) => id)
    .filter((id) => !folderIds || folderIds.includes(id))
  // In pages: a statement that stays open would keep others from writing.
  for (const page of nextPhotos
    ? pagesOfPhotos(database, folders, nextPhotos)
    : pagesOfFolders(database, folders)) {
    for (const row of page) {
      if (!sources.includes(row.source) || row.text === '') continue
      const photoPath = join(row.folder, row.directory, row.name)
      yield {
        photoPath,
        companions: companions.namesOf(row.id),
        caption: captionToWrite({ ...row, ...toDoubt(row) }),
        ...(sources.includes('person') && { marks: marksToWrite(database, row.id) }),
        isCut: row.isCut === 1,
        isKnown: knownWords(database, row.id),
        ownerOf: (contentHash) => otherOwnerOf(database, row.id, contentHash),
        ...(row.isUnread === 1 && contentOf && { readContent: () => contentOf(photoPath) }),
      }
    }
  }
}

function* pagesOfFolders({ prepare }: Database, folderIds: readonly number[]): Generator<CaptionRow[]> {
  const sql = `${captionsSql} AND folder_id = ? AND (directory, name) > (?, ?)
    ORDER BY directory, name LIMIT ?`
  for (const folderId of folderIds) {
    let [directory, name] = ['', '']
    for (;;) {
      const page = prepare<CaptionRow>(sql).all(folderId, directory, name, pageSize)
      yield page
      const last = page.at(-1)
      if (!last) break
      ;[directory, name] = [last.directory, last.name]
    }
  }
}

function* pagesOfPhotos(
  { prepare }: Database,
  folderIds: readonly number[],
  nextPhotos: (limit: number) => readonly number[],
): Generator<CaptionRow[]> {
  const sql = `${captionsSql} AND photos.id IN (SELECT value FROM json_each(?))
    AND folder_id IN (SELECT value FROM json_each(?)) ORDER BY folder_id, directory, name`
  for (let photos = nextPhotos(pageSize); photos.length > 0; photos = nextPhotos(pageSize)) {
    yield prepare<CaptionRow>(sql).all(JSON.stringify(photos), JSON.stringify(folderIds))
  }
}

/**
 * Tells of words whether the photo has or had them as a caption, whoever wrote it; or the photo whose picture they
 * are about, and beside whose place they stayed.
 */
export function knownWords(database: Database, photoId: number): ExportRequest['isKnown'] {
  return ({ text: words, contentHash }) =>
    database
      .prepare<{ text: string }>(
        `SELECT text FROM captions WHERE photo_id = ?
         UNION ALL
         SELECT text FROM photos JOIN captions ON photo_id = photos.id WHERE photos.content_hash = ?`,
      )
      .all(photoId, contentHash && Buffer.from(contentHash, 'hex'))
      .some(({ text }) => cleanText(text) === words)
}

/**
 * Writes captions into sidecars, each atomically, and remembers the bytes that were there, so that
 * `undoLastExport` can put them back. A sidecar that cannot be read or written is refused and named; the
 * others go on. What was written before a cancellation stays, and can be undone. The photos are not read again
 * for what was written beside them.
 * @throws DOMException `AbortError` through the signal; LensloreError `DISK_FULL`, which ends the export.
 */
export async function exportCaptions(
  database: Database,
  requests: Iterable<ExportRequest> | AsyncIterable<ExportRequest>,
  options: ExportOptions = {},
): Promise<ExportSummary> {
  const { prepare, write } = database
  const isAutomatic = options.isAutomatic ? 1 : 0
  const summary: ExportSummary = {
    exportId: null,
    created: 0,
    updated: 0,
    unchanged: 0,
    kept: 0,
    refused: [],
  }
  const sidecars = createSidecarState(database)
  /** Remembered with the next entry of the journal: a commit of its own would wait for the disk once more. */
  const written: { path: string; file: WrittenFile }[] = []

  function rememberWritten(): void {
    for (const { path, file } of written) sidecars.followOwnChange(path, file.before, file.after)
    written.length = 0
  }

  /** @returns the entry of each. */
  function journal(batch: readonly PreparedExport[]): number[] {
    return write(() => {
      rememberWritten()
      if (summary.exportId !== null && !isStanding(database, summary.exportId)) summary.exportId = null
      if (summary.exportId === null) {
        summary.exportId = isAutomatic ? stretchUnderWay(database) : null
      }
      if (summary.exportId === null) {
        const { lastInsertRowid } = prepare(
          'INSERT INTO exports (started_ms, is_automatic) VALUES (?, ?)',
        ).run(Date.now(), isAutomatic)
        summary.exportId = Number(lastInsertRowid)
        prepare(
          `DELETE FROM exports WHERE is_automatic = ? AND id NOT IN
             (SELECT id FROM exports WHERE is_automatic = ? ORDER BY id DESC LIMIT ?)`,
        ).run(isAutomatic, isAutomatic, isAutomatic ? keptAutomaticExports : keptExports)
      }
      return batch.map(({ sidecarPath, beforeBytes, afterBytes }) => {
        const { lastInsertRowid } = prepare(
          'INSERT INTO exported_files (export_id, path, before, after_sha256) VALUES (?, ?, ?, ?)',
        ).run(summary.exportId, sidecarPath, beforeBytes, sha256(afterBytes!))
        return Number(lastInsertRowid)
      })
    })
  }

  function refuse({ request, photoPath, sidecarPath }: PreparedExport, error: ErrorRecord): void {
    summary.refused.push({ photoPath, sidecarPath, error })
    options.onSettled?.(request, error)
  }

  async function writeOne(prepared: PreparedExport, entry: number): Promise<void> {
    const { action, photoPath, sidecarPath } = prepared
    try {
      const file = await writeFileAtomically(sidecarPath, prepared.afterBytes!, prepared.beforeBytes)
      written.push({ path: sidecarPath, file })
      await checkIsThere(photoPath).catch(async (thrown: unknown) => {
        // It went away in this moment: what would be left beside nothing is taken back.
        if (action === 'create') await removeFile(sidecarPath)
        throw thrown
      })
    } catch (thrown) {
      prepare('DELETE FROM exported_files WHERE id = ?').run(entry)
      if (thrown instanceof LensloreError && thrown.code === 'DISK_FULL') throw thrown
      refuse(prepared, toErrorRecord(thrown))
      return
    }
    if (action === 'create') summary.created++
    else summary.updated++
    options.onSettled?.(prepared.request)
  }

  async function writeBatch(batch: readonly PreparedExport[]): Promise<void> {
    if (batch.length === 0) return
    const entries = journal(batch)
    const outcomes = await Promise.allSettled(
      batch.map((prepared, index) => writeOne(prepared, entries[index]!)),
    )
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async function writeAll(): Promise<void> {
    const batch: PreparedExport[] = []
    try {
      for await (const prepared of prepareExports(requests, options)) {
        const { action, request, sidecarPath, error } = prepared
        // Of two photos that follow each other in one place the second finds what the first left.
        if (batch.some((other) => other.sidecarPath === sidecarPath)) await writeBatch(batch.splice(0))
        if (action === 'create' || action === 'update') batch.push(prepared)
        else if (action === 'refused') refuse(prepared, error!)
        else {
          if (action === 'kept') summary.kept++
          else summary.unchanged++
          options.onSettled?.(request)
        }
        if (batch.length === filesAtOnce) await writeBatch(batch.splice(0))
      }
    } finally {
      // Also of an export that was stopped: progress has told of these.
      await writeBatch(batch.splice(0))
    }
  }

  try {
    await writeAll()
  } finally {
    if (summary.exportId !== null) {
      write(() => {
        rememberWritten()
        prepare('UPDATE exports SET finished_ms = ? WHERE id = ?').run(Date.now(), summary.exportId)
      })
    }
  }
  return summary
}

/** Not taken back meanwhile by another process. */
function isStanding(database: Database, exportId: number): boolean {
  const standing = database.prepare('SELECT 1 FROM exports WHERE id = ? AND undone_ms IS NULL')
  return standing.get(exportId) !== undefined
}

/** The last export, where it is an automatic one that may go on. */
function stretchUnderWay(database: Database): number | null {
  const last = database
    .prepare<{ id: number; isOpen: number }>(
      `SELECT id, is_automatic AND undone_ms IS NULL AND ifnull(finished_ms, started_ms) > ? AS isOpen
       FROM exports ORDER BY id DESC LIMIT 1`,
    )
    .get(Date.now() - maxPauseMs)
  return last?.isOpen ? last.id : null
}

/**
 * Puts back the bytes that the last export found, and removes the files it made. A sidecar that has changed since is
 * left as it is and named. Calling it again takes back the export before. A sidecar that is as it was before is read
 * again by the next scan: whether its words are still known depends on what happened meanwhile.
 * @returns undefined where there is no export to take back.
 */
export async function undoLastExport(
  database: Database,
  { signal, onProgress }: ExportOptions = {},
): Promise<UndoSummary | undefined> {
  const { prepare } = database
  const sidecars = createSidecarState(database)
  const last = prepare<{ id: number; is_automatic: number }>(
    'SELECT id, is_automatic FROM exports WHERE undone_ms IS NULL ORDER BY id DESC LIMIT 1',
  ).get()
  if (!last) return undefined
  /** An automatic export may have written to a sidecar several times. */
  const outcomes = new Map<string, 'restored' | 'removed'>()
  const left = new Map<string, ErrorRecord>()
  const entries = prepare<{ id: number }>(
    'SELECT id FROM exported_files WHERE export_id = ? ORDER BY id DESC',
  ).all(last.id)
  let done = 0
  for (const { id } of entries) {
    signal?.throwIfAborted()
    const { path, before, after_sha256 } = prepare<{
      path: string
      before: Buffer | null
      after_sha256: Buffer
    }>('SELECT path, before, after_sha256 FROM exported_files WHERE id = ?').get(id)!
    try {
      const outcome = left.has(path) ? undefined : await undoOne(sidecars, path, before, after_sha256)
      if (outcome) outcomes.set(path, outcome)
      // So that an undo that was stopped goes on where it was.
      if (!left.has(path)) prepare('DELETE FROM exported_files WHERE id = ?').run(id)
    } catch (thrown) {
      left.set(path, toErrorRecord(thrown))
    }
    onProgress?.(++done)
  }
  // An automatic one that went on meanwhile is not over.
  prepare(
    `UPDATE exports SET undone_ms = ?
     WHERE id = ? AND NOT EXISTS (SELECT 1 FROM exported_files WHERE export_id = exports.id AND id > ?)`,
  ).run(Date.now(), last.id, entries[0]?.id ?? 0)
  const counted = [...outcomes].filter(([path]) => !left.has(path)).map(([, outcome]) => outcome)
  return {
    isAutomatic: last.is_automatic === 1,
    restored: counted.filter((outcome) => outcome === 'restored').length,
    removed: counted.filter((outcome) => outcome === 'removed').length,
    left: [...left].map(([path, error]) => ({ path, error })),
  }
}

/** Undefined where the file is as before already: the program ended between journal and write, or mid-undo. */
async function undoOne(
  sidecars: SidecarState,
  path: string,
  before: Buffer | null,
  afterSha256: Buffer,
): Promise<'restored' | 'removed' | undefined> {
  const present = await readIfThere(path)
  if (before === null ? present === null : present?.equals(before)) return undefined
  if (present === null || !sha256(present).equals(afterSha256)) {
    throw new LensloreError('FILE_CHANGED', `${path} was changed since the export and stays as it is.`)
  }
  if (before === null) {
    // Nothing but this library's own words was in it: no photo needs to be read again.
    sidecars.followOwnChange(path, await removeFile(path), null)
    return 'removed'
  }
  await writeFileAtomically(path, before, present)
  return 'restored'
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
