import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { createMemoryChannel } from '../../src-main/channels/memory.ts'
import { type HostCalls, hostCalls } from '../../src-main/contract/host-calls.ts'
import { connect, type Handlers, returning, serve } from '../../src-main/contract/rpc.ts'
import { joinLines } from '../../src-renderer/join-lines.ts'

const libraryCalls = { count: returning<number>()(z.object({})), wait: returning<number>()(z.object({})) }

function openLines() {
  const [hostHere, hostThere] = createMemoryChannel()
  const { emit } = serve(hostThere, hostCalls, { sessions: () => [] } as unknown as Handlers<HostCalls>)
  const { channel, takeLibrary } = joinLines(hostHere)
  function openLibrary(answer: number) {
    const [here, there] = createMemoryChannel()
    const library = serve(there, libraryCalls, {
      count: () => answer,
      wait: () => new Promise<never>(() => {}),
    })
    takeLibrary(here)
    return { emit: library.emit as (name: string, data: unknown) => void, close: () => there.close() }
  }
  const api = connect<typeof libraryCalls & HostCalls, Record<string, unknown>>(channel, {
    ...libraryCalls,
    ...hostCalls,
  })
  return { api, openLibrary, emit: emit as (name: string, data: unknown) => void }
}

test('each call goes to who answers it, and events come from both', async () => {
  const { api, openLibrary, emit } = openLines()
  const told: unknown[] = []
  api.on('told', (data) => told.push(data))
  const library = openLibrary(3)
  assert.equal(await api.count({}), 3)
  assert.deepEqual(await api.sessions({}), [])
  emit('told', 'host')
  library.emit('told', 'library')
  await api.count({})
  assert.deepEqual(told, ['host', 'library'])
})

test('a call waits for a library, and one under way fails when that goes', async () => {
  const { api, openLibrary } = openLines()
  const early = api.count({})
  const first = openLibrary(1)
  assert.equal(await early, 1)
  const under = api.wait({})
  await api.count({})
  first.close()
  await assert.rejects(under, { code: 'CHANNEL_CLOSED' })
  const late = api.count({})
  assert.deepEqual(await api.sessions({}), [], 'the host is still there')
  openLibrary(2)
  assert.equal(await late, 2)
})

test('what is cancelled is told to both, for only its own side knows it', () => {
  const said: unknown[] = []
  const line = () => ({
    post: (message: unknown) => said.push(message),
    onMessage() {},
    onClose() {},
    close() {},
  })
  const { channel, takeLibrary } = joinLines(line())
  takeLibrary(line())
  channel.post({ kind: 'cancel', id: 7 })
  assert.deepEqual(said, [
    { kind: 'cancel', id: 7 },
    { kind: 'cancel', id: 7 },
  ])
})
