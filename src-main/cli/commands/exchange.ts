import { type Command, Option } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { type CaptionSource, captionSources } from '../../contract/records.ts'
import {
  type ExportPlan,
  type ExportSummary,
  type ImportPlan,
  type ImportSummary,
  type PlannedChange,
  type RowCounts,
  type TableWords,
  tableWords,
  type UndoSummary,
} from '../../contract/rooms/exchange.ts'
import { withdrawnSources } from '../../contract/word-sources.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { folderIdsOf } from '../folder-reference.ts'
import { printable } from '../output.ts'
import { pathFrom } from '../path-argument.ts'
import { photoIdOf, selectionOf } from '../photo-reference.ts'
import { tableFormatOf } from '../table-format-of.ts'
import { withProgress } from '../with-progress.ts'

interface ExportOptions {
  dryRun?: boolean
  undo?: boolean
  by?: CaptionSource[]
}

export function addExchangeCommands(program: Command, finish: (status: number) => void): void {
  const partialWhere = (isSomeLeft: boolean) => {
    if (isSomeLeft) finish(1)
  }

  program
    .command('export [folders...]')
    .description(
      'write captions into XMP sidecars beside the photos, keeping what other programs wrote there',
    )
    .option('--dry-run', 'only list what would change')
    .option('--undo', 'put the sidecars of the last export back as they were, also of an automatic one')
    .addOption(new Option('--by <sources...>', 'only captions of these').choices(captionSources))
    .action(async (folders: string[], options: ExportOptions, command: Command) => {
      if (options.undo && (options.dryRun || options.by || folders.length > 0)) {
        command.error('error: --undo stands alone: it takes the whole of the last export back')
      }
      const output = outputOf(command)
      await inLibrary(command, async (library) => {
        if (options.undo) {
          const undone = await withProgress(library, (signal) => library.undoExport({}, { signal }))
          output.answer(undone, undone ? formatUndo(undone) : 'There is no export to take back.')
          partialWhere(undone !== null && undone.left.length > 0)
          return
        }
        const chosen = {
          ...(folders.length > 0 ? { folderIds: await folderIdsOf(library, folders) } : {}),
          ...(options.by ? { sources: options.by } : {}),
        }
        if (options.dryRun) {
          const plan = await withProgress(library, (signal) => library.planExport(chosen, { signal }))
          output.answer(plan, formatPlan(plan))
          partialWhere(plan.refused > 0)
        } else {
          const summary = await withProgress(library, (signal) => library.exportCaptions(chosen, { signal }))
          output.answer(summary, formatExport(summary))
          partialWhere(summary.refused.length > 0)
        }
      })
    })

  program
    .command('export-always <folder> <on|off>')
    .description('write captions of a folder into sidecars whenever they change')
    .action(async (folder: string, state: string, _options, command: Command) => {
      if (state !== 'on' && state !== 'off') throw new LensloreError('INVALID_ARGUMENT', 'Say on or off.')
      const always = state === 'on'
      const { folderId, summary } = await inLibrary(command, async (library) => {
        const [folderId] = await folderIdsOf(library, [folder])
        const summary = await withProgress(library, (signal) =>
          library.setExportsAlways({ folderId: folderId!, always }, { signal }),
        )
        return { folderId, summary }
      })
      outputOf(command).answer(
        { folderId, always, export: summary },
        summary
          ? formatExport(summary)
          : `Captions of ${shown(pathFrom(folder))} are ${always ? 'always' : 'no longer'} written out.`,
      )
      partialWhere(summary !== null && summary.refused.length > 0)
    })

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
    .action(async (file: string, _options, command: Command) => {
      const table = { path: pathFrom(file), format: tableFormatOf(file) }
      const photos = await inLibrary(command, (library) =>
        withProgress(library, (signal) => library.exportTable(table, { signal })),
      )
      outputOf(command).answer(
        { file: table.path, photos },
        `${counted(photos, 'photo is', 'photos are')} in ${file}.`,
      )
    })

  program
    .command('import-table <file>')
    .description(
      'take captions, titles, ratings and keywords from a .csv or .json file, matched by content, then by path; caption-undo takes it back whole',
    )
    .addOption(
      new Option('--as <whose>', 'your own words, or imported ones, which come below your own')
        .choices(tableWords.options)
        .default('person'),
    )
    .option('--dry-run', 'only tell what would change')
    .action(async (file: string, { as, dryRun }: { as: TableWords; dryRun?: boolean }, command: Command) => {
      const table = { path: pathFrom(file), format: tableFormatOf(file), as }
      await inLibrary(command, async (library) => {
        if (dryRun) {
          const plan = await withProgress(library, (signal) => library.planTableImport(table, { signal }))
          outputOf(command).answer(plan, formatImportPlan(plan))
          partialWhere(plan.errors > 0 || isPartial(plan))
        } else {
          const summary = await withProgress(library, (signal) => library.importTable(table, { signal }))
          outputOf(command).answer(summary, formatImport(summary))
          partialWhere(isPartial(summary))
        }
      })
    })

  program
    .command('withdraw <source> [photos...]')
    .description(
      `take away the words that came from ${withdrawnSources.join(', ')}; they stay away until it says something else, and caption-undo brings them back`,
    )
    .option('--found <query>', 'only of photos that this query finds')
    .action(async (source: string, photos: string[], { found }: { found?: string }, command: Command) => {
      const known = withdrawnSources.find((each) => each === source)
      if (!known)
        throw new LensloreError(
          'INVALID_ARGUMENT',
          `${source} is no source of words; there are ${withdrawnSources.join(', ')}.`,
        )
      const withdrawn = await inLibrary(command, async (library) => {
        const isForAll = photos.length === 0 && found === undefined
        const selection = isForAll ? undefined : await selectionOf(library, photos, found)
        if (!isForAll && !selection) return { photos: 0 }
        return withProgress(library, (signal) =>
          library.withdrawWords({ source: known, ...(selection && { selection }) }, { signal }),
        )
      })
      outputOf(command).answer(withdrawn, `Photos whose words were taken away: ${withdrawn.photos}.`)
    })
}

/** Some lines of a table change nothing because nobody can tell of which photo they are. */
function isPartial({ unmatched, unclear }: RowCounts): boolean {
  return unmatched + unclear > 0
}

function formatPlan(plan: ExportPlan): string {
  const lines = plan.first.map(({ action, sidecarPath, before, after, error }) => {
    const change = error
      ? error.message
      : [before && `- ${before}`, `+ ${after}`].filter(Boolean).join('\n\t')
    return `${action.padEnd(8)}${shown(sidecarPath)}\n\t${printableLines(change)}`
  })
  lines.push(
    `${counted(plan.create, 'sidecar')} to make, ${plan.update} to change, ${plan.unchanged} as they are, ${plan.refused} refused.`,
    ...formatKept(plan.kept),
  )
  return lines.join('\n')
}

function formatExport({ created, updated, unchanged, kept, refused }: ExportSummary): string {
  const lines = refused.map(
    ({ sidecarPath, error }) => `refused ${shown(sidecarPath)}: ${printable(error.message)}`,
  )
  lines.push(
    `${counted(created, 'sidecar')} made, ${updated} changed, ${unchanged} as they were, ${refused.length} refused.`,
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
  lines.push(`${counted(restored, 'sidecar')} put back, ${removed} removed, ${left.length} left as they are.`)
  if (isAutomatic) lines.push('They were written because captions of their folder always are.')
  return lines.join('\n')
}

function formatImportPlan(plan: ImportPlan): string {
  const lines = [
    ...plan.firstErrors.map(({ line, message }) => `line ${line} refused: ${printable(message)}`),
    ...plan.firstUnmatched.map(({ line, path }) => `line ${line} is for no photo here: ${shown(path)}`),
    ...rowLines(plan),
    ...plan.firstChanges.map(formatChange),
    `${counted(plan.changes, 'caption')} would change, and titles, ratings or keywords of ${counted(plan.marked, 'photo')}.`,
    ...countLines(plan),
  ]
  if (plan.errors > 0) {
    lines.push(`${counted(plan.errors, 'line')} refused: nothing is taken in until they are put right.`)
  }
  return lines.join('\n')
}

function formatChange({ line, photoId, caption, marks }: PlannedChange): string {
  const lines = [`line ${line}, photo ${photoId}`]
  if (caption) lines.push(`- ${printable(caption.before ?? '')}`, `+ ${printable(caption.after)}`)
  if (marks?.title !== undefined) lines.push(`title: ${printable(marks.title || 'none')}`)
  if (marks?.rating !== undefined) lines.push(`rating: ${marks.rating === -1 ? 'rejected' : marks.rating}`)
  if (marks?.addKeywords) lines.push(`more keywords: ${printable(marks.addKeywords.join('; '))}`)
  if (marks?.removeKeywords) lines.push(`no keywords any more: ${printable(marks.removeKeywords.join('; '))}`)
  return lines.join('\n\t')
}

function formatImport(summary: ImportSummary): string {
  return [
    ...rowLines(summary),
    `${counted(summary.changed, 'caption')} changed, and titles, ratings or keywords of ${counted(summary.marked, 'photo')}.`,
    ...countLines(summary),
  ].join('\n')
}

/** Lines that are said one by one. */
function rowLines({ firstUnclear, firstReplaced }: RowCounts): string[] {
  const unclear = firstUnclear.map(({ line, path, reason }) => {
    const why =
      reason === 'copies'
        ? 'may be for several photos, or for that of another line'
        : 'is for a photo with your own words, as far as its name tells'
    return `line ${line} ${why}: ${shown(path)}`
  })
  const replaced = firstReplaced.map(
    ({ line, path }) => `line ${line} is for a photo of which a later line is taken: ${shown(path)}`,
  )
  return [...unclear, ...replaced]
}

function countLines(counts: RowCounts): string[] {
  const { unchanged, unmatched, unclear, replaced, outranked, emptied, withoutMarks } = counts
  const said: [number, string][] = [
    [unchanged, 'as here already'],
    [unmatched, 'for no photo here'],
    [unclear, 'unclear, and left'],
    [replaced, 'before another line for the same photo, which is taken'],
    [outranked, 'below your own words, which stay'],
    [emptied, 'without the caption they were exported with, which stays; caption-none takes captions away'],
    [withoutMarks, 'with titles, ratings or keywords that are only taken in as your own'],
  ]
  return said.flatMap(([count, what]) => (count > 0 ? [`${counted(count, 'line')} ${what}.`] : []))
}

function shown(path: string): string {
  return printable(displayFileName(path))
}

function printableLines(text: string): string {
  return text.split('\n\t').map(printable).join('\n\t')
}
