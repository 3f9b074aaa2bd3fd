import { type Command, InvalidArgumentError } from 'commander'
import { inLibrary, outputOf } from '../command-context.ts'
import { needPhotos, selectionOf } from '../photo-reference.ts'
import { withProgress } from '../with-progress.ts'

interface MarkOptions {
  found?: string
  rating?: number
  favourite?: boolean
  title?: string | false
  addKeyword?: string[]
  removeKeyword?: string[]
  addPerson?: string[]
  removePerson?: string[]
}

export function addMarkCommands(program: Command): void {
  program
    .command('mark [photos...]')
    .description(
      'rate photos, name keywords and people; it goes before what files say, and caption-undo takes it back',
    )
    .option('--found <query>', 'all photos that this query finds')
    .option('--rating <stars>', '0 to 5, or rejected', toRating)
    .option('--favourite', 'a favourite')
    .option('--no-favourite', 'no favourite, whatever files say')
    .option('--title <text>', 'this title; an empty one stands for none')
    .option('--no-title', 'the title that files say')
    .option('--add-keyword <words...>', 'these keywords are there')
    .option('--remove-keyword <words...>', 'these are not, whatever files say')
    .option('--add-person <names...>', 'these people are in the picture')
    .option('--remove-person <names...>', 'these are not, whatever files say')
    .action(async (photos: string[], options: MarkOptions, command: Command) => {
      const change = {
        rating: options.rating,
        isFavorite: options.favourite,
        title: options.title === false ? null : options.title,
        addKeywords: options.addKeyword,
        removeKeywords: options.removeKeyword,
        addPeople: options.addPerson,
        removePeople: options.removePerson,
      }
      if (Object.values(change).every((said) => said === undefined)) {
        command.error('error: say what to mark, such as --rating 4')
      }
      needPhotos(photos, options.found)
      const answer = await inLibrary(command, async (library) => {
        const selection = await selectionOf(library, photos, options.found)
        if (!selection) return { photos: 0 }
        return withProgress(library, (signal) => library.setMarks({ selection, change }, { signal }))
      })
      outputOf(command).answer(answer, `Photos changed: ${answer.photos}.`)
    })
}

function toRating(text: string): number {
  const rating = text === 'rejected' ? -1 : Number(text)
  if (Number.isInteger(rating) && rating >= -1 && rating <= 5 && text.trim() !== '') return rating
  throw new InvalidArgumentError('It is 0 to 5, or rejected.')
}
