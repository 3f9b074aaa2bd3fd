import picomatch from 'picomatch'

/**
 * What the library never looks into: hidden files and directories (also those that file managers, phones and
 * servers hide), other programs' libraries, trash, and caches of thumbnails.
 */
const directoryNames = new Set([
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  '@eadir',
  '@recycle',
  '@recently-snapshot',
  '@sharebin',
  'lost+found',
  'recycler',
  'system volume information',
])
/** Packages that look like a file to their owner: what is inside belongs to another program. */
const packageEndings = [
  '.photoslibrary',
  '.photolibrary',
  '.aplibrary',
  '.migratedphotolibrary',
  '.lrdata',
  '.lrcat-data',
  '.cocatalog',
  '.app',
]

/** Decides by the path below the folder (`/` between names) and the last name alone. */
export interface LeftAlone {
  directory(path: string, name: string): boolean
  file(path: string, name: string): boolean
}

/**
 * @param excludes globs of the person's own, matched against the path below the folder, without regard to
 * case; one without a slash matches a name at any depth, and what matches a directory excludes all below it. One
 * that begins with a slash matches from the folder on.
 */
export function createLeftAlone(excludes: readonly string[] = []): LeftAlone {
  const matchers = excludes.map((glob) => {
    const pattern = glob.replace(/\/+$/, '')
    const options = { nocase: true, dot: true, basename: !pattern.includes('/') }
    return picomatch(pattern.replace(/^\/+/, ''), options)
  })
  const isExcluded = (path: string) => matchers.some((matches) => matches(path))

  return {
    directory(path, name) {
      if (name.startsWith('.')) return true
      const lower = name.toLowerCase()
      if (directoryNames.has(lower) || packageEndings.some((ending) => lower.endsWith(ending))) return true
      return matchers.length > 0 && isExcluded(path)
    },
    file: (path, name) => name.startsWith('.') || (matchers.length > 0 && isExcluded(path)),
  }
}

/** What a library of ours keeps pictures in, beside its database. */
const libraryFile = 'library.sqlite'
const libraryDirectories: ReadonlySet<string> = new Set(['thumbnails', 'previews'])

/**
 * The directories among those of one directory that a library of ours keeps pictures in: taken for photos, each would come to
 * have a thumbnail, which would be a photo.
 * @param entries names of all files and directories there
 */
export function ofLibrary(entries: readonly { name: string }[]): ReadonlySet<string> {
  return entries.some(({ name }) => name === libraryFile) ? libraryDirectories : nothing
}

/** Whether a directory of a name is one of these. @param isBeside whether there is a file of a name beside it */
export function isOfLibrary(name: string, isBeside: (name: string) => boolean): boolean {
  return libraryDirectories.has(name) && isBeside(libraryFile)
}

const nothing: ReadonlySet<string> = new Set()
