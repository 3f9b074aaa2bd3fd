import { once } from 'node:events'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { serveLibrary } from '../../server/serve-library.ts'
import { libraryDirectoryOf, outputOf } from '../command-context.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { defaultDataDirectory } from '../open-library.ts'
import { packageVersion } from '../package-version.ts'

interface ServeOptions {
  port: number
  allow?: string[]
}

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description(
      'open the library in a browser of this machine, and caption what its folders hold, until Ctrl-C',
    )
    .option('--port <n>', 'where to listen', Number, 5367)
    .option('--allow <dir...>', 'folders that the page may add, with all below them (default: your home)')
    .action(async ({ port, allow }: ServeOptions, command: Command) => {
      const interrupt = listenForInterrupt()
      const server = await serveLibrary({
        directory: libraryDirectoryOf(command),
        dataDirectory: defaultDataDirectory(),
        version: packageVersion(),
        port,
        roots: (allow ?? [homedir()]).map((path) => resolve(path)),
      })
      const address = `http://127.0.0.1:${server.port}/`
      outputOf(command).answer({ address }, `Open ${address} in a browser of this machine.`)
      if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort')
      await server.close()
      interrupt.stop()
    })
}
