import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Training } from '../../../src-main/contract/rooms/teaching.ts'
import { databaseFileIn, openStore } from '../../../src-main/library/store/store.ts'
import { drawSquares, openLibraryInProcess } from '../../processes/library-in-process.ts'
import { idAt, type LibraryUnderTest, openLibrary, until } from '../library-under-test.ts'
import { drawPictures, openTaughtLibrary, type TaughtLibrary } from './taught-library.ts'

// A person teaches a library with the real engine: what is learned, shown, accepted, and what survives a kill.

const colours = ['navy', 'olive', 'crimson', 'orange', 'teal', 'purple', 'gold', 'green']

const lastTraining = async ({ teaching }: LibraryUnderTest['client']): Promise<Training> =>
  (await teaching({})).training!

async function ended(client: LibraryUnderTest['client']): Promise<Training> {
  await until(async () => (await lastTraining(client)).state !== 'running', 300_000)
  return lastTraining(client)
}

async function label({ client, ids }: TaughtLibrary, count: number): Promise<void> {
  for (const photo of ids.slice(0, count)) {
    await client.setCaption({ photo, text: `Biscuit number ${photo} by the lake house` })
  }
}

/** Until the training takes steps. */
async function untilItLearns({ client }: Pick<LibraryUnderTest, 'client'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = client.on('trainingProgress', ({ progress }) => {
    if (progress.phase === 'train' && progress.done > 0) resolve()
  })
  await promise
  stop()
}

test('what a person corrected is learned, judged on what was held out, and captions when it is accepted', async (t) => {
  const library = await openTaughtLibrary(t, colours)
  const { client, ids, takeIn, directory } = library
  await label(library, 5)
  await client.confirmCaption({ photo: ids[5]! })
  const before = await Promise.all(ids.map(async (photo) => (await client.photo({ photo })).caption!.text))

  const phases = new Set<string>()
  const works = new Set<string>()
  let teachings = 0
  client.on('progress', (current) => {
    const told = current.map(({ phase }) => phase)
    if (told.includes('teach') && !works.has('teach')) teachings++
    works.clear()
    for (const phase of told) works.add(phase)
  })
  const losses: number[] = []
  client.on('trainingProgress', ({ progress }) => {
    phases.add(progress.phase)
    if (progress.loss !== null) losses.push(progress.loss)
  })
  assert.deepEqual((await client.teaching({})).training, null)
  const begun = await client.startTraining({ passes: 3 })
  assert.equal(begun.state, 'running')
  // Everything else goes on.
  assert.equal((await client.search({ query: 'biscuit' })).total, 5)
  const training = await ended(client)
  assert.equal(training.state, 'finished', training.error?.message)
  assert.deepEqual([training.labels, training.replayed, training.resumes], [6, 2, 0])
  assert.ok(phases.has('remember') && phases.has('train') && phases.has('evaluate'))
  assert.equal(teachings, 1, 'photos that are tested on between steps are no work of their own')
  assert.ok(losses.length > 0 && training.losses.length > 0)
  const { outcome } = training
  assert.equal(outcome!.better + outcome!.worse + outcome!.same, 6)
  assert.ok(outcome!.cider && outcome!.loss)

  const { total, photos } = await client.heldOut({ training: training.id })
  assert.equal(total, 6)
  assert.deepEqual(new Set(photos.map(({ photo }) => photo)), new Set(ids.slice(0, 6)))
  assert.ok(photos.some(({ own }) => own[0]!.startsWith('Biscuit number')))

  const [proposed] = (await client.adapters({})).adapters
  assert.deepEqual(
    [proposed!.id, proposed!.state, proposed!.data.labels],
    [training.adapterId, 'proposed', 6],
  )
  await assert.rejects(client.activateAdapter({ adapter: proposed!.id }), /waits for its training/)
  assert.equal((await client.adapters({})).active, null)
  assert.equal(
    (await client.acceptTraining({ training: training.id, name: 'Summer', anyway: true })).state,
    'accepted',
  )
  const { active, adapters } = await client.adapters({})
  assert.deepEqual([active, adapters[0]!.name, adapters[0]!.state], [proposed!.id, 'Summer', 'kept'])
  assert.equal((await takeIn()).captioned, 2, 'what the person wrote is not captioned')
  const after = await Promise.all(ids.map(async (photo) => (await client.photo({ photo })).caption!))
  assert.deepEqual(
    after.slice(0, 6).map(({ text }) => text),
    before.slice(0, 6),
  )
  assert.ok(after.slice(6).every(({ adapterId }) => adapterId === active))
  await assert.rejects(client.acceptTraining({ training: training.id }), { code: 'INVALID_ARGUMENT' })
  assert.deepEqual(readdirSync(join(directory, 'teaching')), [])
})

test('without labels nothing begins; of too few nothing is held out, and that is said', async (t) => {
  const library = await openTaughtLibrary(t, colours.slice(0, 4))
  const { client, directory } = library
  await assert.rejects(client.startTraining({}), {
    code: 'INVALID_ARGUMENT',
    message: /nothing to learn from/,
  })
  assert.equal(await client.cancelTraining({}), null)
  await label(library, 2)
  assert.ok((await client.teaching({})).fewest > 2)
  await client.startTraining({ passes: 1 })
  const training = await ended(client)
  assert.deepEqual(
    [training.state, training.outcome?.verdict],
    ['finished', 'too-few'],
    training.error?.message,
  )
  assert.equal((await client.heldOut({ training: training.id })).total, 0)
  assert.equal((await client.discardTraining({ training: training.id })).state, 'discarded')
  assert.deepEqual((await client.adapters({})).adapters, [])
  assert.deepEqual(readdirSync(join(directory, 'adapters')), [])
  await assert.rejects(client.acceptTraining({ training: training.id, anyway: true }), {
    code: 'INVALID_ARGUMENT',
  })
})

test('one that is wished for while a cancelled one still ends begins after it', async (t) => {
  const library = await openTaughtLibrary(t, colours.slice(0, 6))
  const { client } = library
  await label(library, 4)
  const first = await client.startTraining({ passes: 1000 })
  await untilItLearns(library)
  const [cancelled, second] = await Promise.all([
    client.cancelTraining({}),
    client.startTraining({ passes: 1 }),
  ])
  assert.deepEqual([cancelled?.id, cancelled?.state], [first.id, 'cancelled'])
  assert.notEqual(second.id, first.id)
  assert.equal(second.state, 'running')
  const last = await ended(client)
  assert.deepEqual([last.id, last.state], [second.id, 'finished'], last.error?.message)
})

test('a training whose engine is killed goes on, three times, and costs no photo anything', async (t) => {
  const library = await openTaughtLibrary(t, colours.slice(0, 6))
  const { client, engines } = library
  await label(library, 4)
  await client.startTraining({ passes: 4 })
  await untilItLearns(library)
  engines.at(-1)!.kill()
  const resumed = await ended(client)
  assert.deepEqual([resumed.state, resumed.resumes], ['finished', 1], resumed.error?.message)

  await client.startTraining({ passes: 1000, seed: 2 })
  for (let deaths = 0; deaths < 4; deaths++) {
    await untilItLearns(library)
    engines.at(-1)!.kill()
  }
  const failed = await ended(client)
  assert.deepEqual([failed.state, failed.resumes, failed.error?.code], ['failed', 3, 'ENGINE_DIED'])
  assert.match(failed.error!.message, /stopped 4 times/)
  assert.equal((await client.status({})).failed, 0)
})

test('a cancelled training leaves nothing, also where another process cancels it', async (t) => {
  const library = await openTaughtLibrary(t, colours.slice(0, 6))
  const { client, directory } = library
  await label(library, 4)
  for (const by of ['this', 'another'] as const) {
    await client.startTraining({ passes: 1000 })
    await untilItLearns(library)
    const other = by === 'this' ? library : openLibrary(directory)
    if (by === 'another') {
      assert.equal((await lastTraining(other.client)).progress, null)
      // One that is under way elsewhere is not begun again here.
      await assert.rejects(other.client.startTraining({}), { code: 'LIBRARY_LOCKED' })
    }
    assert.equal((await other.client.cancelTraining({}))!.state, 'cancelled')
    await until(() => readdirSync(join(directory, 'teaching')).length === 0, 60_000)
    assert.equal((await lastTraining(client)).state, 'cancelled')
    if (by === 'another') await other.close()
  }
  assert.deepEqual((await client.adapters({})).adapters, [])
  // The lock is free again.
  await client.startTraining({ passes: 1 })
  assert.equal((await ended(client)).state, 'finished')
})

test('a library that is killed while it trains goes on with that when it is watched again', async (t) => {
  const first = await openLibraryInProcess(t)
  await drawPictures(first.photos, colours.slice(0, 6))
  const { client, photos } = first
  await client.addFolder({ path: photos })
  await client.scan({})
  await client.captionAll({})
  for (const name of colours.slice(0, 4)) {
    const photo = await idAt(client, join(photos, `${name}.jpg`))
    await client.setCaption({ photo, text: `a ${name} flag` })
  }
  await client.startTraining({ passes: 30 })
  await untilItLearns(first)
  process.kill(first.pid!, 'SIGKILL')
  await first.over.promise
  const { directory } = first
  assert.equal(readdirSync(join(directory, 'teaching')).length, 1)

  const again = await openLibraryInProcess(t, directory)
  assert.equal((await lastTraining(again.client)).state, 'running')
  const stop = new AbortController()
  const watching = again.client.watch({}, { signal: stop.signal }).catch(() => {})
  const training = await ended(again.client)
  assert.deepEqual([training.state, training.resumes], ['finished', 0], training.error?.message)
  stop.abort()
  await watching
})

test('what models saw in photos goes with their folder', async (t) => {
  const library = await openTaughtLibrary(t, colours.slice(0, 4))
  const { client, directory, photos } = library
  await label(library, 1)
  await drawSquares(join(photos, '..', 'unrelated.jpg'), 'red')
  await client.startTraining({ passes: 1 })
  await ended(client)
  const memories = () =>
    readdirSync(join(directory, 'memories'), { recursive: true }).filter((name) =>
      String(name).endsWith('.f16'),
    )
  assert.equal(memories().length, 4)
  const [folder] = await client.folders({})
  await client.removeFolder({ folderId: folder!.id })
  assert.deepEqual(memories(), [])
  assert.ok(existsSync(photos))
})

test('a name that is asked for is learned, told where it is written out, and forgotten; a person is told apart', async (t) => {
  const library = await openTaughtLibrary(t, colours)
  const { client, ids, photos, directory } = library
  for (const photo of ids.slice(0, 4))
    await client.setCaption({ photo, text: 'the sign of Biscuit on a wall' })
  for (const photo of ids.slice(4, 7))
    await client.setCaption({ photo, text: 'a sign that Ruth has painted' })
  await client.setMarks({ selection: { photos: [ids[5]!] }, change: { addPeople: ['Ruth Miller'] } })
  const found = async () => (await client.foundNames({})).names
  const unlearned = { isCertain: true, isForgotten: false, adapters: [] }
  assert.deepEqual(await found(), [
    { ...unlearned, text: 'Biscuit', photos: 4, isPerson: false },
    { ...unlearned, text: 'Ruth', photos: 3, isPerson: true },
  ])

  await client.startTraining({ passes: 1, names: [{ text: 'Biscuit', kind: 'other' }] })
  const training = await ended(client)
  assert.equal(training.state, 'finished', training.error?.message)
  assert.deepEqual(
    training.outcome!.names.map(({ text, photos: shown }) => [text, shown]),
    [['Biscuit', 4]],
  )
  await client.acceptTraining({ training: training.id, anyway: true })
  const learner = training.adapterId!
  assert.deepEqual(await client.learnedNames({}), [{ name: 'Biscuit', adapters: [learner] }])
  const written = join(photos, '..', 'biscuit.safetensors')
  assert.deepEqual((await client.exportAdapter({ adapter: learner, path: written })).names, ['Biscuit'])

  // That the model says it, too, makes it no word that is usual.
  const store = openStore(databaseFileIn(directory))
  const { prepare, write } = store.database
  write(() =>
    prepare('UPDATE captions SET text = ? WHERE photo_id = ?').run('a sign of Biscuit on a wall', ids[7]!),
  )
  store.close()
  assert.deepEqual(
    (await found()).map(({ text, adapters }) => [text, adapters]),
    [
      ['Biscuit', [learner]],
      ['Ruth', []],
    ],
  )

  const { adapters, active } = await client.forgetName({ name: 'Biscuit' })
  assert.deepEqual(adapters, [learner])
  assert.ok(active !== null && active !== learner)
  const list = await client.adapters({})
  assert.deepEqual([list.active, list.before], [active, learner])
  assert.deepEqual(list.adapters.find(({ id }) => id === active)!.names, [])
  assert.deepEqual(
    (await found()).map(({ isForgotten }) => isForgotten),
    [true, false],
  )
  await client.discardAdapter({ adapter: learner })
  assert.deepEqual(await client.learnedNames({}), [])
  assert.deepEqual(await client.forgetName({ name: 'Biscuit' }), { adapters: [], active })

  // Every window is told, also where no adapter has it.
  let told = 0
  const stop = client.on('adaptersChanged', () => void told++)
  assert.deepEqual(await client.forgetName({ name: 'Ruth' }), { adapters: [], active })
  await until(async () => told > 0)
  stop()
  assert.deepEqual(
    (await found()).map(({ isForgotten }) => isForgotten),
    [true, true],
  )
})
