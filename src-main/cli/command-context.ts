import { join } from 'node:path'
import type { Command } from 'commander'
import { defaultDataDirectory } from '../processes/data-directory.ts'
import { checkLibraryPlace, type LibraryPlace, type LibraryWish } from './library-place.ts'
import type { LibraryClient } from './open-library.ts'
import { createOutput, noteProblem, type Output } from './output.ts'
import { pathFrom } from './path-argument.ts'
import { type QueueArguments, queueOf } from './queue-options.ts'

interface SharedOptions extends QueueArguments {
  library?: string
  json?: boolean
  model?: string
}

export function outputOf(command: Command): Output {
  return createOutput(Boolean(command.optsWithGlobals<SharedOptions>().json))
}

export function libraryDirectoryOf(command: Command): string {
  return command.optsWithGlobals<SharedOptions>().library ?? join(defaultDataDirectory(), 'library')
}

export function libraryPlaceOf(command: Command): LibraryPlace {
  const isNamed = command.optsWithGlobals<SharedOptions>().library !== undefined
  return { directory: pathFrom(libraryDirectoryOf(command)), isNamed }
}

/**
 * Opens the library that the command's options name, for as long as `work` takes. What goes wrong without ending
 * the work is told on stderr.
 * @throws LensloreError as `checkLibraryPlace`
 */
export async function inLibrary<T>(
  command: Command,
  work: (library: LibraryClient) => Promise<T>,
  wish: LibraryWish = {},
): Promise<T> {
  checkLibraryPlace(libraryPlaceOf(command), wish)
  const { withLibrary } = await import('./open-library.ts')
  const { model, ...others } = command.optsWithGlobals<SharedOptions>()
  const queue = queueOf(others)
  const options = { directory: libraryDirectoryOf(command), ...(model && { model }), ...(queue && { queue }) }
  return withLibrary(options, (library) => {
    library.on('problem', ({ message }) => noteProblem(message))
    return work(library)
  })
}
