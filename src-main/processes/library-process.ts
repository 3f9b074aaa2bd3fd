import { z } from 'zod'
import { ownChannel } from '../channels/own-channel.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../contract/library-calls.ts'
import { checkParams, type Handlers, serve } from '../contract/rpc.ts'
import { createLibrary, type Library } from '../library/library.ts'
import { forkEngine } from './fork.ts'

// The program of a library in a process of its own. Its only argument, as JSON, says which library; Ctrl-C is its
// host's, as the engine's is.
process.on('SIGINT', () => {})

const argument = z.object({
  directory: z.string().min(1),
  dataDirectory: z.string().min(1),
  model: z.string().min(1).optional(),
  version: z.string().min(1),
})

const channel = await ownChannel()
const library = openLibrary()
const { emit } = serve<LibraryCalls, LibraryEvents>(channel, libraryCalls, library.handlers)
library.onEvent?.(emit)

/** One that does not open says why to every call. */
function openLibrary(): Pick<Library, 'handlers'> & Partial<Library> {
  try {
    const { model, ...rest } = checkParams(argument, 'library', JSON.parse(process.argv[2] ?? 'null'))
    return createLibrary({ ...rest, ...(model && { model }), startEngine: forkEngine })
  } catch (thrown) {
    const refuse = () => {
      throw thrown
    }
    const names = Object.keys(libraryCalls)
    return {
      handlers: Object.fromEntries(names.map((name) => [name, refuse])) as unknown as Handlers<LibraryCalls>,
    }
  }
}
