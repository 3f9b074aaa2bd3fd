import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { type TestContext, test } from 'node:test'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import {
  moduleBeside,
  type PortLike,
  portChannel,
  startThread,
  type ThreadOptions,
} from '../../src-main/channels/message-port.ts'
import { LensloreError } from '../../src-main/contract/errors.ts'
import { connect, serve, transferring, unchecked } from '../../src-main/contract/rpc.ts'
import { portCalls } from './port-calls.ts'

const program = moduleBeside(import.meta.url, 'port-thread')

function start(t: TestContext, options?: ThreadOptions) {
  const thread = startThread(program, portCalls, options)
  t.after(thread.end)
  return thread
}

test('a thread answers calls, with what it was started with, and its errors keep their code', async (t) => {
  const { calls } = start(t, { data: { answer: 42 } })
  assert.deepEqual(await calls.data(null), { answer: 42 })
  await assert.rejects(calls.fail(null), { code: 'DISK_FULL', message: 'No room.' })
})

test('a call to a thread is cancelled by its signal', async (t) => {
  const { calls } = start(t)
  const cancel = new AbortController()
  const call = calls.wait(null, { signal: cancel.signal })
  cancel.abort()
  await assert.rejects(call, { code: 'CANCELLED' })
})

test('what is marked is moved and not copied, there and back', async (t) => {
  const { calls } = start(t)
  const kept = Float32Array.of(1, 2)
  assert.deepEqual(await calls.double(kept), Float32Array.of(2, 4))
  assert.equal(kept.length, 2)
  const given = Float32Array.of(1, 2)
  assert.deepEqual(await calls.double(transferring(given, [given.buffer])), Float32Array.of(2, 4))
  assert.equal(given.length, 0)
})

test('ending a thread fails what is under way and what comes later', async (t) => {
  const { calls, end } = start(t)
  const underWay = calls.wait(null)
  await Promise.all([assert.rejects(underWay, { code: 'CHANNEL_CLOSED' }), end()])
  await assert.rejects(calls.data(null), { code: 'CHANNEL_CLOSED' })
})

test('a thread that dies of something tells of what', async (t) => {
  await assert.rejects(start(t).calls.throwOutside(null), {
    code: 'INTERNAL',
    message: 'nobody caught this',
  })
  await assert.rejects(start(t, { data: 'refuses' }).calls.data(null), { code: 'DATABASE_NEWER' })
  const small = start(t, { resourceLimits: { maxOldGenerationSizeMb: 16 } })
  await assert.rejects(small.calls.fillMemory(null), { code: 'INTERNAL', message: /memory/ })
  const named = start(t, {
    closedError: (cause) => new LensloreError('ENGINE_FAILED', `It: ${cause?.message}`),
  })
  await assert.rejects(named.calls.throwOutside(null), {
    code: 'ENGINE_FAILED',
    message: 'It: nobody caught this',
  })
})

test('a thread may leave by itself, after its last answer', async (t) => {
  const { calls } = start(t)
  const underWay = calls.wait(null)
  assert.equal(await calls.leave(null), null)
  await assert.rejects(underWay, { code: 'CHANNEL_CLOSED' })
})

test('a thread keeps the process alive while it is asked something, and not while it waits', () => {
  const asking = `
    const { startThread } = await import(${JSON.stringify(new URL('../../src-main/channels/message-port.ts', import.meta.url))})
    const { portCalls } = await import(${JSON.stringify(new URL('./port-calls.ts', import.meta.url))})
    const { calls } = startThread(new URL(${JSON.stringify(program)}), portCalls, { data: 'answered' })
    calls.data(null).then(console.log)`
  const { status, stdout } = spawnSync(process.execPath, ['--eval', `(async () => {${asking}})()`], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.deepEqual({ status, stdout }, { status: 0, stdout: 'answered\n' })
})

test('two ends of a pair of ports speak calls, and one that closes closes the other', async () => {
  const { port1, port2 } = new MessageChannel()
  const [here, there] = [portChannel(port1), portChannel(port2)]
  serve(there, { double: unchecked<number, number>() }, { double: (number) => 2 * number })
  const client = connect(here, { double: unchecked<number, number>() })
  assert.equal(await client.double(21), 42)
  const closed = new Promise<void>((resolve) => here.onClose(resolve))
  there.close()
  await closed
  await assert.rejects(client.double(1), { code: 'CHANNEL_CLOSED' })
  await new Promise<void>((resolve) => here.onClose(resolve))
})

/** A port with the manners of Electron's: an event around each message, nothing before `start`, no memory moved. */
class EventPort extends EventEmitter implements PortLike {
  readonly port: MessagePort

  constructor(port: MessagePort) {
    super()
    this.port = port
    port.on('close', () => this.emit('close'))
  }

  start(): void {
    this.port.on('message', (data) => this.emit('message', { data, ports: [] }))
  }

  postMessage(...[message, transfer]: [unknown, never?]): void {
    assert.equal(transfer, undefined)
    this.port.postMessage(message)
  }

  close(): void {
    this.port.close()
  }
}

test('a port of Electron’s kind speaks the same calls', async () => {
  const { port1, port2 } = new MessageChannel()
  const [here, there] = [portChannel(new EventPort(port1)), portChannel(new EventPort(port2))]
  serve(there, { double: portCalls.double }, { double: (numbers) => transferring(numbers, [numbers.buffer]) })
  const client = connect(here, { double: portCalls.double })
  assert.deepEqual(await client.double(Float32Array.of(1)), Float32Array.of(1))
  here.close()
  await new Promise<void>((resolve) => there.onClose(resolve))
})
