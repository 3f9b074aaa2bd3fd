import { type Command, InvalidArgumentError } from 'commander'
import { displayFileName } from '../../contract/file-name.ts'
import type { TimelinePage } from '../../contract/records.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { wholeNumber } from '../number-options.ts'
import { printable } from '../output.ts'
import { formatNotes, notesOf } from '../query-notes.ts'
import { toQuery } from '../query-words.ts'

interface TimelineOptions {
  before?: number
  offset?: number
  limit: number
}

export function addTimelineCommand(program: Command): void {
  program
    .command('timeline [query...]')
    .description(
      'how many photos there are of each month; with --before or --offset, the photos from there on',
    )
    .option('--before <day>', 'photos taken before this day, such as 2019-08-01, the newest first', toMs)
    .option('--offset <n>', 'photos from the n-th on, the newest first', wholeNumber(0))
    .option('--limit <n>', 'photos a page, at most 1,000', wholeNumber(1, 1000), 20)
    // So that -dog is a word of the query.
    .allowUnknownOption()
    .action(async (words: string[], { before, offset, limit }: TimelineOptions, command: Command) => {
      const query = toQuery(words)
      if (before === undefined && offset === undefined) {
        const { timeline, notes } = await inLibrary(command, async (library) => ({
          timeline: await library.timeline({ query }),
          notes: formatNotes(await notesOf(library, query)),
        }))
        const lines = timeline.months.map((month, at) => `${month}\t${timeline.photos[at]}`)
        outputOf(command).answer(timeline, [...notes, ...lines, counted(timeline.total, 'photo')].join('\n'))
        return
      }
      const { page, photos, notes } = await inLibrary(command, async (library) => {
        const page = await library.timelinePage({ query, limit, offset, beforeMs: before })
        const notes = formatNotes(await notesOf(library, query))
        return { page, notes, photos: await library.photos({ photos: [...page.ids] }) }
      })
      const lines = photos.map(
        ({ id, path }, at) =>
          `${new Date(page.sortMs[at]!).toISOString().slice(0, 10)}\t${id}\t${printable(displayFileName(path))}`,
      )
      outputOf(command).answer({ ...inArrays(page), photos }, [...notes, ...lines].join('\n'))
    })
}

/** As JSON shows them: of a typed array it makes an object. */
function inArrays(page: TimelinePage): object {
  return Object.fromEntries(
    Object.entries(page).map(([name, column]) => [name, typeof column === 'object' ? [...column] : column]),
  )
}

function toMs(day: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : Number.NaN
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Say a day such as 2019-08-01.')
  return ms
}
