import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSearch } from '../../../src-main/library/search/search.ts'
import {
  addFolder,
  addPhoto,
  contentOf,
  markMissing,
  openStoreFor,
  removePhotos,
} from '../store/sample-library.ts'

type Samples = Record<string, string | null>

/** A library of files with a person's captions. @returns what finds them by name, in the order of rank. */
function openWith(t: Parameters<typeof openStoreFor>[0], samples: Samples) {
  const store = openStoreFor(t)
  const { searcher, searchIndex } = createSearch(store.database)
  const folderId = addFolder(store, '/pictures')
  const add = (path: string, caption: string | null = null, takenAt: string | null = null) => {
    const id = addPhoto(store, folderId, path, contentOf(path), { takenAt })
    if (caption !== null) store.captions.setByPerson(id, caption, 1)
    return id
  }
  for (const [path, caption] of Object.entries(samples)) add(path, caption)
  const found = (query: string) =>
    searcher.search(query, { limit: 100 }).photos.map((hit) => hit.path.slice('/pictures/'.length))
  const sorted = (query: string) => found(query).sort()
  return { store, searcher, searchIndex, add, found, sorted }
}

test('emoji are words: a tone, a joiner and a variation of one are the same, and two letters are one flag', (t) => {
  const { sorted } = openWith(t, {
    'cake.jpg': 'Ida’s birthday 🎂',
    'wave.jpg': '👋🏽 from the sea',
    'crew.jpg': '👩‍🚀 on the moon',
    'norway.jpg': 'home 🇳🇴',
    'love.jpg': 'we ❤️ it',
    '🎂.png': null,
    'plain.jpg': 'a Nikon™ camera',
  })
  assert.deepEqual(sorted('🎂'), ['cake.jpg', '🎂.png'])
  assert.deepEqual(sorted('🎂 birthday'), ['cake.jpg'])
  assert.deepEqual(sorted('-🎂 home'), ['norway.jpg'])
  assert.deepEqual(sorted('👋'), ['wave.jpg'])
  assert.deepEqual(sorted('👩‍🚀'), ['crew.jpg'])
  assert.deepEqual(sorted('🚀'), ['crew.jpg'])
  assert.deepEqual(sorted('🇳🇴'), ['norway.jpg'])
  assert.deepEqual(sorted('🇸🇪'), [])
  assert.deepEqual(sorted('❤'), ['love.jpg'])
  assert.deepEqual(sorted('"nikon camera"'), ['plain.jpg'])
})

test('what has nothing to be searched finds nothing and says so', (t) => {
  const { searcher, sorted } = openWith(t, { 'a.jpg': 'a dog', 'b.jpg': 'Portland OR', 'c.jpg': null })
  for (const query of ['*', '***', '"*"', '-*', '|', 'OR', 'OR *', '€ %', '-', '"" !']) {
    const page = searcher.search(query)
    assert.equal(page.total, 0, query)
    assert.deepEqual(
      page.notes.map(({ kind }) => kind),
      ['signs'],
      query,
    )
    assert.equal(searcher.timeline(query).total, 0, query)
    assert.equal(searcher.facets(query).photos, 0, query)
  }
  assert.deepEqual(sorted('or'), ['b.jpg'])
  assert.deepEqual(sorted('dog OR'), ['a.jpg'])
  assert.deepEqual(sorted('dog *'), ['a.jpg'])
  assert.deepEqual(searcher.search('dog *').notes, [])
  for (const query of ['', '  ', 'camera:']) assert.equal(searcher.search(query).total, 3, query)
})

test('a filter that there is not is said, with the one that may be meant, and the rest is searched', (t) => {
  const { searcher, sorted } = openWith(t, {
    'a.jpg': 'a dog of Ruth',
    'b.jpg': 'a cat at 10:30',
    'c.jpg': 'http://x.org',
  })
  for (const [query, name, meant] of [
    ['person:ruth', 'person', 'people'],
    ['-person:"Nana Ruth"', 'person', 'people'],
    ['Tag:dog', 'tag', 'keyword'],
    ['foldr:x', 'foldr', 'folder'],
    ['keywrd:x', 'keywrd', 'keyword'],
    ['since:2019', 'since', 'after'],
    ['weather:rain', 'weather', null],
  ] as const) {
    assert.deepEqual(searcher.search(query).notes, [{ kind: 'filter', text: query, name, meant }])
    assert.deepEqual(sorted(query), [], query)
    assert.deepEqual(sorted(`dog ${query}`), ['a.jpg'], query)
    assert.deepEqual(sorted(`cat OR ${query} dog`), [], query)
  }
  assert.deepEqual(sorted('10:30'), ['b.jpg'])
  assert.deepEqual(sorted('http://x.org'), ['c.jpg'])
  assert.deepEqual(sorted('"of:ruth"'), ['a.jpg'])
  for (const query of ['10:30', 'http://x.org', '"of:ruth"', 'Ruth: dog']) {
    assert.deepEqual(searcher.search(query).notes, [], query)
  }
})

test('terms past the 32nd, and words of one past the 32nd, are left out and said', (t) => {
  const { searcher } = openWith(t, { 'a.jpg': 'a dog' })
  const words = (count: number) => Array.from({ length: count }, () => 'dog').join(' ')
  assert.deepEqual(searcher.search(words(32)).notes, [])
  const { total, notes } = searcher.search(`${words(32)} cat bird -dog`)
  assert.equal(total, 1)
  assert.deepEqual(notes, [{ kind: 'length', read: 32, leftOut: 3 }])
  assert.deepEqual(searcher.search(`"${words(40)}"`).notes, [{ kind: 'length', read: 32, leftOut: 8 }])
})

test('names, copies and captions have filters', (t) => {
  const { store, add, sorted } = openWith(t, {
    'Alps/IMG_2.jpg': 'Bergen in the rain',
    'Bergen/IMG_2.png': null,
    'Bergen/IMG_20.jpg': 'a boat',
    'Bergen/boat.jpg': null,
    '서울사진.jpg': null,
  })
  assert.deepEqual(sorted('name:IMG_2'), ['Alps/IMG_2.jpg', 'Bergen/IMG_2.png'])
  assert.deepEqual(sorted('name:"IMG_2.jpg"'), ['Alps/IMG_2.jpg'])
  assert.deepEqual(sorted('name:20'), ['Bergen/IMG_20.jpg'])
  assert.deepEqual(sorted('name:img -name:png'), ['Alps/IMG_2.jpg', 'Bergen/IMG_20.jpg'])
  assert.deepEqual(sorted('name:bergen'), [])
  assert.deepEqual(sorted('name:boa'), ['Bergen/boat.jpg'])
  assert.deepEqual(sorted('name:사진'), ['서울사진.jpg'])
  assert.deepEqual(sorted('name:boat OR name:20'), ['Bergen/IMG_20.jpg', 'Bergen/boat.jpg'])
  assert.deepEqual(sorted('is:captioned'), ['Alps/IMG_2.jpg', 'Bergen/IMG_20.jpg'])
  assert.deepEqual(sorted('-is:captioned name:png'), ['Bergen/IMG_2.png'])

  const folderId = addFolder(store, '/pictures/more')
  const photos = ['one', 'two', 'three'].map((name) =>
    addPhoto(store, folderId, `${name}.jpg`, contentOf('copied')),
  )
  const copies = () => sorted('is:duplicate').map((path) => path.slice('more/'.length))
  assert.deepEqual(copies(), ['one.jpg', 'three.jpg', 'two.jpg'])
  markMissing(store, photos[0]!)
  assert.deepEqual(copies(), ['three.jpg', 'two.jpg'])
  removePhotos(store, photos[1]!)
  assert.deepEqual(copies(), [])
  assert.equal(sorted('-is:duplicate').length, 6)
  store.database.write(() => store.database.prepare('UPDATE photos SET missing_since_ms = NULL').run())
  assert.deepEqual(copies(), ['one.jpg', 'three.jpg'])
  add('boat.jpg')
  assert.equal(copies().length, 2)
})

test('a short number at the end of a joined word counts', (t) => {
  const { found, sorted } = openWith(t, {
    'IMG_2.jpg': null,
    'IMG_3.jpg': null,
    'IMG_20.jpg': null,
    'IMG_1234.jpg': null,
    'a.jpg': 'an F-16 in the sky',
    'b.jpg': 'an F-35 on the ground',
    'c.jpg': 'the Mark-7',
  })
  assert.deepEqual(found('IMG_2'), ['IMG_2.jpg'])
  assert.deepEqual(found('img-3'), ['IMG_3.jpg'])
  // Still being typed, where there is no such number.
  assert.deepEqual(found('IMG_12'), ['IMG_1234.jpg'])
  assert.deepEqual(found('IMG_5'), [])
  assert.deepEqual(sorted('IMG'), ['IMG_1234.jpg', 'IMG_2.jpg', 'IMG_20.jpg', 'IMG_3.jpg'])
  assert.deepEqual(found('F-16'), ['a.jpg'])
  assert.deepEqual(found('F-35'), ['b.jpg'])
  assert.deepEqual(found('F-22'), [])
})

test('filters and quoted values find nothing that is not so', (t) => {
  const store = openStoreFor(t)
  const { searcher } = createSearch(store.database)
  const folderId = addFolder(store, '/pictures')
  const add = (path: string, camera: string, lens: string) =>
    addPhoto(store, folderId, path, contentOf(path), { camera, lens })
  add('Day 3/a.jpg', 'PENTAX K-99', 'EF 24-70mm F2.8')
  add('Day 30/b.jpg', 'PENTAX K-5', 'EF 24-105mm F4')
  add('Day 1/c.jpg', 'NIKON D750', '50mm')
  add('Days/d.jpg', 'NIKON D7500', '500mm')
  const found = (query: string) =>
    searcher
      .search(query)
      .photos.map((hit) => hit.path.at(-5))
      .sort()
      .join('')
  for (const [query, expected] of [
    ['folder:"Day 3"', 'a'],
    ['folder:"Day 2"', ''],
    ['folder:"Da"', ''],
    ['folder:day', 'abcd'],
    ['lens:24-70', 'a'],
    ['lens:24-70mm', 'a'],
    ['lens:24-105', 'b'],
    ['lens:24-10', ''],
    ['lens:50', 'c'],
    ['lens:50mm', 'c'],
    ['camera:K-99', 'a'],
    ['camera:K99', 'a'],
    ['camera:K-9', ''],
    ['camera:K-5', 'b'],
    ['camera:D750', 'c'],
    ['camera:pent', 'ab'],
    ['camera:"pent"', ''],
    ['24-70', 'a'],
  ] as const) {
    assert.equal(found(query), expected, query)
  }
})

test('what stands after an apostrophe is a word, and so is the whole', (t) => {
  const { searcher, sorted } = openWith(t, {
    'a.jpg': "les enfants à l'école primaire",
    'b.jpg': 'Mr O’Brien’s boat',
    'c.jpg': "they don't, we'll see",
    "l'été.jpg": null,
  })
  assert.deepEqual(sorted('école'), ['a.jpg'])
  assert.deepEqual(sorted("l'école"), ['a.jpg'])
  assert.deepEqual(sorted('"école primaire"'), ['a.jpg'])
  assert.deepEqual(sorted('"à l’école primaire"'), ['a.jpg'])
  assert.deepEqual(sorted('Brien'), ['b.jpg'])
  assert.deepEqual(sorted("O'Brien"), ['b.jpg'])
  assert.deepEqual(sorted('obrien boat'), ['b.jpg'])
  assert.deepEqual(sorted('été'), ["l'été.jpg"])
  assert.deepEqual(sorted('dont'), ['c.jpg'])
  assert.deepEqual(sorted('ll'), [])
  const [hit] = searcher.search('école').photos
  assert.deepEqual(
    hit!.marks.map(([start, end]) => hit!.snippet.slice(start, end)),
    ['école'],
  )
})

test('soft hyphens, joiners and signs of no width inside a word are seen through', (t) => {
  const { sorted } = openWith(t, {
    'a.jpg': 'a light\u00adhouse by the ri\u200bver',
    'b.jpg': 'می\u200cخواهم',
    'c.jpg': '東\u2060京の夜',
  })
  for (const query of [
    'lighthouse',
    'light\u00adhouse',
    'river',
    '"lighthouse by the river"',
    'ri\u200dver',
  ]) {
    assert.deepEqual(sorted(query), ['a.jpg'], query)
  }
  assert.deepEqual(sorted('میخواهم'), ['b.jpg'])
  assert.deepEqual(sorted('東京'), ['c.jpg'])
  assert.deepEqual(sorted('の夜'), ['c.jpg'])
})

test('words are found inside Korean and other scripts that write several in one, however their signs are put together', (t) => {
  const { sorted } = openWith(t, {
    'a.jpg': '해변에서 흰강아지가 달린다',
    [`${'부산여행'.normalize('NFD')}.jpg`]: null,
    [`${'りんごジュース'.normalize('NFD')}.jpg`]: null,
    'b.jpg': 'الكلب على الشاطئ',
    'c.jpg': 'הכלב על החוף',
    'd.jpg': 'དགའ་ལྡན',
  })
  assert.deepEqual(sorted('강아지'), ['a.jpg'])
  assert.deepEqual(sorted('해변'), ['a.jpg'])
  assert.deepEqual(sorted('개'), [])
  assert.equal(sorted('여행').length, 1)
  assert.equal(sorted('여행'.normalize('NFD')).length, 1)
  assert.equal(sorted('ジュース').length, 1)
  assert.deepEqual(sorted('كلب'), ['b.jpg'])
  assert.deepEqual(sorted('כלב'), ['c.jpg'])
  assert.deepEqual(sorted('ལྡན'), ['d.jpg'])
})

test('compounds are found by what they begin and end with, below the word itself', (t) => {
  const { found, sorted } = openWith(t, {
    'a.jpg': 'Schäferhund am Bodensee',
    'b.jpg': 'ein Hund',
    'c.jpg': 'die Hundehütte',
    'd.jpg': 'ein Zug im Bahnhof',
    'e.jpg': 'the train is looking grand',
  })
  assert.equal(found('hund')[0], 'b.jpg')
  assert.deepEqual(sorted('hund'), ['a.jpg', 'b.jpg', 'c.jpg'])
  assert.deepEqual(sorted('"hund"'), ['b.jpg'])
  assert.deepEqual(sorted('hof'), [])
  assert.deepEqual(sorted('bahn'), ['d.jpg'])
  // Of words that only happen to end so.
  for (const query of ['rain', 'king', 'rand']) assert.deepEqual(sorted(query), [], query)
})

test('captions in other languages and outranked ones are searched below the current one', (t) => {
  const { store, add, found, searcher } = openWith(t, { 'plain.jpg': 'eine Katze' })
  const imported = (texts: [text: string, language: string][]) =>
    texts.map(([text, language]) => ({ text, language, origin: 'xmp:dc:description' }))
  const both = add('both.jpg')
  store.captions.setImported(
    both,
    imported([
      ['a cat sleeps', 'en'],
      ['eine Katze schläft', 'de'],
    ]),
    1,
  )
  const outranked = add('outranked.jpg')
  store.captions.setImported(outranked, imported([['eine alte Katze', 'de']]), 1)
  store.captions.setByPerson(outranked, 'Minka', 2)
  assert.equal(found('katze')[0], 'plain.jpg')
  assert.deepEqual(found('katze').toSorted(), ['both.jpg', 'outranked.jpg', 'plain.jpg'])
  const hit = searcher.search('schläft').photos[0]!
  assert.deepEqual(
    hit.marks.map(([start, end]) => hit.snippet.slice(start, end)),
    ['schläft'],
  )
  // No longer in the file.
  store.captions.setImported(both, imported([['a cat sleeps', 'en']]), 3)
  assert.deepEqual(found('schläft'), [])
})

test('a photo that failed says why', (t) => {
  const { store, add, searcher } = openWith(t, {})
  const id = add('broken.jpg')
  store.photos.setError(id, { code: 'PICTURE_DAMAGED', message: 'It is damaged.' }, 5)
  assert.deepEqual(searcher.search('is:failed').photos[0]!.error, {
    code: 'PICTURE_DAMAGED',
    message: 'It is damaged.',
  })
})

test('photos of one second go by its fraction, then by name as a camera counts, however they came', async (t) => {
  const { store, add, found, searchIndex } = openWith(t, {})
  const second = '2020-05-01T12:00:00'
  const names = ['IMG_10.jpg', 'IMG_2.jpg', 'IMG_1.jpg', 'IMG_9.jpg', 'IMG_100.jpg']
  for (const name of names) add(name, null, second)
  const newestFirst = ['IMG_100.jpg', 'IMG_10.jpg', 'IMG_9.jpg', 'IMG_2.jpg', 'IMG_1.jpg']
  assert.deepEqual(found(''), newestFirst)
  add('later.jpg', null, '2020-05-01T12:00:01')
  add('earlier.jpg', null, '2020-05-01T11:59:59')
  assert.deepEqual(found(''), ['later.jpg', ...newestFirst, 'earlier.jpg'])
  // A caption moves nobody.
  const rows = () => store.database.prepare('SELECT id, search_id FROM photos ORDER BY id').all()
  const before = rows()
  store.captions.setByPerson(2, 'a boat', 1)
  assert.deepEqual(rows(), before)
  store.database.write(() => {
    store.database.prepare('UPDATE photos SET sort_ms = sort_ms + 250 WHERE name = ?').run('IMG_1.jpg')
    store.database.prepare("UPDATE photos SET name = 'IMG_11.jpg' WHERE name = ?").run('IMG_2.jpg')
  })
  const changed = [
    'later.jpg',
    'IMG_1.jpg',
    'IMG_100.jpg',
    'IMG_11.jpg',
    'IMG_10.jpg',
    'IMG_9.jpg',
    'earlier.jpg',
  ]
  assert.deepEqual(found(''), changed)
  const folderId = addFolder(store, '/pictures/more')
  for (const [name, takenFractionMs] of [
    ['z.jpg', 10],
    ['a.jpg', 900],
    ['m.jpg', 450],
  ] as const) {
    addPhoto(store, folderId, name, contentOf(name), { takenAt: '2020-07-01T00:00:00', takenFractionMs })
  }
  assert.deepEqual(found('after:2020-07'), ['more/a.jpg', 'more/m.jpg', 'more/z.jpg'])
  removePhotos(
    store,
    ...store.database
      .prepare<{ id: number }>('SELECT id FROM photos WHERE folder_id = ?')
      .all(folderId)
      .map(({ id }) => id),
  )
  // A burst that comes in any order, and one that is in the index at once.
  const burst = Array.from({ length: 90 }, (_, at) => `B${(at * 37) % 90}.jpg`)
  for (const name of burst) add(name, null, '2021-01-01T00:00:00')
  const inOrder = Array.from({ length: 90 }, (_, at) => `B${89 - at}.jpg`)
  assert.deepEqual(found('after:2021'), inOrder)
  await searchIndex.rebuild()
  assert.deepEqual(found('after:2021'), inOrder)
  assert.deepEqual(found('before:2021'), changed)
  // So many that they are not put in order are all there, once each.
  for (let at = 0; at < 200; at++) add(`C${at}.jpg`, null, '2022-01-01T00:00:00')
  assert.equal(new Set(searchAll()).size, 200)
  function searchAll(): string[] {
    const found: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = createSearch(store.database).searcher.search('after:2022', { cursor: cursor ?? null })
      found.push(...page.photos.map((hit) => hit.path))
      cursor = page.cursor
    }
    return found
  }
})
