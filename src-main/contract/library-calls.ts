import { z } from 'zod'
import type { ErrorRecord } from './errors.ts'
import type { ExportPlan, ExportSummary, ImportPlan, ImportSummary, UndoSummary } from './exchange.ts'
import {
  type Caption,
  captionSources,
  type Folder,
  type LibraryStatus,
  type Photo,
  type PhotoDetails,
  type Progress,
  type SearchFacets,
  type SearchPage,
  type UnreadableDirectory,
} from './records.ts'
import { returning } from './rpc.ts'

const photoReference = z.union([z.int().positive(), z.string().min(1)])
/** A photo by its id, or by the path of its file. */
export type PhotoReference = z.infer<typeof photoReference>

/** A caption longer than this is refused at the border: no reader shows it and the index would suffer. */
export const maxCaptionLength = 10_000
const captionText = z.string().trim().min(1, 'a caption needs words').max(maxCaptionLength)

const exportedPhotos = z.object({
  /** All online folders where it is left out. */
  folderIds: z.array(z.int().positive()).optional(),
  sources: z.array(z.enum(captionSources)).optional(),
})
const table = z.object({ path: z.string().min(1), format: z.enum(['csv', 'json']) })

/** What the renderer, the command line and the server can ask of the library process. */
export const libraryCalls = {
  addFolder: returning<Folder>()(z.object({ path: z.string().min(1) })),
  folders: returning<Folder[]>()(z.object({})),
  /** Which parts of a folder are left alone, as globs; the next scan acts on it. */
  setExcludes: returning<Folder>()(
    z.object({ folderId: z.int().positive(), globs: z.array(z.string()).max(200) }),
  ),
  /** A folder is at another path now: confirmed by what is there, and nothing is recomputed. */
  relocateFolder: returning<Folder>()(z.object({ folderId: z.int().positive(), path: z.string().min(1) })),
  /** Forgets a folder with all its photos, their captions and history. The files stay. */
  removeFolder: returning<null>()(z.object({ folderId: z.int().positive() })),
  /** Compares the folders with the disk and takes in what is new; all folders where none is named. */
  scan: returning<ScanSummary>()(z.object({ folderIds: z.array(z.int().positive()).optional() })),
  /** Captions everything that is work, and answers when nothing is left. */
  captionAll: returning<CaptionSummary>()(z.object({})),
  /** Scans, captions, and goes on with whatever changes in the folders until it is cancelled. */
  watch: returning<CaptionSummary>()(z.object({})),
  search: returning<SearchPage>()(
    z.object({
      query: z.string().max(10_000),
      limit: z.int().min(1).max(1000).default(50),
      cursor: z.string().nullable().default(null),
      /** Else counting ends at a few hundred, which keeps answers while typing quick in any library. */
      countAll: z.boolean().default(true),
    }),
  ),
  /** Ratings, favourites, people and keywords of what a search finds, counted; an empty query is every photo. */
  facets: returning<SearchFacets>()(z.object({ query: z.string().max(10_000) })),
  photo: returning<PhotoDetails>()(z.object({ photo: photoReference })),
  setCaption: returning<Caption>()(z.object({ photo: photoReference, text: captionText })),
  /** Several captions at once: all or none. */
  setCaptions: returning<Caption[]>()(
    z.object({ edits: z.array(z.object({ photo: photoReference, text: captionText })).max(100_000) }),
  ),
  /** Takes back the person's last caption of a photo; answers with what is current then. */
  undoCaption: returning<Caption | null>()(z.object({ photo: photoReference })),
  /** Brings back what `undoCaption` took last. */
  redoCaption: returning<Caption | null>()(z.object({ photo: photoReference })),
  /**
   * Takes back the person's last edit, on however many photos it was (a replacement, an imported table); null
   * where there is none.
   */
  undoEdit: returning<EditChange | null>()(z.object({})),
  /** Brings back what `undoEdit` took last; null where there is none, or a newer edit. */
  redoEdit: returning<EditChange | null>()(z.object({})),
  /** Replaces words in current captions; with `preview` it only tells what it would do. */
  replaceInCaptions: returning<Replacement[]>()(
    z.object({
      find: z.string().min(1).max(maxCaptionLength),
      replace: z.string().max(maxCaptionLength),
      matchCase: z.boolean().default(false),
      wholeWords: z.boolean().default(true),
      preview: z.boolean().default(true),
    }),
  ),
  /** What `exportCaptions` would do. */
  planExport: returning<ExportPlan>()(exportedPhotos),
  /** Writes current captions into XMP sidecars, keeping all that other programs wrote there. */
  exportCaptions: returning<ExportSummary>()(exportedPhotos),
  /** Puts the sidecars of the last export back as they were, also of an automatic one; null where there is none. */
  undoExport: returning<UndoSummary | null>()(z.object({})),
  /** Whether captions of a folder are written out whenever they change. */
  setExportsAlways: returning<ExportSummary | null>()(
    z.object({ folderId: z.int().positive(), always: z.boolean() }),
  ),
  /** Writes the current caption into the photo itself, through exiftool. The one call that changes a photo. */
  embedCaption: returning<null>()(z.object({ photo: photoReference })),
  /** All current captions as a table; answers with how many photos are in it. */
  exportTable: returning<number>()(table),
  planTableImport: returning<ImportPlan>()(table),
  importTable: returning<ImportSummary>()(table),
  status: returning<LibraryStatus>()(z.object({})),
  /** Integrity of the database, in the words of SQLite; an empty list is a sound one. */
  checkDatabase: returning<string[]>()(z.object({})),
  /** Copies the database beside it, in addition to the daily backups; answers with the copy's path. */
  backUp: returning<string>()(z.object({})),
  /** Makes the search index anew from the photos and captions. */
  rebuildSearch: returning<null>()(z.object({})),
}

export interface ScanSummary {
  files: number
  added: number
  changed: number
  moved: number
  missing: number
  /** Were missing, and are back where they were. */
  restored: number
  unchanged: number
  offlineFolders: string[]
  /** Directories that could not be listed; what is known of their photos stays. */
  unreadable: UnreadableDirectory[]
  elapsedMs: number
}

export interface CaptionSummary {
  captioned: number
  failed: number
  /** Photos that could not be reached, on a drive or server that did not answer; they stay work. */
  unavailable: number
  elapsedMs: number
}

export interface EditChange {
  photos: number
  first: Photo[]
}

export interface ReplacementOptions {
  find: string
  /** Taken literally. */
  replace: string
  matchCase: boolean
  /** Only where letters or digits stand on neither side. */
  wholeWords: boolean
}

export interface Replacement {
  photoId: number
  path: string
  before: string
  after: string
}

export type LibraryCalls = typeof libraryCalls

export interface LibraryEvents extends Record<string, unknown> {
  progress: Progress
  /** Photos whose row, caption or thumbnail changed; at most a few hundred ids an event. */
  photosChanged: { photoIds: number[] }
  foldersChanged: Record<string, never>
  /** Another process wrote into the library: what is shown is to be asked for again. */
  changedElsewhere: Record<string, never>
  /** Something went wrong that does not end the work. */
  problem: ErrorRecord
}
