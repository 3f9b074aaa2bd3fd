import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Command } from 'commander'
import { defaultDataDirectory } from '../../processes/data-directory.ts'
import { makeLink, serveLibrary, setPassword } from '../../server/serve-library.ts'
import { libraryPlaceOf, outputOf } from '../command-context.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { checkLibraryPlace, newLibraryOption } from '../library-place.ts'
import { wholeNumber } from '../number-options.ts'
import { noteProblem } from '../output.ts'
import { packageVersion } from '../package-version.ts'
import { pathFrom } from '../path-argument.ts'
import { createStatusLine, formatProgress } from '../progress-line.ts'
import { addLibraryQueueOptions, type QueueArguments, queueOf } from '../queue-options.ts'

interface ServeOptions extends QueueArguments {
  port?: number
  allow?: string[]
  host: string
  tlsCert?: string
  tlsKey?: string
  behindProxy?: string
  link?: boolean
  setPassword?: boolean
  newLibrary?: boolean
}

export function addServeCommand(program: Command): void {
  addLibraryQueueOptions(program.command('serve [folders...]'))
    .description(
      'open the library in a browser (adding the folders named here), and caption what its folders hold, until Ctrl-C',
    )
    .option('--port <n>', 'where to listen (default: 5367, or the next that is free)', wholeNumber(0, 65_535))
    // Each needs its own, else the folders to be opened that come after it would be taken for more of them.
    .option(
      '--allow <dir>',
      'a folder that the page may add, with all below it; as often as there are some (default: your home)',
      (dir: string, others: string[] = []) => [...others, dir],
    )
    .option('--link', 'print another link to the server that runs')
    .option('--host <address>', 'an address of this machine that others reach, too', '127.0.0.1')
    .option('--tls-cert <file>', 'certificate for other machines, with the names they use')
    .option('--tls-key <file>', 'its key')
    .option(
      '--behind-proxy <address>',
      'where a proxy with a certificate is reached, as https://photos.example',
    )
    .option('--set-password', 'set the password that other machines need, read from the terminal or stdin')
    .option(...newLibraryOption)
    .action(async (folders: string[], options: ServeOptions, command: Command) => {
      const place = libraryPlaceOf(command)
      const { directory } = place
      checkLibraryPlace(place, { mayMake: !options.link, isAsked: options.newLibrary, folders })
      const output = outputOf(command)
      if (options.setPassword) {
        await setPassword(directory, await readPassword())
        output.answer(
          { passwordSet: true },
          'The password is set; a server that runs takes it from its next start on.',
        )
      } else if (options.link) {
        const link = await makeLink(directory, options.port)
        output.answer({ link }, link)
      } else await serve(directory, folders, options, command)
    })
}

async function serve(
  directory: string,
  folders: string[],
  options: ServeOptions,
  command: Command,
): Promise<void> {
  const interrupt = listenForInterrupt()
  // Folders that others of the library lie in may take a while.
  const line = createStatusLine()
  let isServing = false
  try {
    const server = await serveLibrary({
      ...options,
      queue: queueOf(options),
      directory,
      folders: folders.map((path) => pathFrom(path)),
      dataDirectory: defaultDataDirectory(),
      version: packageVersion(),
      onProblem: noteProblem,
      signal: interrupt.signal,
      onProgress: (works) => {
        const joining = works.filter(({ phase }) => phase === 'join')
        if (!isServing && joining.length > 0) line.show('join', (columns) => formatProgress(joining, columns))
      },
      allow: options.allow?.map((path) => pathFrom(path)),
    })
    isServing = true
    line.clear()
    outputOf(command).answer(
      { link: server.link, port: server.port },
      `Open ${server.link}\nThe link works once, within ten minutes; "lenslore serve --link" prints another. Ctrl-C ends the server.`,
    )
    if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort')
    await server.close()
  } finally {
    if (!isServing) line.clear()
    interrupt.stop()
  }
}

/** From a terminal without showing it, from a pipe its first line. */
async function readPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal })
  if (isTerminal) process.stderr.write('Password (it is not shown): ')
  try {
    return await lines.question('')
  } finally {
    lines.close()
    if (isTerminal) process.stderr.write('\n')
  }
}
