import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import {
  listLibraryBackups,
  type RestoredBackup,
  type RestoreStep,
  restoreBackup,
} from '../../library/library.ts'
import { inLibrary, libraryDirectoryOf, outputOf } from '../command-context.ts'
import { pathFrom } from '../path-argument.ts'
import { createStatusLine } from '../progress-line.ts'
import { withProgress } from '../with-progress.ts'

export function addBackupCommands(program: Command): void {
  program
    .command('backup')
    .description('copy the database of the library beside it, in addition to the daily backups')
    .action(async (_options, command: Command) => {
      const file = await inLibrary(command, (library) =>
        withProgress(library, (signal) => library.backUp({}, { signal })),
      )
      outputOf(command).answer({ file }, `The backup is ${file}.`)
    })

  program
    .command('restore [backup]')
    .description(
      'put a backup (the newest one, or the file named) in the place of the database, with what you wrote since; lists them until --yes is given',
    )
    .option('--yes', 'do it; the present database is set aside, not changed')
    .action(async (backup: string | undefined, { yes }: { yes?: boolean }, command: Command) => {
      const directory = pathFrom(libraryDirectoryOf(command))
      const named = backup === undefined ? undefined : pathFrom(backup)
      const output = outputOf(command)
      if (yes) {
        const restored = await restoreWithSteps(directory, named)
        output.answer(restored, formatRestored(restored))
        return
      }
      if (named !== undefined && !existsSync(named)) {
        throw new LensloreError(
          'FILE_NOT_FOUND',
          `There is no backup ${backup}; "lenslore restore" lists them.`,
        )
      }
      const backups = listLibraryBackups(directory).map((file) => ({ file, sizeBytes: statSync(file).size }))
      output.answer({ backups }, formatBackups(backups))
    })
}

async function restoreWithSteps(directory: string, backup: string | undefined): Promise<RestoredBackup> {
  const line = createStatusLine()
  try {
    return await restoreBackup(directory, {
      backup,
      onStep: (step) => line.show(step, () => restoreSteps[step]),
    })
  } finally {
    line.clear()
  }
}

const restoreSteps: Record<RestoreStep, string> = {
  copy: 'Copying the backup',
  check: 'Checking the copy',
  words: 'Bringing back what you wrote since',
  swap: 'Putting it in the place of the database',
}

function formatBackups(backups: { file: string; sizeBytes: number }[]): string {
  if (backups.length === 0) return 'There is no backup.'
  return [
    ...backups.map(({ file, sizeBytes }) => `${file} (${(sizeBytes / 1e6).toFixed(1)} MB)`),
    'Restore the newest with: lenslore restore --yes',
  ].join('\n')
}

function formatRestored({ backup, setAside, wordsBroughtBack, wordsTable }: RestoredBackup): string {
  const lines = [`The library is as in ${basename(backup)}.`]
  if (setAside) lines.push(`The database that was there is in ${setAside}.`)
  if (wordsBroughtBack > 0) lines.push(`Captions of yours that were newer and are back: ${wordsBroughtBack}.`)
  if (wordsTable) {
    lines.push(
      `Some are of photos that the backup does not know; after "lenslore run", take them in with: lenslore import-table "${wordsTable}"`,
    )
  } else lines.push('What is newer on the disk is taken in by "lenslore run".')
  return lines.join('\n')
}
