import type { Command } from 'commander'
import { placeNames } from '../../contract/derived-place.ts'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { lookPlace } from '../../contract/look-place.ts'
import {
  type Caption,
  captionSources,
  type DerivedPlace,
  type PhotoDetails,
  type TextAttention,
} from '../../contract/records.ts'
import { formatWords } from '../caption-words.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { formatMark } from '../mark-words.ts'
import { printable } from '../output.ts'
import { photoIdOf } from '../photo-reference.ts'

export function addPhotoCommands(program: Command): void {
  program
    .command('show <photo>')
    .description('all that is known of a photo, by its id or path')
    .option('--attention', 'and where in the picture the model looks at each word of the caption')
    .action(async (photo: string, options: { attention?: boolean }, command: Command) => {
      const [details, attention] = await inLibrary(command, async (library) => {
        const id = await photoIdOf(library, photo)
        return [
          await library.photo({ photo: id }),
          options.attention ? await library.attention({ photo: id }) : null,
        ] as const
      })
      const answer = attention ? { ...details, attention: withPlainWeights(attention) } : details
      const text = [formatDetails(details), ...(attention ? formatAttention(attention) : [])].join('\n')
      outputOf(command).answer(answer, text)
    })

  program
    .command('captions <photo>')
    .description(
      'all captions that a photo ever had, the newest first: whose, of which model, in which language',
    )
    .option('--by <source>', 'those of the person, imported ones, or the model’s')
    .action(async (photo: string, { by }: { by?: string }, command: Command) => {
      const source = captionSources.find((each) => each === by)
      if (by !== undefined && source === undefined) {
        throw new LensloreError(
          'INVALID_ARGUMENT',
          `Captions are by ${captionSources.join(', ')}; not by ${by}.`,
        )
      }
      const { history } = await inLibrary(command, async (library) =>
        library.photo({ photo: await photoIdOf(library, photo) }),
      )
      const captions = history.filter((caption) => source === undefined || caption.source === source)
      const lines = captions.map(
        (caption) => `${caption.isCurrent ? '*' : ' '} ${printable(formatCaption(caption))}`,
      )
      outputOf(command).answer(captions, lines.join('\n') || 'There is none.')
    })

  program
    .command('readings <photo>')
    .description('what else the model might have said of a photo, the likeliest first; nothing is kept')
    .action(async (photo: string, _options, command: Command) => {
      const readings = await inLibrary(command, async (library) =>
        library.readings({ photo: await photoIdOf(library, photo) }),
      )
      const lines = readings.map(({ text, score }) => `${score.toFixed(3)}\t${printable(text)}`)
      outputOf(command).answer(readings, lines.join('\n'))
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

function formatPlace(place: DerivedPlace): string {
  return `${place.town === null ? 'in' : 'near'} ${placeNames(place).join(', ')}`
}

function formatDetails(photo: PhotoDetails): string {
  const rows: [string, string | number | false | null | undefined][] = [
    ['Photo', photo.id],
    ['File', printable(displayFileName(photo.path))],
    ...photo.companions.map(({ path, kind }): [string, string] => [
      'With',
      `${printable(displayFileName(path))} (${kind === 'raw' ? 'raw file' : 'video'})`,
    ]),
    ['Caption', photo.caption && formatCaption(photo.caption)],
    ['', photo.pictureChanged ? 'The picture changed since this caption was written.' : null],
    ['Error', photo.error?.message],
    ['Cut off', photo.isCutOff && 'the file ends before its picture does; the caption is of what there is'],
    ['Excluded', photo.isExcluded && 'its place is left alone (see "lenslore exclude")'],
    [
      'Missing',
      !photo.isExcluded && photo.missingSinceMs && `since ${new Date(photo.missingSinceMs).toISOString()}`,
    ],
    [
      'Size',
      photo.widthPx &&
        `${photo.widthPx} × ${photo.heightPx} px, ${photo.sizeBytes.toLocaleString('en')} bytes`,
    ],
    ['Taken', photo.takenAt && `${photo.takenAt.replace('T', ' ')}${formatOffset(photo.takenOffsetMinutes)}`],
    ['Camera', photo.camera],
    ['Lens', photo.lens],
    ['Place', photo.latitude !== null && `${photo.latitude.toFixed(6)}, ${photo.longitude?.toFixed(6)}`],
    ['', photo.place && `${formatPlace(photo.place)} (derived from it by GeoNames, not stated)`],
    ['Title', photo.words.title],
    ['Keywords', photo.words.keywords.join(', ') || null],
    ['People', photo.words.people.map(({ name }) => name).join(', ') || null],
    ['Places', photo.words.places.join(', ') || null],
    ['By', photo.words.creators.join(', ') || null],
    ['Copyright', photo.words.copyright],
    ['Rating', photo.words.rating],
    ['Favourite', photo.words.isFavorite && 'yes'],
    [
      'By you',
      photo.marks
        .filter(({ isCurrent }) => isCurrent)
        .map(formatMark)
        .reverse()
        .join(', ') || null,
    ],
    ['From', photo.words.sources.map(({ kind, name }) => name || kind).join(', ') || null],
    ...photo.words.sources.map(({ problem }): [string, string | null] => ['', problem]),
    ...photo.words.sources.map((source): [string, string | null] => ['', formatCut(source)]),
    ['Same as', photo.duplicates.join(', ') || null],
    [
      'Copies',
      photo.stack &&
        `${photo.stack.photos} photos, for which ${photo.stack.best === photo.id ? 'this one' : photo.stack.best} stands`,
    ],
    ['SHA-256', photo.contentHash],
    ...photo.history
      .filter((caption) => !caption.isCurrent)
      .map((caption): [string, string] => ['History', formatCaption(caption)]),
    ...photo.marks
      .filter(({ isCurrent }) => !isCurrent)
      .map((mark): [string, string] => [
        'History',
        `${formatMark(mark)} (person, ${formatDay(mark.markedMs)})`,
      ]),
  ]
  return rows
    .filter(([, value]) => value !== null && value !== undefined && value !== false)
    .map(([name, value]) => `${name.padEnd(10)}${printable(String(value))}`)
    .join('\n')
}

function withPlainWeights({ words, ...attention }: TextAttention) {
  return { ...attention, words: words.map((word) => ({ ...word, weights: [...word.weights] })) }
}

function formatAttention(attention: TextAttention): string[] {
  return attention.words.map(({ start, end, weights }) => {
    const word = printable(attention.text.slice(start, end))
    return `Looked at ${lookPlace(attention, weights).padEnd(14)}${word}`
  })
}

function formatCaption(caption: Caption): string {
  const { source, modelId, precision } = caption
  const by = source === 'model' ? `model ${modelId}${precision ? ` in ${precision}` : ''}` : source
  const language = caption.language === null ? '' : `, ${caption.language}`
  const cut = caption.isCut ? ', only the beginning' : ''
  return `${formatWords(caption.text, caption)} (${by}${language}, ${formatDay(caption.createdMs)}${cut})`
}

function formatDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
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
