import { type Command, Option } from 'commander'
import { nameKinds } from '../../contract/adapters.ts'
import type { LibraryCalls } from '../../contract/library-calls.ts'
import type { ParamsOf } from '../../contract/rpc.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { wholeNumber } from '../number-options.ts'
import type { LibraryClient } from '../open-library.ts'
import { printable } from '../output.ts'
import { knownPhotos } from '../photo-reference.ts'

interface OfferOptions {
  limit?: number
  yes?: string[]
  no?: string[]
  askAgain?: string[]
  kind?: ParamsOf<LibraryCalls['acceptOffers']>['kind']
}

/** Photos that look like those that a person gave a name. */
export function addOfferCommands(program: Command): void {
  program
    .command('offers [name]')
    .description(
      'photos that may show what you gave a name, by those that have it; or the names that you gave',
    )
    .option('--limit <count>', 'so many photos, the likeliest first', wholeNumber(1, 500))
    .option('--yes <photos...>', 'these show it: they get the name, and caption-undo takes it back')
    .addOption(
      new Option('--kind <kind>', 'with --yes: whether it is the name of a person').choices(nameKinds),
    )
    .option('--no <photos...>', 'these do not, and are not offered again')
    .option('--ask-again <photos...>', 'take back that they do not')
    .action(async (name: string | undefined, options: OfferOptions, command: Command) => {
      const { yes, no, askAgain, limit, kind } = options
      if (name === undefined) {
        if (yes ?? no ?? askAgain)
          command.error('error: say of which name, such as "lenslore offers Biscuit --yes 12"')
        const names = await inLibrary(command, namesWithOffers)
        const lines = names.map(
          ({ text, photos, offered }) =>
            `${printable(text)}: ${counted(photos, 'photo')}, ${offered} offered`,
        )
        outputOf(command).answer(names, lines.join('\n') || 'No name is on three photos of yours yet.')
        return
      }
      const answer = await inLibrary(command, async (library) => {
        const answered = {
          ...(yes && { accepted: await accept(library, name, yes, kind) }),
          ...(no && { refused: await refuse(library, name, no, true) }),
          ...(askAgain && { askedAgain: await refuse(library, name, askAgain, false) }),
        }
        const { photos, ...offers } = await library.nameOffers({ name, limit })
        const tiles = photos.length > 0 ? await library.tiles({ photos }) : []
        const offered = tiles.map(({ id, name: file, caption }) => ({ id, name: file, caption }))
        return { ...answered, ...offers, photos: offered }
      })
      const said = [
        ...(answer.accepted === undefined ? [] : [`Named: ${answer.accepted}.`]),
        ...(answer.refused === undefined ? [] : [`Refused: ${answer.refused}.`]),
        ...(answer.askedAgain === undefined ? [] : [`Asked again: ${answer.askedAgain}.`]),
      ]
      const lines = answer.photos.map(
        ({ id, name: file, caption }) => `${id}\t${printable(file)}\t${printable(caption ?? '')}`,
      )
      outputOf(command).answer(answer, [...said, ...lines, summary(name, answer)].join('\n'))
    })
}

async function namesWithOffers(library: LibraryClient) {
  const { names } = await library.givenNames({})
  const answers = []
  for (const each of names) {
    const { total } = await library.nameOffers({ name: each.text, limit: 1 })
    answers.push({ ...each, offered: total })
  }
  return answers
}

async function accept(
  library: LibraryClient,
  name: string,
  photos: readonly string[],
  kind: OfferOptions['kind'],
): Promise<number> {
  const ids = await knownPhotos(library, photos)
  return (await library.acceptOffers({ name, photos: ids, kind })).photos
}

async function refuse(
  library: LibraryClient,
  name: string,
  photos: readonly string[],
  isRefused: boolean,
): Promise<number> {
  const ids = await knownPhotos(library, photos)
  return (await library.refuseOffers({ name, photos: ids, isRefused })).photos
}

function summary(name: string, { named, total }: { named: number; total: number }): string {
  if (named < 3)
    return `${printable(name)} is on ${counted(named, 'photo')} of yours; from three on, others are offered.`
  return total === 0
    ? `No other photo plausibly shows ${printable(name)}.`
    : `${counted(total, 'photo')} may be ${printable(name)}.`
}
