import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createKeptOpen } from '../../../src-main/engine/captioning/kept-open.ts'

function createDoor() {
  const events: string[] = []
  const open = (name: string) => async () => {
    events.push(`open ${name}`)
    return { name, close: async () => void events.push(`close ${name}`) }
  }
  return { events, open }
}

test('what is asked for again is open still, another one is opened in its place, one after the other', async () => {
  const { events, open } = createDoor()
  const kept = createKeptOpen<{ name: string; close(): Promise<void> }>()
  const work = async ({ name }: { name: string }) => {
    events.push(`begin ${name}`)
    await nextTurn()
    events.push(`end ${name}`)
    return name
  }
  const uses = ['a', 'a', 'b'].map((name) => kept.use(name, open(name), work))
  assert.deepEqual(await Promise.all(uses), ['a', 'a', 'b'])
  await kept.close()
  assert.deepEqual(events, [
    ...['open a', 'begin a', 'end a', 'begin a', 'end a'],
    ...['close a', 'open b', 'begin b', 'end b', 'close b'],
  ])
})

test('it goes a minute after it was used last, whether that went well or not', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { events, open } = createDoor()
  const kept = createKeptOpen<{ close(): Promise<void> }>()
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await nextTurn()
  }
  await kept.use('a', open('a'), async () => {})
  context.mock.timers.tick(59_000)
  await assert.rejects(
    kept.use('a', open('a'), async () => {
      throw new RangeError('no')
    }),
    RangeError,
  )
  context.mock.timers.tick(59_000)
  await settle()
  assert.deepEqual(events, ['open a'])
  context.mock.timers.tick(1_000)
  await settle()
  assert.deepEqual(events, ['open a', 'close a'])
})

test('what does not open is opened anew the next time', async () => {
  const { events, open } = createDoor()
  const kept = createKeptOpen<{ close(): Promise<void> }>()
  const fail = async () => {
    throw new RangeError('shut')
  }
  await assert.rejects(
    kept.use('a', fail, async () => {}),
    { message: 'shut' },
  )
  assert.equal(await kept.use('a', open('a'), async () => 'done'), 'done')
  await kept.close()
  assert.deepEqual(events, ['open a', 'close a'])
})
