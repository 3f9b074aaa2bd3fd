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
  const thrown = new Map<string, string[]>()
  const isOpen = process.platform === 'linux'
  return {
    async throwAway({ selection }, signal) {
      const paths: string[] = []
      let failed = 0
      for (const photo of await selectedPhotos(calls, selection, signal)) {
        if (signal.aborted) break
        try {
          const path = systemPath((await calls.photoFile({ photo })).path)
          await shell.trashItem(path)
          paths.push(path)
        } catch {
          failed++
        }
      }
      if (paths.length > 0) onGone()
      if (!isOpen || paths.length === 0) return { trashed: paths.length, failed, undo: null }
      const undo = randomUUID()
      thrown.set(undo, paths)
      return { trashed: paths.length, failed, undo }
    },
    bringBack: !isOpen
      ? undefined
      : async ({ undo }) => {
          const paths = thrown.get(undo) ?? []
          thrown.delete(undo)
          let restored = 0
          for (const path of paths) if (await restoreFromTrash(path)) restored++
          if (restored > 0) onGone()
          return { restored }
        },
  }
}
