import { z } from 'zod'
import type { AddedFolder, Folder, UnreadableDirectory } from '../records.ts'
import { returning } from '../rpc.ts'
import type { SkippedFiles } from '../skipped-files.ts'
import { atMost, folderId, folderIds, path } from './parameters.ts'
import { room } from './room.ts'

export const folderCalls = room({
  folders: { page: true, ...returning<Folder[]>()(z.object({})) },
  /**
   * Folders of the library that lie in it become a part of it, with all that is known of their photos; what a cancelled call leaves
   * of that is done behind it. One that cannot stay as it is there is refused with `FOLDER_OVERLAPS`.
   */
  addFolder: { page: false, ...returning<AddedFolder>()(z.object({ path })) },
  /** Which parts of a folder are left alone, as globs; the next scan acts on it. */
  setExcludes: {
    page: true,
    ...returning<Folder>()(
      z.object({
        folderId,
        globs: z
          .array(z.string().max(1000, atMost('An exclude', 500)))
          .max(200, 'A folder has at most 200 excludes.'),
      }),
    ),
  },
  /** A folder is at another path now: confirmed by what is there, and nothing is recomputed. */
  relocateFolder: { page: false, ...returning<Folder>()(z.object({ folderId, path })) },
  /**
   * Forgets a folder with all its photos, their captions and history. The files stay. Nobody sees the folder from then on; what
   * a cancelled call leaves of it is forgotten by the next work.
   */
  removeFolder: { page: true, ...returning<null>()(z.object({ folderId })) },
  /** Compares the folders with the disk and takes in what is new. */
  scan: { page: true, ...returning<ScanSummary>()(z.object({ folderIds })) },
})

export interface ScanSummary {
  /** Pictures, also those that are a part of another photo. */
  files: number
  added: number
  changed: number
  moved: number
  /** Were photos, and are a part of the one beside them from now on. */
  joined: number
  /** Were a part of a photo that they are no longer beside; each is one of its own, with the same words. */
  separated: number
  missing: number
  /** Out of sight because the person leaves their places alone by now; nothing of them is gone. */
  excluded: number
  /** Were missing, and are back where they were. */
  restored: number
  unchanged: number
  /** Files that are a part of a photo beside its own, such as raw files and the videos of Live Photos. */
  companions: number
  offlineFolders: string[]
  /** Directories that could not be listed; what is known of their photos stays. */
  unreadable: UnreadableDirectory[]
  /** Files that are no pictures, or none that can be read, nor beside one; hidden ones and those that are left alone are not counted. */
  skipped: SkippedFiles[]
  /** Files that look as if they described a photo, and describe none that is there. */
  straySidecars: number
  elapsedMs: number
}
