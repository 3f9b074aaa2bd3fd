import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createMetadataStore, type MetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import {
  emptyMetadata,
  type MetadataKind,
  type PhotoMetadata,
} from '../../../src-main/library/metadata/photo-metadata.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, markMissing } from '../store/sample-library.ts'

let directory: string
let store: Store
let search: Search
let metadata: MetadataStore
const ids: Record<string, number> = {}

interface Said {
  rating?: number
  isFavorite?: boolean
  people?: string[]
  keywords?: string[]
}

function say(photo: string, sources: Partial<Record<MetadataKind, Said>>): void {
  const all = Object.entries(sources).map(([kind, { people = [], ...said }]) => ({
    kind: kind as MetadataKind,
    name: kind === 'embedded' ? '' : `${photo}.${kind}`,
    metadata: {
      ...emptyMetadata(),
      ...said,
      people: people.map((name) => ({ name, region: null })),
    } satisfies PhotoMetadata,
  }))
  metadata.applyAll(ids[photo]!, all, [], 1)
}

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-filters-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
  metadata = createMetadataStore(store.database, store.captions)
  const folderId = addFolder(store, '/pictures')
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'lost']) {
    ids[name] = addPhoto(store, folderId, `${name}.jpg`, contentOf(name))
    store.captions.setByPerson(ids[name], `a red kite above ${name}`, 1)
  }
  say('a', { embedded: { rating: 5, people: ['Nana Ruth'], keywords: ['holiday', 'summerCamp'] } })
  say('b', { embedded: { rating: 4, people: ['Ruth Miller', 'Nana Smith'] }, takeout: { isFavorite: true } })
  // The sidecar comes before the picture: it says not rated.
  say('c', { embedded: { rating: 4, keywords: ['Holidays'] }, sidecar: { rating: 0, keywords: ['dog'] } })
  say('d', { embedded: { rating: -1, keywords: ['hot dog', 'holiday'], people: ['花子'] } })
  say('e', { embedded: { rating: 1, isFavorite: true, keywords: ['doghouse'] }, sidecar: { rating: 2 } })
  say('lost', { embedded: { rating: 5, keywords: ['holiday'] } })
  markMissing(store, ids.lost!)
})

after(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

function found(query: string): string {
  const names = Object.entries(ids)
  return search.searcher
    .search(query)
    .photos.map((hit) => names.find(([, id]) => id === hit.id)![0])
    .sort()
    .join('')
}

test('a filter finds what the sources together say, whatever way it is written, and its opposite the rest', () => {
  const expected: Record<string, string> = {
    'rating:5': 'a',
    'rating:4': 'b',
    'rating:4+': 'ab',
    'RATING:>=4': 'ab',
    'rating:>4': 'a',
    'rating:2-4': 'be',
    'rating:4-2': 'be',
    'rating:2..4': 'be',
    'rating:<=2': 'cef',
    'rating:<1': 'cf',
    'rating:0': 'cf',
    'rating:unrated': 'cf',
    'rating:rejected': 'd',
    'rating:-1': 'd',
    '-rating:5': 'bcdef',
    '-rating:4+': 'cdef',
    '-rating:0': 'abde',
    'rating:': 'abcdef',
    'is:favourite': 'be',
    'is:favorite': 'be',
    '-is:Favourite': 'acdf',
    'people:ruth': 'ab',
    'people:nan': 'ab',
    'people:"Nana Ruth"': 'a',
    'people:"nana ru"': '',
    'people:"ruth nana"': '',
    'people:花子': 'd',
    'people:花': 'd',
    '-people:ruth': 'cdef',
    '-people:"Nana Ruth"': 'bcdef',
    'keyword:holiday': 'acd',
    'keyword:dog': 'cde',
    'keyword:"dog"': 'cd',
    'keyword:"hot dog"': 'd',
    'keyword:camp': 'a',
    '-keyword:dog': 'abef',
    'keyword:holiday OR is:favorite': 'abcde',
    'keyword:kite': '',
    'rating:5 is:missing': 'lost',
    // Words in a row are FTS5's, and so is what stands beside them.
    '"red kite" rating:4+': 'ab',
    '"red kite" rating:0': 'cf',
    '"red kite" people:"Nana Ruth"': 'a',
    '"red kite" -keyword:holiday is:favourite': 'be',
    '"kite above" keyword:camp': 'a',
  }
  for (const [query, names] of Object.entries(expected)) assert.equal(found(query), names, query)
})

test('a filter that has no such value is said while the rest is searched, and no text is an error', () => {
  for (const query of [
    'rating:6',
    'rating:many',
    'rating:5-',
    'rating:>5',
    'is:favored',
    'before:yesterday',
  ]) {
    assert.equal(found(`${query} kite keyword:dog`), 'cde', query)
    assert.equal(found(query), '', query)
    const name = query.slice(0, query.indexOf(':'))
    for (const text of [query, `kite ${query}`]) {
      assert.deepEqual(search.searcher.search(text).notes, [{ kind: 'value', text: query, name }])
    }
  }
  for (const query of [
    'people:"',
    'keyword:=',
    'rating:"4"',
    '-keyword:',
    'people:"=" OR',
    'keyword:"a=b"',
  ]) {
    assert.doesNotThrow(() => search.searcher.search(query), query)
    assert.doesNotThrow(() => search.searcher.facets(query), query)
  }
  assert.equal(found('rating:"4"'), 'b')
})

test('facets count what a search finds, by rating, favourites, people and keywords', () => {
  const all = search.searcher.facets('')
  assert.equal(all.photos, 6)
  assert.deepEqual(
    all.ratings.map(({ rating, photos }) => [rating, photos]),
    [
      [-1, 1],
      [0, 2],
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 1],
      [5, 1],
    ],
  )
  assert.equal(all.favorites, 2)
  assert.deepEqual(all.keywords.slice(0, 2), [
    { name: 'holiday', photos: 2 },
    { name: 'Holidays', photos: 1 },
  ])
  assert.deepEqual(
    all.people.map(({ name }) => name),
    ['Nana Ruth', 'Nana Smith', 'Ruth Miller', '花子'],
  )
  const rated = search.searcher.facets('kite rating:4+')
  assert.deepEqual(
    [rated.photos, rated.favorites, rated.keywords.map(({ name }) => name)],
    [2, 1, ['holiday', 'summerCamp']],
  )
  const inARow = search.searcher.facets('"red kite" rating:4+')
  assert.deepEqual(inARow, rated)
  assert.deepEqual(search.searcher.facets('zeppelin xylophone').keywords, [])
})

test('what a sidecar says anew is found at once, and what it said before is not', () => {
  say('f', { sidecar: { rating: 3, keywords: ['boat'], people: ['Ada'], isFavorite: true } })
  assert.equal(found('rating:3'), 'f')
  assert.equal(found('people:ada keyword:boat is:favourite'), 'f')
  say('f', { sidecar: { rating: 2 } })
  assert.equal(found('rating:3'), '')
  assert.equal(found('people:ada'), '')
  assert.equal(found('is:favourite'), 'be')
  assert.equal(
    search.searcher.facets('').keywords.find(({ name }) => name === 'boat'),
    undefined,
  )
  say('f', {})
  assert.equal(found('rating:0'), 'cf')
})

test('of keywords, the 50 that most photos have are told', () => {
  const many = Array.from({ length: 60 }, (_, n) => `k${String(n).padStart(2, '0')}`)
  say('a', { embedded: { keywords: many } })
  say('b', { embedded: { keywords: many.slice(55) } })
  const { keywords } = search.searcher.facets('')
  assert.equal(keywords.length, 50)
  assert.deepEqual(
    keywords.slice(0, 5),
    many.slice(55).map((name) => ({ name, photos: 2 })),
  )
})
