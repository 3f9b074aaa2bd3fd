import { readdir } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { nativePath } from '../native-path.ts'

/** Answered by one message each, in order: the names of directories, or the file system's code for why not. */
export type ListingAnswer = { names: string[] } | { code: string }

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

// Source and build have other endings: the thread's program is this file's sibling, whichever we run from.
const threadModule = new URL(`./directory-lister-thread${import.meta.url.slice(-3)}`, import.meta.url)

/**
 * Lists directories in a thread of its own, as long as there are many to list: the names of all the files beside
 * them, which are read on the way, would make this thread's memory grow by a hundred megabytes for a million.
 */
export function createDirectoryLister(): DirectoryLister {
  const waiting: { resolve(names: string[]): void; reject(reason: Error): void }[] = []
  let worker: Worker | undefined
  let isEnded = false

  function start(): Worker {
    const started = new Worker(threadModule, { resourceLimits })
    started.on('message', (answer: ListingAnswer) => {
      const asked = waiting.shift()!
      if ('names' in answer) asked.resolve(answer.names)
      else asked.reject(Object.assign(new Error(answer.code), { code: answer.code }))
    })
    started.on('error', endThread)
    started.unref()
    return started
  }

  function endThread(): void {
    isEnded = true
    void worker?.terminate()
    for (const { reject } of waiting.splice(0)) {
      reject(Object.assign(new Error('ECANCELED'), { code: 'ECANCELED' }))
    }
  }

  return {
    endThread,
    async directoriesIn(path) {
      if (isEnded) {
        const entries = await readdir(nativePath(path), { withFileTypes: true })
        return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
      }
      worker ??= start()
      const { promise, resolve, reject } = Promise.withResolvers<string[]>()
      waiting.push({ resolve, reject })
      worker.postMessage(path)
      return promise
    },
  }
}
