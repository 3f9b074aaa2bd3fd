import type { Command } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import type { LibraryCalls } from '../../contract/library-calls.ts'
import type { Preferences } from '../../contract/records.ts'
import type { ParamsOf } from '../../contract/rpc.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { printable } from '../output.ts'
import { needPhotos, selectionOf } from '../photo-reference.ts'
import { toQuery } from '../query-words.ts'
import { withProgress } from '../with-progress.ts'

type PreferencesChange = ParamsOf<LibraryCalls['setPreferences']>

/** What a person wants of a library's work, now and later. */
export function addWishCommands(program: Command): void {
  program
    .command('preferences')
    .description('how the library is shown and captioned, in whatever program has it open')
    .option(
      '--set <name=value...>',
      'such as threads=4, memoryMb=2000, provider=cpu, precision=fp32, onlyOnMains=true; null: none',
    )
    .action(async ({ set = [] }: { set?: string[] }, command: Command) => {
      const change = Object.fromEntries(set.map(parseAssignment)) as PreferencesChange
      const preferences = await inLibrary(command, (library) =>
        set.length > 0 ? library.setPreferences(change) : library.preferences({}),
      )
      outputOf(command).answer(preferences, formatPreferences(preferences))
    })

  program
    .command('retry [photos...]')
    .description('try photos that failed again, before others: all of them, or those named')
    .option('--found <query>', 'those that this query finds')
    .action(async (photos: string[], { found }: { found?: string }, command: Command) => {
      const retried = await inLibrary(command, async (library) => {
        const areAll = photos.length === 0 && found === undefined
        const selection = areAll ? undefined : await selectionOf(library, photos, found)
        if (!areAll && !selection) return { photos: 0 }
        return withProgress(library, (signal) => library.retry({ selection }, { signal }))
      })
      outputOf(command).answer(retried, `Photos to be tried again: ${retried.photos}.`)
    })

  program
    .command('regenerate [photos...]')
    .alias('caption-again')
    .description(
      'let the model say again what it sees, in place of your own and imported words; of photos, folders or a search',
    )
    .option('--found <query>', 'all photos that this query finds')
    .action(async (photos: string[], { found }: { found?: string }, command: Command) => {
      needPhotos(photos, found)
      const regenerated = await inLibrary(command, async (library) => {
        const selection = await selectionOf(library, photos, found)
        if (!selection) return { photos: 0 }
        return withProgress(library, (signal) => library.regenerate({ selection }, { signal }))
      })
      outputOf(command).answer(
        regenerated,
        `Photos in the model's words, or next for it: ${regenerated.photos}; caption-undo brings yours back.`,
      )
    })

  program
    .command('saved-searches [query...]')
    .description('searches that have a name; with --save, gives one to a query')
    .option('--save <name>', 'the name for the query')
    .option('--remove <name>', 'the name is forgotten')
    .allowUnknownOption()
    .action(async (words: string[], options: { save?: string; remove?: string }, command: Command) => {
      const query = toQuery(words)
      const searches = await inLibrary(command, async (library) => {
        if (options.save !== undefined) await library.saveSearch({ name: options.save, query })
        if (options.remove !== undefined) {
          const known = (await library.savedSearches({})).find(({ name }) => name === options.remove)
          if (!known)
            throw new LensloreError(
              'INVALID_ARGUMENT',
              `No search is saved as ${options.remove}; "lenslore saved-searches" lists them.`,
            )
          await library.removeSavedSearch({ id: known.id })
        }
        return library.savedSearches({})
      })
      const lines = searches.map(({ name, query }) => `${printable(name)}\t${printable(query)}`)
      outputOf(command).answer(searches, lines.length > 0 ? lines.join('\n') : 'No search is saved.')
    })
}

/** A value as JSON, or else as text. */
function parseAssignment(assignment: string): [name: string, value: unknown] {
  const at = assignment.indexOf('=')
  if (at < 1) throw new LensloreError('INVALID_ARGUMENT', `${assignment} is not of the form name=value.`)
  const [name, text] = [assignment.slice(0, at), assignment.slice(at + 1)]
  try {
    return [name, JSON.parse(text)]
  } catch {
    return [name, text]
  }
}

function formatPreferences(preferences: Preferences): string {
  return Object.entries(preferences)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
}
