import { Command, CommanderError } from 'commander'
import { LensloreError } from '../contract/errors.ts'
import { addServeCommand } from './commands/serve.ts'
import { reportError } from './output.ts'
import { watchOutputs } from './outputs.ts'
import { packageVersion } from './package-version.ts'

const exitStatusHelp = `
Exit status:
  0    done
  1    done, but not for all: files, folders, pictures, sidecars or lines of a table were refused or could not be read
  2    wrong arguments
  3    something named is not there (photo, folder, file, model, library)
  4    content that was refused (damaged picture, checkpoint, sidecar)
  5    the machine: disk, network, or no way to run the model
  6    the library is in use, damaged, or of a newer version
  70   a fault of Lenslore itself
  130  stopped by you
  141  nobody reads the answer any more`

/**
 * Runs `lenslore` with the given arguments.
 * @returns the exit status.
 */
export async function runCommandLine(args: string[]): Promise<number> {
  watchOutputs()
  if (!isInFolder()) return reportError(new LensloreError('FOLDER_NOT_FOUND', noFolderHere))
  let status = 0
  const program = new Command('lenslore')
    .description('Describes every photo you own in words you can search, on your own machine.')
    .version(packageVersion())
    .addHelpText('after', exitStatusHelp)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'lenslore: ')) })
  const finish = (code: number) => {
    status = code
  }
  // Somebody waits for a window, which needs next to nothing of what the other commands are made of.
  if (args[0] === 'serve') addServeCommand(program)
  else (await import('./all-commands.ts')).addAllCommands(program, finish)
  shareOptions(program)

  try {
    await program.parseAsync(args, { from: 'user' })
    return status
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    return reportError(thrown)
  }
}

const noFolderHere =
  'The folder that Lenslore was started in is no longer there; change to another one and try again.'

/** Where the folder that this process was started in is gone, names in it mean nothing, and no other process starts. */
function isInFolder(): boolean {
  try {
    process.cwd()
    return true
  } catch {
    return false
  }
}

/** `--library` and `--json` are understood before the command's name and after it. */
function shareOptions(program: Command): void {
  const commands = [program, ...descendants(program)]
  for (const command of commands) {
    command
      .option('--library <dir>', 'the library to use (default: the one of this account)')
      .option('--json', 'answer as JSON, one object a line')
      .showHelpAfterError(`See: ${calledAs(command)} --help`)
      .exitOverride()
    if (command !== program) command.configureOutput(program.configureOutput())
    if (command.commands.length > 0 && command !== program) refuseUnknown(command)
  }
}

/** What a command that has others does by itself takes no words: one that is there is meant for another command. */
function refuseUnknown(command: Command): void {
  const names = command.commands.map((each) => each.name())
  for (const own of [command, ...command.commands.filter((each) => each.name() === 'list')]) {
    own.allowExcessArguments().hook('preAction', (_, called) => {
      const [unknown] = called === own && own.registeredArguments.length === 0 ? own.args : []
      if (unknown !== undefined) {
        own.error(`error: unknown command '${unknown}'; there are ${names.join(', ')}`, {
          code: 'commander.unknownCommand',
        })
      }
    })
  }
}

function calledAs(command: Command): string {
  return command.parent ? `${calledAs(command.parent)} ${command.name()}` : command.name()
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)])
}
