import { extname, resolve } from 'node:path'
import type { Command } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { type CaptionSource, captionSources } from '../../contract/records.ts'
import type {
  ExportPlan,
  ExportSummary,
  ImportPlan,
  ImportSummary,
  TableFormat,
  UndoSummary,
} from '../../contract/rooms/exchange.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { folderIdsOf } from '../folder-reference.ts'
import type { LibraryClient } from '../open-library.ts'
import { printable } from '../output.ts'
import { photoIdOf } from '../photo-reference.ts'
import { withProgress } from '../with-progress.ts'

interface ExportOptions {
  dryRun?: boolean
  undo?: boolean
  by?: CaptionSource[]
}

export function addExchangeCommands(program: Command): void {
  program
    .command('export [folders...]')
    .description(
      'write captions into XMP sidecars beside the photos, keeping what other programs wrote there',
    )
    .option('--dry-run', 'only list what would change')
    .option('--undo', 'put the sidecars of the last export back as they were, also of an automatic one')
    .option('--by <sources...>', `only captions by ${captionSources.join(', ')}`)
    .action((folders: string[], options: ExportOptions, command: Command) =>
      interruptible(command, async (library, signal) => {
        const output = outputOf(command)
        if (options.undo) {
          const undone = await library.undoExport({}, { signal })
          output.answer(undone, undone ? formatUndo(undone) : 'There is no export to take back.')
          return
        }
        const chosen = {
          ...(folders.length > 0 ? { folderIds: await folderIdsOf(library, folders) } : {}),
          ...(options.by ? { sources: options.by } : {}),
        }
        if (options.dryRun) {
          const plan = await library.planExport(chosen, { signal })
          output.answer(plan, formatPlan(plan))
        } else {
          const summary = await library.exportCaptions(chosen, { signal })
          output.answer(summary, formatExport(summary))
        }
      }),
    )

  program
    .command('export-always <folder> <on|off>')
    .description('write captions of a folder into sidecars whenever they change')
    .action((folder: string, state: string, _options, command: Command) =>
      interruptible(command, async (library, signal) => {
        if (state !== 'on' && state !== 'off') throw new LensloreError('INVALID_ARGUMENT', 'Say on or off.')
        const [folderId] = await folderIdsOf(library, [folder])
        const summary = await library.setExportsAlways(
          { folderId: folderId!, always: state === 'on' },
          { signal },
        )
        outputOf(command).answer(
          { folderId, always: state === 'on', export: summary },
          summary
            ? formatExport(summary)
            : `Captions of ${shown(resolve(folder))} are ${state === 'on' ? 'always' : 'no longer'} written out.`,
        )
      }),
    )

  program
    .command('embed <photo>')
    .description(
      'write a caption into the photo itself, with exiftool; the only command that changes a photo',
    )
    .action(async (photo: string, _options, command: Command) => {
      await inLibrary(command, async (library) =>
        library.embedCaption({ photo: await photoIdOf(library, photo) }),
      )
      outputOf(command).answer({ photo }, 'The caption is in the photo.')
    })

  program
    .command('export-table <file>')
    .description('write all captions to a .csv or .json file')
    .action((file: string, _options, command: Command) =>
      interruptible(command, async (library, signal) => {
        const photos = await library.exportTable({ path: resolve(file), format: formatOf(file) }, { signal })
        outputOf(command).answer({ file: resolve(file), photos }, `${photos} photos are in ${file}.`)
      }),
    )

  program
    .command('import-table <file>')
    .description('take captions from a .csv or .json file, matched by content, then by path')
    .option('--dry-run', 'only tell what would change')
    .action((file: string, options: { dryRun?: boolean }, command: Command) =>
      interruptible(command, async (library, signal) => {
        const table = { path: resolve(file), format: formatOf(file) }
        if (options.dryRun) {
          const plan = await library.planTableImport(table, { signal })
          outputOf(command).answer(plan, formatImportPlan(plan))
        } else {
          const summary = await library.importTable(table, { signal })
          outputOf(command).answer(summary, formatImport(summary))
        }
      }),
    )
}

function interruptible(
  command: Command,
  work: (library: LibraryClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  return inLibrary(command, (library) => withProgress(library, (signal) => work(library, signal)))
}

function formatOf(file: string): TableFormat {
  const extension = extname(file).toLowerCase()
  if (extension === '.csv') return 'csv'
  if (extension === '.json') return 'json'
  throw new LensloreError('INVALID_ARGUMENT', `${file} must end in .csv or .json.`)
}

function formatPlan(plan: ExportPlan): string {
  const lines = plan.first.map(({ action, sidecarPath, before, after, error }) => {
    const change = error
      ? error.message
      : [before && `- ${before}`, `+ ${after}`].filter(Boolean).join('\n\t')
    return `${action.padEnd(8)}${shown(sidecarPath)}\n\t${printableLines(change)}`
  })
  lines.push(
    `${plan.create} sidecars to make, ${plan.update} to change, ${plan.unchanged} as they are, ${plan.refused} refused.`,
    ...formatKept(plan.kept),
  )
  return lines.join('\n')
}

function formatExport({ created, updated, unchanged, kept, refused }: ExportSummary): string {
  const lines = refused.map(
    ({ sidecarPath, error }) => `refused ${shown(sidecarPath)}: ${printable(error.message)}`,
  )
  lines.push(
    `${created} sidecars made, ${updated} changed, ${unchanged} as they were, ${refused.length} refused.`,
    ...formatKept(kept),
  )
  return lines.join('\n')
}

/** Of a sidecar that another program wrote since the last run, or whose description a camera wrote. */
function formatKept(kept: number): string[] {
  return kept === 0
    ? []
    : [
        `Of ${kept} the library has not taken in the description: they are left, for only your own words go in its place.`,
      ]
}

function formatUndo({ isAutomatic, restored, removed, left }: UndoSummary): string {
  const lines = left.map(({ path, error }) => `left ${shown(path)}: ${printable(error.message)}`)
  lines.push(`${restored} sidecars put back, ${removed} removed, ${left.length} left as they are.`)
  if (isAutomatic) lines.push('They were written because captions of their folder always are.')
  return lines.join('\n')
}

function formatImportPlan(plan: ImportPlan): string {
  const lines = [
    ...plan.firstErrors.map(({ line, message }) => `line ${line} refused: ${printable(message)}`),
    ...plan.firstUnmatched.map(({ line, path }) => `line ${line} is for no photo here: ${shown(path)}`),
    ...unclearLines(plan),
    ...plan.firstChanges.map(
      ({ line, photoId, before, after }) =>
        `line ${line}, photo ${photoId}\n\t- ${printable(before ?? '')}\n\t+ ${printable(after)}`,
    ),
    `${plan.changes} captions would change, ${plan.unchanged} would not; ${plan.unmatched} lines match no photo, ${plan.unclear} are unclear, ${plan.errors} are refused.`,
  ]
  return lines.join('\n')
}

function formatImport(summary: ImportSummary): string {
  const { changed, unchanged, unmatched, unclear } = summary
  const lines = unclearLines(summary)
  lines.push(
    `${changed} captions changed, ${unchanged} did not; ${unmatched} lines matched no photo, ${unclear} are unclear.`,
  )
  return lines.join('\n')
}

function unclearLines({ firstUnclear }: Pick<ImportSummary, 'firstUnclear'>): string[] {
  return firstUnclear.map(({ line, path, reason }) => {
    const why =
      reason === 'copies'
        ? 'may be for several photos, or for that of another line'
        : 'is for a photo with your own words, as far as its name tells'
    return `line ${line} ${why}: ${shown(path)}`
  })
}

function shown(path: string): string {
  return printable(displayFileName(path))
}

function printableLines(text: string): string {
  return text.split('\n\t').map(printable).join('\n\t')
}
