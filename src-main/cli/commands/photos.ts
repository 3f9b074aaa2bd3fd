import type { Command } from 'commander'
import { displayFileName } from '../../contract/file-name.ts'
import type { Caption, PhotoDetails } from '../../contract/records.ts'
import { formatWords } from '../caption-words.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { printable } from '../output.ts'
import { photoIdOf } from '../photo-reference.ts'

export function addPhotoCommands(program: Command): void {
  program
    .command('show <photo>')
    .description('all that is known of a photo, by its id or path')
    .action(async (photo: string, _options, command: Command) => {
      const details = await inLibrary(command, async (library) =>
        library.photo({ photo: await photoIdOf(library, photo) }),
      )
      outputOf(command).answer(details, formatDetails(details))
    })

  program
    .command('thumbnail <photo>')
    .description('the file of a photo’s thumbnail; it is made where there is none')
    .action(async (photo: string, _options, command: Command) => {
      const thumbnail = await inLibrary(command, async (library) =>
        library.thumbnail({ photo: await photoIdOf(library, photo) }),
      )
      outputOf(command).answer(thumbnail, thumbnail.path)
    })
}

function formatDetails(photo: PhotoDetails): string {
  const rows: [string, string | number | false | null | undefined][] = [
    ['Photo', photo.id],
    ['File', printable(displayFileName(photo.path))],
    ['Caption', photo.caption && formatCaption(photo.caption)],
    ['', photo.pictureChanged ? 'The picture changed since this caption was written.' : null],
    ['Error', photo.error?.message],
    ['Missing', photo.missingSinceMs && `since ${new Date(photo.missingSinceMs).toISOString()}`],
    [
      'Size',
      photo.widthPx &&
        `${photo.widthPx} × ${photo.heightPx} px, ${photo.sizeBytes.toLocaleString('en')} bytes`,
    ],
    ['Taken', photo.takenAt && `${photo.takenAt.replace('T', ' ')}${formatOffset(photo.takenOffsetMinutes)}`],
    ['Camera', photo.camera],
    ['Lens', photo.lens],
    ['Place', photo.latitude !== null && `${photo.latitude.toFixed(6)}, ${photo.longitude?.toFixed(6)}`],
    ['Title', photo.words.title],
    ['Keywords', photo.words.keywords.join(', ') || null],
    ['People', photo.words.people.map(({ name }) => name).join(', ') || null],
    ['Places', photo.words.places.join(', ') || null],
    ['Rating', photo.words.rating],
    ['Favourite', photo.words.isFavorite && 'yes'],
    ['From', photo.words.sources.map(({ kind, name }) => name || kind).join(', ') || null],
    ...photo.words.sources.map(({ problem }): [string, string | null] => ['', problem]),
    ...photo.words.sources.map((source): [string, string | null] => ['', formatCut(source)]),
    ['Same as', photo.duplicates.join(', ') || null],
    ['SHA-256', photo.contentHash],
    ...photo.history
      .filter((caption) => !caption.isCurrent)
      .map((caption): [string, string] => ['History', formatCaption(caption)]),
  ]
  return rows
    .filter(([, value]) => value !== null && value !== undefined && value !== false)
    .map(([name, value]) => `${name.padEnd(10)}${printable(String(value))}`)
    .join('\n')
}

function formatCaption(caption: Caption): string {
  const by = caption.source === 'model' ? `model ${caption.modelId}` : caption.source
  const cut = caption.isCut ? ', only the beginning' : ''
  return `${formatWords(caption.text, caption)} (${by}, ${new Date(caption.createdMs).toISOString().slice(0, 10)}${cut})`
}

function formatCut({ kind, name, cut }: PhotoDetails['words']['sources'][number]): string | null {
  return cut.length === 0 ? null : `${name || kind} says more than is kept (${cut.join(', ')}).`
}

function formatOffset(minutes: number | null): string {
  if (minutes === null) return ''
  const absolute = Math.abs(minutes)
  const hours = String(Math.floor(absolute / 60)).padStart(2, '0')
  return ` ${minutes < 0 ? '-' : '+'}${hours}:${String(absolute % 60).padStart(2, '0')}`
}
