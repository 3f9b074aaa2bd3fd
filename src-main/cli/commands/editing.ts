import type { Command } from 'commander'
import { displayFileName } from '../../contract/file-name.ts'
import type { Caption } from '../../contract/records.ts'
import type { EditChange } from '../../contract/rooms/captions.ts'
import { formatWords } from '../caption-words.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { printable } from '../output.ts'
import { needPhotos, photoIdOf, selectionOf } from '../photo-reference.ts'
import { withProgress } from '../with-progress.ts'

export function addEditingCommands(program: Command): void {
  program
    .command('caption-set <photo> <text>')
    .description('write your own caption; no model and no import ever replaces it')
    .option('--also <photos...>', 'the same for these photos; caption-undo takes all of them back')
    .action(async (photo: string, text: string, { also = [] }: { also?: string[] }, command: Command) => {
      const captions = await inLibrary(command, async (library) => {
        const edits: { photo: number; text: string }[] = []
        for (const each of [photo, ...also]) edits.push({ photo: await photoIdOf(library, each), text })
        return edits.length === 1 ? [await library.setCaption(edits[0]!)] : library.setCaptions({ edits })
      })
      outputOf(command).answer(
        also.length === 0 ? captions[0] : captions,
        captions.map(formatCurrent).join('\n'),
      )
    })

  program
    .command('caption-none [photos...]')
    .description(
      'say that photos, or all of a folder, have no caption; no model and no import gives them one',
    )
    .option('--found <query>', 'all photos that this query finds')
    .action(async (photos: string[], { found }: { found?: string }, command: Command) => {
      needPhotos(photos, found)
      const changed = await inLibrary(command, async (library) => {
        const selection = await selectionOf(library, photos, found)
        if (!selection) return { photos: 0 }
        return withProgress(library, (signal) => library.captionNone({ selection }, { signal }))
      })
      outputOf(command).answer(
        changed,
        `Photos without a caption by your word: ${changed.photos}; caption-undo brings theirs back.`,
      )
    })

  program
    .command('caption-undo [photo]')
    .description(
      'take back your last caption of a photo; without one, your last edit, of however many photos',
    )
    .action(async (photo: string | undefined, _options, command: Command) => {
      if (photo === undefined) {
        const change = await inLibrary(command, (library) =>
          withProgress(library, (signal) => library.undoEdit({}, { signal })),
        )
        outputOf(command).answer(change, formatEdit(change, 'There is no edit of yours to take back.'))
        return
      }
      const caption = await inLibrary(command, async (library) =>
        library.undoCaption({ photo: await photoIdOf(library, photo) }),
      )
      outputOf(command).answer(caption, formatCurrent(caption))
    })

  program
    .command('caption-redo [photo]')
    .description('bring back the caption, or without a photo the edit, that was taken back last')
    .action(async (photo: string | undefined, _options, command: Command) => {
      if (photo === undefined) {
        const change = await inLibrary(command, (library) =>
          withProgress(library, (signal) => library.redoEdit({}, { signal })),
        )
        outputOf(command).answer(change, formatEdit(change, 'There is no edit to bring back.'))
        return
      }
      const caption = await inLibrary(command, async (library) =>
        library.redoCaption({ photo: await photoIdOf(library, photo) }),
      )
      outputOf(command).answer(caption, formatCurrent(caption))
    })

  program
    .command('replace <find> <with>')
    .description('replace words in all captions; shows what would change until --apply is given')
    .option('--apply', 'do it; the captions become your own, and caption-undo takes all of them back')
    .option('--match-case', 'only where upper and lower case agree')
    .option('--parts', 'also inside of words')
    .action(async (find: string, replace: string, options: ReplaceOptions, command: Command) => {
      const preview = !options.apply
      const { changes, first } = await inLibrary(command, (library) =>
        withProgress(library, (signal) =>
          library.replaceInCaptions(
            {
              find,
              replace,
              preview,
              matchCase: Boolean(options.matchCase),
              wholeWords: !options.parts,
            },
            { signal },
          ),
        ),
      )
      const lines = first.map(
        ({ path, before, after }) =>
          `${printable(displayFileName(path))}\n\t- ${printable(before)}\n\t+ ${printable(after)}`,
      )
      if (changes > lines.length) lines.push(`… and ${(changes - lines.length).toLocaleString('en')} more`)
      if (changes === 0) lines.push('No caption would be another.')
      else
        lines.push(
          `${counted(changes, 'caption')} ${preview ? 'would change; do it with --apply' : 'changed'}.`,
        )
      outputOf(command).answer({ applied: !preview, changes, first }, lines.join('\n'))
    })
}

function formatEdit(change: EditChange | null, nothing: string): string {
  if (!change) return nothing
  const lines = change.first.map(({ path }) => printable(displayFileName(path)))
  if (change.photos > lines.length) lines.push(`… and ${change.photos - lines.length} more`)
  return [...lines, `Photos changed: ${change.photos}.`].join('\n')
}

interface ReplaceOptions {
  apply?: boolean
  matchCase?: boolean
  parts?: boolean
}

function formatCurrent(caption: Caption | null): string {
  return caption
    ? `Photo ${caption.photoId}: ${printable(formatWords(caption.text, caption))}`
    : 'The photo has no caption now.'
}
