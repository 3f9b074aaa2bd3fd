import { z } from 'zod'
import type { ErrorRecord } from '../errors.ts'
import { captionSources } from '../records.ts'
import { returning } from '../rpc.ts'
import { folderId, folderIds, path, photoId, selection } from './parameters.ts'
import { room } from './room.ts'

/** Photos of all online folders where none is named, of a selection these alone. @throws LensloreError `SELECTION_STALE` */
const exportedPhotos = z.object({
  folderIds,
  selection: selection.optional(),
  sources: z.array(z.enum(captionSources)).max(10).optional(),
})
export const tableFormat = z.enum(['csv', 'json'])
const table = z.object({ path, format: tableFormat })

export const exchangeCalls = room({
  /** What `exportCaptions` would do. */
  planExport: { page: true, ...returning<ExportPlan>()(exportedPhotos) },
  /** Writes current captions into XMP sidecars, keeping all that other programs wrote there. */
  exportCaptions: { page: true, ...returning<ExportSummary>()(exportedPhotos) },
  /** Puts the sidecars of the last export back as they were, also of an automatic one; null where there is none. */
  undoExport: { page: true, ...returning<UndoSummary | null>()(z.object({})) },
  /** Whether captions of a folder are written out whenever they change. */
  setExportsAlways: {
    page: true,
    ...returning<ExportSummary | null>()(z.object({ folderId, always: z.boolean() })),
  },
  /** Writes the current caption into the photo itself, through exiftool. The one call that changes a photo. */
  embedCaption: { page: true, ...returning<null>()(z.object({ photo: photoId })) },
  /** All current captions as a table; answers with how many photos are in it. */
  exportTable: { page: false, ...returning<number>()(table) },
  planTableImport: { page: false, ...returning<ImportPlan>()(table) },
  importTable: { page: false, ...returning<ImportSummary>()(table) },
})

/** What writing one caption out would do to the disk. */
export interface PlannedExport {
  photoPath: string
  sidecarPath: string
  action: 'create' | 'update' | 'unchanged' | 'kept' | 'refused'
  /** The caption that the sidecar has now, and the one it would have. */
  before: string | null
  after: string
  /**
   * Why it is refused: `SIDECAR_DAMAGED`, `SIDECAR_OF_OTHER`, `FILE_UNREADABLE`, `FOLDER_NOT_FOUND`, `WRITE_FAILED`,
   * `CAPTION_CUT`.
   */
  error?: ErrorRecord
}

/** The dry run of an export. */
export interface ExportPlan {
  create: number
  update: number
  unchanged: number
  /** Sidecars whose words the library has not taken in: only a person's go in their place. */
  kept: number
  refused: number
  /** The first of those that are not unchanged. */
  first: PlannedExport[]
}

export interface ExportSummary {
  /** Null where nothing needed to be written. */
  exportId: number | null
  created: number
  updated: number
  unchanged: number
  /** Sidecars whose words the library has not taken in: only a person's go in their place. */
  kept: number
  /** The sidecars left as they were, and why. */
  refused: { photoPath: string; sidecarPath: string; error: ErrorRecord }[]
}

export interface UndoSummary {
  /** What is taken back was written because captions of its folder always are. */
  isAutomatic: boolean
  restored: number
  removed: number
  /** Sidecars that are not as the export left them: another program has written there since. */
  left: { path: string; error: ErrorRecord }[]
}

export type TableFormat = z.infer<typeof tableFormat>

export interface TableError {
  line: number
  message: string
}

export interface PlannedChange {
  line: number
  photoId: number
  before: string | null
  after: string
  source: 'person' | 'imported'
}

/** A row that is not for one photo alone, as far as can be told. */
export interface UnclearRow {
  line: number
  path: string
  /**
   * `copies`: several photos have its content, or the one that has it is another row's. `person`: only the name of the
   * file, or that no other copy is left, says which photo it is for, and a person's words stand there.
   */
  reason: 'copies' | 'person'
}

/** The dry run of an import. */
export interface ImportPlan {
  rows: number
  /** How many captions would change, and the first of them. */
  changes: number
  firstChanges: PlannedChange[]
  unchanged: number
  /** Rows for photos that are not in the library, and the first of them. */
  unmatched: number
  firstUnmatched: { line: number; path: string }[]
  /** Rows that change nothing because it is unclear which photo they are for, and the first of them. */
  unclear: number
  firstUnclear: UnclearRow[]
  /** Lines that are refused, and the first of them; with any of them nothing is imported. */
  errors: number
  firstErrors: TableError[]
}

export interface ImportSummary {
  rows: number
  changed: number
  unchanged: number
  unmatched: number
  /** Rows that changed nothing because it is unclear which photo they are for, and the first of them. */
  unclear: number
  firstUnclear: UnclearRow[]
}
