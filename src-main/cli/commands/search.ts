import { styleText } from 'node:util'
import type { Command } from 'commander'
import { LensloreError } from '../../contract/errors.ts'
import { displayFileName } from '../../contract/file-name.ts'
import { mostPictureBytes } from '../../contract/picture-size.ts'
import type { AlikePage, LikedPicture, SearchFacets, SearchHit, SearchPage } from '../../contract/records.ts'
import { readWholeFile } from '../../files/regular-file.ts'
import { inLibrary, outputOf } from '../command-context.ts'
import { counted } from '../counted.ts'
import { wholeNumber } from '../number-options.ts'
import type { LibraryClient } from '../open-library.ts'
import { printable } from '../output.ts'
import { pathFrom } from '../path-argument.ts'
import { formatNotes, notesOf } from '../query-notes.ts'
import { toQuery } from '../query-words.ts'

const queryHelp = `
A query is words, in any order: each matches by its stem and as the beginning of a word.
  "red kite"          these words next to each other
  -dog                without this word
  cat OR dog          either
  folder:Alps name:IMG_2 camera:canon lens:50mm before:2021 after:2019-06 date:2020-12-31
  by:person has:caption has:date is:captioned is:missing is:failed is:cut is:duplicate
  is:pair has:raw has:video has:copies is:copy copies:123
  rating:4+ rating:rejected is:favourite people:"Nana Ruth" keyword:holiday
  place:lisbon place:"New York" place:pt
  -folder:Alps        not so, of each of them; in quotes, exactly so
  like:"cosy evening" like:123 like:12,15 -like:snow
                      what photos look like, the nearest first: words, or photos by their
                      ids; several are added up, and all else of the query are filters`

interface SearchOptions {
  limit: number
  cursor?: string
  alike?: true
  like: string[]
}

const mostAlike = 200

export function addSearchCommand(program: Command): void {
  program
    .command('search [query...]')
    .description('find photos by words of their captions, names, folders and cameras')
    .option('--limit <n>', 'photos a page, at most 1,000', wholeNumber(1, 1000), 20)
    .option('--cursor <cursor>', 'the next page, as an earlier search gave it')
    .option(
      '--like <file>',
      'photos that look like this picture, the nearest first; may be given again, with like: and -like: beside it',
      (path: string, before: string[]) => [...before, path],
      [],
    )
    .option('--alike', 'also photos that look like the words and do not say them')
    // So that -dog is a word of the query.
    .allowUnknownOption()
    .addHelpText('after', queryHelp)
    .action(async (words: string[], options: SearchOptions, command: Command) => {
      const { limit, cursor = null } = options
      const found = await inLibrary(command, async (library) => {
        const liked = await likePictures(library, options.like)
        const query = [...liked.map(({ term }) => term), toQuery(words)].join(' ').trim()
        return {
          ...(await library.search({ query, limit, cursor })),
          ...(liked.length > 0 && { like: liked }),
          ...(options.alike && { alike: await library.alike({ query, limit: Math.min(limit, mostAlike) }) }),
        }
      })
      const said = (found.like ?? []).map(
        ({ file, term }) => `${printable(displayFileName(file))} is ${term}`,
      )
      const lines = [...said, formatPage(found), ...(found.alike ? [formatAlike(found.alike)] : [])]
      outputOf(command).answer(found, lines.join('\n'))
    })
}

/** @throws LensloreError what is wrong with a file, or of `likePicture` */
async function likePictures(library: LibraryClient, paths: readonly string[]) {
  const liked: (LikedPicture & { file: string })[] = []
  for (const argument of paths) {
    const file = pathFrom(argument)
    const name = displayFileName(file)
    // Before it is read: it may be a film.
    const bytes = await readWholeFile(file, name, (sizeBytes) => checkSize(sizeBytes, name))
    const picture = await library.likePicture({ bytes }).catch((thrown: unknown) => {
      // The library knows no name of it.
      if (!(thrown instanceof LensloreError)) throw thrown
      throw new LensloreError(thrown.code, `${name}: ${thrown.message}`, { cause: thrown })
    })
    liked.push({ file, ...picture })
  }
  return liked
}

function checkSize(sizeBytes: number, name: string): void {
  if (sizeBytes <= mostPictureBytes) return
  const most = `${mostPictureBytes / 2 ** 20} MB`
  throw new LensloreError(
    'FILE_TOO_LARGE',
    `${name} is larger than ${most}: add its folder to the library, or give a smaller copy.`,
  )
}

export function addFacetsCommand(program: Command): void {
  program
    .command('facets [query...]')
    .description(
      'count ratings, favourites, people, keywords, cameras and places of the photos that a search finds',
    )
    .allowUnknownOption()
    .addHelpText('after', queryHelp)
    .action(async (words: string[], _options: object, command: Command) => {
      const query = toQuery(words)
      const { facets, notes } = await inLibrary(command, async (library) => ({
        facets: await library.facets({ query }),
        notes: formatNotes(await notesOf(library, query)),
      }))
      outputOf(command).answer(facets, [...notes, formatFacets(facets)].join('\n'))
    })
}

/** Each line ends with the filter that finds the photos it counts. */
function formatFacets({
  photos,
  isExact,
  ratings,
  favorites,
  people,
  keywords,
  cameras,
  lenses,
  places,
}: SearchFacets): string {
  const values = { '-1': 'rejected', '0': 'unrated' } as Record<string, string>
  const lines = [
    ...ratings.map((each) => ({
      photos: each.photos,
      filter: `rating:${values[each.rating] ?? each.rating}`,
    })),
    { photos: favorites, filter: 'is:favourite' },
    ...people.map((each) => ({ photos: each.photos, filter: `people:"${printable(each.name)}"` })),
    ...keywords.map((each) => ({ photos: each.photos, filter: `keyword:"${printable(each.name)}"` })),
    ...cameras.map((each) => ({ photos: each.photos, filter: `camera:"${printable(each.name)}"` })),
    ...lenses.map((each) => ({ photos: each.photos, filter: `lens:"${printable(each.name)}"` })),
    ...places.map((each) => ({ photos: each.photos, filter: `place:"${printable(each.name)}"` })),
  ]
  const all = isExact ? counted(photos, 'photo') : `The newest ${counted(photos, 'photo')}`
  return [
    ...lines
      .filter((each) => each.photos > 0)
      .map((each) => `${each.photos.toLocaleString('en').padStart(9)}  ${each.filter}`),
    all,
  ].join('\n')
}

function formatPage(page: SearchPage): string {
  const lines = page.photos.map(
    (hit) =>
      `${hit.id}\t${printable(displayFileName(hit.path))}${formatCosine(hit.cosine)}\n\t${highlight(hit)}${hit.isUnsure ? ' (unsure)' : ''}${
        hit.error ? `\n\t${printable(hit.error.message)}` : ''
      }`,
  )
  if (page.corrected) lines.unshift(`Showing photos for: ${printable(page.corrected)}`)
  lines.unshift(...formatNotes(page.notes))
  lines.push(counted(page.total, 'photo'))
  if (page.cursor) lines.push(`More with: --cursor ${page.cursor}`)
  return lines.join('\n')
}

/** How near to what it is to look like. */
function formatCosine(cosine: number | undefined): string {
  return cosine === undefined ? '' : `\t${cosine.toFixed(2)}`
}

function formatAlike({ text, photos }: AlikePage): string {
  if (text === '') return 'Without plain words there is nothing that photos could look like.'
  if (photos.length === 0) return `Nothing else looks like: ${printable(text)}`
  const lines = photos.map(
    ({ id, path, caption, likeness }) =>
      `${id}\t${printable(displayFileName(path))}${formatCosine(likeness)}\n\t${printable(caption ?? '')}`,
  )
  return [`Looks like: ${printable(text)}`, ...lines].join('\n')
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
