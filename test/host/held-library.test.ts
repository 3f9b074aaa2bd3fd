import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ForkedProcess } from '../../src-main/channels/child-process.ts'
import { holdLibrary } from '../../src-main/host/held-library.ts'
import { forkLibrary } from '../../src-main/processes/fork.ts'
import { makeTemporaryFolder } from '../cli/lenslore.ts'
import { until } from '../library/library-under-test.ts'
import { drawSquares } from '../processes/library-in-process.ts'

// A real library in a process of its own, and real kills.

async function holdFor(t: TestContext, prepare: (directory: string) => void = () => {}) {
  const home = makeTemporaryFolder(t)
  prepare(join(home, 'library'))
  const photos = join(home, 'photos')
  mkdirSync(photos)
  const processes: ForkedProcess[] = []
  const held = await holdLibrary(async () => {
    const forked = await forkLibrary({
      directory: join(home, 'library'),
      dataDirectory: home,
      version: '0.0.0',
    })
    processes.push(forked)
    return forked
  })
  t.after(() => held.close())
  const events: string[] = []
  held.onEvent((name) => events.push(name))
  return { held, photos, processes, events }
}

test('a library that is held takes in and captions what its folders hold', async (t) => {
  const { held, photos, events } = await holdFor(t)
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  await held.calls.addFolder({ path: photos })
  await until(async () => (await held.calls.status({})).captioned === 1)
  await until(() => events.includes('photosChanged'))
})

test('whether it opens is known before any call, and why it does not', async (t) => {
  const { held } = await holdFor(t)
  await held.opened
  const damaged = await holdFor(t, (directory) => {
    mkdirSync(directory)
    writeFileSync(join(directory, 'library.sqlite'), 'no database'.repeat(1000))
  })
  await assert.rejects(damaged.held.opened, { code: 'DATABASE_DAMAGED' })
})

test('where its process is killed another one answers, windows are told, and calls wait for it', async (t) => {
  const { held, photos, processes, events } = await holdFor(t)
  const { id } = await held.calls.addFolder({ path: photos })
  const underWay = held.calls.captionAll({})
  processes[0]!.kill()
  await assert.rejects(underWay)
  assert.deepEqual(
    (await held.calls.folders({})).map((folder) => folder.id),
    [id],
  )
  assert.equal(processes.length, 2)
  assert.ok(events.includes('told'))
  await until(() => events.includes('libraryReopened'))
  await drawSquares(join(photos, 'one.jpg'), 'navy')
  await until(async () => (await held.calls.status({})).captioned === 1)
})

test('work that wants the library closed has it closed, and calls wait until it is open again', async (t) => {
  const { held, processes, events } = await holdFor(t)
  await held.calls.status({})
  let isOver = false
  let answered: Promise<unknown> | undefined
  const worked = held.whileClosed(async () => {
    assert.equal(isThere(processes[0]!.pid), false)
    answered = held.calls.status({}).then(() => assert.ok(isOver))
    isOver = true
    return 5
  })
  assert.equal(await worked, 5)
  await answered
  assert.equal(processes.length, 2)
  assert.deepEqual(
    events.filter((name) => name === 'libraryReopened' || name === 'told'),
    ['libraryReopened'],
  )
  await assert.rejects(
    held.whileClosed(async () => {
      throw new Error('it failed')
    }),
    /it failed/,
  )
  await held.calls.status({})
})

test('a closed library is not started again, and refuses calls', async (t) => {
  const { held, processes } = await holdFor(t)
  await held.calls.status({})
  await held.close()
  assert.equal(isThere(processes[0]!.pid), false)
  await assert.rejects(held.calls.status({}), { code: 'CHANNEL_CLOSED' })
  assert.equal(processes.length, 1)
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
