import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { overlapsOf } from '../../../src-main/library/folders/check-place.ts'
import { isLeftOut } from '../../../src-main/library/folders/excludes.ts'
import { globBelow, planJoin } from '../../../src-main/library/folders/join.ts'
import { createLeftAlone, type LeftAlone } from '../../../src-main/library/folders/left-alone.ts'
import { type WatchMode, watchFolder } from '../../../src-main/library/folders/watch.ts'
import { createCompanionStore } from '../../../src-main/library/store/companions.ts'
import { createRootState } from '../../../src-main/library/store/root-state.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'
import { idAt, openLibraryFor } from '../library-under-test.ts'
import { addAbove, joinAll } from './add-above.ts'
import { createLibraryOnDisk } from './library-on-disk.ts'

/** Photos of two folders with the same names in both, and what a person did to them. */
async function openTwoFolders(t: TestContext) {
  const library = openLibraryFor(t)
  const { client, photos, takeIn } = library
  const put = (below: string, content = below) => {
    mkdirSync(dirname(join(photos, below)), { recursive: true })
    writeFileSync(join(photos, below), content)
  }
  for (const year of ['2013 [old]', 'trips/2014']) {
    for (const name of ['1.jpg', '2.jpg', 'sub/1.jpg', 'screens/1.jpg', 'x.gif', 'gone.jpg'])
      put(`${year}/${name}`)
  }
  const folders = ['2013 [old]', 'trips/2014'].map((name) => join(photos, name))
  const [first, second] = folders as [string, string]
  for (const path of folders) await client.addFolder({ path })
  const { id } = (await client.folders({})).find(({ path }) => path === first)!
  await takeIn()
  await client.setExcludes({ folderId: id, globs: ['screens/', '/x.*'] })
  rmSync(join(first, 'gone.jpg'))
  await client.scan({})
  return { ...library, put, first, second }
}

test('the parent of folders takes their photos over with all that is known of them', async (t) => {
  const { client, photos, first, second, put, directory } = await openTwoFolders(t)
  const [one, two, deep] = await Promise.all(
    [join(first, '1.jpg'), join(second, '1.jpg'), join(first, 'sub/1.jpg')].map((path) => idAt(client, path)),
  )
  await client.setCaption({ photo: one!, text: 'a red kite' })
  await client.setCaption({ photo: one!, text: 'a blue kite' })
  await client.setMarks({ selection: { photos: [deep!] }, change: { rating: 4, addKeywords: ['beach'] } })
  await client.captionNone({ selection: { photos: [two!] } })
  const queries = [
    'kite',
    'folder:2013',
    'folder:2014',
    `folder:"${second}"`,
    'folder:sub',
    'rating:4',
    'is:missing',
  ]
  const found = () =>
    Promise.all(
      queries.map(async (query) => (await client.search({ query })).photos.map(({ id }) => id).sort()),
    )
  const before = await found()
  assert.deepEqual(
    before.map((ids) => ids.length),
    [1, 3, 6, 6, 2, 1, 1],
  )
  const all = async () =>
    (await client.photos({ photos: Array.from({ length: 40 }, (_, at) => at + 1) })).map(
      ({ folderId: _, ...photo }) => photo,
    )
  const photosBefore = await all()
  put('new.jpg')
  put('trips/screens/2.jpg')

  const phases = new Set<string>()
  client.on('progress', (works) => {
    for (const { phase } of works) phases.add(phase)
  })
  const added = await client.addFolder({ path: photos })
  assert.deepEqual(added.joined, [first, second])
  assert.ok(phases.has('join'))
  assert.deepEqual(
    (await client.folders({})).map(({ path, photos }) => [path, photos]),
    [[photos, 9]],
  )
  assert.equal(added.photos, 9)
  assert.deepEqual(await found(), before)
  assert.deepEqual(await all(), photosBefore)
  const { added: fresh, changed, moved, missing, restored, excluded, unchanged } = await client.scan({})
  assert.deepEqual([fresh, changed, moved, missing, restored, excluded, unchanged], [2, 0, 0, 0, 0, 0, 9])
  assert.equal((await client.captionAll({})).captioned, 2)
  assert.deepEqual(await found(), before)
  assert.deepEqual((await client.photo({ photo: one! })).history.map(({ text }) => text).slice(0, 2), [
    'a blue kite',
    'a red kite',
  ])
  assert.deepEqual((await client.photo({ photo: deep! })).words.keywords, ['beach'])
  assert.equal((await client.undoEdit({}))?.photos, 1)
  assert.notEqual((await client.photo({ photo: two! })).caption?.text, '')
  assert.equal(await idAt(client, join(first, '1.jpg')), one)
  assert.equal((await client.search({ query: 'is:excluded' })).total, 2)
  assert.deepEqual(await client.checkDatabase({}), [])

  // The same again is nothing new, and what lies in it is in the library.
  assert.deepEqual((await client.addFolder({ path: photos })).joined, [])
  await assert.rejects(client.addFolder({ path: first }), {
    code: 'FOLDER_OVERLAPS',
    message: /taken in with/,
  })
  const store = openStore(databaseFileIn(directory))
  t.after(() => store.close())
  const rest = (table: string) =>
    store.database.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()!.n
  assert.deepEqual(['folders', 'search_stale', 'search_stale_folders'].map(rest), [1, 0, 0])
})

test('links are followed: to a folder that lies in the new one, and from it', async (t) => {
  const { client, photos, takeIn, directory, close } = openLibraryFor(t)
  const [year, elsewhere, link] = [join(photos, 'all/2013'), join(photos, 'elsewhere'), join(photos, 'link')]
  for (const folder of [year, elsewhere]) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '1.jpg'), folder)
  }
  symlinkSync(year, link)
  symlinkSync(elsewhere, join(photos, 'all/linked'))
  symlinkSync(join(photos, 'all'), join(photos, 'pictures'))
  await client.addFolder({ path: year })
  await client.addFolder({ path: elsewhere })
  await takeIn()
  const id = await idAt(client, join(year, '1.jpg'))
  // As a library of before has it, which kept the name of the link.
  const store = openStore(databaseFileIn(directory))
  store.database.prepare('UPDATE folders SET path = ? WHERE path = ?').run(link, year)
  store.close()
  assert.deepEqual((await client.addFolder({ path: join(photos, 'pictures') })).joined, [link])
  const { added, missing, unchanged } = await client.scan({})
  assert.deepEqual([added, missing, unchanged], [0, 0, 2])
  assert.equal(await idAt(client, join(year, '1.jpg')), id)
  assert.deepEqual(
    (await client.folders({})).map(({ path }) => path),
    [join(photos, 'all'), elsewhere],
  )
  await close()
})

test('what would not stay as it is is refused, and nothing is changed', async (t) => {
  const { client, photos, takeIn } = openLibraryFor(t)
  const [year, hidden] = [join(photos, 'shown/2013'), join(photos, 'hidden/.cache/pictures')]
  for (const folder of [year, hidden]) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '1.jpg'), folder)
  }
  const { id: folderId } = await client.addFolder({ path: year })
  await client.addFolder({ path: hidden })
  await takeIn()
  const before = (await client.folders({})).map(({ path }) => path)
  const refused = async (path: string, message: RegExp) => {
    await assert.rejects(client.addFolder({ path }), { code: 'FOLDER_OVERLAPS', message })
    assert.deepEqual(
      (await client.folders({})).map((folder) => folder.path),
      before,
    )
  }
  await refused(join(photos, 'hidden'), /hidden folders/)
  await client.setExportsAlways({ folderId, always: true })
  await refused(join(photos, 'shown'), /Switch that off/)
  await client.setExportsAlways({ folderId, always: false })
  await client.setExcludes({ folderId, globs: Array.from({ length: 200 }, (_, at) => `${at}`.repeat(166)) })
  await refused(join(photos, 'shown'), /at most 500 characters/)
  await client.setExcludes({ folderId, globs: [] })
  renameSync(year, join(photos, 'away'))
  await refused(join(photos, 'shown'), /when it is back/)
  renameSync(join(photos, 'away'), year)
  assert.deepEqual((await client.addFolder({ path: join(photos, 'shown') })).joined, [year])
  assert.equal((await client.scan({})).unchanged, 2)
})

test('globs of a folder match the same files in the one above it', () => {
  const paths = [
    'a.jpg',
    'b.gif',
    's',
    's/a.jpg',
    's/b.gif',
    'screens',
    's/screens',
    'S/T/b.gif',
    'x.y/z',
    '[a]',
  ]
  const globs = [
    '*.gif',
    'screens/',
    '/screens',
    's/*.gif',
    '!*.jpg',
    '!s/a.jpg',
    '**/b.gif',
    '{a,b}.*',
    '/s/',
  ]
  const more = ['./s', 's/**', '!(x)', '?(x)', '*(s)', '[ab].*', '!!*.gif', '\\[a\\]', 's/{a,t/b}.*', '?']
  const names = [
    'p',
    'a b',
    '[x]',
    '{1,2}',
    '(ok)',
    '!no',
    'a*',
    '?',
    '@(x)',
    'back\\slash',
    '"q"',
    'it’s',
    'é|e',
    '$1',
  ]
  for (const name of names) {
    for (const directory of [name, `deep/${name}`]) {
      for (const glob of [...globs, ...more]) {
        const [own, above] = [createLeftAlone([glob]), createLeftAlone([globBelow(directory, glob)])]
        for (const path of paths) {
          const at = path.lastIndexOf('/')
          const [below, file] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)]
          const isOut = (leftAlone: LeftAlone, ...names: string[]) =>
            isLeftOut(leftAlone, { directory: names.filter(Boolean).join('/'), name: file })
          const message = `${glob} in ${directory}: ${path}`
          assert.equal(isOut(above, directory, below), isOut(own, below), message)
          assert.equal(isOut(above, `${directory}2`, below), false, `${message}, beside it`)
        }
        assert.equal(above.directory(directory, name), false, `${glob} in ${directory}`)
      }
    }
  }
})

test('moves that are not confirmed, and files beside photos, are known as before', async () => {
  await using library = createLibraryOnDisk()
  const { put, path, store } = library
  library.addFolder('all/one')
  library.addFolder('all/two')
  for (const name of ['one/a.jpg', 'one/b.jpg', 'two/a.jpg', 'two/sub/c.jpg']) put(`all/${name}`)
  put('all/one/a.jpg.xmp', 'words of a')
  put('all/one/a.nef')
  put('all/two/sub/lonely.jpg.xmp', 'of nothing')
  await library.sync()
  const ids = library.photos()
  renameSync(path('all/two/sub/c.jpg'), path('all/one/c.jpg'))
  renameSync(path('all/one/b.jpg'), path('all/two/b.jpg'))
  await library.scan()
  const strays = store.database.prepare<{ files: number }>('SELECT sum(files) AS files FROM stray_sidecars')
  assert.equal(strays.get()!.files, 1)
  const sidecars = () => store.database.prepare('SELECT * FROM sidecars').all()
  assert.equal(sidecars().length, 1)
  const folderId = addAbove(library, 'all')
  joinAll(library)
  const { directory, folder_id } = sidecars()[0] as { directory: string; folder_id: number }
  assert.deepEqual([directory, folder_id], ['one', folderId])
  assert.deepEqual(
    store.database
      .prepare('SELECT folder_id AS id, directory FROM unconfirmed_moves ORDER BY directory')
      .all(),
    [
      { id: folderId, directory: 'one' },
      { id: folderId, directory: 'two/sub' },
    ],
  )
  assert.equal(strays.get()!.files, 1)
  assert.deepEqual(createCompanionStore(store.database).namesOf(ids['all/one/a.jpg']!), ['a.nef'])
  const { added, changed, moved, missing, joined, separated, unchanged } = await library.sync()
  assert.deepEqual([added, changed, moved, missing, joined, separated, unchanged], [0, 0, 0, 0, 0, 0, 4])
  assert.deepEqual(library.photos(), {
    'all/one/a.jpg': ids['all/one/a.jpg'],
    'all/one/c.jpg': ids['all/two/sub/c.jpg'],
    'all/two/a.jpg': ids['all/two/a.jpg'],
    'all/two/b.jpg': ids['all/one/b.jpg'],
  })
})

const when = {
  looking: 'looks at files',
  settling: 'decides what became of those that it missed',
}

for (const [moment, does] of Object.entries(when)) {
  test(`a scan misses nothing and takes nothing twice when folders are joined while it ${does}`, async () => {
    await using library = createLibraryOnDisk()
    const { put, path, store } = library
    for (const name of ['one', 'two', 'three']) {
      library.addFolder(`all/${name}`)
      for (let n = 0; n < 160; n++) put(`all/${name}/${n % 7}/${n}.jpg`)
    }
    await library.sync()
    const ids = library.photos()
    // Some of everything: gone, edited, moved.
    for (let n = 0; n < 160; n += 2) {
      put(`all/one/${n % 7}/${n}.jpg`, `edited ${n}`)
      rmSync(path(`all/two/${n % 7}/${n}.jpg`))
      renameSync(path(`all/three/${n % 7}/${n}.jpg`), path(`all/three/${n % 7}/moved ${n}.jpg`))
    }
    let isJoined = false
    const joinIn = (isNow: boolean) => {
      if (!isNow || isJoined) return
      isJoined = true
      addAbove(library, 'all')
      joinAll(library)
    }
    await library.reconciler.scan(undefined, {
      onProgress: (files) => joinIn(moment === 'looking' && files > 100),
      // That a file was edited is settled at the end.
      onPhotosChanged: (photoIds) =>
        joinIn(moment === 'settling' && photoIds.includes(ids['all/one/0/0.jpg']!)),
    })
    assert.ok(isJoined)
    await library.sync()
    const { added, changed, moved, missing } = await library.sync()
    assert.deepEqual([added, changed, moved, missing], [0, 0, 0, 0])
    const now = library.photos()
    assert.equal(Object.keys(now).length, Object.keys(ids).length)
    for (const [place, id] of Object.entries(ids)) {
      const [, folder, , file] = place.split('/')
      const isTouched = Number.parseInt(file!, 10) % 2 === 0
      const after = { one: place, two: `-${place}`, three: place.replace(file!, `moved ${file}`) }
      assert.equal(now[isTouched ? after[folder as keyof typeof after] : place], id, place)
    }
    assert.equal(store.folders.list().length, 1)
  })
}

test('neither of two folders is compared with the disk until one has joined the other', async () => {
  await using library = createLibraryOnDisk()
  const { put, store } = library
  library.addFolder('all/one')
  library.addFolder('beside')
  for (const name of ['all/one/1.jpg', 'all/one/2.jpg', 'all/3.jpg', 'beside/4.jpg']) put(name)
  await library.sync()
  const ids = library.photos()
  addAbove(library, 'all')
  const [joining] = store.folders.joining()
  store.folders.joinSome(joining!.id, 1)
  const { files, added, missing } = await library.scan()
  assert.deepEqual([files, added, missing], [1, 0, 0])
  assert.deepEqual(library.photos(), ids)
  joinAll(library)
  assert.deepEqual((await library.scan()).added, 1)
})

test('what is mounted on the way to a folder stays known', async (t) => {
  if (process.platform !== 'linux') return t.skip('no other file system is always mounted')
  await using library = createLibraryOnDisk()
  const { folders, database } = library.store
  const roots = createRootState(database)
  const { id } = folders.insert('/dev/shm/', 1)
  roots.addMount(id, 'deeper', 'a drive')
  const [joining] = planJoin(roots, '/dev', overlapsOf(roots, '/dev', null).below)
  assert.deepEqual(
    joining?.mounts.map(({ directory }) => directory),
    ['shm'],
  )
  const parent = folders.insert('/dev', 1, [joining!]).id
  assert.equal(folders.joinSome(id, 1).done, 0)
  assert.deepEqual(
    roots.mounts(parent).map(({ directory, volumeId }) => [directory, volumeId]),
    [
      ['shm', joining!.mounts[0]!.volumeId],
      ['shm/deeper', 'a drive'],
    ],
  )
  assert.deepEqual(
    folders.list().map(({ path }) => path),
    ['/dev'],
  )
})

test('what is known by folder and place goes with a folder that joins another, whatever it is', async () => {
  await using library = createLibraryOnDisk()
  const { prepare } = library.store.database
  const tables = prepare<{ name: string }>(
    `SELECT DISTINCT tables.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
     WHERE tables.type = 'table' AND columns.name = 'folder_id' ORDER BY tables.name`,
  )
    .all()
    .map(({ name }) => name)
  const goes = ['companions', 'folder_mounts', 'photos', 'sidecars', 'stray_sidecars']
  const seenAnew = ['folder_scan_days', 'photo_tallies', 'search_stale_folders']
  assert.deepEqual(tables, [...goes, ...seenAnew, 'unconfirmed_moves', 'unreadable_directories'].sort())
})

test('a folder with a network drive mounted below it is polled, for of changes there nobody tells', () => {
  const modes: WatchMode[] = []
  const listener = { onDirty: () => {}, onMode: (mode: WatchMode) => modes.push(mode) }
  const folder = { id: 1, path: '/pictures', excludes: [], mounts: ['/pictures/disk', '/pictures/nas'] }
  // No network is to be had here.
  watchFolder(folder, listener, (at) => (at.endsWith('nas') ? 'nfs4' : 'ext4'))
  const reason = '/pictures/nas is on a network drive (nfs4), where changes are not told.'
  assert.deepEqual(modes, [{ mode: 'polling', reason }])
})
