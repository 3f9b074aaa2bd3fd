import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { moduleBeside, startThread, type Thread } from '../../channels/message-port.ts'
import { nativePath } from '../../contract/native-path.ts'
import { unchecked } from '../../contract/rpc.ts'
import { ofLibrary } from './left-alone.ts'

export const listingCalls = {
  /** Of a path: the names of directories right below it, or the file system's code for why not. */
  directoriesIn: unchecked<string, { names: string[] } | { code: string }>(),
}

export interface DirectoryLister {
  /**
   * Names of the directories right below one.
   * @throws Error with the file system's `code` where it cannot be read.
   */
  directoriesIn(path: string): Promise<string[]>
  /** Ends the thread; lists by itself from then on. */
  endThread(): void
}

/** What the thread makes is short-lived: more room for it would be memory taken and not given back. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

/**
 * Lists directories in a thread of its own, as long as there are many to list: the names of all the files beside
 * them, which are read on the way, would make this thread's memory grow by a hundred megabytes for a million.
 */
export function createDirectoryLister(): DirectoryLister {
  let thread: Thread<typeof listingCalls> | undefined
  let isEnded = false

  return {
    endThread() {
      isEnded = true
      void thread?.end()
    },
    async directoriesIn(path) {
      if (isEnded) {
        return directoriesAmong(await readdir(nativePath(path), { withFileTypes: true }))
      }
      thread ??= startThread(moduleBeside(import.meta.url, 'directory-lister-thread'), listingCalls, {
        resourceLimits,
      })
      const answer = await thread.calls.directoriesIn(path)
      if ('names' in answer) return answer.names
      throw Object.assign(new Error(answer.code), { code: answer.code })
    },
  }
}

export function directoriesAmong(entries: readonly Dirent[]): string[] {
  const own = ofLibrary(entries)
  return entries.filter((entry) => entry.isDirectory() && !own.has(entry.name)).map(({ name }) => name)
}
