import { homedir } from 'node:os'
import { resolve } from 'node:path'
import type { Progress } from '../contract/records.ts'
import { builtPage } from '../host/built-page.ts'
import { adapterFileName, createExchangedFiles } from '../host/exchanged-files.ts'
import { createListedFolders } from '../host/listed-folders.ts'
import {
  forkLibrary,
  type LibraryProcessOptions,
  listBackupsInProcess,
  restoreInProcess,
} from '../processes/fork.ts'
import { hasPassword } from './password.ts'
import { planReach, type ReachOptions } from './reach.ts'
import type { RunningServer } from './server.ts'

export { setPassword } from './password.ts'

/** @throws LensloreError as the function of `running-servers.ts` */
export async function makeLink(directory: string, port?: number): Promise<string> {
  return (await import('./running-servers.ts')).makeLink(directory, port)
}

/** Of several servers each takes the next one that is free; a browser finds the same one again. */
const usualPorts = Array.from({ length: 10 }, (_, at) => 5367 + at)

export interface ServeLibraryOptions extends ReachOptions {
  directory: string
  dataDirectory: string
  version: string
  /** Where to listen; a usual one that is free where it is left out. */
  port?: number | undefined
  /** Absolute paths of folders that a page may add, with what is below them; of this machine alone it may any of the home. */
  allow?: readonly string[] | undefined
  /** Where workers wait for pictures; it captions here alone where it is left out. */
  queue?: LibraryProcessOptions['queue']
  /** Absolute paths of folders to add. */
  folders?: readonly string[]
  /** Ends the adding of these, before there is a server. */
  signal?: AbortSignal
  /** Told how far the library's work is. */
  onProgress?(works: readonly Progress[]): void
  /** Told in a sentence of what ends no work: pages are told as well. */
  onProblem?(message: string): void
  /** Folder of the built page; the one that belongs to this program where it is left out. */
  page?: string
}

/**
 * Serves one library to browsers, and captions meanwhile.
 * @throws LensloreError where the library does not open, the page was not built, or who could reach it is not safe
 */
export async function serveLibrary(options: ServeLibraryOptions): Promise<RunningServer> {
  const { dataDirectory, version, port, signal, queue } = options
  const directory = resolve(options.directory)
  const reach = planReach(options, hasPassword(directory))
  const roots = options.allow ?? (reach.isLoopback ? [homedir()] : [])
  const page = options.page ?? builtPage()
  const files = createExchangedFiles()
  const start = () => forkLibrary({ directory, dataDirectory, version, queue })
  let begun: ReturnType<typeof start> | undefined = start()
  begun.catch(() => {})
  // Whatever a server is made of is read while the library opens.
  const [{ holdLibrary }, { createWindowHandlers }, { startServer }] = await Promise.all([
    import('../host/held-library.ts'),
    import('../host/host-handlers.ts'),
    import('./server.ts'),
  ])
  const library = await holdLibrary(() => {
    const process = begun ?? start()
    begun = undefined
    return process
  })
  library.onEvent((name, data) => {
    if (name === 'progress') options.onProgress?.(data as readonly Progress[])
    if (name === 'problem' || name === 'told') options.onProblem?.((data as { message: string }).message)
  })
  let server: RunningServer | undefined
  async function close(): Promise<void> {
    await server?.close()
    await Promise.all([library.close(), files.close()])
  }
  try {
    // The order of its photos is found while the window is loaded.
    await library.opened
    for (const path of options.folders ?? [])
      await library.calls.addFolder({ path }, signal ? { signal } : {})
    const handlers = createWindowHandlers({
      library,
      about: { kind: 'browser', version, directory, pictures: 'library' },
      folders: createListedFolders(roots),
      files,
      backups: {
        list: () => listBackupsInProcess(directory),
        restore: async (backup) => void (await restoreInProcess(directory, backup)),
      },
      own: {
        async saveTable({ format }, signal) {
          const { path, token } = await files.makeTemporary(`captions.${format}`)
          const photos = await library.calls.exportTable({ path, format }, { signal })
          return { photos, address: `files/${token}` }
        },
        async saveStacks({ format }, signal) {
          const { path, token } = await files.makeTemporary(`copies.${format}`)
          const photos = await library.calls.exportStacks({ path, format }, { signal })
          return { photos, address: `files/${token}` }
        },
        async saveAdapter({ adapter }, signal) {
          const { path, token } = await files.makeTemporary(adapterFileName(adapter))
          const { names } = await library.calls.exportAdapter({ adapter, path }, { signal })
          return { names, address: `files/${token}` }
        },
      },
      can: ['sessions'],
      tell: (name, data) => server?.tell(name, data),
    })
    const ports = port === undefined ? usualPorts : [port]
    server = await startServer({ directory, library, handlers, files, page, reach, ports })
    return { ...server, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
