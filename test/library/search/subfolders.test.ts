import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createSearch } from '../../../src-main/library/search/search.ts'
import {
  addFolder,
  addPhoto,
  contentOf,
  markMissing,
  openStoreFor,
  removePhotos,
} from '../store/sample-library.ts'

function openSample(t: TestContext) {
  const store = openStoreFor(t)
  const { searcher } = createSearch(store.database)
  const folderId = addFolder(store, '/home/ada/Pictures')
  const add = (path: string, folder = folderId) => {
    const id = addPhoto(store, folder, path, contentOf(path))
    store.captions.setByPerson(id, `a red kite, ${path}`, 1)
    return id
  }
  return { store, searcher, folderId, add }
}

const total = ({ total }: { total: number }) => total

test('below a folder each directory says how many photos a query finds in all of it', (t) => {
  const { store, searcher, folderId, add } = openSample(t)
  for (const path of [
    'root.jpg',
    '2019/a.jpg',
    '2019/Italy/b.jpg',
    '2019/Italy/Rome/c.jpg',
    '2019 Italy/d.jpg',
    '2019-06/e.jpg',
    'only/below/f.jpg',
    'gone/g.jpg',
  ]) {
    add(path)
  }
  markMissing(store, add('gone/h.jpg'))
  removePhotos(store, add('removed/i.jpg'))
  const below = (query: string, directory = '') => {
    const { subfolders, isWhole } = searcher.subfolders(query, folderId, directory)
    assert.ok(isWhole)
    return Object.fromEntries(subfolders.map((each) => [each.name, [each.photos, each.hasSubfolders]]))
  }
  assert.deepEqual(below(''), {
    '2019': [3, true],
    '2019 Italy': [1, false],
    '2019-06': [1, false],
    gone: [1, false],
    only: [1, true],
  })
  assert.deepEqual(below('', '2019'), { Italy: [2, true] })
  assert.deepEqual(below('', '2019/Italy'), { Rome: [1, false] })
  assert.deepEqual(below('"kite 2019" -rome', ''), {
    '2019': [2, true],
    '2019 Italy': [1, false],
    '2019-06': [1, false],
  })
  assert.deepEqual(below('is:missing'), { gone: [1, false] })
  assert.deepEqual(below('', 'nowhere'), {})
})

test('a directory by its whole name finds what is below it, and none that begins like it', (t) => {
  const { store, searcher, add } = openSample(t)
  add('2019/a.jpg')
  const c = add('2019/Italy/c.jpg')
  add('2019 Italy/d.jpg')
  add('2019-06/e.jpg')
  add('2019/other.jpg', addFolder(store, '/mnt/Pictures'))
  for (const [query, expected] of [
    ['folder:Pictures/2019', 3],
    ['folder:"Pictures/2019/"', 3],
    ['folder:ada/Pictures/2019', 2],
    ['folder:/home/ada/Pictures/2019', 2],
    ['folder:Pictures\\2019\\Italy', 1],
    ['folder:"Pictures/2019 Italy"', 1],
    ['"red kite" folder:Pictures/2019', 3],
    ['-folder:Pictures/2019', 2],
    // No directory is called so: words, and numbers are whole.
    ['folder:Pictures/201', 0],
    ['folder:pictures/italy', 0],
    ['folder:2019/Italy', 2],
    // A whole path that is still being typed, and in quotes one that is no directory with photos.
    ['folder:/home/ada/Pictures/2019/italy', 2],
    ['folder:"/home/ada/Pictures/2019/italy"', 0],
    ['folder:"/home/ada/Pictures/2019/Ital"', 0],
    ['folder:"/home/ada/Pictures/2018"', 0],
    ['folder:"/home/ben/Pictures"', 0],
    ['-folder:"/home/ben/Pictures"', 5],
    ['folder:"/home/ada"', 4],
    ['folder:"/"', 5],
    ['folder:"/***"', 0],
  ] as const) {
    assert.equal(total(searcher.search(query)), expected, query)
  }
  // Moved, it is where it is.
  store.database.write(() =>
    store.database.prepare("UPDATE photos SET directory = 'Rome' WHERE id = ?").run(c),
  )
  assert.equal(total(searcher.search('folder:Pictures/2019')), 2)
  assert.equal(total(searcher.search('folder:Pictures/Rome')), 1)
})

test('of thousands of directories the first are told, and that there are more', async (t) => {
  const { store, folderId } = openSample(t)
  const { searcher, searchIndex } = createSearch(store.database)
  store.database.write(() => {
    for (let n = 0; n < 400; n++) addPhoto(store, folderId, `d${String(n).padStart(4, '0')}/a.jpg`)
  })
  await searchIndex.renewAll()
  const { subfolders, isWhole } = searcher.subfolders('', folderId, '')
  assert.equal(isWhole, false)
  assert.equal(subfolders.length, 300)
  assert.equal(subfolders[0]!.name, 'd0000')
})
