import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultDataDirectory } from '../processes/data-directory.ts'

/**
 * Whether the app was started as `lenslore COMMAND …`: by a bare word, which is no folder as a file manager or another
 * start hands one over, or by a question that the command line answers.
 */
export function isCommand(args: readonly string[]): boolean {
  const first = args.find((arg) => !arg.startsWith('--') || arg === '--help' || arg === '--version')
  return first !== undefined && /^(?:--help|--version|-h|-V|[a-z][a-z-]*)$/.test(first)
}

export interface ShellArguments {
  /** Absolute. */
  libraryDirectory: string
  /** Folders to be added, absolute. */
  folders: string[]
}

/** @param directory that relative paths are from */
export function readArguments(args: readonly string[], directory: string): ShellArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { library: { type: 'string' } },
    allowPositionals: true,
    // Chromium's own switches, and what a system adds to them.
    strict: false,
  })
  const { library } = values
  return {
    libraryDirectory:
      typeof library === 'string' ? resolve(directory, library) : join(defaultDataDirectory(), 'library'),
    folders: positionals.map((folder) => resolve(directory, folder)),
  }
}
