import { z } from 'zod'
import type { ErrorRecord } from '../errors.ts'
import { captionSources } from '../records.ts'
import { returning } from '../rpc.ts'
import { whoseOfTables } from '../word-sources.ts'
import type { MarksChange } from './marks.ts'
import { folderId, folderIds, path, photoId, selection } from './parameters.ts'
import { room } from './room.ts'

/** Photos of all online folders where none is named, of a selection these alone. @throws LensloreError `SELECTION_STALE` */
const exportedPhotos = z.object({
  folderIds,
  selection: selection.optional(),
  sources: z.array(z.enum(captionSources)).max(10).optional(),
})
export const tableFormat = z.enum(['csv', 'json'])
/** Whose words those of a table are. */
export const tableWords = z.enum(whoseOfTables)
export type TableWords = z.infer<typeof tableWords>
const table = z.object({ path, format: tableFormat })
/** A table that a person gives the program is in their own words, unless they say otherwise. */
const takenTable = table.extend({ as: tableWords.default('person') })

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
  planTableImport: { page: false, ...returning<ImportPlan>()(takenTable) },
  /** One edit, for `undoEdit`. */
  importTable: { page: false, ...returning<ImportSummary>()(takenTable) },
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

/** What a line would change; one of the two at least. */
export interface PlannedChange {
  line: number
  photoId: number
  caption: { before: string | null; after: string; source: TableWords } | null
  marks: TableMarks | null
}

/** Of a photo's title, rating and keywords, those that a table says otherwise. */
export type TableMarks = Pick<MarksChange, 'title' | 'rating' | 'addKeywords' | 'removeKeywords'>

/** A row, as it is named to a person. */
export interface NamedRow {
  line: number
  path: string
}

/** A row that is not for one photo alone, as far as can be told. */
export interface UnclearRow extends NamedRow {
  /**
   * `copies`: several photos have its content, or the one that has it is another row's. `person`: only the name of the
   * file, or that no other copy is left, says which photo it is for, and a person's words stand there.
   */
  reason: 'copies' | 'person'
}

/** What becomes of the rows of a table, once it is known which words will be current. */
export interface RowCounts {
  rows: number
  /** Rows that say what is so already, or nothing. */
  unchanged: number
  /** Rows for photos that are not in the library, and the first of them. */
  unmatched: number
  firstUnmatched: NamedRow[]
  /** Rows that change nothing because it is unclear which photo they are for, and the first of them. */
  unclear: number
  firstUnclear: UnclearRow[]
  /** Rows in whose place a later row for the same photo is taken, and the first of them. */
  replaced: number
  firstReplaced: NamedRow[]
  /** Rows whose words are not the person's own, for photos that have words of the person. */
  outranked: number
  /** Rows whose caption was emptied, which leaves the caption as it is. */
  emptied: number
  /** Rows with other titles, keywords or ratings, which are not taken in where the table is not in the person's own words. */
  withoutMarks: number
}

/** The dry run of an import. */
export interface ImportPlan extends RowCounts {
  /** How many captions would change. */
  changes: number
  /** Of how many photos the title, the rating or keywords would. */
  marked: number
  /** Of how many photos either would, and the first rows that would change it. */
  photos: number
  firstChanges: PlannedChange[]
  /** Lines that are refused, and the first of them; with any of them nothing is imported. */
  errors: number
  firstErrors: TableError[]
}

export interface ImportSummary extends RowCounts {
  /** How many captions are others now. */
  changed: number
  /** Of how many photos the title, the rating or keywords are. */
  marked: number
}
