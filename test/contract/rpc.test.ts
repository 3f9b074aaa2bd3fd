import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { createMemoryChannel } from '../../src-main/channels/memory.ts'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { checkParams, connect, returning, serve } from '../../src-main/contract/rpc.ts'

const calls = {
  add: returning<number>()(z.object({ a: z.int(), b: z.int().default(1) })),
  wait: returning<string>()(z.object({})),
  fail: returning<string>()(z.object({ with: z.string() })),
}
type Events = { tick: number }

function setUp() {
  const [here, there] = createMemoryChannel()
  const server = serve<typeof calls, Events>(there, calls, {
    add: ({ a, b }) => a + b,
    wait: (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    fail: ({ with: code }) => {
      throw code === 'ours' ? new LensloreError('PHOTO_NOT_FOUND', 'No such photo.') : new TypeError('boom')
    },
  })
  return { client: connect<typeof calls, Events>(here, calls), server, here, there }
}

test('a call answers, and a default of its schema is filled in', async () => {
  const { client } = setUp()
  assert.equal(await client.add({ a: 2 }), 3)
  assert.deepEqual(await Promise.all([client.add({ a: 1, b: 5 }), client.add({ a: 2, b: 5 })]), [6, 7])
})

test('wrong parameters are refused at the border, naming the field', async () => {
  const { client } = setUp()
  await assert.rejects(client.add({ a: 'x' as never }), { code: 'INVALID_ARGUMENT', message: /^add\.a: / })
  await assert.rejects((client as never as { add(p: unknown): Promise<void> }).add(undefined), {
    code: 'INVALID_ARGUMENT',
  })
})

test('what a person may have typed is refused in the schema’s own sentence', async () => {
  const schema = z.object({ text: z.string().min(1, 'A caption needs words.') })
  assert.throws(() => checkParams(schema, 'set', { text: '' }), { message: 'A caption needs words.' })
  assert.throws(() => checkParams(schema, 'set', { text: 1 }), { message: /^set\.text: / })
})

test('errors keep their code, and strange ones become INTERNAL with their words', async () => {
  const { client } = setUp()
  await assert.rejects(client.fail({ with: 'ours' }), { code: 'PHOTO_NOT_FOUND', message: 'No such photo.' })
  await assert.rejects(client.fail({ with: 'other' }), { code: 'INTERNAL', message: 'boom' })
})

test('a name that is no call is refused, also one every object has', async () => {
  const [here, there] = createMemoryChannel()
  serve(there, {}, {})
  const client = connect(here, { toString: returning<string>()(z.object({})) })
  await assert.rejects(client.toString({}), { code: 'INVALID_ARGUMENT' })
})

test('cancelling fires the handler’s signal and fails the call with CANCELLED', async () => {
  const { client } = setUp()
  const cancel = new AbortController()
  const call = client.wait({}, { signal: cancel.signal })
  cancel.abort()
  await assert.rejects(call, { code: 'CANCELLED' })
  await assert.rejects(client.wait({}, { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
})

test('events arrive until the subscription ends', async () => {
  const { client, server } = setUp()
  const seen: number[] = []
  const stop = client.on('tick', (data) => seen.push(data))
  server.emit('tick', 1)
  await client.add({ a: 1 })
  stop()
  server.emit('tick', 2)
  await client.add({ a: 1 })
  assert.deepEqual(seen, [1])
})

test('a closed channel fails what was under way and what comes later', async () => {
  const { client, there } = setUp()
  const call = client.wait({})
  there.close()
  await assert.rejects(call, { code: 'CHANNEL_CLOSED' })
  await assert.rejects(client.add({ a: 1 }), { code: 'CHANNEL_CLOSED' })
})
