import type { Command } from 'commander'
import { displayFileName } from '../../contract/file-name.ts'
import { parseQuery } from '../../contract/query.ts'
import type { CopyKind, Stack, StackPage, StackPhoto } from '../../contract/records.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { wholeNumber } from '../number-options.ts'
import { printable } from '../output.ts'
import { pathFrom } from '../path-argument.ts'
import { photoIdOf } from '../photo-reference.ts'
import { formatNotes } from '../query-notes.ts'
import { toQuery } from '../query-words.ts'
import { tableFormatOf } from '../table-format-of.ts'
import { withProgress } from '../with-progress.ts'

interface CopiesOptions {
  limit: number
  cursor?: string
  of?: string
  table?: string
}

export function addCopyCommands(program: Command): void {
  program
    .command('copies [query...]')
    .description('list photos that show the same picture, or nearly, as stacks; nothing is removed')
    .option('--limit <n>', 'stacks a page, at most 100', wholeNumber(1, 100), 20)
    .option('--cursor <cursor>', 'the next page, as an earlier list gave it')
    .option('--of <photo>', 'only the stack of this photo')
    .option('--table <file>', 'write all of them to a table (.csv or .json) instead')
    .allowUnknownOption()
    .action(async (words: string[], options: CopiesOptions, command: Command) => {
      const query = toQuery(words)
      const notes = formatNotes(parseQuery(query).notes)
      const output = outputOf(command)
      const { limit, cursor = null, of, table } = options
      if (of !== undefined && (query !== '' || table !== undefined)) {
        command.error('error: --of stands alone: it is for one photo')
      }
      await inLibrary(command, async (library) => {
        if (of !== undefined) {
          const stack = await library.stackOf({ photo: await photoIdOf(library, of) })
          output.answer(stack, stack ? formatStack(stack) : 'No other photo is like it, as far as is known.')
        } else if (table !== undefined) {
          const path = pathFrom(table)
          const photos = await withProgress(library, (signal) =>
            library.exportStacks({ query, path, format: tableFormatOf(path) }, { signal }),
          )
          output.answer(
            { file: path, photos },
            [...notes, `${counted(photos, 'photo is', 'photos are')} in ${table}.`].join('\n'),
          )
        } else {
          const page = await library.stacks({ query, limit, cursor })
          output.answer(page, [...notes, formatPage(page)].join('\n'))
        }
      })
    })

  program
    .command('stand-for-copies <photo>')
    .description('let a photo stand for its stack, whatever else is in it')
    .option('--not', 'no longer: the best of the stack stands for it')
    .action(async (photo: string, options: { not?: true }, command: Command) => {
      const stack = await inLibrary(command, async (library) =>
        library.standForStack({ photo: await photoIdOf(library, photo), isChosen: !options.not }),
      )
      outputOf(command).answer(
        stack,
        stack ? formatStack(stack) : 'It is kept in mind; no other photo is like it, as far as is known.',
      )
    })
}

function formatPage({ stacks, cursor, library }: StackPage): string {
  const lines = stacks.flatMap((stack) => [formatStack(stack), ''])
  lines.push(`${counted(library.stacks, 'stack')} of ${counted(library.photos, 'photo')} in the library`)
  if (cursor) lines.push(`More with: --cursor ${cursor}`)
  return lines.join('\n')
}

const kinds: Readonly<Record<CopyKind, string>> = {
  exact: 'the same file',
  picture: 'the same picture',
  near: 'nearly the same',
}

function formatStack(stack: Stack): string {
  return stack.photos
    .toSorted((a, b) => Number(b.id === stack.best) - Number(a.id === stack.best))
    .map((photo) => formatPhoto(photo, stack))
    .join('\n')
}

function formatPhoto(photo: StackPhoto, { best, largest, sharpest }: Stack): string {
  const { id, path, widthPx, heightPx, sizeBytes, sharpness, kind, isChosen } = photo
  const says = [
    id === best ? (isChosen ? 'stands for all: chosen' : 'stands for all') : kinds[kind ?? 'near'],
    widthPx && heightPx ? `${widthPx} × ${heightPx}` : null,
    `${sizeBytes.toLocaleString('en')} bytes`,
    sharpness === null ? null : `sharpness ${Math.round(sharpness)}`,
    id === largest ? 'largest' : null,
    id === sharpest ? 'sharpest' : null,
  ]
  return `${id}\t${printable(displayFileName(path))}\n\t${says.filter((each) => each !== null).join(', ')}`
}
