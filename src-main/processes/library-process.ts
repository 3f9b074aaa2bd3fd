import { z } from 'zod'
import { ownHost } from '../channels/own-channel.ts'
import { onlyCalls } from '../channels/page-messages.ts'
import {
  type LibraryCalls,
  type LibraryEvents,
  libraryCalls,
  type PageCalls,
  pageCalls,
} from '../contract/library-calls.ts'
import { type Channel, checkParams, type Handlers, serve } from '../contract/rpc.ts'
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
  queue: z
    .object({
      url: z.string(),
      user: z.string().optional(),
      passwordFile: z.string().optional(),
      caFile: z.string().optional(),
      allowPlain: z.boolean().optional(),
      isAlone: z.boolean(),
    })
    .optional(),
})

const host = await ownHost()
const opening = openLibrary()
opening.catch(() => {})
// Calls wait until the library is up to date; one that does not open says why to each of them.
const handlers = Object.fromEntries(
  Object.keys(libraryCalls).map((name) => [
    name,
    async (params: never, signal: AbortSignal) =>
      (await opening).handlers[name as keyof LibraryCalls](params, signal),
  ]),
) as unknown as Handlers<LibraryCalls>
const listeners = new Set<Parameters<Library['onEvent']>[0]>([
  serve<LibraryCalls, LibraryEvents>(host.channel, libraryCalls, handlers).emit,
])
host.onPage(servePage)

function servePage(page: Channel): void {
  const { emit } = serve<PageCalls, LibraryEvents>(onlyCalls(page), pageCalls, handlers)
  listeners.add(emit)
  page.onClose(() => listeners.delete(emit))
}

function tell<Name extends keyof LibraryEvents & string>(name: Name, data: LibraryEvents[Name]): void {
  for (const emit of listeners) emit(name, data)
}

async function openLibrary(): Promise<Library> {
  const { model, queue, ...rest } = checkParams(argument, 'library', JSON.parse(process.argv[2] ?? 'null'))
  await prepareLibrary(rest.directory, {
    onProgress(step) {
      const { done, total } = 'total' in step ? step : { done: 0, total: 0 }
      const counted = { unit: 'steps', done, total, failed: 0, perSecond: 0, remainingMs: null } as const
      tell('progress', [{ phase: 'update', ...counted }])
    },
  })
  const otherMachines = queue && (await import('../workers/library-side.ts')).workersOf(queue)
  const library = createLibrary({
    ...rest,
    ...(otherMachines && { otherMachines }),
    ...(model && { model }),
    startEngine: host.startEngine ?? forkEngine,
  })
  library.onEvent(tell)
  if (library.hindrance) tell('problem', library.hindrance)
  return library
}
