import { createMemoryChannel } from '../channels/memory.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../contract/library-calls.ts'
import { type Client, connect, serve } from '../contract/rpc.ts'
import { createLibrary, openTrialBook, type TrialBook, trialBookFileIn } from '../library/library.ts'
import { defaultDataDirectory } from '../processes/data-directory.ts'
import { forkEngine } from '../processes/fork.ts'
import type { QueueOptions } from '../workers/library-side.ts'
import { noteProblem } from './output.ts'
import { packageVersion } from './package-version.ts'
import { prepareWithProgress } from './prepare-library.ts'

export type LibraryClient = Client<LibraryCalls, LibraryEvents>

/** How models run on this machine, as far as it was tried. */
export function trialBook(): TrialBook {
  return openTrialBook(trialBookFileIn(defaultDataDirectory()))
}

export interface LibraryOptions {
  directory: string
  /** A model by its name in the catalogue, or a folder that holds one; default: the embedded one. */
  model?: string
  /** At which workers wait; `isAlone`: nothing is captioned here. */
  queue?: QueueOptions & { isAlone: boolean }
}

/** Opens the library in this process, brought up to date, and speaks with it as any other host would, through its contract. */
export async function withLibrary<T>(
  { queue, ...options }: LibraryOptions,
  work: (library: LibraryClient) => Promise<T>,
): Promise<T> {
  await prepareWithProgress(options.directory)
  const otherMachines = queue && (await import('../workers/library-side.ts')).workersOf(queue)
  const [here, there] = createMemoryChannel()
  const library = createLibrary({
    ...options,
    dataDirectory: defaultDataDirectory(),
    startEngine: forkEngine,
    version: packageVersion(),
    ...(otherMachines && { otherMachines }),
  })
  const { emit } = serve<LibraryCalls, LibraryEvents>(there, libraryCalls, library.handlers)
  library.onEvent(emit)
  try {
    const answer = await work(connect<LibraryCalls, LibraryEvents>(here, libraryCalls))
    if (library.hindrance) noteProblem(library.hindrance.message)
    return answer
  } finally {
    here.close()
    await library.close()
  }
}
