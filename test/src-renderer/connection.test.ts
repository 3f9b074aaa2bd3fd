import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryChannel } from '../../src-main/channels/memory.ts'
import { type Handlers, serve } from '../../src-main/contract/rpc.ts'
import { type WindowCalls, type WindowEvents, windowCalls } from '../../src-main/contract/window-calls.ts'
import { openConnection } from '../../src-renderer/connection.ts'

function openWindow() {
  const [here, there] = createMemoryChannel()
  let asked = 0
  const { emit } = serve<WindowCalls, WindowEvents>(there, windowCalls, {
    sessions: () => [],
    backups() {
      asked++
      return [{ name: String(asked), createdMs: 1, sizeBytes: 1 }]
    },
  } as unknown as Handlers<WindowCalls>)
  const { api, askAhead } = openConnection(async () => here)
  return { api, askAhead, emit, asked: () => asked, name: async () => (await api.backups({}))[0]!.name }
}

test('who first asks what was asked ahead gets that answer, and later ones another', async () => {
  const { askAhead, asked, name } = openWindow()
  askAhead('backups', {})
  assert.equal(await name(), '1')
  assert.equal(asked(), 1)
  assert.equal(await name(), '2')
})

test('after something changed, what was asked ahead is asked again', async () => {
  for (const event of ['photosChanged', 'foldersChanged', 'changedElsewhere', 'libraryReopened'] as const) {
    const { api, askAhead, emit, name } = openWindow()
    askAhead('backups', {})
    await api.sessions({})
    emit(event, {} as never)
    await api.sessions({})
    assert.equal(await name(), '2', event)
  }
})

test('what is told before the window’s code is there is heard by who first listens, once', async () => {
  const { api, emit } = openWindow()
  await api.sessions({})
  emit('told', { message: 'first' } as never)
  emit('told', { message: 'second' } as never)
  await api.sessions({})
  const heard: unknown[] = []
  api.on('told', (data) => void heard.push(data))
  emit('told', { message: 'third' } as never)
  await api.sessions({})
  const late: unknown[] = []
  api.on('told', (data) => void late.push(data))
  await api.sessions({})
  assert.deepEqual(heard, [{ message: 'first' }, { message: 'second' }, { message: 'third' }])
  assert.deepEqual(late, [])
})
