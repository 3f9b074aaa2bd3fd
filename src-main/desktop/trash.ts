import { randomUUID } from 'node:crypto'
import { shell } from 'electron'
import type { HostCalls } from '../contract/host-calls.ts'
import type { Handlers } from '../contract/rpc.ts'
import { restoreFromTrash } from '../host/freedesktop-trash.ts'
import type { LibraryClient } from '../host/held-library.ts'
import { selectedPhotos } from '../host/selected-photos.ts'
import { systemPath } from './system-path.ts'

export interface Trash {
  throwAway: Handlers<HostCalls>['trash']
  /** Where the system's trash can be looked into. */
  bringBack: Handlers<HostCalls>['untrash'] | undefined
}

/**
 * The system's trash. Linux desktops say where it is, so that what was thrown away from here can be brought back from here;
 * other systems keep that to themselves, and their own trash puts files back. The library takes a file that comes back to its
 * place for the photo that it was.
 * @param onGone told when files are in the trash, or back
 */
export function createTrash(calls: LibraryClient, onGone: () => void): Trash {
  /** By act, the files of each photo, in the order in which they were thrown away. */
  const thrown = new Map<string, string[][]>()
  const isOpen = process.platform === 'linux'
  return {
    async throwAway({ selection }, signal) {
      const photos: string[][] = []
      let failed = 0
      for (const photo of await selectedPhotos(calls, selection, signal)) {
        if (signal.aborted) break
        const paths: string[] = []
        photos.push(paths)
        try {
          const { path, companions } = await calls.photoFile({ photo })
          // The photo's own last: without it the others would be photos of their own, or of nobody's.
          for (const each of [...companions, path].map(systemPath)) {
            await shell.trashItem(each)
            paths.push(each)
          }
        } catch {
          failed++
        }
      }
      const touched = photos.filter((paths) => paths.length > 0)
      const trashed = photos.length - failed
      if (touched.length > 0) onGone()
      if (!isOpen || touched.length === 0) return { trashed, failed, undo: null }
      const undo = randomUUID()
      thrown.set(undo, touched)
      return { trashed, failed, undo }
    },
    bringBack: !isOpen
      ? undefined
      : async ({ undo }) => {
          const photos = thrown.get(undo) ?? []
          thrown.delete(undo)
          let restored = 0
          for (const paths of photos) {
            const [own, ...others] = paths.toReversed()
            if (await restoreFromTrash(own!)) restored++
            for (const path of others) await restoreFromTrash(path)
          }
          if (photos.length > 0) onGone()
          return { restored }
        },
  }
}
