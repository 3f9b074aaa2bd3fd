import type { Subfolders } from '../../contract/records.ts'
import type { Database } from '../store/database.ts'
import type { Bits } from './bits.ts'
import { flag } from './match.ts'
import type { PostingsReader } from './postings.ts'

/** Directories that are looked at below one, each with two looks into an index: some 20 ms. */
const mostLookedAt = 1000
const mostTold = 300

export interface SubfoldersOptions {
  postings: PostingsReader
  find(query: string): Bits
}

/** The next directory of a folder that has photos right in it, as SQLite's index has them. */
const nextSql = `SELECT directory FROM photos WHERE folder_id = ? AND directory >= ? AND directory < ?
  ORDER BY directory LIMIT 1`
/** The sign that comes after '/': what begins with a directory's name and a '/' ends there. */
const afterSlash = '0'
const everyName = '\u{10ffff}'

export function createSubfolders(
  { prepare }: Database,
  { postings, find }: SubfoldersOptions,
): (query: string, folderId: number, directory: string) => Subfolders {
  function nextDirectory(folderId: number, from: string, before: string): string | undefined {
    return prepare<{ directory: string }>(nextSql).get(folderId, from, before)?.directory
  }

  /** From one to the next, whatever stands below each and however many photos are in it. */
  function namesBelow(folderId: number, directory: string): string[] {
    const above = directory === '' ? '' : `${directory}/`
    const before = directory === '' ? everyName : `${directory}${afterSlash}`
    const names = new Set<string>()
    let from = above
    for (let looks = 0; looks < mostLookedAt; looks++) {
      const next = nextDirectory(folderId, from, before)
      if (next === undefined) break
      const [name = ''] = next.slice(above.length).split('/')
      if (name !== '') names.add(name)
      // `a-b` stands between `a` and `a/b`, so that a name may come again.
      from = next === above + name ? `${next}\0` : `${above}${name}${afterSlash}`
    }
    return [...names]
  }

  return (query, folderId, directory) => {
    const below = directory === '' ? '' : `${directory}/`
    const names = namesBelow(folderId, directory)
    const tokens = names.map((name) => flag.directory(folderId, below + name))
    const counts = postings.countEach(tokens, find(query))
    const subfolders = names
      .map((name, at) => ({ name, photos: counts.get(tokens[at]!)! }))
      .filter(({ photos }) => photos > 0)
    return {
      subfolders: subfolders.slice(0, mostTold).map((subfolder) => {
        const path = below + subfolder.name
        const hasSubfolders = nextDirectory(folderId, `${path}/`, `${path}${afterSlash}`) !== undefined
        return { ...subfolder, hasSubfolders }
      }),
      isWhole: names.length < mostLookedAt && subfolders.length <= mostTold,
    }
  }
}
