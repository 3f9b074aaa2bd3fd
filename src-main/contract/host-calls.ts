import { z } from 'zod'
import { adapterId } from './adapters.ts'
import type { AddedFolder, Folder } from './records.ts'
import type { Adapter } from './rooms/adapters.ts'
import { type ImportPlan, type ImportSummary, tableFormat, tableWords } from './rooms/exchange.ts'
import { photoId, selection } from './rooms/parameters.ts'
import { returning } from './rpc.ts'

/** A folder or file of this machine under a name that means something to its host alone: a page never learns or sends a path. */
const token = z.string().min(1).max(200)
const nothing = z.object({})
const chosenTable = z.object({ table: token, as: tableWords.default('person') })

/**
 * What a page asks of its host (Electron's main side, or the local server) rather than of the library: everything that needs a
 * dialog, a path or the system. Served in one table with `pageCalls`.
 */
export const hostCalls = {
  host: returning<Host>()(nothing),
  /** Lets the person choose a folder in a dialog of the system and adds it; null where they chose none. */
  chooseFolder: returning<AddedFolder | null>()(nothing),
  /** Folders below one that is listed already, or the roots this host was given. */
  listFolders: returning<ListedFolder[]>()(z.object({ token: token.optional() })),
  addListedFolder: returning<AddedFolder>()(z.object({ token })),
  /** Where an offline folder is now: by dialog, or among those listed. */
  relocateFolderByDialog: returning<Folder | null>()(z.object({ folderId: z.int().positive() })),
  relocateToListed: returning<Folder>()(z.object({ folderId: z.int().positive(), token })),
  /** Shows the file in the system's file manager. */
  reveal: returning<null>()(z.object({ photo: photoId })),
  openWithOther: returning<null>()(z.object({ photo: photoId })),
  /** Opens the place of a photo in the system's map, after asking the first time: this leaves the machine. */
  openMap: returning<null>()(z.object({ photo: photoId })),
  /**
   * Into the system's trash, as one act. `failed`: how many could not be. `undo` is null where the system alone puts files back;
   * a photo that it puts back has its captions and history as before, for 30 days.
   * @throws LensloreError `SELECTION_STALE`, `INVALID_ARGUMENT` for more than 10,000
   */
  trash: returning<{ trashed: number; failed: number; undo: string | null }>()(z.object({ selection })),
  untrash: returning<{ restored: number }>()(z.object({ undo: z.string().max(100) })),
  /** Begins to drag the files out of the window, for other programs; to be asked when a drag begins. */
  dragOut: returning<null>()(z.object({ selection })),
  backups: returning<{ name: string; createdMs: number; sizeBytes: number }[]>()(nothing),
  /** Closes the library, restores, and opens it again; all windows are told. */
  restore: returning<null>()(z.object({ name: z.string().max(300) })),
  /** Forgets the library's folders and the model's captions; a person's words are exported first. */
  reset: returning<null>()(nothing),
  /**
   * Writes all current captions into a table: a file that the person chooses in a dialog, or one that lies at `address` for an
   * hour to be downloaded. Null where they chose none.
   */
  saveTable: returning<{ photos: number; address: string | null } | null>()(
    z.object({ format: tableFormat }),
  ),
  /** The list of photos that are copies of each other, as `saveTable` does the captions. */
  saveStacks: returning<{ photos: number; address: string | null } | null>()(
    z.object({ format: tableFormat }),
  ),
  /**
   * Lets the person choose a table in a dialog; null where they chose none. Where there is no dialog, the page sends the
   * file with POST to `files?kind=csv`, and is answered with the same as JSON.
   */
  chooseTable: returning<ChosenFile | null>()(nothing),
  planChosenTable: returning<ImportPlan>()(chosenTable),
  importChosenTable: returning<ImportSummary>()(chosenTable),
  /** Writes an adapter as one file, as `saveTable` does a table. @returns also the names that are in it */
  saveAdapter: returning<{ names: string[]; address: string | null } | null>()(
    z.object({ adapter: adapterId }),
  ),
  /** Lets the person choose an adapter's file, as `chooseTable` does a table's; the kind is `safetensors`. */
  chooseAdapter: returning<ChosenFile | null>()(nothing),
  /** @throws LensloreError as `importAdapter` */
  importChosenAdapter: returning<Adapter>()(z.object({ file: token })),
  sessions: returning<{ id: string; createdMs: number; seenMs: number; isOwn: boolean }[]>()(nothing),
  endSession: returning<null>()(z.object({ id: z.string().max(100) })),
  /** What is known of newer versions of the app. */
  updates: returning<Updates>()(nothing),
  /**
   * The person agrees that newer versions are looked for, and it is done at once, or takes that back: nothing is asked from then on,
   * a download ends, and what waits is not installed.
   */
  wantUpdates: returning<Updates>()(z.object({ isWanted: z.boolean() })),
  /** Looks now; nothing where the person has not agreed. What goes wrong is a problem of the answer, not an error. */
  lookForUpdate: returning<Updates>()(nothing),
  /** Begins to download the version that was found, which is installed when the app is closed. */
  downloadUpdate: returning<Updates>()(nothing),
}

export type HostCalls = typeof hostCalls

export const hostAbilities = [
  'dialog',
  'listFolders',
  'reveal',
  'openWithOther',
  'openMap',
  'trash',
  'untrash',
  'dragOut',
  'dropFolder',
  'backups',
  'reset',
  'tables',
  'adapters',
  'sessions',
  'updates',
  'power',
  'idle',
] as const

export interface Host {
  kind: 'desktop' | 'browser'
  /** What this host can do; the window hides the rest. */
  can: (typeof hostAbilities)[number][]
  version: string
  /** Of the library, to be shown. */
  directory: string
  /** `photo://library` or the server's own path: `…/<id>/<first 16 of the content hash>/thumb|full` stands below it. */
  pictures: string
}

export interface Updates {
  /** Whether the person has agreed; nothing is asked before. */
  isWanted: boolean
  /** Who is asked. */
  hosts: string[]
  /** When they answered last, milliseconds since 1970. */
  lookedMs: number | null
  state: UpdateState
  /** What went wrong last, for the person to read. */
  problem: string | null
}

export type UpdateState =
  | { kind: 'none' }
  | { kind: 'looking' }
  | { kind: 'found'; version: string; sizeBytes: number | null }
  /** `share`: from 0 to 1. */
  | { kind: 'downloading'; version: string; share: number }
  /** Installed when the app is closed. */
  | { kind: 'ready'; version: string }

export interface ListedFolder {
  token: string
  /** Its own name, or of a root the whole path, to be shown. */
  name: string
  hasFolders: boolean
}

/** What a page may send to a host without dialogs. */
export const sentFileKind = z.enum(['csv', 'json', 'safetensors'])
export type SentFileKind = z.infer<typeof sentFileKind>

export interface ChosenFile {
  token: string
  /** Of the file, to be shown. */
  name: string
}

export interface HostEvents extends Record<string, unknown> {
  /** The library was closed and is open again, or its process died and was started anew: ask for everything once more. */
  libraryReopened: Record<string, never>
  /** Something for the person to read that no call answers with. */
  told: { message: string }
  /** The person chose a command of the window in the system's menu. */
  command: { id: string }
  updatesChanged: Updates
}
