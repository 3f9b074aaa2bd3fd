import { styleText } from 'node:util'
import type { Command } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import type { SearchHit, SearchPage } from '../../contract/records.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { printable } from '../output.ts'

const queryHelp = `
A query is words, in any order: each matches by its stem and as the beginning of a word.
  "red kite"          these words next to each other
  -dog                without this word
  cat OR dog          either
  folder:Alps camera:canon lens:50mm before:2021 after:2019-06 by:person is:missing has:caption`

export function addSearchCommand(program: Command): void {
  program
    .command('search [query...]')
    .description('find photos by words of their captions, names, folders and cameras')
    .option('--limit <n>', 'photos a page', '20')
    .option('--cursor <cursor>', 'the next page, as an earlier search gave it')
    // So that -dog is a word of the query.
    .allowUnknownOption()
    .addHelpText('after', queryHelp)
    .action(async (words: string[], options: { limit: string; cursor?: string }, command: Command) => {
      const unknown = words.find((word) => word.startsWith('--'))
      if (unknown) throw new LensloreError('INVALID_ARGUMENT', `There is no option ${unknown}.`)
      const page = await inLibrary(command, (library) =>
        library.search({
          query: words.join(' '),
          limit: Number(options.limit),
          cursor: options.cursor ?? null,
        }),
      )
      outputOf(command).answer(page, formatPage(page))
    })
}

function formatPage(page: SearchPage): string {
  const lines = page.photos.map(
    (hit) =>
      `${hit.id}\t${printable(displayFileName(hit.path))}\n\t${highlight(hit)}${hit.isUnsure ? ' (unsure)' : ''}`,
  )
  if (page.corrected) lines.unshift(`Showing photos for: ${printable(page.corrected)}`)
  lines.push(page.total === 1 ? '1 photo' : `${page.total.toLocaleString('en')} photos`)
  if (page.cursor) lines.push(`More with: --cursor ${page.cursor}`)
  return lines.join('\n')
}

function highlight({ snippet, marks }: SearchHit): string {
  let text = ''
  let at = 0
  for (const [start, end] of marks) {
    text += printable(snippet.slice(at, start))
    text += styleText('bold', printable(snippet.slice(start, end)), { stream: process.stdout })
    at = end
  }
  return text + printable(snippet.slice(at))
}
