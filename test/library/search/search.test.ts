import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { noDoubt } from '../../../src-main/contract/records.ts'
import { createSearch, type Search } from '../../../src-main/library/search/search.ts'
import { changedSql, movedSql, staleSql } from '../../../src-main/library/search/search-index.ts'
import { extraSql, hitsSql, pageSql } from '../../../src-main/library/search/searcher.ts'
import { databaseFileIn, openStore, type Store } from '../../../src-main/library/store/store.ts'
import { addFolder, addPhoto, contentOf, markMissing, removePhotos } from '../store/sample-library.ts'

const samples: {
  path: string
  caption?: string
  by?: 'person' | 'imported' | 'model'
  takenAt?: string
  camera?: string
  lens?: string
}[] = [
  {
    path: 'summer 2020/IMG_1234.jpg',
    caption: 'a brown dog running on the beach',
    takenAt: '2020-07-01T10:00:00',
    camera: 'Canon EOS R5',
    lens: 'RF 24-70mm F2.8',
  },
  {
    path: 'summer 2020/IMG_1235.jpg',
    caption: 'two dogs run through deep snow',
    takenAt: '2020-12-31T23:30:00',
    camera: 'Canon EOS R5',
  },
  {
    path: 'summer 2021/DSC0042.JPG',
    caption: 'a cat sleeps on a red car',
    takenAt: '2021-01-01T00:10:00',
    camera: 'NIKON Z 6',
  },
  {
    path: 'summer 2021/holidayPhoto7.png',
    caption: 'a car stands near a red house',
    takenAt: '2021-05-05T12:00:00',
  },
  {
    path: 'Zürich/see.jpg',
    caption: 'Der große See in Zürich',
    by: 'person',
    takenAt: '2019-03-03T12:00:00',
  },
  {
    path: 'scripts/白い犬.jpg',
    caption: '白い犬が公園で走っている',
    by: 'imported',
    takenAt: '2018-01-01T00:00:00',
  },
  { path: 'scripts/thai.jpg', caption: 'สุนัขสีน้ำตาลวิ่งบนชายหาด', takenAt: '2018-01-02T00:00:00' },
  { path: 'plain/dog.jpg', takenAt: '2017-01-01T00:00:00' },
  { path: 'plain/lost.jpg', caption: 'a dog that was lost', takenAt: '2016-01-01T00:00:00' },
]

describe('search', () => {
  let directory: string
  let store: Store
  let search: Search
  const ids = new Map<string, number>()

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'lenslore-search-'))
    store = openStore(databaseFileIn(directory))
    search = createSearch(store.database)
    const folderId = addFolder(store, '/home/anna/Pictures')
    for (const { path, caption, by = 'model', takenAt, camera, lens } of samples) {
      const id = addPhoto(store, folderId, path, contentOf(path), {
        takenAt: takenAt ?? null,
        camera: camera ?? null,
        lens: lens ?? null,
      })
      ids.set(path, id)
      if (caption === undefined) continue
      if (by === 'person') store.captions.setByPerson(id, caption, 1)
      else if (by === 'imported')
        store.captions.setImported(id, [{ text: caption, language: null, origin: 'test' }], 1)
      else
        store.captions.addFromModel(
          [
            {
              photoId: id,
              text: caption,
              score: 0,
              ...noDoubt,
              modelId: 'm',
              adapterId: null,
              precision: 'fp32',
              contentHash: contentOf(path),
            },
          ],
          1,
        )
    }
    markMissing(store, ids.get('plain/lost.jpg')!)
    store.photos.setError(ids.get(dogFile)!, { code: 'PICTURE_DAMAGED', message: 'It is damaged.' }, 5)
  })

  after(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })

  function found(query: string): string[] {
    return search.searcher.search(query).photos.map((hit) => hit.path.slice('/home/anna/Pictures/'.length))
  }

  const [beachDog, snowDogs, redCarCat, redHouse, zurich, japanese, thai, dogFile, lost] = samples.map(
    (sample) => sample.path,
  ) as [string, string, string, string, string, string, string, string, string]

  const expectations: [what: string, query: string, expected: string[]][] = [
    [
      'an empty query is everything, newest first',
      '',
      [redHouse, redCarCat, snowDogs, beachDog, zurich, thai, japanese, dogFile],
    ],
    ['words match by stem, caption before file name', 'dogs', [snowDogs, beachDog, dogFile]],
    ['a word being typed', 'runn', [snowDogs, beachDog]],
    ['its stem', 'run', [snowDogs, beachDog]],
    ['another form', 'running', [snowDogs, beachDog]],
    ['all words must match', 'dog beach', [beachDog]],
    ['fillers count only where there is nothing else', 'the dog at a beach', [beachDog]],
    ['a phrase', '"red car"', [redCarCat]],
    ['an unfinished phrase', '"red ca', []],
    ['words side by side come first', 'red car', [redCarCat, redHouse]],
    ['a word that must not be', 'car -cat', [redHouse]],
    ['only what must not be', '-dog -car', [zurich, thai, japanese]],
    ['either', 'cat OR snow', [redCarCat, snowDogs]],
    ['either binds tighter than both', 'dogs beach OR snow', [snowDogs, beachDog]],
    ['an OR at the end while typing', 'cat OR', [redCarCat]],
    ['a number in a file name', '1234', [beachDog]],
    ['a file name', 'img_1234.jpg', [beachDog]],
    ['a file name being typed', 'IMG_12', [snowDogs, beachDog]],
    ['a number beside letters', '42', []],
    ['parts of a joined name', 'dsc 0042', [redCarCat]],
    ['the joined name', 'dsc0042', [redCarCat]],
    ['camel case', 'holiday', [redHouse]],
    ['diacritics fold', 'zurich', [zurich]],
    ['and unfold', 'GROSSE SEE', [zurich]],
    ['words inside Japanese', '公園', [japanese]],
    ['one character', '犬', [japanese]],
    ['words inside Thai', 'วิ่ง', [thai]],
    ['folder:', 'folder:2020', [snowDogs, beachDog]],
    ['folder: in quotes', 'folder:"summer 2021"', [redHouse, redCarCat]],
    ['folder: with a whole path', 'folder:/home/anna/Pictures/plain', [dogFile]],
    ['not a folder', '-folder:summer dog', [dogFile]],
    ['camera:', 'camera:canon', [snowDogs, beachDog]],
    ['camera: in quotes, begun', 'camera:"eos r5"', [snowDogs, beachDog]],
    ['lens:', 'lens:24-70mm', [beachDog]],
    ['camera without a filter', 'nikon', [redCarCat]],
    ['before: is up to it, by the wall clock', 'before:2021 dog', [snowDogs, beachDog, dogFile]],
    ['after: is from it on', 'after:2021-01', [redHouse, redCarCat]],
    ['a day', 'date:2020-12-31', [snowDogs]],
    ['a negated date', '-before:2021', [redHouse, redCarCat]],
    ['by:', 'by:person', [zurich]],
    ['is:missing', 'is:missing', [lost]],
    ['is:failed', 'is:failed', [dogFile]],
    ['-has:caption', '-has:caption', [dogFile]],
    ['a filter still without its value', 'camera: cat', [redCarCat]],
    ['a filter that is none', 'is:nothing', []],
    ['nothing but signs', '-"*(" ^ : OR ()', []],
    ['signs beside words', '* car & ^', [redHouse, redCarCat]],
  ]
  for (const [what, query, expected] of expectations) {
    test(`${what}: ${query}`, () => {
      assert.deepEqual(found(query), expected)
      assert.equal(search.searcher.search(query).total, expected.length)
    })
  }

  test('a mistyped word is replaced by the nearest known one, and the page says so', () => {
    for (const [typed, meant, expected] of [
      ['baech', 'beach', [beachDog]],
      ['sleeeps', 'sleeps', [redCarCat]],
      ['dog beahc', 'dog beach', [beachDog]],
      ['cta OR snow', 'cat OR snow', [redCarCat, snowDogs]],
    ] as const) {
      const page = search.searcher.search(typed)
      assert.equal(page.corrected, meant)
      assert.deepEqual(found(typed), expected)
    }
    assert.equal(search.searcher.search('dog').corrected, null)
    assert.equal(search.searcher.search('xylophone').corrected, null)
  })

  test('marks lie on what matched, in the caption or else in the name', () => {
    const marked = (query: string) =>
      search.searcher
        .search(query)
        .photos.map((hit) => hit.marks.map(([start, end]) => hit.snippet.slice(start, end)))
    assert.deepEqual(marked('run beach'), [['running', 'beach']])
    assert.deepEqual(marked('"red car"'), [['red car']])
    assert.deepEqual(marked('公園'), [['公園']])
    assert.deepEqual(marked('犬'), [['犬']])
    assert.deepEqual(marked('1234'), [['1234']])
    assert.deepEqual(marked('zurich see'), [['See', 'Zürich']])
  })

  test('a snippet of a long caption shows the match', () => {
    const id = addPhoto(store, 1, 'long.jpg', contentOf('long'), { takenAt: '1999-01-01T00:00:00' })
    store.captions.setByPerson(id, `${'word '.repeat(200)}zeppelin ${'word '.repeat(200)}`, 1)
    const [hit] = search.searcher.search('zeppelin').photos
    assert.ok(hit && hit.snippet.length < 170)
    assert.deepEqual(
      hit.marks.map(([start, end]) => hit.snippet.slice(start, end)),
      ['zeppelin'],
    )
    removePhotos(store, id)
    assert.deepEqual(found('zeppelin'), [])
  })

  test('pages follow each other without a gap or a repetition, whatever the size', () => {
    for (const query of ['', 'dog', 'red car', 'cat OR dog OR see', 'dsg']) {
      const whole = found(query)
      for (const limit of [1, 2, 3]) {
        const paged: string[] = []
        let cursor: string | null = null
        do {
          const page = search.searcher.search(query, { limit, cursor })
          assert.ok(page.photos.length <= limit)
          paged.push(...page.photos.map((hit) => hit.path.slice('/home/anna/Pictures/'.length)))
          cursor = page.cursor
        } while (cursor !== null)
        assert.deepEqual(paged, whole)
      }
    }
  })

  test('a foreign cursor is refused', () => {
    assert.throws(() => search.searcher.search('dog', { cursor: '1 OR 1' }), { code: 'INVALID_ARGUMENT' })
  })

  test('any text at all is a query, and what is found is among everything', () => {
    const everything = new Set([...found(''), ...found('is:missing')])
    const operators = fc.constantFrom(
      '"',
      '-',
      'OR',
      '|',
      'NOT',
      'AND',
      'NEAR(',
      ')',
      '*',
      '^',
      ':',
      '{',
      '}',
      '+',
      '=',
      'by=person',
      'is=photo',
      'folder:',
      'camera:"',
      'before:',
      'before:2020-13-45',
      'after:0000',
      'date:9999-12-31',
      'by:',
      'is:',
      'has:',
      '\0',
      '\ud800',
      '\udc00',
      "'",
      '\\',
      '%',
      'dog',
      'd',
      '犬',
      '公園で',
      'วิ่',
      'IMG_',
      '1',
      '123',
      '\u0301',
      'ﬁ',
      '½',
      '㈠',
      'ͺ',
      'İ',
      '\n',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc
        .array(fc.tuple(operators, fc.constantFrom('', ' ')), { maxLength: 40 })
        .map((parts) => parts.flat().join('')),
      fc.array(fc.nat(0xffff), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
    )
    fc.assert(
      fc.property(text, (query) => {
        const page = search.searcher.search(query)
        assert.equal(page.total, page.photos.length)
        for (const hit of page.photos) {
          assert.ok(everything.has(hit.path.slice('/home/anna/Pictures/'.length)))
          let end = 0
          for (const mark of hit.marks) {
            assert.ok(mark[0] >= end && mark[1] > mark[0] && mark[1] <= hit.snippet.length)
            end = mark[1]
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('ten thousand characters of anything are a query', () => {
    for (const part of [
      'a ',
      '"',
      '-',
      'OR ',
      'ab',
      '犬公',
      'dog OR ',
      '-dog ',
      'folder:x ',
      'people:x ',
      '-keyword:"x y" ',
      'rating:3+ ',
      'IMG_1 ',
      '("',
    ]) {
      const query = part.repeat(Math.ceil(10_000 / part.length)).slice(0, 10_000)
      assert.doesNotThrow(() => search.searcher.search(query))
    }
  })

  test('a filter takes part in the match: the plan is one scan of the index within the rows of the dates', () => {
    const plan = (sql: string, ...values: (string | number)[]) =>
      store.database
        .prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...values)
        .map((row) => row.detail)
    // M: the match, > and <: bounds on the row number; no sorting step after it.
    const [scan, ...more] = plan(pageSql, 'dog', 0, 1, 50)
    assert.match(scan ?? '', /^SCAN search_index VIRTUAL TABLE INDEX \d+:M6><$/)
    assert.deepEqual(more, [])
    const details = plan(hitsSql, '[]')
    assert.ok(details.some((detail) => /SEARCH photos USING INDEX photos_by_search_id/.test(detail)))
    for (const each of [details, plan(extraSql, 1), plan(staleSql, 1), plan(movedSql, '[]')]) {
      const ofAll = each.filter((detail) => /SCAN (photos|captions|folders|metadata)|AUTOMATIC/.test(detail))
      assert.deepEqual(ofAll, [], 'nothing is looked for in all rows of a table')
    }
    // With every commit, however many others are stale.
    const changed = plan(changedSql, 1)
    assert.ok(changed.includes('SCAN changed'), changed.join('\n'))
    assert.ok(changed.some((detail) => /^SEARCH search_stale/.test(detail)))
  })
})
