import { z } from 'zod'
import { ownChannel } from '../channels/own-channel.ts'
import { type LibraryCalls, type LibraryEvents, libraryCalls } from '../contract/library-calls.ts'
import { checkParams, type Handlers, serve } from '../contract/rpc.ts'
import { createLibrary, type Library, prepareLibrary } from '../library/library.ts'
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
const opening = openLibrary()
opening.catch(() => {})
const { emit } = serve<LibraryCalls, LibraryEvents>(
  channel,
  libraryCalls,
  // Calls wait until the library is up to date; one that does not open says why to each of them.
  Object.fromEntries(
    Object.keys(libraryCalls).map((name) => [
      name,
      async (params: never, signal: AbortSignal) =>
        (await opening).handlers[name as keyof LibraryCalls](params, signal),
    ]),
  ) as unknown as Handlers<LibraryCalls>,
)

async function openLibrary(): Promise<Library> {
  const { model, ...rest } = checkParams(argument, 'library', JSON.parse(process.argv[2] ?? 'null'))
  await prepareLibrary(rest.directory, {
    onProgress(step) {
      const { done, total } = 'total' in step ? step : { done: 0, total: 0 }
      const counted = { unit: 'steps', done, total, failed: 0, perSecond: 0, remainingMs: null } as const
      emit('progress', [{ phase: 'update', ...counted }])
    },
  })
  const library = createLibrary({ ...rest, ...(model && { model }), startEngine: forkEngine })
  library.onEvent(emit)
  return library
}
