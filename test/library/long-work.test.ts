import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Progress } from '../../src-main/contract/records.ts'
import { openReader } from '../../src-main/library/store/database.ts'
import { databaseFileIn, openStore } from '../../src-main/library/store/store.ts'
import {
  cancelAfter,
  countStates,
  createLargeLibraries,
  fewestStates,
  killWhileItChanges,
  killWhileItPlans,
  manyPhotos,
} from './large-library.ts'
import { type LibraryUnderTest, openLibrary, openLibraryFor, until } from './library-under-test.ts'

const libraries = createLargeLibraries()
after(() => libraries.remove())

interface LargeLibrary extends LibraryUnderTest {
  home: string
  directory: string
  folderId: number
  phases: Set<Progress['phase']>
  /** Closes it and opens it again, as after a kill. */
  reopen(): Promise<void>
  captions(query: string): Promise<number>
}

async function openLarge(t: TestContext): Promise<LargeLibrary> {
  const home = await libraries.copy()
  const directory = join(home, 'library')
  const phases = new Set<Progress['phase']>()
  const open = () => {
    const library = openLibrary(directory)
    library.client.on('progress', (works) => {
      for (const { phase } of works) phases.add(phase)
    })
    return library
  }
  const [folder] = await withFolders(open())
  const large: LargeLibrary = {
    ...open(),
    home,
    directory,
    folderId: folder!.id,
    phases,
    async reopen() {
      await large.close()
      Object.assign(large, open())
    },
    captions: async (query) => (await large.client.search({ query })).total,
  }
  t.after(() => large.close())
  return large
}

async function withFolders(library: LibraryUnderTest) {
  const folders = await library.client.folders({})
  await library.close()
  return folders
}

/** Waits for what the library does behind, as after it was opened. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    assert.ok(tries < 600, 'it never came to that')
    await sleep(50)
  }
}

test('a replacement over all captions lets others go on, and is one edit', async (t) => {
  const large = await openLarge(t)
  const { client, directory } = large
  const replacement = { find: 'dog', replace: 'hound', preview: false }
  const work = client.replaceInCaptions(replacement)
  assert.equal(await large.captions('number'), manyPhotos, 'a search is answered meanwhile')
  assert.ok((await countStates(directory, work)) >= fewestStates)
  const { changes, first } = await work
  assert.equal(changes, manyPhotos)
  assert.deepEqual([first.length, first[0]!.after], [1000, 'a hound number 1'])
  assert.equal(await large.captions('hound by:person'), manyPhotos)
  assert.ok(large.phases.has('change'))

  const back = client.undoEdit({})
  assert.ok((await countStates(directory, back)) >= fewestStates)
  assert.equal((await back)?.photos, manyPhotos)
  assert.equal(await large.captions('dog by:model'), manyPhotos)
  assert.equal((await client.redoEdit({}))?.photos, manyPhotos)
  assert.equal(await large.captions('hound by:person'), manyPhotos)
})

test('a replacement that is cancelled leaves nothing, but what was written meanwhile', async (t) => {
  const large = await openLarge(t)
  const { client } = large
  const replacement = { find: 'dog', replace: 'hound', preview: false }
  let isWritten = false
  client.on('photosChanged', ({ photoIds }) => {
    if (isWritten || !photoIds.includes(1)) return
    isWritten = true
    void client.setCaption({ photo: manyPhotos, text: 'mine' })
  })
  await cancelAfter(large, 500, (signal) => client.replaceInCaptions(replacement, { signal }))
  await eventually(async () => (await large.captions('hound')) === 0)
  assert.equal((await client.photo({ photo: 1 })).caption?.text, 'a dog number 1')
  assert.deepEqual((await client.photo({ photo: 1 })).history.length, 1)
  assert.equal((await client.photo({ photo: manyPhotos })).caption?.text, 'mine')
  assert.equal((await client.undoEdit({}))?.photos, 1, 'the words that were written meanwhile')
  assert.equal(await client.undoEdit({}), null)
})

test('an undo that is cancelled has taken nothing back, and a redo brought nothing back', async (t) => {
  const large = await openLarge(t)
  const { client } = large
  await client.replaceInCaptions({ find: 'dog', replace: 'hound', preview: false })
  await cancelAfter(large, 500, (signal) => client.undoEdit({}, { signal }))
  await eventually(async () => (await large.captions('hound')) === manyPhotos)
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos)
  await cancelAfter(large, 500, (signal) => client.redoEdit({}, { signal }))
  await eventually(async () => (await large.captions('dog')) === manyPhotos)
  assert.equal((await client.redoEdit({}))?.photos, manyPhotos)
})

test('a change of many captions that is killed is done to its end by whoever opens the library next', async (t) => {
  const large = await openLarge(t)
  await large.close()
  await killWhileItChanges(large.directory, 'replace')
  await large.reopen()
  await eventually(async () => (await large.captions('hound')) === manyPhotos)
  assert.equal((await large.client.undoEdit({}))?.photos, manyPhotos)
  assert.equal(await large.captions('hound'), 0)
})

test('what goes on after a kill is shown, and is taken back as a whole where somebody stops it', async (t) => {
  const large = await openLarge(t)
  await large.close()
  await killWhileItChanges(large.directory, 'caption')
  large.phases.clear()
  await large.reopen()
  const undo = large.client.undoEdit({})
  await until(() => large.phases.has('change'))
  await large.client.stopChange({})
  await assert.rejects(undo, { code: 'CANCELLED' }, 'it waited for what was stopped')
  await eventually(async () => (await large.captions('heron')) === 0)
  assert.ok(large.phases.has('revert'))
  assert.equal(await large.captions('dog by:model'), manyPhotos)
  assert.deepEqual(await large.client.lastEdit({}), { undo: null, redo: null })
})

test('a change that is killed before it began changes nothing, and whoever opens the library is told', async (t) => {
  const large = await openLarge(t)
  await large.close()
  await killWhileItPlans(large.directory)
  await large.reopen()
  const told: string[] = []
  large.client.on('problem', ({ message }) => told.push(message))
  await until(() => told.length > 0)
  assert.deepEqual(told, [
    'The library’s process ended before a change of many photos began: none of them was changed.',
  ])
  assert.equal(await large.captions('dog by:model'), manyPhotos)
  assert.equal(await large.client.undoEdit({}), null)
  await large.reopen()
  await large.client.undoEdit({})
  assert.equal(told.length, 1, 'it is told once')
})

test('who stops a change that another window began stops it for both', async (t) => {
  const large = await openLarge(t)
  const { client } = large
  const change = client.replaceInCaptions({ find: 'dog', replace: 'hound', preview: false })
  const refused = assert.rejects(change, { code: 'CANCELLED' })
  await until(() => large.phases.has('change'))
  await client.stopChange({})
  await refused
  await eventually(async () => (await large.captions('hound')) === 0)
  assert.equal(await client.undoEdit({}), null)
})

test('a table is imported in slices, all of it or nothing', async (t) => {
  const large = await openLarge(t)
  const { client, directory, home } = large
  const table = { path: join(home, 'captions.json'), format: 'json' } as const
  const rows = Array.from({ length: manyPhotos }, (_, n) => ({
    path: join('/gone', 'library', `d${(n + 1) % 7}`, `${n + 1}.jpg`),
    caption: `a heron number ${n + 1}`,
    source: n % 2 === 0 ? 'person' : '',
  }))
  const [folder] = await client.folders({})
  for (const row of rows) row.path = row.path.replace(join('/gone', 'library'), folder!.path)
  writeFileSync(table.path, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`)

  await cancelAfter(large, 500, (signal) => client.importTable(table, { signal }))
  await eventually(async () => (await large.captions('heron')) === 0)
  assert.equal((await client.photo({ photo: 2 })).caption?.text, 'a dog number 2')
  assert.deepEqual((await client.planTableImport(table)).changes, manyPhotos)
  const work = client.importTable(table)
  assert.ok((await countStates(directory, work)) >= fewestStates)
  assert.equal((await work).changed, manyPhotos)
  assert.equal(await large.captions('heron'), manyPhotos)
  assert.ok(large.phases.has('import'))
  assert.equal((await client.undoEdit({}))?.photos, manyPhotos)
  assert.equal(await large.captions('heron'), 0)
  assert.equal((await client.redoEdit({}))?.photos, manyPhotos)
  assert.equal(await large.captions('heron'), manyPhotos)
})

test('a folder that went elsewhere is found by its new name, slice by slice', async (t) => {
  const large = await openLarge(t)
  const { directory, folderId, home } = large
  await large.close()
  // As by a scan that finds the drive at another path.
  const store = openStore(databaseFileIn(directory))
  store.database.prepare('UPDATE folders SET path = ? WHERE id = ?').run(join(home, 'harbour'), folderId)
  store.close()
  await large.reopen()
  await eventually(async () => (await large.captions('folder:harbour')) > 0)
  assert.equal(await large.captions('number'), manyPhotos, 'a search is answered meanwhile')
  // Closed in the middle, and opened again.
  await large.reopen()
  await eventually(async () => (await large.captions('folder:harbour')) === manyPhotos)
  assert.equal(await large.captions('folder:pictures'), 0)
})

test('the index is made anew in slices, and a stop loses nothing', async (t) => {
  const large = await openLarge(t)
  const { client, directory } = large
  const stop = new AbortController()
  client.on('progress', (works) => {
    if (works.some(({ phase, done }) => phase === 'search' && done > 100)) stop.abort()
  })
  await assert.rejects(client.rebuildSearch({}, { signal: stop.signal }), { code: 'CANCELLED' })
  await large.reopen()
  await eventually(async () => (await large.captions('dog')) === manyPhotos)
  let states = 0
  // Where the machine has much else to do it is now and then over before a state of it was looked at.
  for (let attempt = 0; attempt < 3 && states < fewestStates; attempt++) {
    states = await countStates(directory, large.client.rebuildSearch({}))
  }
  assert.ok(states >= fewestStates, `${states}`)
  assert.equal(await large.captions('dog'), manyPhotos)
  assert.deepEqual(await large.client.checkDatabase({}), [])
})

test('a folder that is removed is gone at once, and its photos are forgotten in slices', async (t) => {
  const large = await openLarge(t)
  const { client, folderId, directory } = large
  const stop = new AbortController()
  client.on('progress', (works) => {
    if (works.some(({ phase }) => phase === 'forget')) stop.abort()
  })
  await assert.rejects(client.removeFolder({ folderId }, { signal: stop.signal }), { code: 'CANCELLED' })
  assert.deepEqual(await client.folders({}), [])
  assert.ok((await large.captions('')) > 0, 'some are left')
  await large.reopen()
  await eventually(async () => (await large.captions('')) === 0)
  await eventually(async () => (await large.client.status({})).progress.length === 0)
  await large.close()
  const store = openStore(databaseFileIn(directory))
  for (const table of ['folders', 'photos', 'captions', 'photo_tallies', 'search_stale']) {
    assert.equal(
      store.database.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()!.n,
      0,
      table,
    )
  }
  store.close()
  await large.reopen()
})

test('a folder may be added again while it is still being forgotten', async (t) => {
  const large = await openLarge(t)
  const { client, folderId } = large
  const [folder] = await client.folders({})
  mkdirSync(folder!.path, { recursive: true })
  const removing = client.removeFolder({ folderId })
  const again = await client.addFolder({ path: folder!.path })
  assert.notEqual(again.id, folderId)
  await removing
  assert.deepEqual(
    (await client.folders({})).map(({ id }) => id),
    [again.id],
  )
})

/** Of the folder whose photos are, or were, in the only other one. */
async function joinedPhotos({ client, captions }: LargeLibrary, parent: string): Promise<void> {
  await eventually(async () => (await client.status({})).progress.length === 0)
  assert.deepEqual(
    (await client.folders({})).map(({ path, photos }) => [path, photos]),
    [[parent, manyPhotos]],
  )
  assert.equal(await captions('folder:pictures dog'), manyPhotos)
  assert.equal((await client.photo({ photo: 7 })).path, join(parent, 'pictures/d0/7.jpg'))
  assert.equal((await client.photo({ photo: 7 })).caption?.text, 'a dog number 7')
  assert.deepEqual(await client.checkDatabase({}), [])
}

test('folders whose parent is added join it in slices, and a stop or a kill in the middle loses nothing', async (t) => {
  const large = await openLarge(t)
  const { client, directory } = large
  const [folder] = await client.folders({})
  const parent = dirname(folder!.path)
  const work = client.addFolder({ path: parent })
  assert.equal(await large.captions('number'), manyPhotos, 'a search is answered meanwhile')
  assert.ok((await countStates(directory, work)) >= fewestStates)
  assert.deepEqual((await work).joined, [folder!.path])
  assert.ok(large.phases.has('join'))
  await joinedPhotos(large, parent)

  const stopped = await openLarge(t)
  await cancelAfter(stopped, 500, (signal) => stopped.client.addFolder({ path: parent }, { signal }))
  assert.deepEqual(
    (await stopped.client.folders({})).map(({ path, photos }) => [path, photos]),
    [[parent, manyPhotos]],
    'those that are still to join are counted',
  )
  await joinedPhotos(stopped, parent)

  const killed = await openLarge(t)
  await killed.close()
  // It takes some hundred milliseconds.
  await killWhileItChanges(killed.directory, 'join', 2)
  const reader = openReader(databaseFileIn(killed.directory))
  const inParent = reader
    .prepare<{ n: number }>(
      'SELECT count(*) AS n FROM photos WHERE folder_id = (SELECT joins_folder_id FROM folders WHERE joins_folder_id > 0)',
    )
    .get()!.n
  reader.close()
  assert.ok(inParent > 0 && inParent < manyPhotos, `${inParent}`)
  await killed.reopen()
  await joinedPhotos(killed, parent)
  await killed.reopen()
})

test('a folder that others still join is removed with them', async (t) => {
  const large = await openLarge(t)
  const { client } = large
  const [folder] = await client.folders({})
  await cancelAfter(large, 500, (signal) => client.addFolder({ path: dirname(folder!.path) }, { signal }))
  const [parent] = await client.folders({})
  await client.removeFolder({ folderId: parent!.id })
  assert.deepEqual(await client.folders({}), [])
  await eventually(async () => (await large.captions('')) === 0)
})

test('a scan that misses all photos of a folder marks them in slices', async (t) => {
  const large = await openLarge(t)
  const { client, directory } = large
  const [folder] = await client.folders({})
  mkdirSync(folder!.path, { recursive: true })
  writeFileSync(join(folder!.path, 'there.jpg'), 'a picture')
  const work = client.scan({})
  assert.ok((await countStates(directory, work)) >= fewestStates)
  assert.equal((await work).missing, manyPhotos)
  assert.equal(await large.captions('is:missing'), manyPhotos)
})

test('damage is found by a thread of its own, which a signal ends', async (t) => {
  const large = await openLarge(t)
  await assert.rejects(large.client.checkDatabase({}, { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  assert.deepEqual(await large.client.checkDatabase({}), [])
  await large.close()
  const store = openStore(databaseFileIn(large.directory))
  store.database.exec(`PRAGMA foreign_keys = OFF; DELETE FROM folders; PRAGMA foreign_keys = ON`)
  store.close()
  await large.reopen()
  assert.notDeepEqual(await large.client.checkDatabase({}), [])
  assert.ok(large.phases.has('check'))
})

for (const kind of ['scan', 'watch'] as const) {
  test(`a folder may be removed during a ${kind} of it: nothing of it comes back`, async (t) => {
    const { client, photos } = openLibraryFor(t)
    const [kept, removed] = [join(photos, 'kept'), join(photos, 'removed')]
    for (const folder of [kept, removed]) {
      for (let n = 0; n < 400; n++) {
        mkdirSync(join(folder, `d${n % 40}`), { recursive: true })
        writeFileSync(join(folder, `d${n % 40}`, `${n}.jpg`), `${folder} ${n}`)
      }
    }
    await client.addFolder({ path: kept })
    const { id: folderId } = await client.addFolder({ path: removed })
    const problems: string[] = []
    client.on('problem', ({ message }) => problems.push(message))
    const stop = new AbortController()
    const arrived = new Promise<void>((resolve) => client.on('photosChanged', () => resolve()))
    const work =
      kind === 'scan' ? client.scan({ folderIds: [folderId] }) : client.watch({}, { signal: stop.signal })
    work.catch(() => {})
    await arrived
    await client.removeFolder({ folderId })
    if (kind === 'scan') await work
    else {
      await eventually(async () => (await client.status({})).captioned === 400)
      writeFileSync(join(removed, 'd1', 'new.jpg'), 'new')
      writeFileSync(join(kept, 'd1', 'new.jpg'), 'new')
      await eventually(async () => (await client.status({})).captioned === 401)
    }
    const { folders, photos: present } = await client.status({})
    assert.deepEqual(
      folders.map(({ path }) => path),
      [kept],
    )
    assert.equal(present, kind === 'scan' ? 0 : 401)
    assert.deepEqual(problems, [])
    stop.abort()
    await work.catch(() => {})
    assert.deepEqual(await client.checkDatabase({}), [])
  })
}

test('a folder’s captions get their turns to be written out in slices, which a kill leaves to the next', async (t) => {
  const large = await openLarge(t)
  const { client, folderId, directory } = large
  const stop = new AbortController()
  const switching = client.setExportsAlways({ folderId, always: true }, { signal: stop.signal })
  stop.abort()
  await assert.rejects(switching)
  await large.reopen()
  const turns = () => {
    const reader = openReader(databaseFileIn(directory))
    try {
      return reader
        .prepare<{ waiting: number; left: number | null }>(
          `SELECT (SELECT count(*) FROM captions_to_export) AS waiting,
             (SELECT max(exports_settled_to) FROM folders) AS left`,
        )
        .get()!
    } finally {
      reader.close()
    }
  }
  await eventually(async () => turns().left === null)
  assert.equal(turns().waiting, manyPhotos)
  await large.client.setExportsAlways({ folderId, always: false })
  assert.deepEqual(turns(), { waiting: 0, left: null })
})
