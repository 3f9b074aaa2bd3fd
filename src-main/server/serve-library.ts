import { resolve } from 'node:path'
import { holdLibrary } from '../host/held-library.ts'
import { createWindowHandlers } from '../host/host-handlers.ts'
import { createListedFolders } from '../host/listed-folders.ts'
import { listLibraryBackups } from '../library/library.ts'
import { forkLibrary, restoreInProcess } from '../processes/fork.ts'
import { builtPage } from './built-page.ts'
import { type RunningServer, startServer } from './server.ts'

export interface ServeLibraryOptions {
  directory: string
  dataDirectory: string
  version: string
  port: number
  /** Absolute paths of folders that a page may choose from, and from what is below them. */
  roots: readonly string[]
}

/**
 * Serves one library to browsers, captions meanwhile.
 * @throws LensloreError where the library does not open or the page was not built
 */
export async function serveLibrary(options: ServeLibraryOptions): Promise<RunningServer> {
  const { dataDirectory, version, roots } = options
  const directory = resolve(options.directory)
  const page = builtPage()
  const library = await holdLibrary(() => forkLibrary({ directory, dataDirectory, version }))
  try {
    await library.calls.status({})
    const handlers = createWindowHandlers({
      library,
      about: { kind: 'browser', version, directory, pictures: 'library' },
      folders: createListedFolders(roots),
      backups: {
        list: () => listLibraryBackups(directory),
        restore: async (backup) => void (await restoreInProcess(directory, backup)),
      },
      own: {},
      tell: (name, data) => server.tell(name, data),
    })
    const server = await startServer({ library, handlers, page, port: options.port })
    return {
      ...server,
      async close() {
        await server.close()
        await library.close()
      },
    }
  } catch (thrown) {
    await library.close()
    throw thrown
  }
}
