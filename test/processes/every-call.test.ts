import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LibraryCalls, libraryCalls } from '../../src-main/contract/library-calls.ts'
import { idAt, until, writtenOut } from '../library/library-under-test.ts'
import { drawSquares, openLibraryInProcess } from './library-in-process.ts'

test('every call of the contract is answered over a process', async (t) => {
  const { client, photos } = await openLibraryInProcess(t)
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  await drawSquares(join(photos, 'two.jpg'), 'olive')
  const called = new Set<string>()
  const library = new Proxy(client, {
    get(target, name: keyof LibraryCalls) {
      called.add(name)
      return target[name]
    },
  })
  const phases = new Set<string>()
  client.on('progress', (works) => {
    for (const { phase } of works) phases.add(phase)
  })
  const table = { path: join(photos, '..', 'captions.csv'), format: 'csv' } as const
  const textOf = async (photo: number) => (await library.photo({ photo })).caption?.text

  const { id: folderId } = await library.addFolder({ path: photos })
  assert.equal((await library.folders({})).length, 1)
  assert.deepEqual((await library.setExcludes({ folderId, globs: ['*.gif'] })).excludes, ['*.gif'])
  assert.equal((await library.scan({ folderIds: [folderId] })).added, 2)
  const ids = await Promise.all(['one.jpg', 'two.jpg'].map((name) => idAt(library, join(photos, name))))
  const [one, two] = ids as [number, number]

  // Nothing has opened a model yet.
  assert.ok(statSync((await library.thumbnail({ photo: one })).path).size > 0)

  await library.pauseCaptioning({})
  assert.equal((await library.status({})).captioning.state, 'paused')
  await library.resumeCaptioning({})
  assert.equal((await library.captionAll({})).captioned, 2)
  const { models, chosen } = await library.models({})
  assert.equal((await library.useModel({ name: chosen.model })).model, chosen.model)
  const { directory } = models.find(({ name }) => name === chosen.model)!
  assert.equal((await library.useModelFiles({ model: directory! })).adapterPath, null)

  await library.setCaption({ photo: one, text: 'Grandma with the red kite' })
  await library.undoCaption({ photo: one })
  assert.notEqual(await textOf(one), 'Grandma with the red kite')
  await library.redoCaption({ photo: one })
  await library.setCaptions({ edits: ids.map((photo) => ({ photo, text: `kite ${photo}` })) })
  assert.equal((await library.undoEdit({}))!.photos, 2)
  assert.equal((await library.redoEdit({}))!.photos, 2)
  await library.replaceInCaptions({ find: 'kite', replace: 'balloon', preview: false })
  assert.equal(await textOf(two), `balloon ${two}`)

  const change = { rating: 4, addKeywords: ['kite'] }
  assert.equal((await library.setMarks({ selection: { photos: ids }, change })).photos, 2)

  const selection = { photos: ids }
  assert.deepEqual(await library.captionNone({ selection }), { photos: 2 })
  assert.equal(await textOf(two), '')
  assert.equal((await library.undoEdit({}))!.photos, 2)
  assert.deepEqual(await library.captionSelection({ selection, text: 'two balloons' }), { photos: 2 })
  assert.deepEqual((await library.lastEdit({})).undo, { kind: 'caption', photos: 2 })
  assert.deepEqual(await library.regenerate({ selection }), { photos: 2 })
  assert.equal((await library.photo({ photo: one })).caption?.source, 'model')
  assert.equal((await library.undoEdit({}))!.photos, 2)
  assert.equal((await library.undoEdit({}))!.photos, 2)
  assert.deepEqual(await library.retry({}), { photos: 0 })
  assert.equal(await library.stopChange({}), null)

  assert.equal((await library.setPreferences({ theme: 'dark' })).theme, 'dark')
  assert.equal((await library.preferences({})).threads, null)
  assert.equal(await library.setMachine({ isIdle: true, isOnMains: false }), null)

  assert.equal((await library.search({ query: 'balloon' })).total, 2)
  assert.equal((await library.alike({ query: 'coloured squares has:caption' })).text, 'coloured squares')
  // The same squares in other colours.
  const { stacks, library: all } = await library.stacks({ query: 'balloon' })
  assert.deepEqual([all, stacks[0]!.photos.length], [{ stacks: 1, photos: 2 }, 2])
  assert.equal((await library.standForStack({ photo: two }))!.best, two)
  assert.equal((await library.stackOf({ photo: one }))!.best, two)
  assert.equal((await library.search({ query: `copies:${one} -is:copy` })).photos[0]!.id, two)
  const listed = { path: join(photos, '..', 'copies.csv'), format: 'csv' } as const
  assert.equal(await library.exportStacks(listed), 2)
  const elsewhere = join(photos, '..', 'elsewhere.jpg')
  await drawSquares(elsewhere, 'teal')
  const liked = await library.likePicture({ bytes: readFileSync(elsewhere) })
  assert.match(liked.term, /^like:picture-[0-9a-f]{16}$/)
  assert.equal((await library.search({ query: liked.term })).total, 2)
  // Each call that takes a query has its likes found out first.
  const like = { query: liked.term }
  const found = await library.timeline(like)
  assert.equal(found.total, 2)
  assert.equal((await library.facets(like)).photos, 2)
  assert.deepEqual((await library.months({ ...like, months: [] })).captioned, [])
  assert.deepEqual((await library.timelinePage({ ...like })).ids.length, 2)
  assert.notEqual(await library.placeOf({ ...like, photo: one }), null)
  assert.equal((await library.subfolders({ ...like, folderId })).isWhole, true)
  assert.equal((await library.suggest({ query: `ballo ${liked.term} ballo` }))[0]!.photos, 2)
  const looksSo = { query: liked.term, token: found.token, ranges: [[0, 2]] as [number, number][] }
  assert.equal((await library.planExport({ selection: looksSo })).create, 2)
  const own = await library.likePicture({ bytes: readFileSync(join(photos, 'one.jpg')) })
  assert.deepEqual(own, { term: `like:${one}`, photo: one })
  await assert.rejects(library.likePicture({ bytes: new TextEncoder().encode('no picture') }), {
    code: 'PICTURE_UNSUPPORTED',
  })
  assert.equal((await library.suggest({ query: 'ballo' }))[0]!.query, 'balloon')
  const saved = await library.saveSearch({ name: 'Balloons', query: 'balloon' })
  assert.deepEqual(await library.savedSearches({}), [saved])
  assert.equal(await library.removeSavedSearch({ id: saved.id }), null)
  assert.equal((await library.facets({ query: 'balloon' })).photos, 2)
  assert.equal((await library.timeline({ query: 'balloon' })).total, 2)
  assert.equal(await library.exposure({ photo: one }), null)
  const thisMonth = new Date().toISOString().slice(0, 7)
  assert.deepEqual(await library.months({ query: 'balloon', months: [thisMonth] }), {
    captioned: [2],
    unsure: [0],
    offline: [0],
  })
  assert.deepEqual(await library.subfolders({ query: '', folderId }), { subfolders: [], isWhole: true })
  const { ids: onPage, colors } = await library.timelinePage({ query: '', offset: 1 })
  assert.deepEqual([onPage.length, colors.length], [1, 3])
  assert.equal(await library.placeOf({ query: '', photo: onPage[0]! }), 1)
  assert.deepEqual(
    (await library.tiles({ photos: ids })).map(({ caption, thumbhash }) => [caption, thumbhash!.length > 15]),
    ids.map((id) => [`balloon ${id}`, true]),
  )
  assert.ok((await library.readings({ photo: one })).length > 1)
  assert.equal((await library.attention({ photo: one })).text, `balloon ${one}`)
  assert.equal((await library.picture({ photo: one })).type, 'image/jpeg')
  assert.equal((await library.photoFile({ photo: one })).path, join(photos, 'one.jpg'))
  assert.deepEqual(
    (await library.photos({ photos: [two, one, 999] })).map(({ id }) => id),
    [two, one],
  )

  await library.setCaption({ photo: one, text: 'the flag of our club' })
  assert.equal((await library.confirmCaption({ photo: two })).text, `balloon ${two}`)
  assert.deepEqual(
    (await library.labels({})).labels.map(({ photo }) => photo),
    [two, one],
  )
  assert.deepEqual(await library.worthLabelling({}), { photos: [] })
  const taught = new Promise((resolve) => {
    client.on('trainingProgress', ({ progress }) => resolve(progress.phase))
  })
  const { id: training } = await library.startTraining({ passes: 1 })
  assert.ok(await taught)
  await until(async () => (await library.teaching({})).training!.state === 'finished', 120_000)
  assert.equal((await library.heldOut({ training })).total, 0)
  assert.equal((await library.acceptTraining({ training })).state, 'accepted')
  const { active: adapter } = await library.adapters({})
  assert.equal((await library.describeAdapter({ adapter: adapter!, name: 'Flags' })).name, 'Flags')
  const file = join(photos, '..', 'flags.safetensors')
  assert.deepEqual((await library.exportAdapter({ adapter: adapter!, path: file })).names, [])
  assert.deepEqual(await library.adapterChanges({}), { changes: [] })
  assert.deepEqual(await library.learnedNames({}), [])
  assert.deepEqual(await library.foundNames({}), { names: [] })
  assert.deepEqual(await library.givenNames({}), { names: [] })
  assert.deepEqual(await library.acceptOffers({ name: 'Biscuit', photos: [one] }), { photos: 1 })
  assert.deepEqual(await library.refuseOffers({ name: 'Biscuit', photos: [two] }), { photos: 1 })
  assert.deepEqual(await library.nameOffers({ name: 'Biscuit' }), {
    isPerson: false,
    named: 1,
    total: 0,
    photos: [],
  })
  assert.equal((await library.undoEdit({}))!.photos, 1)
  assert.deepEqual(await library.forgetName({ name: 'Biscuit' }), { adapters: [], active: adapter })
  await assert.rejects(library.measureAdapter({ adapter: adapter! }), /no photos to measure/)
  assert.equal((await library.rollBackAdapter({})).active, null)
  assert.deepEqual((await library.discardAdapter({ adapter: adapter! })).adapters, [])
  assert.equal((await library.importAdapter({ path: file })).name, 'Flags')
  assert.equal((await library.activateAdapter({ adapter: adapter!, anyway: true })).active, adapter)
  await library.rollBackAdapter({})
  assert.equal(await library.cancelTraining({}), null)
  await assert.rejects(library.discardTraining({ training }), { code: 'INVALID_ARGUMENT' })
  await library.setCaption({ photo: one, text: `balloon ${one}` })

  assert.equal((await library.planExport({})).create, 2)
  assert.equal((await library.exportCaptions({})).created, 2)
  assert.match(readFileSync(join(photos, 'one.jpg.xmp'), 'utf8'), /balloon/)
  assert.equal((await library.undoExport({}))!.removed, 2)
  assert.equal((await library.setExportsAlways({ folderId, always: true }))!.created, 2)
  await writtenOut(library)
  assert.equal(await library.exportTable(table), 2)
  assert.equal((await library.planTableImport(table)).rows, 2)
  assert.equal((await library.importTable(table)).unchanged, 2)
  assert.deepEqual(await library.withdrawWords({ source: 'table' }), { photos: 0 })
  await library.embedCaption({ photo: one }).catch(({ code }) => assert.equal(code, 'EXIFTOOL_MISSING'))

  assert.match((await library.contract({})).hash, /^[0-9a-f]{64}$/)
  assert.equal(await library.workers({}), null)
  assert.deepEqual(await library.checkDatabase({}), [])
  await library.rebuildSearch({})
  assert.ok(existsSync(await library.backUp({})))
  const stop = new AbortController()
  const watching = library.watch({}, { signal: stop.signal })
  stop.abort()
  await assert.rejects(watching, { code: 'CANCELLED' })
  renameSync(photos, `${photos} elsewhere`)
  assert.equal((await library.relocateFolder({ folderId, path: `${photos} elsewhere` })).id, folderId)
  await library.removeFolder({ folderId })
  assert.equal((await library.status({})).photos, 0)

  for (const phase of ['scan', 'open', 'caption', 'search', 'export', 'undo', 'backup'])
    assert.ok(phases.has(phase), phase)
  assert.deepEqual([...called].filter((name) => name !== 'on').sort(), Object.keys(libraryCalls).sort())
})
