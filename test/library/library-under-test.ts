import { fileURLToPath } from 'node:url'
import { forkChannel } from '../../src-main/channels/child-process.ts'
import { createMemoryChannel } from '../../src-main/channels/memory.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../../src-main/contract/library-calls.ts'
import { type Client, connect, serve } from '../../src-main/contract/rpc.ts'
import { createLibrary } from '../../src-main/library/library.ts'

const fragileEngine = fileURLToPath(new URL('../fixtures/fragile-engine.ts', import.meta.url))

export interface LibraryUnderTest {
  client: Client<LibraryCalls, LibraryEvents>
  close(): Promise<void>
}

/** A library behind its contract, with an engine process that needs no model. */
export function openLibrary(directory: string): LibraryUnderTest {
  const [here, there] = createMemoryChannel()
  const library = createLibrary({
    directory,
    dataDirectory: directory,
    startEngine: () => forkChannel(fragileEngine),
  })
  const { emit } = serve<LibraryCalls, LibraryEvents>(there, libraryCalls, library.handlers)
  library.onEvent(emit)
  return { client: connect<LibraryCalls, LibraryEvents>(here, libraryCalls), close: () => library.close() }
}
