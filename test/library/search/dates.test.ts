import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { SearchPage } from '../../../src-main/contract/records.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf } from '../store/sample-library.ts'

const taken: Readonly<Record<string, string | null>> = {
  second: '2018-06-01T12:00:00',
  day: '2018-06-01',
  month: '2018-06',
  year: '2018',
  newYear: '2018-01-01T00:00:00',
  wedding: '1955-06',
  childhood: '1955',
  undated: null,
  undated2018: null,
}

let directory: string
let store: Store
let search: Search
const names = new Map<number, string>()

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-dates-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
  const folderId = addFolder(store, '/pictures')
  for (const [name, takenAt] of Object.entries(taken)) {
    const id = addPhoto(store, folderId, `${name}.jpg`, contentOf(name), { takenAt })
    names.set(id, name)
    store.captions.setByPerson(id, 'an old red kite', 1)
  }
})

after(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

const foundBy = (query: string) => search.searcher.search(query).photos.map(({ id }) => names.get(id)!)
const are = (query: string, ...expected: string[]) =>
  assert.deepEqual(foundBy(query).sort(), expected.sort(), query)

test('a photo without a date is found by no time of its file, and is told from those that have one', () => {
  are('after:2000', 'second', 'day', 'month', 'year', 'newYear')
  are('before:2100', 'second', 'day', 'month', 'year', 'newYear', 'wedding', 'childhood')
  are('-has:date', 'undated', 'undated2018')
  are('has:date before:2000', 'wedding', 'childhood')
  are(`date:${new Date().getUTCFullYear()} OR kite`)
})

test('a year, a month or a day is found by every time that it may mean', () => {
  are('date:1955', 'wedding', 'childhood')
  are('date:1955-06', 'wedding', 'childhood')
  are('date:1955-07', 'childhood')
  are('date:1955-06-15', 'wedding', 'childhood')
  are('after:1955-06-20 before:1955-07', 'wedding', 'childhood')
  are('date:2018-06-01', 'second', 'day', 'month', 'year')
  are('date:2018-06-02', 'month', 'year')
  are('date:2018-01-01', 'newYear', 'year')
  are('before:1955-03', 'childhood')
  are('before:1955')
  are('after:1956 before:2000')
  are('after:1955-12 before:1955-02')
})

test('dates of a year stand at its beginning, and go with words in a row, pages and counts like any other', () => {
  const newest = ['day', 'second', 'month', 'year', 'newYear', 'wedding', 'childhood']
  const dated = foundBy('has:date')
  for (const [earlier, later] of [
    ['month', 'second'],
    ['newYear', 'month'],
    ['childhood', 'wedding'],
  ] as const) {
    assert.ok(dated.indexOf(later) < dated.indexOf(earlier), `${later} before ${earlier}`)
  }
  assert.deepEqual(dated.toSorted(), newest.toSorted())
  are('"red kite" date:1955-07', 'childhood')
  are('old kite date:2018-06-02', 'month', 'year')
  const { timeline, facets } = search.searcher
  assert.equal(timeline('kite date:2018-06-02').total, 2)
  assert.equal(timeline('"red kite" date:2018-06-02').total, 2)
  assert.equal(facets('kite date:2018-06-02').photos, 2)
  const paged: string[] = []
  let cursor: string | null = null
  do {
    const page: SearchPage = search.searcher.search('old kite date:2018-06-01', { limit: 1, cursor })
    assert.equal(page.total, 4)
    paged.push(...page.photos.map(({ id }) => names.get(id)!))
    cursor = page.cursor
  } while (cursor !== null)
  assert.deepEqual(paged.toSorted(), ['day', 'month', 'second', 'year'])
})

test('a year is a word of the photos taken in it', () => {
  are('2018', 'second', 'day', 'month', 'year', 'newYear', 'undated2018')
  are('kite 1955', 'wedding', 'childhood')
  are('kite -2018', 'wedding', 'childhood', 'undated')
})
