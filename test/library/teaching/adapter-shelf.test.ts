import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspectAdapter } from '../../../src-main/engine/captioning/checkpoint.ts'
import { readSafetensorsHeader, writeSafetensors } from '../../../src-main/engine/model/safetensors.ts'
import { openLibrary } from '../library-under-test.ts'
import { embeddedModel, openTaughtLibrary, writeOtherAdapter } from './taught-library.ts'

const colours = ['navy', 'olive', 'crimson', 'orange', 'teal', 'purple', 'gold', 'green']

test('an adapter from elsewhere is taken in, captions in the place of the own one, and is rolled back without captioning', async (t) => {
  const library = await openTaughtLibrary(t, ['navy', 'olive', 'crimson'])
  const { client, photos, ids, takeIn, textOf } = library
  const [mine, one, two] = ids as [number, number, number]
  await client.setCaption({ photo: mine, text: 'The flag of our club' })
  const before = [await textOf(one), await textOf(two)]

  const file = join(photos, '..', 'other.safetensors')
  await writeOtherAdapter(file, { name: 'Other', note: 'from <b>elsewhere</b>' })
  const told: string[] = []
  client.on('adaptersChanged', () => told.push('adapters'))
  const adapter = await client.importAdapter({ path: file })
  assert.deepEqual(
    [adapter.name, adapter.note, adapter.origin, adapter.measured],
    ['Other', 'from <b>elsewhere</b>', 'imported', null],
  )
  assert.equal((await client.importAdapter({ path: file })).id, adapter.id)
  assert.equal((await client.adapters({})).adapters.length, 1)

  const activating = () => client.activateAdapter({ adapter: adapter.id, anyway: true })
  await assert.rejects(activating(), {
    code: 'INVALID_ARGUMENT',
    message: /comes from elsewhere: measure it/,
  })
  await client.undoCaption({ photo: mine })
  assert.equal((await activating()).active, adapter.id, 'there is no label to measure it on')
  await client.setCaption({ photo: mine, text: 'The flag of our club' })

  assert.equal((await takeIn()).captioned, 2)
  const after = [await textOf(one), await textOf(two)]
  assert.notDeepEqual(after, before)
  assert.equal(await textOf(mine), 'The flag of our club')
  const details = await client.photo({ photo: one })
  assert.equal(details.caption!.adapterId, adapter.id)
  const { changes } = await client.adapterChanges({})
  assert.deepEqual(
    new Map(changes.map(({ photo, before: said, after: now }) => [photo, [said, now]])),
    new Map(
      [one, two]
        .map((id, at) => [id, [before[at], after[at]]] as const)
        .filter(([, [said, now]]) => said !== now),
    ),
  )
  await assert.rejects(client.discardAdapter({ adapter: adapter.id }), { message: /roll it back first/ })

  const rolledBack = await client.rollBackAdapter({})
  assert.deepEqual([rolledBack.active, rolledBack.before], [null, undefined])
  const histories = async () =>
    Promise.all(ids.map(async (id) => (await client.photo({ photo: id })).history.length))
  const lengths = await histories()
  await takeIn()
  assert.deepEqual([await textOf(one), await textOf(two)], before)
  assert.deepEqual(await histories(), lengths, 'nothing was captioned anew')
  const other = openLibrary(library.directory)
  const { modelId, waiting } = await other.client.status({})
  await other.close()
  assert.deepEqual([modelId, waiting], [(await client.status({})).modelId, 0])
  await assert.rejects(client.rollBackAdapter({}), { code: 'INVALID_ARGUMENT' })

  assert.deepEqual((await client.discardAdapter({ adapter: adapter.id })).adapters, [])
  assert.deepEqual(readdirSync(join(library.directory, 'adapters')), [])
  assert.ok(told.length >= 4)
})

test('another name or note makes nothing stale, and goes with the file that is written out', async (t) => {
  const { client, photos, takeIn, directory } = await openTaughtLibrary(t, ['navy'])
  const file = join(photos, '..', 'other.safetensors')
  await writeOtherAdapter(file)
  const { id } = await client.importAdapter({ path: file })
  await client.activateAdapter({ adapter: id, anyway: true })
  await takeIn()
  const described = await client.describeAdapter({ adapter: id, name: 'Lake house', note: 'summer' })
  assert.deepEqual([described.id, described.name, described.note], [id, 'Lake house', 'summer'])
  assert.equal((await client.describeAdapter({ adapter: id, note: '' })).name, 'Lake house')
  assert.equal((await takeIn()).captioned, 0)

  const written = join(photos, '..', 'written.safetensors')
  assert.deepEqual((await client.exportAdapter({ adapter: id, path: written })).names, [])
  const read = await inspectAdapter(embeddedModel, written)
  assert.deepEqual([read.id, read.texts.name, read.texts.note], [id, 'Lake house', ''])
  assert.deepEqual(
    readdirSync(join(photos, '..')).filter((name) => name.includes('.part')),
    [],
  )

  // Another process has the same adapters, and the same one active.
  const other = openLibrary(directory)
  assert.deepEqual((await other.client.adapters({})).active, id)
  await other.close()

  const nowhere = join(photos, 'no', 'where')
  await assert.rejects(client.exportAdapter({ adapter: id, path: nowhere }), {
    code: 'WRITE_FAILED',
    message: `${nowhere} cannot be written.`,
  })
  await assert.rejects(client.describeAdapter({ adapter: 'ab'.repeat(32), name: 'x' }), {
    code: 'INVALID_ARGUMENT',
  })
})

test('of adapters that follow each other one may go, and what is rolled back goes to the one before it', async (t) => {
  const { client, photos } = await openTaughtLibrary(t, [])
  const ids: string[] = []
  for (const strength of [0.2, 0.4, 0.6]) {
    const file = join(photos, '..', `${strength}.safetensors`)
    await writeOtherAdapter(file, { strength })
    ids.push((await client.importAdapter({ path: file })).id)
  }
  for (const adapter of ids) await client.activateAdapter({ adapter, anyway: true })
  const [first, second, third] = ids as [string, string, string]
  const state = async () => {
    const { active, before } = await client.adapters({})
    return [active, before]
  }
  assert.deepEqual(await state(), [third, second])
  await assert.rejects(client.measureAdapter({ adapter: third }), {
    message: `There are no photos to measure the adapter ${third.slice(0, 12)} on: label some that it has not learned.`,
  })
  await client.discardAdapter({ adapter: second })
  assert.deepEqual(await state(), [third, first])
  await client.rollBackAdapter({})
  assert.deepEqual(await state(), [first, null])
  await client.rollBackAdapter({})
  assert.deepEqual(await state(), [null, undefined])
})

test('what is no adapter of this model is refused in a sentence, and nothing of it is kept', async (t) => {
  const { client, photos, directory } = await openTaughtLibrary(t, [])
  const [sound, faulty] = ['sound', 'faulty'].map((name) => join(photos, '..', `${name}.safetensors`)) as [
    string,
    string,
  ]
  await writeOtherAdapter(sound)
  const { tensors, metadata } = await readSafetensorsHeader(sound)
  const contents = new Map(
    [...tensors].map(([name, { type, shape, offsetBytes, byteLength }]) => [
      name,
      { type, shape, bytes: () => readFileSync(sound).subarray(offsetBytes, offsetBytes + byteLength) },
    ]),
  )
  await writeSafetensors(faulty, contents, { ...metadata, base_model: 'another-base' })
  await assert.rejects(client.importAdapter({ path: faulty }), {
    code: 'CHECKPOINT_INVALID',
    message: /another model, another-base, and cannot be used with lenslore-v1/,
  })
  await writeSafetensors(faulty, new Map([...contents].slice(1)), metadata)
  await assert.rejects(client.importAdapter({ path: faulty }), { code: 'CHECKPOINT_INVALID' })
  writeFileSync(faulty, readFileSync(sound).subarray(0, 5000))
  await assert.rejects(client.importAdapter({ path: faulty }), { code: 'SAFETENSORS_INVALID' })
  await assert.rejects(client.importAdapter({ path: join(photos, 'nowhere') }), { code: 'FILE_NOT_FOUND' })
  assert.deepEqual((await client.adapters({})).adapters, [])
  assert.ok(!existsSync(join(directory, 'adapters')))

  const { id } = await client.importAdapter({ path: sound })
  const kept = join(directory, 'adapters', `${id}.safetensors`)
  const bytes = readFileSync(kept)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(kept, bytes)
  await assert.rejects(client.activateAdapter({ adapter: id, anyway: true }), {
    code: 'CHECKPOINT_INVALID',
    message: /is damaged/,
  })
  assert.equal((await client.adapters({})).active, null)
})

test('an adapter from elsewhere is measured on labelled photos, and one that is not better has to be wanted', async (t) => {
  const { client, photos, ids } = await openTaughtLibrary(t, [...colours])
  for (const photo of ids) await client.confirmCaption({ photo })
  const files = [0.2, 0.4].map((strength) => ({
    strength,
    path: join(photos, '..', `${strength}.safetensors`),
  }))
  const adapters: string[] = []
  for (const { strength, path } of files) {
    await writeOtherAdapter(path, { strength })
    adapters.push((await client.importAdapter({ path })).id)
  }
  const [worse, other] = adapters as [string, string]
  const activate = (more: { anyway?: boolean } = {}) => client.activateAdapter({ adapter: worse, ...more })
  await assert.rejects(activate({ anyway: true }), /measure it on your own labelled photos/)

  const measured = await client.measureAdapter({ adapter: worse })
  assert.deepEqual(new Set(measured.photos.map(({ photo }) => photo)), new Set(ids))
  for (const { before, after, own } of measured.photos) {
    assert.equal(before, own[0], 'its words were confirmed')
    assert.notEqual(after, before)
  }
  assert.deepEqual([measured.better, measured.worse, measured.same], [0, 8, 0])
  const { photos: _photos, ...figures } = measured
  assert.deepEqual((await client.adapters({})).adapters.find(({ id }) => id === worse)!.measured, figures)
  assert.equal(measured.verdict, 'not-better')
  await assert.rejects(activate(), /not to be better/)
  assert.equal((await activate({ anyway: true })).active, worse)

  const compared = await client.measureAdapter({ adapter: other, against: worse })
  assert.deepEqual(
    compared.photos.map(({ before }) => before),
    measured.photos.map(({ after }) => after),
  )
  assert.equal((await client.adapters({})).adapters.find(({ id }) => id === other)!.measured, null)
})

test('an adapter that lost its file is named, and what needs no model goes on', async (t) => {
  const { client, photos, directory, textOf, ids } = await openTaughtLibrary(t, ['navy'])
  const file = join(photos, '..', 'other.safetensors')
  await writeOtherAdapter(file)
  const { id } = await client.importAdapter({ path: file })
  await client.activateAdapter({ adapter: id, anyway: true })
  rmSync(join(directory, 'adapters', `${id}.safetensors`))
  await assert.rejects(client.captionAll({}), { code: 'MODEL_INCOMPLETE', message: /has lost its file/ })
  await assert.rejects(client.exportAdapter({ adapter: id, path: join(photos, 'x') }), {
    code: 'FILE_NOT_FOUND',
  })
  assert.equal((await client.rollBackAdapter({})).active, null)
  await client.captionAll({})
  assert.ok(await textOf(ids[0]!))
})
