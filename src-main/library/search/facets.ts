import {
  type CaptionSource,
  captionSources,
  type FacetKind,
  type FolderState,
  type SearchFacets,
} from '../../contract/records.ts'
import type { Database } from '../store/database.ts'
import { type Bits, countBits, countShared } from './bits.ts'
import { type Field, flag, type NamedKind, ratingsGiven, wholeName } from './match.ts'
import { frequentNames } from './names.ts'
import type { PostingsReader } from './postings.ts'
import { everyRow } from './rows.ts'

type Name = SearchFacets['people'][number]

/** Of names, the most frequent ones. */
const facetsShown = 50
/** All names of a kind are counted where there are no more; else those that most photos have, and those of the newest hits. */
const namesCounted = 100
const hitsLookedThrough = 500
const answersKept = 32

const directorySql = `SELECT 1 FROM photos WHERE folder_id = ? AND directory > '' LIMIT 1`
const foldersSql = 'SELECT id, state FROM folders'
/** Where a photo's names of a kind stand; there are few devices, and of places those that most photos have will do. */
const columnOf: Readonly<Record<NamedKind | Field, 'people' | 'keywords' | null>> = {
  people: 'people',
  keyword: 'keywords',
  place: null,
  folder: null,
  camera: null,
  lens: null,
}

export interface FacetsOptions {
  postings: PostingsReader
  /** Changes with everything that an answer depends on. */
  version(query: string): string
  find(query: string): { bits: Bits; isExact: boolean }
}

export function createFacets(
  database: Database,
  { postings, version, find }: FacetsOptions,
): (query: string) => SearchFacets {
  const { prepare } = database
  /** By query, the one asked for longest ago first. */
  const answers = new Map<string, { version: string; facets: SearchFacets }>()

  function count(text: string): SearchFacets {
    const { bits, isExact } = find(text)
    const photos = countBits(bits)
    const countOf = (token: string) => countShared(bits, postings.bitsOf(token))
    const folders = prepare<{ id: number; state: FolderState }>(foldersSql)
      .all()
      .map(({ id, state }) => ({ folderId: id, state, photos: countOf(flag.folder(id)) }))
    const bySource = captionSources.map((source) => [source, countOf(flag.by(source))] as const)
    const kinds: Record<FacetKind, number> = {
      ...(Object.fromEntries(bySource) as Record<CaptionSource, number>),
      none: photos - sum(bySource.map(([, each]) => each)),
      unsure: countOf(flag.unsure),
      failed: countOf(flag.failed),
      missing: countOf(flag.missing),
      offline: sum(folders.map((each) => (each.state === 'offline' ? each.photos : 0))),
    }
    const rated = ratingsGiven.map((rating) => ({ rating, photos: countOf(flag.rating(rating)) }))
    const unrated = { rating: 0, photos: photos - sum(rated.map((each) => each.photos)) }
    const named = (kind: NamedKind | Field) => mostFrequent(kind, bits)
    return {
      photos,
      isExact,
      ratings: [...rated, unrated].sort((a, b) => a.rating - b.rating),
      favorites: countOf(flag.favorite),
      people: named('people'),
      keywords: named('keyword'),
      cameras: named('camera'),
      lenses: named('lens'),
      places: named('place'),
      folders: folders
        .filter((each) => each.photos > 0)
        .map(({ folderId, photos }) => ({ folderId, photos, hasSubfolders: hasDirectory(folderId) })),
      kinds,
    }
  }

  function hasDirectory(folderId: number): boolean {
    return prepare(directorySql).get(folderId) !== undefined
  }

  function mostFrequent(kind: NamedKind | Field, bits: Bits): Name[] {
    const names = frequentNames(database, kind, namesCounted)
    if (names.length === namesCounted) names.push(...namesOfNewest(kind, bits))
    const mark = wholeName(kind, '')
    const counts = postings.countEach(
      names.map((name) => mark + name),
      bits,
    )
    return [...counts]
      .map(([token, photos]) => ({ name: token.slice(mark.length), photos }))
      .filter((each) => each.photos > 0)
      .sort((a, b) => b.photos - a.photos || (a.name < b.name ? -1 : 1))
      .slice(0, facetsShown)
  }

  function namesOfNewest(kind: NamedKind | Field, bits: Bits): string[] {
    const column = columnOf[kind]
    if (column === null) return []
    const rows = postings.firstRows(bits, everyRow, hitsLookedThrough)
    return prepare<{ name: string }>(
      `SELECT names.value AS name FROM json_each(?) AS wanted
         JOIN photos ON photos.search_id = wanted.value
         JOIN search_filters ON search_filters.photo_id = photos.id, json_each(${column}) AS names
       GROUP BY 1 ORDER BY count(*) DESC LIMIT ?`,
    )
      .all(JSON.stringify(rows), facetsShown)
      .map(({ name }) => name)
  }

  return (query) => {
    const now = version(query)
    let known = answers.get(query)
    if (known?.version !== now) known = { version: now, facets: count(query) }
    answers.delete(query)
    answers.set(query, known)
    if (answers.size > answersKept) answers.delete(answers.keys().next().value!)
    return known.facets
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)
