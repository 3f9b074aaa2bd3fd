import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { createMetadataStore } from '../../../src-main/library/metadata/metadata-store.ts'
import { emptyMetadata } from '../../../src-main/library/metadata/photo-metadata.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, removePhotos } from '../store/sample-library.ts'

// What goes on with what is typed is of the library itself, and leads to a search that finds what was promised.

let directory: string
let store: Store
let search: Search
let nextPhoto = 0

interface Sample {
  path?: string
  caption: string
  camera?: string
  lens?: string
  people?: string[]
  keywords?: string[]
}

function add({ path = 'summer', caption, camera, lens, people = [], keywords = [] }: Sample): number {
  const name = `p${nextPhoto++}`
  const folderId = store.folders.list()[0]?.id ?? addFolder(store, '/pictures')
  const id = addPhoto(store, folderId, `${path}/${name}.jpg`, contentOf(name), {
    camera: camera ?? null,
    lens: lens ?? null,
  })
  store.captions.setByPerson(id, caption, 1)
  createMetadataStore(store.database, store.captions).apply(
    id,
    {
      kind: 'embedded',
      name: '',
      metadata: {
        ...emptyMetadata(),
        keywords,
        people: people.map((each) => ({ name: each, region: null })),
      },
    },
    1,
  )
  return id
}

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lenslore-suggest-'))
  store = openStore(databaseFileIn(directory))
  search = createSearch(store.database)
  add({ caption: 'a red kite', people: ['Nana Ruth'], camera: 'Canon EOS R5', keywords: ['kitesurfing'] })
  add({ caption: 'a red kite above a beach', people: ['Nana Ruth', 'Ruth Miller'], camera: 'Canon EOS R5' })
  add({ caption: 'two kites', path: 'Kitzbühel 2019/day 1', lens: 'RF 50mm F1.2' })
  add({ caption: 'a kitten in a kitchen', keywords: ['say "cheese"', '花火大会', '???'] })
})

after(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

const suggest = (query: string, limit = 8) => search.searcher.suggest(query, limit)
const shown = (query: string, limit?: number) =>
  suggest(query, limit).map(({ kind, text, photos }) => `${kind} ${text} ${photos}`)

test('words, names, folders and devices that begin as typed, most photos first', () => {
  assert.deepEqual(shown('kit')[0], 'word kite 3')
  assert.deepEqual(shown('kit').slice(1).sort(), [
    'folder Kitzbühel 2019 1',
    'keyword kitesurfing 1',
    'word kitchen 1',
    'word kitten 1',
  ])
  assert.deepEqual(shown('rut')[0], 'person Nana Ruth 2')
  assert.deepEqual(shown('kit', 2), ['word kite 3', 'folder Kitzbühel 2019 1'])
})

test('by any word of a name, whatever its case and marks', () => {
  for (const typed of ['ruth', 'RUT', 'nana']) {
    assert.ok(shown(typed).includes('person Nana Ruth 2'), typed)
  }
  assert.ok(shown('kitzbuh').includes('folder Kitzbühel 2019 1'))
  assert.ok(shown('eos').includes('camera Canon EOS R5 2'))
  assert.ok(shown('50').includes('lens RF 50mm F1.2 1'))
  assert.ok(shown('花火').includes('keyword 花火大会 1'))
})

test('what is suggested is counted together with all else of the query', () => {
  assert.ok(shown('beach rut').includes('person Nana Ruth 1'))
  assert.deepEqual(shown('kitten rut'), [])
  assert.ok(shown('red -bea').includes('word beach 1'))
  const [first] = suggest('kitten OR bea')
  assert.deepEqual([first!.query, first!.photos], ['kitten OR beach', 2])
  const [second] = suggest('red kitten OR bea')
  assert.deepEqual([second!.query, second!.photos], ['red kitten OR beach', 1])
})

test('what cannot be searched takes nothing from what is typed after it', () => {
  for (const before of ['* ', '€ OR ', 'person:x ', '-person:"Nana Ruth" OR ', 'before:yesterday ', '"" ']) {
    const [first] = suggest(`${before}kit`)
    assert.deepEqual([first?.query, first?.photos], [`${before}kite`, 3], before)
    assert.equal(search.searcher.search(`${before}kite`).total, 3, before)
  }
  for (const before of ['beach * ', 'beach person:x OR ']) {
    const kite = suggest(`${before}kit`).find(({ text }) => text === 'kite')
    assert.equal(kite?.photos, 1, before)
    assert.equal(search.searcher.search(`${before}kite`).total, 1, before)
  }
  const [either] = suggest('beach * OR kit')
  assert.deepEqual([either?.query, either?.photos], ['beach * OR kite', 3])
  assert.equal(search.searcher.search('beach * OR kite').total, 3)
})

test('a filter that was begun is gone on with, and one without a value shows what there is', () => {
  assert.deepEqual(
    suggest('kite people:ru').map(({ query }) => query),
    ['kite people:"Nana Ruth"', 'kite people:"Ruth Miller"'],
  )
  assert.deepEqual(
    suggest('people:"nana r').map(({ query }) => query),
    ['people:"Nana Ruth"'],
  )
  assert.deepEqual(shown('camera:'), ['camera Canon EOS R5 2'])
  assert.deepEqual(shown('rating:'), [])
  assert.deepEqual(shown('people:"Nana Ruth"'), [])
})

test('every suggestion leads to a query that finds what was promised', () => {
  for (const typed of [
    'k',
    'ki',
    'r',
    'red k',
    'people:',
    'folder:',
    'keyword:',
    'lens:',
    'camera:c',
    '-k',
    's',
  ]) {
    for (const { kind, text, query, photos } of suggest(typed, 20)) {
      const found = search.searcher.search(query)
      assert.equal(found.corrected, null, query)
      assert.ok(photos > 0)
      // Words of a name stand in others, too; a word also begins others.
      assert.ok(typed.startsWith('-') || found.total >= photos, `${kind} ${text}: ${query}`)
    }
  }
})

test('a name with quotes is found by what it leads to; one that no word is in is left out', () => {
  const [cheese] = suggest('chee')
  assert.deepEqual([cheese!.text, cheese!.query], ['say "cheese"', 'keyword:"say  cheese"'])
  assert.equal(search.searcher.search(cheese!.query).total, 1)
  assert.ok(!shown('keyword:').some((each) => each.includes('???')))
})

test('where nothing begins so, the correction that a search would make', () => {
  assert.deepEqual(suggest('red ktie beahc'), [
    { kind: 'correction', text: 'red kite beach', query: 'red kite beach', photos: 1 },
  ])
  assert.deepEqual(suggest('xylophonist'), [])
  assert.deepEqual(suggest('kitten kitchn zzzzz'), [])
})

test('names are gone with the last photo that had them', async () => {
  const id = add({ caption: 'a zeppelin', people: ['Zoe Zimmer'] })
  assert.deepEqual(shown('zimm'), ['person Zoe Zimmer 1'])
  removePhotos(store, id)
  assert.deepEqual(shown('zimm'), [])
  await search.searchIndex.rebuild()
  assert.equal(
    store.database.prepare(`SELECT 1 FROM search_names WHERE name = 'Zoe Zimmer'`).get(),
    undefined,
  )
})

test('facets count whole names of devices, and all names however many there are', () => {
  const facets = search.searcher.facets('kite')
  assert.deepEqual(facets.cameras, [{ name: 'Canon EOS R5', photos: 2 }])
  assert.deepEqual(facets.lenses, [{ name: 'RF 50mm F1.2', photos: 1 }])
  const before = facets.people
  const many = Array.from({ length: 400 }, (_, n) => `many ${n}`)
  for (let n = 0; n < 40; n++) add({ caption: 'a crowd', keywords: many.slice(n * 10, n * 10 + 10) })
  const rare = add({ caption: 'an okapi', keywords: ['only once'] })
  assert.deepEqual(search.searcher.facets('okapi').keywords, [{ name: 'only once', photos: 1 }])
  assert.deepEqual(search.searcher.facets('kite').people, before)
  store.captions.setByPerson(rare, 'a kite', 2)
  assert.deepEqual(search.searcher.facets('okapi').keywords, [])
  assert.equal(search.searcher.facets('kite').keywords.length, 2)
})

test('a name of many words is one name, for what is shown and what is counted', () => {
  const names = Array.from({ length: 24 }, (_, n) => `RF 24 mm F1 L IS USM Mark ${n}`)
  for (const lens of names) add({ caption: 'a lighthouse', lens })
  assert.equal(suggest('lighthouse lens:', 8).length, 8)
  assert.deepEqual(
    search.searcher
      .facets('lighthouse')
      .lenses.map(({ name }) => name)
      .sort(),
    names.toSorted(),
  )
})

test('anything that is typed is gone on with, or not', () => {
  const text = fc.array(
    fc.oneof(
      fc.constantFrom(
        'kit',
        'people:',
        '-',
        '"',
        ' ',
        'OR',
        '“',
        ':',
        '花',
        '|',
        'rating:',
        'folder:"',
        '\ud800',
      ),
      fc.string({ maxLength: 3, unit: 'grapheme' }),
    ),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(text, (parts) => {
      for (const { query } of suggest(parts.join(''))) search.searcher.search(query)
    }),
    { numRuns: 300 },
  )
})

test('a word of what photos are to look like goes on as any other', () => {
  const [first] = suggest('beach like:kit')
  assert.deepEqual([first?.kind, first?.query], ['word', 'beach like:kite'])
  assert.ok(suggest('-like:kit').some(({ query }) => query === '-like:kite'))
})
