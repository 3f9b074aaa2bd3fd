import { existsSync, opendirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LensloreError } from '../contract/errors.ts'
import { isPictureName } from '../contract/picture-names.ts'
import { pathFrom } from './path-argument.ts'

export interface LibraryPlace {
  /** Absolute. */
  directory: string
  /** By `--library`; else it is the one of this account. */
  isNamed: boolean
}

export interface LibraryWish {
  /** What the command puts into a library is worth one that is not there yet. */
  mayMake?: boolean
  /** The person said that it is to be made wherever it is. */
  isAsked?: boolean | undefined
  /** That it is to hold. */
  folders?: readonly string[]
}

/**
 * Whether a command may open the library of a place, which makes it where there is none: a name that was mistyped is to make
 * nothing by a command that only reads, and nothing among photos.
 * @throws LensloreError `LIBRARY_NOT_FOUND`, `LIBRARY_AMONG_PHOTOS`
 */
export function checkLibraryPlace({ directory, isNamed }: LibraryPlace, wish: LibraryWish): void {
  if (!isNamed || isLibrary(directory)) return
  if (!wish.mayMake) {
    throw new LensloreError(
      'LIBRARY_NOT_FOUND',
      `There is no library in ${directory}; "lenslore add FOLDER --library ${directory}" makes one.`,
    )
  }
  if (wish.isAsked) return
  const folder = photoFolderOf(directory, wish.folders ?? [])
  if (folder !== undefined) {
    throw new LensloreError(
      'LIBRARY_AMONG_PHOTOS',
      `A library in ${directory} would stand among the photos of ${folder}; name another place with --library, or say --new-library to have it there.`,
    )
  }
}

/** For commands that may make a library. */
export const newLibraryOption = [
  '--new-library',
  'make the library that --library names even where it stands among photos',
] as const

/** Also one whose database is to be put back from a backup. */
function isLibrary(directory: string): boolean {
  return existsSync(join(directory, 'library.sqlite')) || existsSync(join(directory, 'backups'))
}

/** The folder of photos that a place is, or is in. */
function photoFolderOf(directory: string, folders: readonly string[]): string | undefined {
  const above = [directory, ...ancestors(directory)]
  const named = folders.map((folder) => pathFrom(folder)).find((folder) => above.includes(folder))
  if (named !== undefined) return named
  return holdsPictures(directory) ? directory : above.slice(1).find(isMostlyPictures)
}

function ancestors(path: string): string[] {
  const above = dirname(path)
  return above === path ? [] : [above, ...ancestors(above)]
}

/** So many names are looked at: it is a place that is all but empty, or it is soon told. */
const mostLookedAt = 2000

function holdsPictures(directory: string): boolean {
  const left = [directory]
  let looked = 0
  for (let next = left.shift(); next !== undefined && looked < mostLookedAt; next = left.shift()) {
    for (const { name, isDirectory } of entriesOf(next, mostLookedAt - looked)) {
      looked++
      if (isDirectory) left.push(join(next, name))
      else if (isPictureName(name)) return true
    }
  }
  return false
}

/** A stray picture makes no folder of photos of a home. */
function isMostlyPictures(directory: string): boolean {
  const files = entriesOf(directory, mostLookedAt).filter(({ isDirectory }) => !isDirectory)
  return files.filter(({ name }) => isPictureName(name)).length * 2 > files.length
}

/** Without hidden ones; none where it cannot be listed. */
function entriesOf(directory: string, atMost: number): { name: string; isDirectory: boolean }[] {
  const entries: { name: string; isDirectory: boolean }[] = []
  try {
    using opened = opendirSync(directory)
    for (let entry = opened.readSync(); entry && entries.length < atMost; entry = opened.readSync()) {
      if (!entry.name.startsWith('.')) entries.push({ name: entry.name, isDirectory: entry.isDirectory() })
    }
  } catch {
    // Then nothing is known of it.
  }
  return entries
}
